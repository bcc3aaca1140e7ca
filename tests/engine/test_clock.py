"""Clocks that somebody sets."""

from __future__ import annotations

import time

from runtime.clock import SteadyClock, SystemClock, VirtualClock

MINUTE = 60_000
HOUR = 60 * MINUTE
START = 1_800_000_000_000


def clocks() -> tuple[VirtualClock, SteadyClock]:
    virtual = VirtualClock(START)
    return virtual, SteadyClock(virtual)


def test_time_goes_by() -> None:
    virtual, steady = clocks()
    virtual.advance(5)
    assert steady.now() == START + 5
    assert steady.suspect == 0


def test_a_small_step_back_is_waited_out() -> None:
    virtual, steady = clocks()
    virtual.step(-30_000)
    assert steady.now() == START
    virtual.advance(20_000)
    assert steady.now() == START
    virtual.advance(20_000)
    assert steady.now() == START + 10_000


def test_a_large_step_back_is_followed() -> None:
    virtual, steady = clocks()
    virtual.step(-2 * HOUR)
    assert steady.now() == START - 2 * HOUR
    virtual.advance(MINUTE)
    assert steady.now() == START - 2 * HOUR + MINUTE


def test_a_small_step_forward_is_believed() -> None:
    virtual, steady = clocks()
    virtual.step(40_000)
    assert steady.now() == START + 40_000
    assert steady.suspect == 0


def test_a_jump_ahead_is_held_until_it_is_accepted() -> None:
    virtual, steady = clocks()
    virtual.step(9 * HOUR)
    virtual.advance(MINUTE)
    assert steady.now() == START + MINUTE
    assert steady.suspect == 9 * HOUR
    virtual.advance(MINUTE)
    assert steady.now() == START + 2 * MINUTE
    steady.accept()
    assert steady.suspect == 0
    assert steady.now() == START + 9 * HOUR + 2 * MINUTE


def test_a_jump_ahead_that_is_taken_back_is_forgotten() -> None:
    virtual, steady = clocks()
    virtual.step(9 * HOUR)
    assert steady.now() == START
    virtual.step(-9 * HOUR)
    virtual.advance(MINUTE)
    assert steady.now() == START + MINUTE
    assert steady.suspect == 0


def test_time_asleep_is_downtime_and_believed() -> None:
    virtual, steady = clocks()
    virtual.advance(9 * HOUR)
    assert steady.now() == START + 9 * HOUR
    assert steady.suspect == 0


def test_the_system_clock_tells_the_time() -> None:
    clock = SystemClock()
    assert abs(clock.now() - time.time() * 1000) < 1000
    before = clock.elapsed()
    time.sleep(0.01)
    assert 5 <= clock.elapsed() - before < 1000
