"""Which effect may be attempted when: pacing, isolation and circuit breakers, one queue for each destination.

Pure and in memory; the effects themselves are on disk. Time is an argument. A destination that is slow or down
fills its own slots and its own queue and nothing else.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

import msgspec

from runtime.actions import Facts
from runtime.model import EffectRow, Millis, Outcome, OutcomeKind


class Ready(msgspec.Struct, frozen=True, gc=False):
    """An effect that waits for attempt number `attempt`.

    `facts` are those of the commit that it comes from, or None when they have to be read. `begun` says that the
    attempt is on record already, so that it may be made at once, provided that the facts still hold.
    """

    row: EffectRow
    attempt: int
    facts: Facts | None = None
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """`concurrency` attempts at once and `rate` attempts a second, after a burst of as many as `concurrency`."""

    concurrency: int = 16
    rate: float = 50.0


@dataclass(frozen=True, slots=True)
class OutboxLimits:
    """`total` attempts at once over all destinations, `held` effects in memory for each of them, `unsettled`
    attempts whose outcome is not on disk yet, those under way included.

    After `breaker_after` failures in a row a destination rests for `breaker_pause`, twice as long after each
    failed probe, up to `breaker_longest`. While it fails, retries are at most `retry_share` of first attempts,
    beyond one a second. `longest_hold` caps how long Retry-After stops a whole destination.
    """

    total: int = 512
    held: int = 2000
    unsettled: int = 4096
    pace: Pace = Pace()
    paces: Mapping[str, Pace] = field(default_factory=dict)
    breaker_after: int = 5
    breaker_pause: Millis = 30_000
    breaker_longest: Millis = 600_000
    retry_share: float = 0.1
    retry_burst: float = 10.0
    longest_hold: Millis = 60_000


_WELL = frozenset({OutcomeKind.DONE, OutcomeKind.FAILED})
_ILL = frozenset({OutcomeKind.RETRY, OutcomeKind.UNKNOWN})
_RETRY_FLOOR: Millis = 1000
_MANY = 10_000
"""Destinations kept before idle ones are forgotten."""


class Destination:
    """One receiver: its queue, its slots, its pace and its breaker."""

    def __init__(self, name: str, limits: OutboxLimits) -> None:
        self.name = name
        self.held = 0
        self.running = 0
        self.overflowed = False
        self.failures = 0
        self.shut_until: Millis = 0
        self.planned: Millis | None = None
        self.has_turn = False
        self._limits = limits
        self._pace = limits.paces.get(name, limits.pace)
        self._queue: deque[Ready] = deque()
        self._later: list[tuple[Millis, int, Ready]] = []
        self._number = count()
        self._tokens = float(self._pace.concurrency)
        self._filled: Millis = 0
        self._retries = limits.retry_burst
        self._next_retry: Millis = 0

    @property
    def idle(self) -> bool:
        """Whether forgetting it would lose nothing but its pace."""
        return not (self.held or self.running or self.failures or self.has_turn)

    def put(self, ready: Ready) -> None:
        """Queue an effect, behind those that are due already."""
        if ready.row.next_at:
            heapq.heappush(self._later, (ready.row.next_at, next(self._number), ready))
        else:
            self._queue.append(ready)

    def startable_at(self, now: Millis) -> Millis | None:
        """When the next attempt may start; None when there is none, or all slots are taken."""
        while self._later and self._later[0][0] <= now:
            self._queue.append(heapq.heappop(self._later)[2])
        if self.running >= self._slots() or not (self._queue or self._later):
            return None
        due = now if self._queue else self._later[0][0]
        return max(due, self.shut_until, self._paced(now))

    def pop(self, now: Millis) -> Ready | None:
        """The next effect to attempt now; None when nothing may start."""
        at = self.startable_at(now)
        while at is not None and at <= now and self._queue:
            ready = self._queue.popleft()
            if ready.attempt == 1 or not self.failures or self._may_retry(now):
                self._spend(ready)
                return ready
            heapq.heappush(self._later, (self._next_retry, next(self._number), ready))
        return None

    def report(self, outcome: Outcome | None, now: Millis) -> None:
        """A slot is free again. None and a suppressed message say nothing about the receiver's health."""
        self.running -= 1
        if outcome is None:
            return
        if outcome.kind in _WELL:
            self.failures = 0
        elif outcome.kind in _ILL:
            self._failed(now)
        if outcome.retry_after and outcome.kind != OutcomeKind.HELD:
            hold = min(int(outcome.retry_after * 1000), self._limits.longest_hold)
            self.shut_until = max(self.shut_until, now + hold)

    def _failed(self, now: Millis) -> None:
        self.failures += 1
        beyond = self.failures - self._limits.breaker_after
        if beyond >= 0:
            pause = self._limits.breaker_pause << min(beyond, 20)
            self.shut_until = max(self.shut_until, now + min(pause, self._limits.breaker_longest))

    def _slots(self) -> int:
        """One slot, for a probe, while the breaker has not seen a success since it opened."""
        return 1 if self.failures >= self._limits.breaker_after else self._pace.concurrency

    def _paced(self, now: Millis) -> Millis:
        pace = self._pace
        if pace.rate == float("inf"):
            return now
        passed = now - self._filled
        if passed > 0:
            self._tokens = min(float(pace.concurrency), self._tokens + passed * pace.rate / 1000)
        self._filled = now
        return now if self._tokens >= 1 else now + int((1 - self._tokens) * 1000 / pace.rate) + 1

    def _spend(self, ready: Ready) -> None:
        self.running += 1
        self._tokens -= 1
        if ready.attempt == 1:
            self._retries = min(self._limits.retry_burst, self._retries + self._limits.retry_share)

    def _may_retry(self, now: Millis) -> bool:
        if self._retries >= 1:
            self._retries -= 1
            return True
        if now >= self._next_retry:
            self._next_retry = now + _RETRY_FLOOR
            return True
        return False


