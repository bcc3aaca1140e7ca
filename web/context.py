"""What the pages and the API work with: assembled once, by the server's composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import HTTPConnection

from rulelang.catalog.model import Catalogue
from runtime.engine.engine import Engine
from runtime.metrics import Metrics
from runtime.model import Millis
from runtime.settings import Settings
from runtime.store.protocol import ReadStore
from runtime.workspace import Workspace
from web.auth import Guard


@dataclass(frozen=True)
class AppContext:
    """The parts of a running server. `clock` gives milliseconds since the epoch."""

    engine: Engine
    reader: ReadStore
    workspace: Workspace
    catalogue: Catalogue
    settings: Settings
    guard: Guard
    metrics: Metrics
    clock: Callable[[], Millis]
    mailbox: Path
    version: str
    extra: Mapping[str, Any]


def context_of(connection: HTTPConnection) -> AppContext:
    """The context of the application that serves this request."""
    context: AppContext = connection.app.state.context
    return context
