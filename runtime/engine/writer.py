"""The writer thread: takes what is waiting, has it committed together, and reports to the event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import structlog

from runtime.clock import SteadyClock
from runtime.engine.core import EngineCore
from runtime.engine.cycle import Cycle
from runtime.engine.work import Committed, Result, Work
from runtime.store.protocol import StoreUnavailable

_POLL = 5.0
"""Seconds between looks at the clock, which may have been set, when nothing else wakes the thread."""
_PAUSE = 1.0
"""Seconds between attempts at a transaction of our own while the store cannot be written."""


class Job(NamedTuple):
    """Works to commit. `done` is called in the event loop with their results, or with what stood in the way."""

    works: Sequence[Work]
    done: Callable[[Sequence[Result] | BaseException], None]


class Call(NamedTuple):
    """Something to do in the writer thread between two transactions; `done` gets what it returns or raises."""

    run: Callable[[EngineCore], Any]
    done: Callable[[Any, BaseException | None], None]


class Writer:
    """Owns the thread and, through the cycle, the write side of the store.

    `committed` is called in the event loop after each transaction, after the `done` of its jobs.
    """

    def __init__(
        self,
        cycle: Cycle,
        clock: SteadyClock,
        batch: int,
        committed: Callable[[Committed], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._cycle = cycle
        self._clock = clock
        self._batch = batch
        self._committed = committed
        self._failed = failed
        self._queue: SimpleQueue[Job | Call | None] = SimpleQueue()
        self._held: Job | Call | None = None
        self._stopping = False
        self._alarmed = False
        self._not_before = 0.0
        self._thread = threading.Thread(target=self._run, name="rulelang-writer", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to work and to report to this loop."""
        self._loop = loop
        self._thread.start()

    def put(self, item: Job | Call) -> None:
        """Queue a job or a call. Any thread may; they are taken in order."""
        self._queue.put(item)

    def stop(self) -> None:
        """Finish what is queued, then end the thread. Timers are left alone from now on."""
        self._stopping = True
        self._queue.put(None)

    def join(self, timeout: float) -> bool:
        """Wait for the end of the thread; whether it has ended. Blocks."""
        if self._loop is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """About how many jobs are queued."""
        return self._queue.qsize()

    # --- in the thread ---

    def _run(self) -> None:
        ended = False
        while not ended:
            jobs, call, ended = self._take()
            now = self._clock.now()
            self._watch_clock()
            if jobs or self._own_work(now):
                self._transact(jobs, now)
            if call is not None:
                self._call(call)
            self._cycle.core.store.checkpoint()

    def _own_work(self, now: int) -> bool:
        if self._stopping or time.monotonic() < self._not_before:
            return False
        at = self._cycle.wakes_at(now)
        return at is not None and at <= now

    def _watch_clock(self) -> None:
        """Say so when the clock was set far ahead: timers are held back by that much until somebody looks."""
        if (self._clock.suspect > 0) == self._alarmed:
            return
        self._alarmed = not self._alarmed
        log = structlog.get_logger("rulelang.engine")
        if self._alarmed:
            log.error("the clock has jumped ahead and is not believed", seconds=self._clock.suspect // 1000)
        else:
            log.warning("the clock is believed again")

    def _take(self) -> tuple[list[Job], Call | None, bool]:
        """Jobs for one transaction, a call that comes after them, and whether this is the end."""
        jobs: list[Job] = []
        count = 0
        item = self._first()
        while item is not None:
            if isinstance(item, Call):
                return jobs, item, False
            if jobs and count + len(item.works) > self._batch:
                self._held = item
                return jobs, None, False
            jobs.append(item)
            count += len(item.works)
            try:
                item = self._queue.get_nowait()
            except Empty:
                return jobs, None, False
        return jobs, None, self._stopping and self._queue.empty()

    def _first(self) -> Job | Call | None:
        if self._held is not None:
            item, self._held = self._held, None
            return item
        try:
            return self._queue.get(timeout=self._patience())
        except Empty:
            return None

    def _patience(self) -> float:
        """Seconds to wait for the next job."""
        at = self._cycle.wakes_at(self._clock.now())
        if self._stopping:
            return 0.0
        due = _POLL if at is None else max(0.0, (at - self._clock.now()) / 1000)
        return min(_POLL, max(due, self._not_before - time.monotonic()))

    def _transact(self, jobs: Sequence[Job], now: int) -> None:
        works = jobs[0].works if len(jobs) == 1 else [work for job in jobs for work in job.works]
        began = time.perf_counter()
        try:
            committed = self._cycle.run(works, now)
        except StoreUnavailable as error:
            self._unavailable(jobs, error)
        except Exception as error:
            self._broken(jobs, error)
        else:
            self._not_before = 0.0
            committed.seconds = time.perf_counter() - began
            self._post(self._report, jobs, committed)

    def _unavailable(self, jobs: Sequence[Job], error: BaseException) -> None:
        self._not_before = time.monotonic() + _PAUSE
        structlog.get_logger("rulelang.engine").error("store unavailable", error=str(error))
        self._post(self._refuse, jobs, error)

    def _broken(self, jobs: Sequence[Job], error: BaseException) -> None:
        """A transaction failed, and not for the store's sake; the cycle has tried the works one by one already."""
        self._not_before = time.monotonic() + _PAUSE
        structlog.get_logger("rulelang.engine").error("transaction failed", exc_info=error)
        self._post(self._refuse, jobs, error)

    def _call(self, call: Call) -> None:
        try:
            result = call.run(self._cycle.core)
        except BaseException as error:
            self._post(call.done, None, error)
        else:
            self._post(call.done, result, None)

    # --- in the event loop ---

    def _post(self, function: Callable[..., None], *args: object) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            # The loop is closed: whoever waited is gone, and what is on disk is found at the next start.
            self._stopping = True

    def _report(self, jobs: Sequence[Job], committed: Committed) -> None:
        results = committed.results
        start = 0
        for job in jobs:
            end = start + len(job.works)
            job.done(results[start:end])
            start = end
        self._committed(committed)

    def _refuse(self, jobs: Sequence[Job], error: BaseException) -> None:
        self._failed(error)
        for job in jobs:
            job.done(error)
