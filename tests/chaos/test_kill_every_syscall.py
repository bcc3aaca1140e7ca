"""A kill, a full disk or a broken one at every system call that changes something: nothing is lost or doubled.

A few calls of each kind; with RULELANG_CHAOS=full every one. REQUIRE_STRACE=1 makes a missing strace a failure.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chaos.faults import missing
from tests.chaos.syscalls import Point, Sweep, report

FULL = os.environ.get("RULELANG_CHAOS") == "full"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(14_400 if FULL else 300)]


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    reason = missing()
    if reason and os.environ.get("REQUIRE_STRACE") == "1":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    return Sweep(tmp_path)


def check(points: list[Point]) -> None:
    """Every fault came about, and none did harm."""
    print("\n".join(report(points)))
    assert [f"{point.fault}: {sentence}" for point in points for sentence in point.wrong] == []
    assert sum(point.hit for point in points) >= 0.8 * len(points)


def test_kills_from_the_first_instruction_on(sweep: Sweep) -> None:
    points = sweep.kill("start", points=0 if FULL else 1)
    check(points)
    assert any(not point.answered for point in points)


def test_kills_at_work(sweep: Sweep) -> None:
    points = sweep.kill("work", points=0 if FULL else 2)
    check(points)
    assert any(point.answered for point in points)


def test_disks_that_refuse(sweep: Sweep) -> None:
    check(sweep.fail("work") if FULL else sweep.fail("work", ("pwrite64", "fdatasync"), points=1))


@pytest.mark.skipif(not FULL, reason="only with RULELANG_CHAOS=full")
def test_every_other_kind_of_fault(sweep: Sweep) -> None:
    check(sweep.kill("careful") + sweep.fail("careful") + sweep.fail("start"))
