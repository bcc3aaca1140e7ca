"""Backfills: whom they enrol, at what rate, what a preview says, over kills, and the same in simulation and on SQLite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rulelang.calendar import instant_text, parse_instant
from runtime.engine.backfill import (
    Backfill,
    BackfillError,
    Preview,
    State,
    cancel_backfill,
    figures,
    plan_backfill,
    read_rate,
)
from runtime.engine.core import CoreLimits
from runtime.existing import says_who
from runtime.model import SubjectKey
from tests.alarms.cores import Process
from tests.support.rules import Story, catalogue, check

HOUR = 3_600_000
START = "2026-03-02T09:00:00Z"


def enrolled(journal: list[Any], rule: str = "r") -> list[str]:
    return [key.id for key, e in journal if e.kind == "enrolled" and e.rule == rule]


def story(rule: str) -> Story:
    told = Story(rule)
    told.record("contact", "a", score=9, tags=["vip"], status="trial", stage="SQL")
    told.record("contact", "b", score=1, tags=["vip", "x"], status="customer", stage="MQL")
    told.record("contact", "c", score=9, plan="pro")
    told.record("account", "acme", name="Acme")
    return told


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ('on stage enter "SQL"', ["a"]),
        ('on stage enter "SQL" or on stage enter "MQL"', ["a", "b"]),
        ('on stage enter "SQL" when status = customer', []),
        ("on tag added vip", ["a", "b"]),
        ("on tag added vip when score > 5", ["a"]),
        ("on contact created", ["a", "b", "c"]),
        ("on contact created when plan = pro", ["c"]),
        ("on field changed status to customer", ["b"]),
        ("on field changed status from trial to customer", []),
        ("on score changed when score > 5", ["a", "c"]),
        ("on every monday at 9:00 when score > 5", ["a", "c"]),
        ("on email opened when status = trial", ["a"]),
        ("on email opened or on tag added x", ["b"]),
        ("when score > 5", ["a", "c"]),
    ],
)
def test_those_are_enrolled_whose_record_bears_the_trace(trigger: str, expected: list[str]) -> None:
    told = story(f'rule "r" for contact {trigger} do wait 1d end')
    told.simulation.backfill(Backfill("r", "contact"))
    assert enrolled(told.simulation.timeline()) == expected


def test_the_steps_see_the_event_that_may_have_led_there() -> None:
    told = story('rule "r" on stage enter "SQL" do set city = event.stage end')
    told.simulation.backfill(Backfill("r", "contact"))
    assert told.fields("a")["city"] == "SQL"


def test_enrolment_clauses_hold_and_nothing_happens_to_others() -> None:
    told = story('rule "r"\n  on tag added vip\n  enrol once\n  exit when score < 5\ndo add tag "seen" end')
    told.simulation.backfill(Backfill("r", "contact"))
    told.simulation.backfill(Backfill("r", "contact"))
    assert enrolled(told.simulation.timeline()) == ["a"]
    assert told.simulation.subject(SubjectKey("contact", "c")).version == 1  # type: ignore[union-attr]


def test_nothing_tells_who_matches() -> None:
    for rule, known in (
        ("on email opened do stop", False),
        ("on every monday do stop", False),
        ("on email opened when score > 3 do stop", True),
        ("on tag added vip do stop", True),
        ('rule "r" when score > 3 do stop', True),
    ):
        assert says_who(check(rule).plans[0], catalogue()) is known, rule


def test_a_rule_that_is_not_live_enrols_nobody(tmp_path: Path) -> None:
    process = Process(tmp_path / "db", 'rule "r" draft on tag added vip do wait 1d end', START)
    process.put(SubjectKey("contact", "a"), tags=["vip"])
    process.core.administer(lambda tx: plan_backfill(tx, Backfill("r", "contact"), process.now))
    process.cycle.doubt()
    process.rest()
    found = figures(process.core.counters(), "r")
    assert found is not None
    assert (found["state"], found["enrolled"]) == (State.STOPPED, 0)
    process.close()


def test_an_event_from_outside_begins_no_backfill() -> None:
    told = story('rule "r" on tag added vip do wait 1d end')
    told.event("rule.backfill", "a", rule="r", number=1)
    assert told.entries == []


# --- rates, on SQLite ----------------------------------------------------------------------------------

RULE = 'rule "r" on tag added vip do add tag "seen"; wait 1h; add tag "later" end'


def people(process: Process, count: int) -> None:
    process.put_all(
        [(SubjectKey("contact", f"c{n:03}"), {"tags": ["vip"] if n % 2 else ["x"]}) for n in range(count)]
    )


def begin(process: Process, **wanted: Any) -> None:
    process.core.administer(lambda tx: plan_backfill(tx, Backfill("r", "contact", **wanted), process.now))
    process.cycle.doubt()


def begun(process: Process) -> list[str]:
    return [
        instant_text(e.at)[11:16]
        for _, e in process.journal()
        if e.action == "add_tag" and "seen" in str(e.input)
    ]


def test_with_a_rate_runs_begin_in_their_slots_also_over_kills(tmp_path: Path) -> None:
    limits = CoreLimits(settled=7)
    process = Process(tmp_path / "db", RULE, START, limits)
    people(process, 60)
    begin(process, count=10, span=HOUR)
    for _ in range(6):
        process.cycle.run([], process.now)
        now = process.now
        process.kill()
        process = Process(tmp_path / "db", RULE, START, limits)
        process.now = now
    process.until("2026-03-02T09:30:00Z")
    assert begun(process) == ["09:00"] * 10
    process.kill()
    process = Process(tmp_path / "db", RULE, START, limits)
    process.now = parse_instant("2026-03-02T09:30:00Z")
    process.until("2026-03-02T20:00:00Z")
    assert begun(process) == ["09:00"] * 10 + ["10:00"] * 10 + ["11:00"] * 10
    found = figures(process.core.counters(), "r")
    assert found is not None
    assert (found["state"], found["examined"], found["enrolled"]) == (State.DONE, 60, 30)
    process.close()


def test_at_most_so_many(tmp_path: Path) -> None:
    process = Process(tmp_path / "db", RULE, START, CoreLimits(settled=7))
    people(process, 60)
    begin(process, limit=12)
    process.until("2026-03-03T09:00:00Z")
    assert len(begun(process)) == 12
    process.close()


def test_a_cancelled_backfill_ends_the_runs_that_wait_for_their_turn_and_no_others(tmp_path: Path) -> None:
    process = Process(tmp_path / "db", RULE, START, CoreLimits(settled=7))
    people(process, 60)
    begin(process, count=10, span=HOUR)
    process.until("2026-03-02T09:10:00Z")
    assert process.core.administer(lambda tx: cancel_backfill(tx, "r", "contact", process.now))
    process.cycle.doubt()
    process.until("2026-03-03T09:00:00Z")
    journal = process.journal()
    assert begun(process) == ["09:00"] * 10
    assert sum(e.kind == "exited" and e.reason == "its backfill was cancelled" for _, e in journal) == 20
    assert sum(e.kind == "completed" for _, e in journal) == 10
    assert not process.core.administer(lambda tx: cancel_backfill(tx, "r", "contact", process.now))
    process.close()


def test_one_at_a_time(tmp_path: Path) -> None:
    process = Process(tmp_path / "db", RULE, START, CoreLimits(settled=7))
    people(process, 30)
    begin(process)
    with pytest.raises(BackfillError, match="under way"):
        begin(process)
    process.rest()
    begin(process)
    process.close()


def test_a_preview_counts_and_keeps_nothing(tmp_path: Path) -> None:
    process = Process(tmp_path / "db", RULE, START)
    people(process, 60)
    process.rest()
    before = process.core.counters()
    found, wanted = Preview(), Backfill("r", "contact", count=10, span=HOUR)
    while not found.done:
        found = process.core.preview(wanted, process.now, 7, found)
    assert (found.examined, found.enrolled) == (60, 30)
    assert [key.id for key in found.first] == [f"c{n:03}" for n in range(1, 20, 2)]
    assert found.last_due == process.now + 2 * HOUR
    assert process.journal() == []
    assert process.core.counters() == before
    process.close()


def test_a_preview_knows_the_rules_own_release(tmp_path: Path) -> None:
    process = Process(tmp_path / "db", RULE.replace(" do add", "\n  release 10 per 1h\ndo add", 1), START)
    people(process, 60)
    found = process.core.preview(Backfill("r", "contact"), process.now, 500)
    assert found.last_due == process.now + 2 * HOUR
    process.close()


def test_the_engine_does_as_the_simulation_does(tmp_path: Path) -> None:
    told = Story(RULE)
    process = Process(tmp_path / "db", RULE, START, CoreLimits(settled=3))
    for n in range(20):
        fields = {"tags": ["vip"]} if n % 2 else {}
        told.record("contact", f"c{n:02}", **fields)
        process.put(SubjectKey("contact", f"c{n:02}"), **fields)
    wanted = Backfill("r", "contact", count=4, span=HOUR)
    told.simulation.backfill(wanted)
    process.core.administer(lambda tx: plan_backfill(tx, wanted, process.now))
    process.cycle.doubt()
    told.until("2026-03-03T09:00:00Z")
    process.until("2026-03-03T09:00:00Z")
    assert process.journal() == told.simulation.timeline()
    assert len(enrolled(process.journal())) == 10
    process.close()


def test_rates_as_they_are_written() -> None:
    assert read_rate("50/1h") == (50, HOUR)
    assert read_rate("5 / 10m") == (5, 600_000)
    for text in ("50", "0/1h", "x/1h", "50/h", "50/0s", "50/1h/2"):
        with pytest.raises(BackfillError, match="a rate is a number and a duration"):
            read_rate(text)


def test_counts_of_events_are_known_to_a_backfill() -> None:
    told = Story(
        'rule "r" for contact when count(order placed in 30d) >= 2 do wait 1d end\n'
        'rule "t" on tag added vip when count(order placed in 30d) >= 1 do wait 1d end\n'
    )
    for id, orders in (("a", 2), ("b", 1), ("c", 0)):
        told.record("contact", id, tags=["vip"])
        for _ in range(orders):
            told.event("order.placed", id)
    told.until("2026-03-10T00:00:00Z")
    told.simulation.backfill(Backfill("r", "contact"))
    told.simulation.backfill(Backfill("t", "contact"))
    assert enrolled(told.simulation.timeline(), "r") == ["a", "a"]
    assert enrolled(told.simulation.timeline(), "t") == ["a", "b"]
