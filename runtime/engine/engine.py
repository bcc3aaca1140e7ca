"""The engine: an event loop that talks to the world, one thread that commits, the same core as in simulation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import msgspec
import structlog

from rulelang.catalog.model import Catalogue
from rulelang.plan.model import Plan
from rulelang.types.schema import Schema
from runtime.clock import Clock, SteadyClock, SystemClock
from runtime.engine.backfill import Backfill, Preview
from runtime.engine.core import CoreLimits, EngineCore
from runtime.engine.cycle import Cycle, CycleLimits
from runtime.engine.dispatcher import Dispatcher
from runtime.engine.recovery import offer_unfinished
from runtime.engine.rules import Rules
from runtime.engine.settling import Settling
from runtime.engine.work import (
    Answer,
    Arrival,
    CancelRun,
    Committed,
    Decide,
    Done,
    Receipt,
    Replay,
    Result,
    Skip,
    Work,
)
from runtime.engine.writer import Call, Job, Writer
from runtime.metrics import Metrics, NoMetrics
from runtime.model import EffectRow, Millis
from runtime.outbox import Outbox, OutboxLimits
from runtime.retry import RetryPolicy
from runtime.store.protocol import StoreUnavailable, Transaction, WriteStore

T = TypeVar("T")
_AGAIN = 1.0
"""Seconds until a work of our own is tried again after the store refused it."""
_REFUSE = 0.25
"""Seconds for which events are refused at once after the store has refused some."""
_DOUBT = 2.0
"""Seconds after that for which the engine calls itself unready, unless a transaction succeeds."""


_LOOK = 200
"""Records that are looked at in one go for a preview."""


class EngineClosed(StoreUnavailable):
    """The engine is shutting down and takes nothing in."""


class EngineBusy(StoreUnavailable):
    """More is waiting to be committed than may; come back later."""


class EngineLimits(msgspec.Struct, frozen=True):
    """`batch` works in one transaction, `waiting` events queued before more are refused, `attempt_seconds` for
    composing or delivering a message.
    """

    batch: int = 256
    waiting: int = 20_000
    attempt_seconds: float = 120.0
    core: CoreLimits = CoreLimits()
    cycle: CycleLimits = CycleLimits()
    outbox: OutboxLimits = OutboxLimits()


class Engine:
    """Rules at work on a store. All methods belong to the event loop that called `start`."""

    def __init__(
        self,
        store: WriteStore,
        rules: Rules,
        clock: Clock | None = None,
        limits: EngineLimits = EngineLimits(),  # noqa: B008 - immutable
        policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - immutable
        metrics: Metrics | None = None,
    ) -> None:
        self.clock = SteadyClock(clock or SystemClock())
        self.outbox = Outbox(limits.outbox)
        self._limits = limits
        self._metrics = metrics or NoMetrics()
        self._core = EngineCore(store, rules, policy, limits.core)
        self._cycle = Cycle(self._core, limits.cycle)
        self._writer = Writer(
            self._cycle,
            self.clock,
            limits.batch,
            self._on_committed,
            self._on_failed,
        )
        self._dispatcher = Dispatcher(
            self.outbox,
            lambda name: self._core.rules.library.effects.get(name),
            self._persist,
            self._core.holds,
            self._answer,
            self.clock.now,
            self._metrics,
            limits.attempt_seconds,
        )
        self._waiting = 0
        self._answers = 0
        self._outgoing: list[Answer] = []
        self._closing = False
        self._doubtful = False
        self._scan: asyncio.Task[None] | None = None
        self._refusal: tuple[float, BaseException] | None = None

    @property
    def catalogue(self) -> Catalogue:
        """The declarations of what is in force."""
        return self._core.rules.library.catalogue

    # --- life ---

    async def start(self) -> None:
        """Begin to work; what an earlier process left unfinished is taken up while new events are served already.

        Raises:
            StoreUnavailable: the store cannot be written now.
        """
        await asyncio.to_thread(self._cycle.start, self.clock.now())
        self._writer.start(asyncio.get_running_loop())
        self._take_up(restarted=True)

    async def close(self, deadline: float = 15.0) -> bool:
        """Take nothing more in, let attempts under way end within `deadline` seconds, commit what is known.

        Attempts that are cut off are of unknown outcome. True when nothing was cut off. The store stays open.
        """
        self._closing = True
        loop = asyncio.get_running_loop()
        until = loop.time() + deadline
        if self._scan is not None:
            self._scan.cancel()
        whole = await self._dispatcher.close(deadline)
        while self._answers and loop.time() < until + 1:
            await asyncio.sleep(0.01)
        self._writer.stop()
        ended = await asyncio.to_thread(self._writer.join, max(until - loop.time(), 1.0))
        if ended:
            with suppress(StoreUnavailable):
                await asyncio.to_thread(self._cycle.end, self.clock.now())
        return whole and ended and not self._answers

    # --- events and operators ---

    async def submit(self, arrivals: Sequence[Arrival]) -> list[Receipt]:
        """Handle events; returns when they, and everything they brought about at once, are on disk.

        Raises:
            EngineClosed: the engine is shutting down.
            EngineBusy: too much is waiting.
            StoreUnavailable: the store cannot be written; sending the same events again is safe.
        """
        self._admit(len(arrivals))
        size = self._limits.batch
        if len(arrivals) <= size:
            return await self._commit(arrivals)
        parts = [arrivals[start : start + size] for start in range(0, len(arrivals), size)]
        answers = await asyncio.gather(*(self._queue(part) for part in parts))
        return [receipt for answer in answers for receipt in answer]

    async def operate(self, work: CancelRun | Replay | Skip | Decide) -> Done:
        """Do what an operator asks; the answer says why not, if not.

        Raises:
            EngineClosed, EngineBusy, StoreUnavailable: nothing was done.
        """
        self._admit(1)
        result = (await self._commit((work,)))[0]
        assert isinstance(result, Done)
        return result

    def unready(self) -> str:
        """Why no events can be taken now, as a sentence; "" when they can."""
        try:
            self._admit(1)
        except StoreUnavailable as error:
            return str(error)
        # A nearly full store has room for a probe and none for the work that is tried again every second.
        if self._refusal is not None and asyncio.get_running_loop().time() < self._refusal[0] + _DOUBT:
            return str(self._refusal[1])
        return ""

    async def deploy(
        self,
        schema: Schema,
        plans: Sequence[Plan],
        settlings: Sequence[Settling] = (),
        record: Callable[[Transaction], None] | None = None,
    ) -> None:
        """Go on with other rules. Runs under way keep the version they began with, unless `settlings` says otherwise.

        `record` writes into the same transaction; it is called in the writer's thread.

        Raises:
            runtime.program.PlanError: a plan uses an action that is not installed; nothing has changed.
            StoreUnavailable: the plans cannot be kept; nothing has changed.
        """
        rules = await asyncio.to_thread(self._core.rules.deployed, schema, plans)
        await self._call_and_look(lambda core: core.install(rules, self.clock.now(), settlings, record))

    async def flush(self) -> None:
        """Write the statistics that are still in memory.

        Raises:
            StoreUnavailable: they stay there.
        """
        await self._call(lambda core: core.flush(self.clock.now()))

    @property
    def paused(self) -> frozenset[str]:
        """The rules that are paused, by their headers or by hand."""
        return self._core.rules.plans.paused

    async def pause(
        self, rule: str, paused: bool, record: Callable[[Transaction], None] | None = None
    ) -> None:
        """Pause a rule by hand, or end that; `record` is as in `deploy`.

        Raises:
            StoreUnavailable: nothing has changed.
        """
        await self._call_and_look(lambda core: core.pause(rule, paused, self.clock.now(), record))

    async def write(self, change: Callable[[Transaction], T]) -> T:
        """Make a change of your own, such as erasing a subject, in one transaction between two of the engine's.

        Raises:
            StoreUnavailable: nothing was changed.
        """
        result: T = await self._call_and_look(lambda core: core.administer(change))
        return result

    async def counters(self) -> dict[str, int]:
        """The shared counters, as of the last commit.

        Raises:
            StoreUnavailable: the store cannot be read now.
        """
        found: dict[str, int] = await self._call(lambda core: core.counters())
        return found

    async def preview(self, wanted: Backfill) -> Preview:
        """What a backfill would do, found part by part between the engine's own work; nothing is kept.

        Raises:
            StoreUnavailable: the store cannot be read now.
        """
        found = Preview()
        while not found.done:
            found = await self._call(partial(_preview, wanted, self.clock.now(), found))
        return found

    # --- committing ---

    def _admit(self, count: int) -> None:
        if self._closing:
            raise EngineClosed("the engine is shutting down")
        if self._waiting and self._waiting + count > self._limits.waiting:
            raise EngineBusy(f"{self._waiting} events are waiting to be stored")
        if self._refusal is not None and asyncio.get_running_loop().time() < self._refusal[0]:
            raise StoreUnavailable(str(self._refusal[1]))

    async def _commit(self, works: Sequence[Work]) -> list[Any]:
        return list(await self._queue(works))

    def _queue(self, works: Sequence[Work]) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting += len(works)
        self._writer.put(Job(works, partial(self._resolve, future, len(works))))
        return future

    def _resolve(
        self, future: asyncio.Future[Any], count: int, results: Sequence[Result] | BaseException
    ) -> None:
        self._waiting -= count
        if future.done():
            return
        if isinstance(results, BaseException):
            future.set_exception(results)
        else:
            future.set_result(results)

    async def _persist(self, work: Work) -> Result:
        """Have a work of our own committed, however long the store takes to come back."""
        return (await self._persist_all((work,)))[0]

    async def _persist_all(self, works: Sequence[Work]) -> list[Result]:
        while True:
            try:
                return await self._commit(works)
            except Exception:
                await asyncio.sleep(_AGAIN)

    def _answer(self, answer: Answer) -> None:
        """Have the outcome of an attempt committed, together with others of the same moment."""
        self._answers += 1
        self._outgoing.append(answer)
        if len(self._outgoing) == 1:
            asyncio.get_running_loop().call_soon(self._send_answers)

    def _send_answers(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        size = self._limits.batch
        for start in range(0, len(outgoing), size):
            self._put_answers(outgoing[start : start + size])

    def _put_answers(self, answers: Sequence[Answer]) -> None:
        self._writer.put(Job(answers, partial(self._answered, answers)))

    def _answered(self, answers: Sequence[Answer], results: Sequence[Result] | BaseException) -> None:
        if isinstance(results, BaseException):
            asyncio.get_running_loop().call_later(_AGAIN, self._put_answers, answers)
            return
        self._answers -= len(answers)
        for answer in answers:
            self.outbox.settled(answer.key)

    async def _call_and_look(self, run: Callable[[EngineCore], Any]) -> Any:
        """A call that may leave events to be handled, or timers."""

        def work(core: EngineCore) -> Any:
            try:
                return run(core)
            finally:
                self._cycle.doubt()

        return await self._call(work)

    async def _call(self, run: Callable[[EngineCore], Any]) -> Any:
        if self._closing:
            raise EngineClosed("the engine is shutting down")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def done(result: Any, error: BaseException | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

        self._writer.put(Call(run, done))
        return await future

    # --- after a transaction ---

    def _on_committed(self, committed: Committed) -> None:
        self._refusal = None
        self._dispatcher.take_in(committed)
        self._dispatcher.pump()
        self._measure(committed)
        for fault in committed.faults:
            structlog.get_logger("rulelang.engine").error(
                "input failed", subject=fault.subject, what=fault.what, exc_info=fault.error
            )
        for conflict in committed.conflicts:
            structlog.get_logger("rulelang.engine").warning(
                "identity taken",
                kind=conflict.kind,
                field=conflict.field,
                holder=conflict.holder,
                claimant=conflict.claimant,
            )
        if self._doubtful or self.outbox.has_room():
            self._take_up(restarted=False)

    def _on_failed(self, error: BaseException) -> None:
        """A transaction failed, or its answer was lost: what is on disk may be more than is known here."""
        self._doubtful = True
        self._refusal = (asyncio.get_running_loop().time() + _REFUSE, error)

    def _measure(self, committed: Committed) -> None:
        metrics = self._metrics
        inputs = len(committed.results) + committed.timers + committed.handled
        metrics.commit(committed.seconds, inputs)
        metrics.runs(committed.started, committed.ended)
        for result in committed.results:
            if type(result) is Receipt:
                metrics.event(result.status)
        for _ in committed.faults:
            metrics.fault()

    def _take_up(self, restarted: bool) -> None:
        """Look on disk for effects that nobody here knows of."""
        if self._closing or (self._scan is not None and not self._scan.done()):
            return
        self._doubtful = False
        self._scan = asyncio.get_running_loop().create_task(
            self._offer(restarted), name="rulelang-unfinished"
        )

    async def _offer(self, restarted: bool) -> None:
        await offer_unfinished(self._unfinished, self._persist_all, self.outbox, self.clock.now, restarted)
        self.outbox.refilled()
        self._dispatcher.pump()

    async def _unfinished(self, limit: int, after: str) -> list[EffectRow]:
        while True:
            try:
                rows: list[EffectRow] = await self._call(lambda core: core.unfinished(limit, after))
            except StoreUnavailable:
                await asyncio.sleep(_AGAIN)
            else:
                return rows


def _preview(wanted: Backfill, now: Millis, so_far: Preview, core: EngineCore) -> Preview:
    return core.preview(wanted, now, _LOOK, so_far)
