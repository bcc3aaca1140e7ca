"""What the pages and the API work with: assembled once, by the server's composition root."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from starlette.requests import HTTPConnection

from runtime.engine.engine import Engine
from runtime.links import Links
from runtime.metrics import Metrics
from runtime.model import Millis
from runtime.settings import Settings
from runtime.store.protocol import ReadStore, StoreUnavailable
from runtime.trying import AuthorTools
from runtime.workspace import Workspace
from web.auth import Guard
from web.complaints import Complaints
from web.editing.desk import Desk
from web.inbound.addresses import Address
from web.problems import unavailable

T = TypeVar("T")


@dataclass(frozen=True)
class AppContext:
    """The parts of a running server. `clock` gives milliseconds since the epoch."""

    engine: Engine
    reader: ReadStore
    workspace: Workspace
    settings: Settings
    guard: Guard
    metrics: Metrics
    clock: Callable[[], Millis]
    mailbox: Path
    version: str
    tools: AuthorTools
    complaints: Complaints = field(default_factory=Complaints)
    desk: Desk = field(default_factory=Desk)
    inbound: Mapping[str, Address] = field(default_factory=dict)
    links: Links | None = None
    callbacks: Links | None = None
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)


def context_of(connection: HTTPConnection) -> AppContext:
    """The context of the application that serves this request."""
    context: AppContext = connection.app.state.context
    return context


async def committed(work: Awaitable[T], whole: bool = True) -> T:
    """The result of a call of the engine; what keeps it from committing becomes an answer that says so.

    `whole` is False for work in several transactions, of which some may have been committed.

    Raises:
        Problem: 503 with Retry-After: sending the same again is safe.
    """
    try:
        return await work
    except StoreUnavailable as error:
        if whole:
            raise unavailable(error) from None
        kept = "a part may have been kept: send the same again, with the same ids or Idempotency-Key"
        raise unavailable(error, kept) from None
