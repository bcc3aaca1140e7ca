"""The core by itself: one call is one transaction, over the store in memory."""

from __future__ import annotations

import pytest

from rulelang.plan.ir import Get, Lit, Op
from rulelang.plan.model import Plan
from runtime.actions import Library
from runtime.engine.core import CoreLimits, EngineCore
from runtime.engine.cycle import Cycle, CycleLimits
from runtime.engine.rules import Rules
from runtime.engine.work import Answer, Begin, Look, Work
from runtime.model import EffectStatus, Outcome, OutcomeKind, SubjectKey
from runtime.outbox import Ready
from runtime.store.memory import MemoryStore
from tests.engine.world import SCHEMA, Receiver, act, arrival, event, library, plan, rules, wait

NOW = 1_800_000_000_000
DAY = 86_400_000
C1 = SubjectKey("contact", "c1")


def core(*plans: Plan, store: MemoryStore | None = None, limits: CoreLimits = CoreLimits()) -> EngineCore:  # noqa: B008
    made = EngineCore(store or MemoryStore(), rules(Receiver(), *plans), limits=limits)
    made.start()
    return made


def drained(cycle: Cycle, works: list[Work], now: int = NOW) -> int:
    """How many transactions it takes until nothing is left to do at this time."""
    cycle.run(works, now)
    for number in range(1, 200):
        at = cycle.wakes_at(now)
        if at is None or at > now:
            return number
        cycle.run([], now)
    raise AssertionError("it goes on for ever")


async def test_dependents_are_told_page_by_page() -> None:
    churned = Op("eq", (Get(("account", "status")), Lit("churned")))
    engine = core(plan("care", "ping", wait("do.0", "30d"), exits=[churned]), limits=CoreLimits(dependents=2))
    cycle = Cycle(engine)
    events = []
    for n in range(7):
        events.append(event(f"u{n}", "contact.updated", f"c{n}", fields={"account_id": "a1"}))
        events.append(event(f"e{n}", subject=f"c{n}"))
    drained(cycle, [arrival(e) for e in events])
    change = event("x", "account.updated", "a1", kind="account", fields={"status": "churned"})
    assert drained(cycle, [arrival(change)]) >= 4
    assert await engine.store.count_runs() == {("care", "exited"): 7}  # type: ignore[attr-defined]


async def test_recorded_events_are_taken_up_by_the_next_process() -> None:
    churned = Op("eq", (Get(("account", "status")), Lit("churned")))
    store, care = MemoryStore(), plan("care", "ping", wait("do.0", "30d"), exits=[churned])
    first = core(care, store=store)
    link = event("u", "contact.updated", fields={"account_id": "a1"})
    change = event("x", "account.updated", "a1", kind="account", fields={"status": "churned"})
    first.process([arrival(link), arrival(event("e1")), arrival(change)], NOW)
    drained(Cycle(core(care, store=store)), [])
    assert await store.count_runs() == {("care", "exited"): 1}


async def test_a_run_whose_plan_is_gone_fails_and_harms_nobody() -> None:
    store = MemoryStore()
    first = core(plan("old", "ping", wait("do.0", "1d")), store=store)
    first.process([arrival(event("e1"))], NOW)
    known = library(Receiver())
    fewer = Library(type(known.catalogue)(known.catalogue.triggers, {}, {}), local={}, effects={})
    old = plan("uses", "go", act("do.0", "bump"), wait("do.1", "1d"), act("do.2", "bump"))
    core(old, store=store).process([arrival(event("e2", "go"))], NOW)
    poorer = EngineCore(store, Rules(fewer, SCHEMA, []))
    poorer.start()
    committed = poorer.process([arrival(event("e3"))], NOW)
    assert [getattr(result, "status", "") for result in committed.results] == ["accepted"]
    assert await store.count_runs() == {("old", "waiting"): 1, ("uses", "failed"): 1}
    (failed,) = (await store.list_runs(10, status="failed"))[0]
    assert "cannot be loaded" in failed.reason
    assert "bump" in failed.reason


