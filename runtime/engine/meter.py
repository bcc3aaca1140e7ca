"""What the engine tells about itself while it works. The web layer turns it into metrics."""

from __future__ import annotations

from typing import Protocol


class Meter(Protocol):
    """Receives measurements; called from two threads.

    Counts: `events` (label: receipt status), `runs_started`, `runs_ended`, `timers`, `effects` (label: outcome),
    `batches`, `faults`, `store_unavailable`. Gauges: `waiting_works`, `outbox_queued`, `outbox_running`,
    `timer_lag_seconds`, `clock_suspect_seconds`, `breakers_open`. Times: `commit_seconds`.
    """

    def count(self, name: str, amount: int = 1, label: str = "") -> None:
        """Something happened `amount` times."""

    def gauge(self, name: str, value: float) -> None:
        """Something stands at `value` now."""

    def time(self, name: str, seconds: float) -> None:
        """Something took this long."""


class NoMeter:
    """Measures nothing."""

    def count(self, name: str, amount: int = 1, label: str = "") -> None:
        """See Meter."""

    def gauge(self, name: str, value: float) -> None:
        """See Meter."""

    def time(self, name: str, seconds: float) -> None:
        """See Meter."""
