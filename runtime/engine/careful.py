"""Inputs that kill the process: found by counting how often it ended while it worked on them.

An ordinary error is contained where it happens. This is for what no handler can catch: a bug in a C extension,
memory running out, `os._exit`. Two ends of the process soon after its start make the third start a careful one:
for a while every input is handled alone, after a mark on disk that it is about to be. What is marked at the next
start may have killed the process, or somebody else has: only the input that was alone with its end three times
is set aside as failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from runtime.engine.apart import apart
from runtime.engine.core import EngineCore
from runtime.engine.work import (
    Answer,
    Arrival,
    CancelRun,
    Committed,
    Recorded,
    Ring,
    Wake,
    Work,
)
from runtime.model import Millis
from runtime.store.protocol import Batch

STARTS = "engine.starts"
"""Counter: starts since the last one that ended well or lasted."""
MARK = "engine.mark"
"""Counter: a number made from the name of the input that is handled alone; 0 for none."""
KILLED = "engine.killed:"
"""Counters, one for each such number: how often the process has ended meanwhile."""
SETTLED: Millis = 60_000
"""A process that lives this long is no victim of its first inputs."""
_ENOUGH = 2
_TIMES = 3


class KilledProcess(Exception):
    """The process ended three times while it handled this input and no other."""


class Probation:
    """The first minute of a process. Belongs to the writer thread."""

    def __init__(self, core: EngineCore) -> None:
        self._core = core
        self._until: Millis | None = None
        self.careful = False
        self._killed: dict[int, int] = {}

    @property
    def ends_at(self) -> Millis | None:
        """When it is over; None when it is."""
        return self._until

    def begin(self, now: Millis) -> None:
        """Count this start; after too many that ended badly, be careful.

        Raises:
            StoreUnavailable: the store cannot be written now.
        """
        counters = self._core.administer(lambda tx: tx.counters())
        starts = counters.get(STARTS, 0)
        self.careful = starts >= _ENOUGH
        self._killed = {
            int(name.removeprefix(KILLED)): times
            for name, times in counters.items()
            if name.startswith(KILLED) and times
        }
        news = {STARTS: starts + 1, MARK: 0}
        if mark := counters.get(MARK, 0):
            self._killed[mark] = news[f"{KILLED}{mark}"] = self._killed.get(mark, 0) + 1
        self._until = now + SETTLED
        self._keep(news)

    def check(self, now: Millis) -> None:
        """End the probation when its time is over."""
        if self._until is not None and now >= self._until:
            self._clear(1)
            self._until = None
            self.careful = False

    def end(self) -> None:
        """The process ends well."""
        self._clear(0)

    def run(self, works: Sequence[Work], now: Millis, timers: int, events: int) -> Committed:
        """As EngineCore.process, one input at a time, each after its mark."""
        return apart(self._core, works, now, timers, events, self._mark)

    def _mark(self, work: Work) -> KilledProcess | None:
        mark = _number(_name(work))
        if self._killed.get(mark, 0) >= _TIMES:
            return KilledProcess(f"the server ended {_TIMES} times while it handled this")
        self._keep({MARK: mark})
        return None

    def _clear(self, starts: int) -> None:
        self._keep({STARTS: starts, MARK: 0, **{f"{KILLED}{mark}": 0 for mark in self._killed}})
        self._killed = {}

    def _keep(self, counters: dict[str, int]) -> None:
        self._core.administer(lambda tx: tx.write(Batch(counters=counters)))


def _name(work: Work) -> str:
    match work:
        case Arrival() | Recorded():
            return f"event:{work.event.id}"
        case Wake():
            return f"timer:{work.due.run}:{work.due.due}"
        case Ring():
            return f"alarm:{work.due.subject.kind}:{work.due.subject.id}:{work.due.due}"
        case Answer():
            return f"answer:{work.key}:{work.attempt}"
        case CancelRun():
            return f"cancel:{work.run}"
    return f"{type(work).__name__.lower()}:{work.key}"


def _number(name: str) -> int:
    """A number for a name that a counter can hold; never 0."""
    return int.from_bytes(blake2b(name.encode("utf-8", "replace"), digest_size=7).digest(), "big") + 1
