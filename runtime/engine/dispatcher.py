"""Makes the attempts at effects in the event loop, as the outbox allows them."""

from __future__ import annotations

import asyncio
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
_IN_A_ROW = 64
"""Attempts that a worker makes before it lets the event loop have its turn."""


class TimedAction:
    """An action whose attempts end in time, also when the server is shut down."""

    def __init__(self, action: EffectAction, seconds: float) -> None:
        self._action = action
        self._seconds = seconds

    async def prepare(self, effect: Effect, facts: Facts) -> JSON:
        """See EffectAction.

        Raises:
            TimeoutError: it took too long.
            runtime.actions.ActionError: see EffectAction.
        """
        async with asyncio.timeout(self._seconds):
            return await self._action.prepare(effect, facts)

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """See EffectAction. An attempt that is cut off is of unknown outcome."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._action.deliver(effect, prepared, facts)
        except TimeoutError:
            return Outcome(OutcomeKind.UNKNOWN, f"no answer within {self._seconds:g} seconds")
        except asyncio.CancelledError:
            return Outcome(OutcomeKind.UNKNOWN, "the server was shut down during the attempt")


class Dispatcher:
    """A few workers, as many as attempts that really wait for something. Belongs to the event loop."""

    def __init__(
        self,
        outbox: Outbox,
        action: Callable[[str], EffectAction | None],
        write: Write,
        answer: Callable[[Answer], None],
        now: Callable[[], Millis],
        metrics: Metrics,
        seconds: float,
    ) -> None:
        self._outbox = outbox
        self._action = action
        self._write = write
        self._answer = answer
        self._now = now
        self._metrics = metrics
        self._seconds = seconds
        self._todo: deque[Ready] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._idle: list[asyncio.Future[None]] = []
        self._waking = False
        self._closing = False
        self._alarm: asyncio.TimerHandle | None = None

    def pump(self) -> None:
        """Start every attempt that may start now, and come back when the next one may."""
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

    async def _work(self) -> None:
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
            await self._attempt(ready)
            made += 1
            if made % _IN_A_ROW == 0:
                await asyncio.sleep(0)

    async def _attempt(self, ready: Ready) -> None:
        effect = ready.row.effect
        action = self._action(effect.action)
        timed = TimedAction(action, self._seconds) if action is not None else None
        outcome: Outcome | None = None
        try:
            outcome = await perform(ready, timed, self._write)
        except Exception as error:
            structlog.get_logger("rulelang.engine").error("attempt failed", effect=effect.key, exc_info=error)
            outcome = Outcome(
                OutcomeKind.UNKNOWN, f"an internal error ended the attempt ({type(error).__name__})"
            )
        finally:
            if outcome is None:
                self._outbox.report(effect.key, None, self._now())
                self._pump_soon()
            else:
                self._metrics.attempt(effect.action, outcome.kind)
                self._answer(Answer(effect.key, ready.attempt, outcome))

    def _pump_soon(self) -> None:
        if not self._closing:
            asyncio.get_running_loop().call_soon(self.pump)
