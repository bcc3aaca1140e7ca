"""One life of the engine: the product's own core, cycle, outbox, attempts and recovery, driven step by step."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.clock import Clock, SteadyClock
from runtime.engine.attempt import perform
from runtime.engine.core import EngineCore
from runtime.engine.cycle import Cycle, CycleLimits
from runtime.engine.recovery import offer_unfinished
from runtime.engine.rules import Rules
from runtime.engine.work import Answer, Arrival, Committed, Receipt, ReceiptStatus, Result, Work
from runtime.model import EffectRow
from runtime.outbox import Outbox, OutboxLimits, Pace, Ready
from runtime.retry import RetryPolicy
from runtime.store.protocol import StoreUnavailable, WriteStore
from tests.dst.coroutines import Ask, Pause, Task

LIMITS = OutboxLimits(
    total=6, held=5, pace=Pace(concurrency=2, rate=20.0), breaker_after=3, breaker_pause=20_000
)
POLICY = RetryPolicy(delays=(5_000, 60_000, 300_000, 600_000), longest=600_000)


@dataclass(frozen=True)
class Parts:
    """What a process is made of; a planted bug replaces one of them."""

    rules: type[Rules] = Rules
    core: type[EngineCore] = EngineCore
    cycle: type[Cycle] = Cycle
    outbox: type[Outbox] = Outbox
    perform: Callable[..., Any] = perform
    acknowledges_first: bool = False


@dataclass(eq=False)
class Job:
    """Works to commit, and who is told."""

    works: Sequence[Work]
    done: Callable[[Sequence[Result] | BaseException], None]


class Process:
    """Alive until the simulation drops it.

    Raises:
        StoreUnavailable: it could not start.
    """

    def __init__(self, parts: Parts, store: WriteStore, rules: Rules, clock: Clock) -> None:
        self.clock = SteadyClock(clock)
        self.core = parts.core(store, rules, POLICY)
        self.cycle = parts.cycle(self.core, CycleLimits(timers=3, events=3, catch_up=50.0))
        self.outbox = parts.outbox(LIMITS)
        self.jobs: deque[Job] = deque()
        self.paused: list[Task] = []
        self._parts = parts
        self._doubtful = False
        self._scan: Task | None = None
        self.seen: Counter[str] = Counter()
        self.cycle.start(self.clock.now())
        self._take_up(restarted=True)

    # --- what the scheduler may do next ---

    def wants_commit(self) -> bool:
        """Whether a transaction has something to do."""
        at = self.cycle.wakes_at(self.clock.now())
        return bool(self.jobs) or (at is not None and at <= self.clock.now())

    def commit(self, jobs: int) -> None:
        """One transaction for up to so many jobs, and all that follows at once."""
        batch = [self.jobs.popleft() for _ in range(min(jobs, len(self.jobs)))]
        hasty = [job for job in batch if self._parts.acknowledges_first and isinstance(job.works[0], Arrival)]
        for job in hasty:
            job.done([_acknowledged(work) for work in job.works])
        works = [work for job in batch for work in job.works]
        try:
            committed = self.cycle.run(works, self.clock.now())
        except StoreUnavailable as error:
            self._doubtful = True
            for job in batch:
                if job not in hasty:
                    job.done(error)
            return
        self._tell(batch, hasty, committed)
        now = self.clock.now()
        for key in committed.dropped:
            self.outbox.drop(key)
        for ready in committed.ready:
            self.outbox.add(ready, now)
        self.dispatch()
        for destination in self.outbox.destinations().values():
            self.seen["breaker opened"] += destination.failures >= LIMITS.breaker_after
            self.seen["left on disk"] += destination.overflowed
        if self._doubtful or self.outbox.has_room():
            self._take_up(restarted=False)

    def dispatch(self) -> None:
        """Start the attempts that may start."""
        for ready in self.outbox.take(self.clock.now()):
            action = self.core.rules.library.effects.get(ready.row.effect.action)
            self._settle(Task(self._attempt(ready, action), f"attempt {ready.row.effect.key}"))

    def resume(self, number: int) -> None:
        """Let a task that only waits for its turn go on."""
        task = self.paused.pop(number)
        task.resume(None)
        self._settle(task)

    def busy(self) -> bool:
        """Whether anything is under way or queued."""
        return bool(self.jobs or self.paused or self.outbox.running or self._scanning())

    def wakes_at(self) -> int | None:
        """When time alone gives it something to do."""
        now = self.clock.now()
        times = [at for at in (self.cycle.wakes_at(now), self.outbox.next_at(now)) if at is not None]
        return min(times, default=None)

    def end(self) -> None:
        """It ends here, whatever it was doing."""
        for task in self.paused:
            task.close()

    # --- inside ---

    def _tell(self, batch: Sequence[Job], told: Sequence[Job], committed: Committed) -> None:
        start = 0
        for job in batch:
            end = start + len(job.works)
            if job not in told:
                job.done(committed.results[start:end])
            start = end

    def _settle(self, task: Task) -> None:
        """Put a task where it waits."""
        if isinstance(task.waits, Pause):
            self.paused.append(task)
        elif isinstance(task.waits, Ask):
            self._ask(task, task.waits.request)

    def _ask(self, task: Task, works: Sequence[Work]) -> None:
        def done(results: Sequence[Result] | BaseException) -> None:
            if isinstance(results, BaseException):
                self.jobs.append(Job(works, done))
            else:
                task.resume(results)
                self._settle(task)

        self.jobs.append(Job(works, done))

    async def _attempt(self, ready: Ready, action: Any) -> None:
        key = ready.row.effect.key
        outcome = await self._parts.perform(ready, action, self._write, self.core.holds)
        self.outbox.report(key, outcome, self.clock.now())
        if outcome is None:
            self.outbox.settled(key)
        else:
            self._answer(Answer(key, ready.attempt, outcome))

    async def _write(self, work: Work) -> Result:
        results: Sequence[Result] = await Ask((work,))
        return results[0]

    def _answer(self, answer: Answer) -> None:
        def done(results: Sequence[Result] | BaseException) -> None:
            if isinstance(results, BaseException):
                self.jobs.append(Job((answer,), done))
            else:
                self.outbox.settled(answer.key)

        self.jobs.append(Job((answer,), done))

    # --- recovery ---

    def _scanning(self) -> bool:
        return self._scan is not None and self._scan.waits is not None

    def _take_up(self, restarted: bool) -> None:
        if self._scanning():
            return
        self._doubtful = False
        self._scan = Task(self._offer(restarted), "unfinished")
        self._settle(self._scan)

    async def _offer(self, restarted: bool) -> None:
        await offer_unfinished(self._unfinished, self._answers, self.outbox, self.clock.now, restarted)
        self.outbox.refilled()

    async def _unfinished(self, limit: int, after: str) -> list[EffectRow]:
        while True:
            await Pause()
            try:
                return self.core.unfinished(limit, after)
            except StoreUnavailable:
                continue

    async def _answers(self, works: Sequence[Work]) -> object:
        return await Ask(tuple(works))


def _acknowledged(work: Work) -> Receipt:
    assert isinstance(work, Arrival)
    return Receipt(work.event.id, ReceiptStatus.ACCEPTED, (), work.event.subject)