def test_an_effect_is_claimed_at_birth_only_where_a_repeat_is_harmless() -> None:
    engine = core(
        plan("t", "ping", act("do.0", "tell", to="alpha")), plan("p", "ping", act("do.0", "post", to="beta"))
    )
    committed = engine.process([arrival(event("e1"))], NOW)
    found = {r.row.effect.action: (r.row.attempts, r.begun) for r in committed.ready}
    assert found == {"tell": (1, True), "post": (0, False)}
    facts = [r.facts for r in committed.ready]
    assert all(f is not None and engine.holds(f) for f in facts)
    engine.process([arrival(event("u", "contact.updated", fields={"score": 1}))], NOW)
    assert not any(f is not None and engine.holds(f) for f in facts)


def test_an_answer_counts_once() -> None:
    engine = core(plan("p", "ping", act("do.0", "post", to="beta"), act("do.1", "bump")))
    (ready,) = engine.process([arrival(event("e1"))], NOW).ready
    key = ready.row.effect.key
    (looked,) = engine.process([Look(key)], NOW).results
    assert isinstance(looked, Ready)
    (granted,) = engine.process([Begin(key, 1, {"text": "hello"})], NOW).results
    assert isinstance(granted, Ready)
    assert (granted.row.prepared, granted.row.attempts) == ({"text": "hello"}, 1)
    again = Answer(key, 1, Outcome(OutcomeKind.RETRY, "busy", retry_after=60.0))
    for answers in ([again, again], [again]):
        committed = engine.process(answers, NOW)
        assert {(r.attempt, r.row.next_at) for r in committed.ready} == {(2, NOW + 60_000)}
    engine.process([Begin(key, 2, {"text": "another"})], NOW + 60_000)
    done = Answer(key, 2, Outcome(OutcomeKind.DONE, result={"id": "m1"}))
    assert engine.process([done, done], NOW + 60_000).ended == 1
    with engine.store.transaction() as tx:
        row = tx.effects([key])[key]
        state = tx.subjects([C1])[C1]
    assert (row.status, row.attempts, row.prepared) == (EffectStatus.DONE, 2, {"text": "hello"})
    assert state.fields["count"] == 1


def test_nothing_begins_on_an_effect_that_was_called_off() -> None:
    now_customer = Op("eq", (Get(("contact", "status")), Lit("customer")))
    engine = core(plan("p", "ping", act("do.0", "post", to="beta"), exits=[now_customer]))
    (ready,) = engine.process([arrival(event("e1"))], NOW).ready
    key = ready.row.effect.key
    leave = arrival(event("u", "contact.updated", fields={"status": "customer"}))
    committed = engine.process([leave, Begin(key, 1), Look(key)], NOW)
    assert committed.dropped == [key]
    assert committed.results[1:] == [None, None]
    late = Answer(key, 1, Outcome(OutcomeKind.DONE, result={"id": "m1"}))
    engine.process([late], NOW)
    with engine.store.transaction() as tx:
        assert tx.effects([key])[key].status == EffectStatus.DONE


def test_a_backlog_of_timers_is_worked_off_at_a_rate() -> None:
    engine = core(plan("sleep", "ping", wait("do.0", "1h")))
    cycle = Cycle(engine, CycleLimits(timers=20, catch_up=100.0))
    drained(cycle, [arrival(event(f"e{n}", subject=f"c{n}")) for n in range(200)])
    late = NOW + DAY
    cycle.doubt()
    handled, times = 0, []
    now = late
    while handled < 200:
        at = cycle.wakes_at(now)
        assert at is not None
        now = max(now, at)
        handled += cycle.run([], now).timers
        times.append(now)
    assert 1_500 <= times[-1] - late <= 2_000


def test_timers_on_time_are_not_held_back() -> None:
    engine = core(plan("sleep", "ping", wait("do.0", "1h")))
    cycle = Cycle(engine, CycleLimits(timers=500, catch_up=1.0))
    drained(cycle, [arrival(event(f"e{n}", subject=f"c{n}")) for n in range(200)])
    assert cycle.wakes_at(NOW + 1) in (NOW + 60_000, NOW + 3_600_000)
    assert cycle.run([], NOW + 3_600_000).timers == 200


@pytest.mark.parametrize("cached", [0, 3])
def test_a_small_cache_changes_nothing(cached: int) -> None:
    engine = core(plan("bump", "ping", act("do.0", "bump")), limits=CoreLimits(cached=cached))
    for n in range(20):
        engine.process([arrival(event(f"e{n}.{c}", subject=f"c{c}")) for c in range(5)], NOW)
    with engine.store.transaction() as tx:
        assert tx.subjects([C1])[C1].fields["count"] == 20
