"""Real engines over real SQLite files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rulelang.plan.model import Plan
from runtime.clock import Clock
from runtime.engine.engine import Engine, EngineLimits
from runtime.outbox import OutboxLimits, Pace
from runtime.retry import RetryPolicy
from runtime.store.open import open_store
from runtime.store.protocol import ReadStore, WriteStore
from tests.engine.world import Receiver, rules

QUICK = RetryPolicy(delays=(20, 20, 20))
LIMITS = EngineLimits(outbox=OutboxLimits(pace=Pace(16, float("inf")), breaker_after=100))


@dataclass
class Running:
    """An engine at work, its receiver, and eyes to look into its store."""

    engine: Engine
    receiver: Receiver
    reader: ReadStore
    writer: WriteStore

    async def until(self, condition: Callable[[], Awaitable[bool] | bool], seconds: float = 5.0) -> None:
        """Wait until the condition holds; fails when it takes longer."""
        async with asyncio.timeout(seconds):
            while True:
                result = condition()
                if await result if isinstance(result, Awaitable) else result:
                    return
                await asyncio.sleep(0.005)

    async def runs(self, status: str) -> int:
        """How many runs have this status."""
        return sum(n for (_, s), n in (await self.reader.count_runs()).items() if s == status)

    async def ended(self, number: int, status: str = "completed") -> None:
        """Wait until so many runs have ended like this."""

        async def enough() -> bool:
            return await self.runs(status) >= number

        await self.until(enough)

    async def stop(self) -> None:
        """End the engine and close its store."""
        await self.engine.close(2.0)
        await self.reader.close()
        self.writer.close()


@dataclass
class Workshop:
    """Starts engines on one database file, one after the other."""

    path: Path
    running: list[Running] = field(default_factory=list)

    async def start(
        self,
        *plans: Plan,
        receiver: Receiver | None = None,
        clock: Clock | None = None,
        limits: EngineLimits = LIMITS,
        policy: RetryPolicy = QUICK,
        **named: Any,
    ) -> Running:
        """An engine with these rules."""
        receiver = receiver or Receiver()
        writer, reader = open_store(self.path)
        engine = Engine(writer, rules(receiver, *plans), clock, limits, policy, **named)
        running = Running(engine, receiver, reader(), writer)
        self.running.append(running)
        await engine.start()
        return running

    async def stop(self, running: Running) -> None:
        """End one of them."""
        self.running.remove(running)
        await running.stop()


@pytest.fixture
async def workshop(tmp_path: Path) -> AsyncIterator[Workshop]:
    workshop = Workshop(tmp_path / "rulelang.db")
    yield workshop
    for running in list(workshop.running):
        await workshop.stop(running)
