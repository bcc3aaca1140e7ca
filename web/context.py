"""What the pages and the API work with: assembled once, by the server's composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from starlette.requests import HTTPConnection

from runtime.engine.engine import Engine
from runtime.metrics import Metrics
from runtime.model import Millis
from runtime.settings import Settings
from runtime.store.protocol import ReadStore, StoreUnavailable
from runtime.workspace import Workspace
from web.auth import Guard
from web.problems import Problem

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


def context_of(connection: HTTPConnection) -> AppContext:
    """The context of the application that serves this request."""
    context: AppContext = connection.app.state.context
    return context


async def committed(work: Awaitable[T]) -> T:
    """The result of a call of the engine; what keeps it from committing becomes an answer that says so.

    Raises:
        Problem: 503 with Retry-After: nothing was done, and sending the same again is safe.
    """
    try:
        return await work
    except StoreUnavailable as error:
        detail = f"{error}; nothing was done, send it again later"
        raise Problem(503, detail, {"Retry-After": "5"}) from None
