"""What one process leaves, the next takes up: shutdown, downtime, and kills at any moment."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from runtime.clock import VirtualClock
from runtime.engine.cycle import CycleLimits
from runtime.engine.engine import EngineLimits
from runtime.model import Outcome, OutcomeKind, SubjectKey
from runtime.outbox import OutboxLimits, Pace
from runtime.store.open import open_store
from tests.engine.conftest import Workshop
from tests.engine.world import Delivery, act, arrival, event, plan, wait

HOUR = 3_600_000
START = 1_800_000_000_000
SLEEPER = plan("sleeper", "ping", wait("do.0", "1h"), act("do.1", "bump"), act("do.2", "tell", to="alpha"))
BOTH = (
    plan("tell", "ping", act("do.0", "tell", to="alpha")),
    plan("post", "ping", act("do.0", "post", to="beta")),
)


async def hang(delivery: Delivery) -> Outcome:
    await asyncio.sleep(60)
    return Outcome(OutcomeKind.DONE)


async def test_a_wait_ends_after_a_restart(workshop: Workshop) -> None:
    running = await workshop.start(SLEEPER, clock=VirtualClock(START))
    await running.engine.submit([arrival(event("e1"))])
    await workshop.stop(running)
    early = await workshop.start(SLEEPER, clock=VirtualClock(START + HOUR - 1))
    await asyncio.sleep(0.1)
    assert await early.runs("waiting") == 1
    await workshop.stop(early)
    late = await workshop.start(SLEEPER, clock=VirtualClock(START + 5 * HOUR))
    await late.ended(1)
    assert len(late.receiver.attempted()) == 1


async def test_a_backlog_of_waits_is_worked_off_in_order_at_a_bounded_rate(workshop: Workshop) -> None:
    clock = VirtualClock(START)
    running = await workshop.start(SLEEPER, clock=clock)
    for n in range(120):
        clock.advance(1000)
        await running.engine.submit([arrival(event(f"e{n}", subject=f"c{n}"))])
    await workshop.stop(running)
    clock = VirtualClock(START + 100 * HOUR)
    limits = EngineLimits(
        cycle=CycleLimits(timers=10, catch_up=100.0), outbox=OutboxLimits(pace=Pace(500, float("inf")))
    )
    late = await workshop.start(SLEEPER, clock=clock, limits=limits)
    while await late.runs("completed") < 120:
        done = await late.runs("completed")
        clock.advance(100)
        (receipt,) = await late.engine.submit([arrival(event(f"new{clock.now()}", "go"))])
        assert receipt.status == "accepted"
        await asyncio.sleep(0.01)
        assert await late.runs("completed") - done <= 40
    order = []
    for n in range(120):
        (row,) = [
            r
            for r in await late.reader.journal(subject=SubjectKey("contact", f"c{n}"))
            if r.entries[0].kind == "resumed"
        ]
        order.append(row.seq)
    assert order == sorted(order)


async def test_shutdown_lets_attempts_end(workshop: Workshop) -> None:
    running = await workshop.start(*BOTH)

    async def soon(delivery: Delivery) -> Outcome:
        await asyncio.sleep(0.2)
        return Outcome(OutcomeKind.DONE)

    running.receiver.behaviour = soon
    await running.engine.submit([arrival(event("e1"))])
    await running.until(lambda: len(running.receiver.deliveries) == 2)
    assert await running.engine.close(5.0)
    assert await running.runs("completed") == 2


async def test_shutdown_cuts_off_what_takes_too_long(workshop: Workshop) -> None:
    running = await workshop.start(*BOTH)
    running.receiver.behaviour = hang
    await running.engine.submit([arrival(event("e1"))])
    await running.until(lambda: len(running.receiver.deliveries) == 2)
    began = time.monotonic()
    assert not await running.engine.close(0.2)
    assert time.monotonic() - began < 2
    await workshop.stop(running)
    following = await workshop.start(*BOTH)
    await following.ended(1)
    await following.ended(1, "blocked")
    assert following.receiver.attempted("alpha") == running.receiver.attempted("alpha")
    assert following.receiver.attempted("beta") == []


async def test_an_effect_that_had_not_begun_is_taken_up(workshop: Workshop) -> None:
    limits = EngineLimits(outbox=OutboxLimits(pace=Pace(1, float("inf"))))
    running = await workshop.start(*BOTH, limits=limits)
    running.receiver.behaviour = hang
    await running.engine.submit([arrival(event(f"e{n}", subject=f"c{n}")) for n in range(3)])
    await running.until(lambda: len(running.receiver.deliveries) == 2)
    await running.engine.close(0.1)
    await workshop.stop(running)
    following = await workshop.start(*BOTH)
    await following.ended(5)
    await following.ended(1, "blocked")
    assert len(following.receiver.attempted("beta")) == 2


async def test_a_full_queue_leaves_effects_on_disk(workshop: Workshop) -> None:
    limits = EngineLimits(outbox=OutboxLimits(pace=Pace(2, float("inf")), held=10))
    running = await workshop.start(BOTH[0], BOTH[1], limits=limits)
    await running.engine.submit([arrival(event(f"e{n}", subject=f"c{n}")) for n in range(150)])
    await running.ended(300)
    assert set(Counter(running.receiver.attempted()).values()) == {1}


# --- kills -----------------------------------------------------------------------------------------------


def start_victim(path: Path, name: str, kind: str = "ping") -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.engine.victim", str(path), name, kind]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def run_victim(
    path: Path, name: str, seconds: float, after: str = "started", kind: str = "ping"
) -> list[str]:
    """What a process printed that was killed so many seconds after it printed `after`."""
    victim = start_victim(path, name, kind)
    assert victim.stdout is not None
    lines = [victim.stdout.readline().strip()]
    while not lines[-1].startswith(after):
        lines.append(victim.stdout.readline().strip())
    time.sleep(seconds)
    victim.kill()
    lines += [line.strip() for line in victim.stdout]
    victim.wait()
    victim.stdout.close()
    return lines


@pytest.mark.slow
def test_kills_lose_nothing_and_repeat_only_what_is_harmless(tmp_path: Path) -> None:
    path, random = tmp_path / "victim.db", Random(7)
    lines = [line for n in range(6) for line in run_victim(path, f"life{n}", random.uniform(0.1, 0.8))]
    acknowledged = [line.split()[1] for line in lines if line.startswith("acknowledged")]
    sent = Counter((line.split()[1], line.split()[2]) for line in lines if line.startswith("sent"))
    assert len(acknowledged) > 50
    writer, _ = open_store(path)
    with writer.transaction() as tx:
        known = tx.known_events(acknowledged)
    writer.close()
    assert set(known) == set(acknowledged)
    assert all(len(event.runs) == 2 for event in known.values())
    assert {times for (_, to), times in sent.items() if to == "beta"} == {1}
    assert max(times for (_, to), times in sent.items() if to == "alpha") <= 7


@pytest.mark.slow
def test_an_input_that_kills_the_process_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "victim.db"
    for life in range(5):
        victim = start_victim(path, f"life{life}", "kill")
        output, _ = victim.communicate(timeout=20)
        assert victim.returncode == 9
        assert output.split() == ["started"]
    lines = run_victim(path, "last", 0.0, after="acknowledged", kind="kill")
    assert "survived" in lines
