"""Makes the attempts at effects in the event loop, as the outbox allows them."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable

import structlog

from runtime.actions import EffectAction, Facts
from runtime.engine.attempt import Write, perform
from runtime.engine.work import Answer, Committed
from runtime.metrics import Metrics
from runtime.model import JSON, Effect, Millis, Outcome, OutcomeKind
from runtime.outbox import Outbox, Ready

_SPARE_WORKERS = 32
_LOOK = 1.0
"""Seconds between looks at attempts that take too long."""
_IN_A_ROW = 64
"""Attempts that a worker makes before it lets the event loop have its turn."""


class Watch:
    """The time limit of one worker: what it does now must end by `until`, a reading of the event loop's clock."""

    def __init__(self) -> None:
        self.task = asyncio.current_task()
        self.until = math.inf
        self.late = False

    def cut_off(self, now: float) -> None:
        """End what takes too long."""
        if now >= self.until and self.task is not None:
            self.until, self.late = math.inf, True
            self.task.cancel()

    def was_late(self) -> bool:
        """Whether a cancellation came from here; the task may then go on."""
        late, self.late = self.late, False
        if late and self.task is not None:
            self.task.uncancel()
        return late


class TimedAction:
    """An action whose attempts end in time, also when the server is shut down.

    A timer for each attempt would cost more than many an attempt itself: limits are checked now and then instead.
    """

    def __init__(self, action: EffectAction, seconds: float, watch: Watch) -> None:
        self._action = action
        self._seconds = seconds
        self._watch = watch

    async def prepare(self, effect: Effect, facts: Facts) -> JSON:
        """See EffectAction.

        Raises:
            TimeoutError: it took too long.
            runtime.actions.ActionError: see EffectAction.
        """
        watch = self._watch
        watch.until = asyncio.get_running_loop().time() + self._seconds
        try:
            return await self._action.prepare(effect, facts)
        except asyncio.CancelledError:
            if watch.was_late():
                raise TimeoutError from None
            raise
        finally:
            watch.until = math.inf

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """See EffectAction. An attempt that is cut off is of unknown outcome."""
        watch = self._watch
        watch.until = asyncio.get_running_loop().time() + self._seconds
        try:
            return await self._action.deliver(effect, prepared, facts)
        except asyncio.CancelledError:
            late = watch.was_late()
            reason = (
                f"no answer within {self._seconds:g} seconds"
                if late
                else "the server was shut down meanwhile"
            )
            return Outcome(OutcomeKind.UNKNOWN, reason)
        finally:
            watch.until = math.inf


class Dispatcher:
    """A few workers, as many as attempts that really wait for something. Belongs to the event loop."""

    def __init__(
        self,
        outbox: Outbox,
        action: Callable[[str], EffectAction | None],
        write: Write,
        holds: Callable[[Facts], bool],
        answer: Callable[[Answer], None],
        now: Callable[[], Millis],
        metrics: Metrics,
        seconds: float,
    ) -> None:
        self._outbox = outbox
        self._action = action
        self._write = write
        self._holds = holds
        self._answer = answer
        self._now = now
        self._metrics = metrics
        self._seconds = seconds
        self._todo: deque[Ready] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._watches: list[Watch] = []
        self._idle: list[asyncio.Future[None]] = []
        self._waking = False
        self._closing = False
        self._pumping = False
        self._watching = False
        self._alarm: asyncio.TimerHandle | None = None

    def pump(self) -> None:
        """Start every attempt that may start now, and come back when the next one may."""
        self._pumping = False
        if self._closing:
            return
        now = self._now()
        self._todo.extend(self._outbox.take(now))
        if self._todo:
            self._wake()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        at = self._outbox.next_at(now)
        if at is not None:
            loop = asyncio.get_running_loop()
            self._alarm = loop.call_later(max(at - now, 1) / 1000, self.pump)

    def take_in(self, committed: Committed) -> None:
        """Queue the effects of a transaction, forget those it called off."""
        outbox, now = self._outbox, self._now()
        for key in committed.dropped:
            outbox.drop(key)
        for ready in committed.ready:
            outbox.add(ready, now)

    async def close(self, deadline: float) -> bool:
        """Start nothing more, give attempts under way `deadline` seconds, cut off the rest; whether none was cut."""
        self._closing = True
        self._todo.clear()
        if self._alarm is not None:
            self._alarm.cancel()
        for future in self._idle:
            if not future.done():
                future.set_result(None)
        if not self._workers:
            return True
        _, late = await asyncio.wait(self._workers, timeout=deadline)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1.0)
        return not late

    # --- workers ---

    def _wake(self) -> None:
        """See to it that a worker runs; one is enough until it has to wait for something."""
        if not self._waking:
            self._waking = True
            asyncio.get_running_loop().call_soon(self._start_worker)

    def _start_worker(self) -> None:
        self._waking = False
        if not self._todo or self._closing:
            return
        while self._idle:
            future = self._idle.pop()
            if not future.done():
                future.set_result(None)
                return
        task = asyncio.get_running_loop().create_task(self._work(), name="rulelang-attempts")
        self._workers.add(task)
        task.add_done_callback(self._workers.discard)
        if not self._watching:
            self._watching = True
            asyncio.get_running_loop().call_later(_LOOK, self._watch_over)

    def _watch_over(self) -> None:
        """Cut off what takes too long, every second as long as there are workers."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for watch in self._watches:
            watch.cut_off(now)
        self._watching = bool(self._workers) and not self._closing
        if self._watching:
            loop.call_later(_LOOK, self._watch_over)

    async def _work(self) -> None:
        watch = Watch()
        self._watches.append(watch)
        try:
            await self._make_attempts(watch)
        finally:
            self._watches.remove(watch)

    async def _make_attempts(self, watch: Watch) -> None:
        made = 0
        while not self._closing:
            if not self._todo:
                if len(self._idle) >= _SPARE_WORKERS:
                    return
                future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._idle.append(future)
                await future
                continue
            ready = self._todo.popleft()
            if self._todo:
                self._wake()
            await self._attempt(ready, watch)
            made += 1
            if made % _IN_A_ROW == 0:
                await asyncio.sleep(0)

    async def _attempt(self, ready: Ready, watch: Watch) -> None:
        effect = ready.row.effect
        action = self._action(effect.action)
        timed = TimedAction(action, self._seconds, watch) if action is not None else None
        outcome: Outcome | None = None
        try:
            outcome = await perform(ready, timed, self._write, self._holds)
        except Exception as error:
            structlog.get_logger("rulelang.engine").error("attempt failed", effect=effect.key, exc_info=error)
            outcome = Outcome(
                OutcomeKind.UNKNOWN, f"an internal error ended the attempt ({type(error).__name__})"
            )
        finally:
            self._ended(ready, outcome)

    def _ended(self, ready: Ready, outcome: Outcome | None) -> None:
        effect = ready.row.effect
        self._outbox.report(effect.key, outcome, self._now())
        if outcome is None:
            self._outbox.settled(effect.key)
        else:
            self._metrics.attempt(effect.action, outcome.kind)
            self._answer(Answer(effect.key, ready.attempt, outcome))
        if not self._pumping and not self._closing:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self.pump)
