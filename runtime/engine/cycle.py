"""What goes into the next transaction: the works that wait, the timers that are due, the events left over.

Pure: time is an argument. A backlog of timers, after a downtime, is worked off at a bounded rate.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from runtime.engine.apart import apart
from runtime.engine.careful import Probation
from runtime.engine.core import EngineCore
from runtime.engine.work import Committed, Work
from runtime.model import Millis
from runtime.store.protocol import StoreUnavailable


class CycleLimits(msgspec.Struct, frozen=True):
    """`timers` and recorded `events` handled in one transaction; timers later than `late` are a backlog, worked off
    at `catch_up` a second.
    """

    timers: int = 256
    events: int = 256
    late: Millis = 60_000
    catch_up: float = 1000.0


class Cycle:
    """Runs transactions one after the other. Belongs to the writer thread."""

    def __init__(self, core: EngineCore, limits: CycleLimits = CycleLimits()) -> None:  # noqa: B008 - immutable
        self.core = core
        self.probation = Probation(core)
        self._limits = limits
        self._next_due: Millis | None = 0
        self._pending = True
        self._tokens = 0.0
        self._filled: Millis | None = None

    def start(self, now: Millis) -> None:
        """Begin the life of a process.

        Raises:
            StoreUnavailable: the store cannot be written now.
        """
        self.core.start(now)
        self.probation.begin(now)

    def end(self, now: Millis) -> None:
        """End it well.

        Raises:
            StoreUnavailable: the store cannot be written now.
        """
        self.probation.end()
        self.core.flush(now)

    def run(self, works: Sequence[Work], now: Millis) -> Committed:
        """One transaction; or one for each input, when one of them breaks it or may have killed the process.

        Raises:
            StoreUnavailable: see EngineCore.process.
        """
        timers = self._timers(now)
        events = self._limits.events if self._pending else 0
        try:
            self.probation.check(now)
            committed = self._process(works, now, timers, events)
        except BaseException:
            self.doubt()
            raise
        self._tokens -= committed.timers
        self._next_due = committed.next_due
        self._pending = committed.pending
        return committed

    def _process(self, works: Sequence[Work], now: Millis, timers: int, events: int) -> Committed:
        if self.probation.careful:
            return self.probation.run(works, now, timers, events)
        try:
            return self.core.process(works, now, timers, events)
        except StoreUnavailable:
            raise
        except Exception:
            return apart(self.core, works, now, timers, events)

    def doubt(self) -> None:
        """Look on disk for timers and events with the next transaction, whatever was known before."""
        self._next_due = 0
        self._pending = True

    def wakes_at(self, now: Millis) -> Millis | None:
        """When `run` has something to do without any works; None when nothing is waiting for its time."""
        if self._pending:
            return now
        due = self._next_due
        if due is not None and due <= now:
            due = now if self._timers(now) else now + int(1000 / self._limits.catch_up) + 1
        return min((at for at in (due, self.probation.ends_at) if at is not None), default=None)

    def _timers(self, now: Millis) -> int:
        """How many due timers the next transaction may take."""
        due = self._next_due
        if due is None or due > now:
            return 0
        if due == 0 or now - due <= self._limits.late:
            return self._limits.timers
        return min(self._limits.timers, int(self._refill(now)))

    def _refill(self, now: Millis) -> float:
        passed = now - self._filled if self._filled is not None else 1000
        self._filled = now
        self._tokens = min(
            max(self._tokens, 0.0) + max(passed, 0) * self._limits.catch_up / 1000, self._limits.timers
        )
        return self._tokens
