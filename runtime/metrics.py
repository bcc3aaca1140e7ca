"""What the engine tells about itself while it works; the web layer turns it into metrics for operators."""

from __future__ import annotations

from typing import Protocol

from runtime.store.protocol import Backlog


class Metrics(Protocol):
    """Receives measurements in the event loop, and gives them out. Labels are bounded: no people, no keys."""

    def event(self, status: str) -> None:
        """An event was answered, with this status of its receipt."""

    def runs(self, started: int, ended: int) -> None:
        """So many runs began and ended."""

    def attempt(self, action: str, outcome: str) -> None:
        """An attempt at an effect ended."""

    def commit(self, seconds: float, inputs: int) -> None:
        """A transaction of so many inputs was committed."""

    def fault(self) -> None:
        """Handling an input failed unexpectedly."""

    def exposition(self, backlog: Backlog) -> tuple[bytes, str]:
        """All measurements as text, and the media type of the text."""


class NoMetrics:
    """Measures nothing."""

    def event(self, status: str) -> None:
        """See Metrics."""

    def runs(self, started: int, ended: int) -> None:
        """See Metrics."""

    def attempt(self, action: str, outcome: str) -> None:
        """See Metrics."""

    def commit(self, seconds: float, inputs: int) -> None:
        """See Metrics."""

    def fault(self) -> None:
        """See Metrics."""

    def exposition(self, backlog: Backlog) -> tuple[bytes, str]:
        """See Metrics."""
        return b"", "text/plain"