class Outbox:
    """All destinations. `take` goes round them, so that each gets its turn."""

    def __init__(self, limits: OutboxLimits = OutboxLimits()) -> None:
        self._limits = limits
        self._destinations: dict[str, Destination] = {}
        self._held: dict[str, Ready] = {}
        self._running: dict[str, Destination] = {}
        self._unsettled: set[str] = set()
        self._agenda: list[tuple[Millis, int, Destination]] = []
        self._turn: deque[Destination] = deque()
        self._number = count()

    def __len__(self) -> int:
        """How many effects are queued or being attempted, or wait for their outcome to be kept."""
        return len(self._held) + len(self._unsettled)

    def __contains__(self, key: str) -> bool:
        return key in self._held or key in self._unsettled

    @property
    def running(self) -> int:
        """How many attempts are under way."""
        return len(self._running)

    def destinations(self) -> Mapping[str, Destination]:
        """The destinations by name, for gauges."""
        return self._destinations

    def add(self, ready: Ready, now: Millis) -> bool:
        """Queue an effect; False when its destination holds as many as it may: it has to come from disk later."""
        key = ready.row.effect.key
        if key in self._held or key in self._unsettled:
            return True
        destination = self._destination(ready.row.effect.destination)
        if destination.held >= self._limits.held:
            destination.overflowed = True
            return False
        destination.held += 1
        self._held[key] = ready
        destination.put(ready)
        self._plan(destination, now)
        return True

    def drop(self, key: str) -> None:
        """Forget a queued effect that is not to be attempted any more."""
        ready = self._held.pop(key, None)
        if ready is not None:
            self._destination(ready.row.effect.destination).held -= 1

    def take(self, now: Millis) -> list[Ready]:
        """The effects whose attempt may start now; each holds a slot until it is reported."""
        self._wake(now)
        taken = []
        while self._turn and self._may_start():
            destination = self._turn.popleft()
            ready = self._next(destination, now)
            if ready is None:
                destination.has_turn = False
                self._plan(destination, now)
            else:
                taken.append(ready)
                self._turn.append(destination)
        return taken

    def report(self, key: str, outcome: Outcome | None, now: Millis) -> None:
        """An attempt is over, or None was made after all: its slot is free. Until `settled` it is not made again."""
        destination = self._running.pop(key)
        destination.report(outcome, now)
        self._plan(destination, now)

    def settled(self, key: str) -> None:
        """The outcome of an attempt is on disk, or there was none."""
        self._unsettled.discard(key)

    def next_at(self, now: Millis) -> Millis | None:
        """When `take` should be called again, if nothing else happens before."""
        if self._turn:
            return now if self._may_start() else None
        return self._agenda[0][0] if self._agenda else None

    def has_room(self) -> bool:
        """Whether a destination that had to leave effects on disk can take some again."""
        half = self._limits.held // 2
        return any(d.overflowed and d.held <= half for d in self._destinations.values())

    def refilled(self) -> None:
        """Everything on disk has been offered to `add` again since `has_room` said so."""
        half = self._limits.held // 2
        for destination in self._destinations.values():
            if destination.held <= half:
                destination.overflowed = False

    def _may_start(self) -> bool:
        return len(self._running) < self._limits.total and len(self._unsettled) < self._limits.unsettled

    def _destination(self, name: str) -> Destination:
        found = self._destinations.get(name)
        if found is None:
            if len(self._destinations) >= _MANY:
                self._forget_idle()
            found = self._destinations[name] = Destination(name, self._limits)
        return found

    def _forget_idle(self) -> None:
        idle = [d for d in self._destinations.values() if d.idle]
        for destination in idle:
            del self._destinations[destination.name]

    def _plan(self, destination: Destination, now: Millis) -> None:
        """Put a destination on the agenda; the earlier of two entries counts, and one that has its turn needs none."""
        if destination.has_turn or (destination.planned is not None and destination.planned <= now):
            return
        at = destination.startable_at(now)
        if at is not None and (destination.planned is None or at < destination.planned):
            destination.planned = at
            heapq.heappush(self._agenda, (at, next(self._number), destination))

    def _wake(self, now: Millis) -> None:
        while self._agenda and self._agenda[0][0] <= now:
            at, _, destination = heapq.heappop(self._agenda)
            if destination.planned == at:
                destination.planned = None
                if not destination.has_turn:
                    destination.has_turn = True
                    self._turn.append(destination)

    def _next(self, destination: Destination, now: Millis) -> Ready | None:
        """The destination's next effect that has not been dropped in the meantime."""
        while True:
            ready = destination.pop(now)
            if ready is None:
                return None
            key = ready.row.effect.key
            current = self._held.get(key)
            if current is not None and current.attempt == ready.attempt:
                del self._held[key]
                destination.held -= 1
                self._running[key] = destination
                self._unsettled.add(key)
                return current
            destination.report(None, now)
