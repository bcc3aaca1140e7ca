"""The one place that reads a clock, and the guard between a clock that steps and everything that trusts it.

Nothing else in this package asks what time it is: times are passed in.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Protocol

from runtime.model import Millis

_ELAPSED = getattr(time, "CLOCK_BOOTTIME", None)


class Clock(Protocol):
    """Two readings: what time it is, and how much time has gone by."""

    def now(self) -> Millis:
        """The civil time; it may step, forward or back, when somebody sets it."""

    def elapsed(self) -> Millis:
        """Milliseconds since some moment; it never steps."""


class SystemClock:
    """The clocks of the operating system. `elapsed` goes on while the machine sleeps, where the system can tell."""

    def now(self) -> Millis:
        """See Clock."""
        return time.time_ns() // 1_000_000

    def elapsed(self) -> Millis:
        """See Clock."""
        if _ELAPSED is None:
            return time.monotonic_ns() // 1_000_000
        return time.clock_gettime_ns(_ELAPSED) // 1_000_000


class VirtualClock:
    """A clock that stands still until it is told to go on; for simulation and tests."""

    def __init__(self, now: Millis = 0) -> None:
        self._now = now
        self._elapsed = 0

    def now(self) -> Millis:
        """See Clock."""
        return self._now

    def elapsed(self) -> Millis:
        """See Clock."""
        return self._elapsed

    def advance(self, by: Millis) -> None:
        """Let time go by, on both readings."""
        self._now += by
        self._elapsed += by

    def step(self, by: Millis) -> None:
        """Set the civil time forward or back without any time going by."""
        self._now += by


@dataclass(frozen=True, slots=True)
class ClockLimits:
    """`forward`: a jump ahead larger than this is not believed. `back`: a step back up to this is waited out."""

    forward: Millis = 3_600_000
    back: Millis = 60_000


class SteadyClock:
    """A clock whose steps do no harm; safe to read from several threads.

    A small step back (a correction over the network) is waited out: time stands still until the clock has caught
    up. A larger one is followed, for new waits must be measured with the clock that people see; it fires nothing
    twice, since what fired is no longer waiting. A jump ahead of more than `limits.forward` is not believed: time goes
    on as if it had not happened, `suspect` says by how much the clock is ahead, and timers are held back by that
    until the clock is set right or somebody calls `accept`. The first reading is believed, so that
    time spent switched off counts.
    """

    def __init__(self, clock: Clock, limits: ClockLimits = ClockLimits()) -> None:
        self._clock = clock
        self._limits = limits
        self._lock = threading.Lock()
        self._last = clock.now()
        self._base = self._last
        self._elapsed = clock.elapsed()
        self.suspect: Millis = 0

    def now(self) -> Millis:
        """The time to act by."""
        with self._lock:
            wall, elapsed = self._clock.now(), self._clock.elapsed()
            expected = self._base + elapsed - self._elapsed
            self._elapsed = elapsed
            self._base = self._believe(wall, expected)
            self._last = (
                self._base if self._base < self._last - self._limits.back else max(self._last, self._base)
            )
            return self._last

    def accept(self) -> None:
        """Believe the clock as it is now, after somebody has looked at it."""
        with self._lock:
            self.suspect = 0
            self._base = self._clock.now()
            self._elapsed = self._clock.elapsed()

    def elapsed(self) -> Millis:
        """See Clock."""
        return self._clock.elapsed()

    def _believe(self, wall: Millis, expected: Millis) -> Millis:
        ahead = wall - expected
        self.suspect = ahead if ahead > self._limits.forward else 0
        return expected if self.suspect else wall
