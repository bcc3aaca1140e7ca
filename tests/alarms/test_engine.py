"""Alarms in the engine on SQLite: found by index, durable, at a bounded rate, and as the simulation says."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rulelang.calendar import parse_instant
from runtime.engine.core import CoreLimits
from runtime.engine.cycle import CycleLimits
from runtime.engine.work import Arrival
from runtime.model import SubjectKey
from runtime.store import statements as st
from runtime.store.protocol import Batch
from tests.alarms.cores import Process
from tests.engine.world import event
from tests.support.rules import SCHEMA, Story

ANA = SubjectKey("contact", "ana")
PLAIN = "on birthday do set score = event.age"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rulelang.db"


def people(count: int, **fields: Any) -> list[tuple[SubjectKey, dict[str, Any]]]:
    return [(SubjectKey("contact", f"c{n:06}"), {"birth_date": "1990-03-05", **fields}) for n in range(count)]


# --- the same in both worlds -------------------------------------------------------------------------

RULES = (
    'pipeline "Deals" for opportunity: Proposal, Negotiation\n'
    'rule "card" on reminder 3d before birthday do add tag "card"\n'
    'rule "day" on birthday at 9:00 do set score = event.age; wait 2d; add tag "after"\n'
    'rule "renew" on reminder 1mo before renewal_date do set renewal_date = event.date + 1y\n'
    'rule "task" on reminder 1h before task due do add tag "{{ event.title }}"\n'
    'rule "cart" on cart abandoned for 45m do add tag "cart"\n'
    'rule "stale" on opportunity stale for 10d at most 2 times do set value = 5EUR\n'
)


def live(world: Any, event: Callable[..., object]) -> None:
    """Half a year of a small workspace."""
    for n, zone in enumerate(("Europe/Berlin", "America/New_York", "Asia/Tokyo", None)):
        fields = {"birth_date": f"1990-0{3 + n % 2}-05", "renewal_date": "2026-05-31", "time_zone": zone}
        event("record.updated", f"c{n}", "contact", fields={k: v for k, v in fields.items() if v})
        event("task.created", f"c{n}", "contact", task_id="t", title="call", due_at="2026-03-09T10:00:00Z")
        event("cart.updated", f"c{n}", "contact", cart_id="k", value=20)
    event("opportunity.created", "o", "opportunity", pipeline="deals", stage="Proposal")
    world.until("2026-03-04T00:00:00Z")
    event("record.updated", "c1", "contact", fields={"time_zone": "Europe/Berlin"})
    event("task.completed", "c2", "contact", task_id="t")
    world.until("2026-09-01T00:00:00Z")


def test_the_engine_rings_as_the_simulation_does(path: Path) -> None:
    start = "2026-03-02T09:00:00Z"
    story = Story(RULES, start=start)
    live(story, story.event)
    process = Process(path, RULES, start)
    live(process, lambda type, id, kind, **data: process.event(type, SubjectKey(kind, id), **data))
    journal = process.journal()
    assert Counter(entry.action for _, entry in journal if entry.kind == "derived") == {
        "contact.birthday": 6,
        "date.reached": 4,
        "task.due": 3,
        "cart.abandoned": 4,
        "opportunity.stale": 3,
    }
    assert journal == story.simulation.timeline()
    process.close()


# --- many --------------------------------------------------------------------------------------------


def test_what_is_due_among_a_hundred_thousand_contacts_is_found_by_index(path: Path) -> None:
    process = Process(path, 'on contact updated do add tag "x"', "2026-03-02T09:00:00Z")
    process.close()
    due = parse_instant("2026-03-05T07:00:00Z")
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO names (text) VALUES ('contact')")
    connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
        "INSERT INTO subjects (seq, kind, id, version, body, alarm) "
        "SELECT i, 1, 'c' || i, 1, '{\"f\":{}}', ? + i % 365 * 86400000 FROM n",
        (due,),
    )
    for sql, parameters in ((st.DUE_ALARMS, (due, 256)), (st.NEXT_ALARM, ())):
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]
        assert steps[0].startswith("SEARCH subjects USING ")
        assert "subjects_alarm" in steps[0]
        assert not [step for step in steps if "SCAN" in step or "TEMP B-TREE" in step]
    rows = connection.execute(st.DUE_ALARMS, (due, 10_000)).fetchall()
    connection.close()
    assert len(rows) == 273
    assert rows == sorted(rows, key=lambda row: (row[0], row[2]))


def test_a_deploy_sets_alarms_for_those_who_are_there_and_serves_events_meanwhile(path: Path) -> None:
    process = Process(path, 'on contact updated do add tag "x"', "2026-03-02T09:00:00Z", CoreLimits(armed=50))
    process.put_all(people(300))
    process.deploy(PLAIN + '\non score changed do add tag "served"')
    process.cycle.run([], process.now)
    assert process.alarms() == 50
    assert process.cycle.run([], process.now).pending
    assert process.alarms() == 100
    process.event("record.updated", ANA, fields={"score": 1})
    assert process.state(ANA).fields["tags"] == ["served"]
    process.until("2026-03-06T00:00:00Z")
    assert process.rung().count("2026-03-05T07:00:00Z") == 300
    process.close()


def test_setting_alarms_goes_on_after_a_kill_at_any_part(path: Path) -> None:
    process = Process(path, 'on contact updated do add tag "x"', "2026-03-02T09:00:00Z")
    process.put_all(people(230))
    process.kill()
    for _ in range(5):
        process = Process(path, PLAIN, "2026-03-02T09:00:01Z", CoreLimits(armed=50))
        process.cycle.run([], process.now)
        process.kill()
    process = Process(path, PLAIN, "2026-03-02T09:00:02Z", CoreLimits(armed=50))
    assert process.alarms() == 230
    with process.writer.transaction() as tx:
        assert tx.pending_events(10) == []
    process.close()


def test_a_start_with_the_same_rules_does_nothing_again(path: Path) -> None:
    process = Process(path, PLAIN, "2026-03-02T09:00:00Z")
    process.rest()
    process.close()
    process = Process(path, PLAIN, "2026-03-02T10:00:00Z")
    with process.writer.transaction() as tx:
        assert tx.pending_events(10) == []
    process.close()


def test_a_later_deploy_overtakes_the_pass_of_an_earlier_one(path: Path) -> None:
    process = Process(path, PLAIN, "2026-03-02T09:00:00Z", CoreLimits(armed=50))
    process.put_all(people(120))
    process.cycle.run([], process.now)
    process.deploy("on birthday at 10:00 do stop")
    process.deploy(PLAIN)
    process.deploy("on birthday at 11:00 do stop")
    process.until("2026-03-06T00:00:00Z")
    assert process.rung() == ["2026-03-05T10:00:00Z"] * 120
    process.close()


def test_a_new_zone_of_the_workspace_moves_all_alarms(path: Path) -> None:
    process = Process(path, PLAIN, "2026-03-02T09:00:00Z")
    process.put(ANA, birth_date="1990-03-05")
    process.rest()
    process.deploy(PLAIN, SCHEMA.replace("Europe/Berlin", "Asia/Tokyo"))
    process.until("2026-12-31T00:00:00Z")
    assert process.rung() == ["2026-03-04T23:00:00Z"]
    process.close()


def test_alarms_of_a_rule_that_is_gone_ring_for_nobody_and_go(path: Path) -> None:
    process = Process(path, PLAIN, "2026-03-02T09:00:00Z")
    process.put(ANA, birth_date="1990-03-05")
    process.rest()
    assert process.state(ANA).alarm == parse_instant("2026-03-05T07:00:00Z")
    process.deploy('on contact updated do add tag "x"')
    process.until("2026-12-31T00:00:00Z")
    assert process.rung() == []
    assert process.state(ANA).alarm is None
    assert "alarms" not in process.state(ANA).memory
    process.close()


def test_contacts_of_an_account_with_a_new_zone_are_moved_part_by_part(path: Path) -> None:
    process = Process(path, PLAIN, "2026-03-02T09:00:00Z", CoreLimits(armed=10))
    acme = SubjectKey("account", "acme")
    process.put(acme, name="Acme")
    process.put_all(people(35, account_id="acme"))
    process.rest()
    process.event("record.updated", acme, fields={"time_zone": "Asia/Tokyo"})
    process.until("2026-03-06T00:00:00Z")
    assert process.rung() == ["2026-03-04T23:00:00Z"] * 35
    process.close()


# --- downtime ----------------------------------------------------------------------------------------


def test_after_a_year_without_an_engine_a_birthday_comes_late_and_once(path: Path) -> None:
    process = Process(path, PLAIN, "2026-03-02T09:00:00Z")
    process.put(ANA, birth_date="1990-03-05")
    process.rest()
    process.kill()
    process = Process(path, PLAIN, "2028-04-01T12:00:00Z")
    process.rest()
    assert process.rung() == ["2028-04-01T12:00:00Z"]
    assert process.state(ANA).fields["score"] == 36
    process.until("2029-12-31T00:00:00Z")
    assert process.rung() == ["2028-04-01T12:00:00Z", "2029-03-05T07:00:00Z"]
    process.close()


def test_an_event_that_comes_before_the_late_alarm_does_not_swallow_it(path: Path) -> None:
    process = Process(path, PLAIN, "2026-03-02T09:00:00Z")
    process.put(ANA, birth_date="1990-03-05")
    process.rest()
    process.kill()
    process = Process(path, PLAIN, "2026-03-05T12:00:00Z")
    arrived = event(
        "e1", "record.updated", "ana", process.now, fields={"birth_date": "1990-03-05", "score": 3}
    )
    process.core.process([Arrival(arrived, b"1")], process.now)
    assert process.state(ANA).alarm == parse_instant("2026-03-05T07:00:00Z")
    process.core.process([], process.now, timers=5)
    assert process.rung() == ["2026-03-05T12:00:00Z"]
    process.close()


def test_alarms_and_waits_come_in_the_order_in_which_they_were_due(path: Path) -> None:
    text = (
        'rule "wait" on score changed do wait 1d; add tag "waited"\n'
        'rule "day" on birthday at 9:00 do add tag "day"'
    )
    process = Process(path, text, "2026-03-04T07:30:00Z")
    first, second = SubjectKey("contact", "z"), SubjectKey("contact", "a")
    for key, day in ((first, "1990-03-05"), (second, "1990-03-06")):
        process.event("record.updated", key, fields={"birth_date": day, "score": 1})
    process.sleep("2026-03-10T00:00:00Z")
    process.rest()
    tagged = [(key.id, e.changes["tags"][1][-1]) for key, e in process.journal() if "tags" in e.changes]
    assert tagged == [("z", "waited"), ("a", "waited"), ("z", "day"), ("a", "day")]
    process.close()


def test_a_backlog_of_alarms_is_worked_off_at_the_bounded_rate(path: Path) -> None:
    limits = CycleLimits(timers=50, catch_up=100.0)
    process = Process(path, PLAIN, "2026-03-02T09:00:00Z", cycle=limits)
    process.put_all(people(400))
    process.rest()
    process.sleep("2026-03-06T00:00:00Z")
    began = process.now
    process.until("2026-03-06T00:01:00Z")
    rung = sorted(entry.at for _, entry in process.journal() if entry.kind == "derived")
    assert len(rung) == 400
    assert 2_500 <= rung[-1] - began <= 4_500
    process.close()


# --- trouble -----------------------------------------------------------------------------------------


def test_an_alarm_that_breaks_the_machine_is_silenced_and_said(path: Path) -> None:
    process = Process(path, PLAIN, "2026-03-02T09:00:00Z")
    process.put(ANA, birth_date="1990-03-05")
    process.put(SubjectKey("contact", "bo"), birth_date="1990-03-06")
    process.rest()
    damaged = process.state(ANA)
    damaged.memory["alarms"] = dict.fromkeys(damaged.memory["alarms"])
    process.core.administer(lambda tx: tx.write(Batch(subjects=[damaged])))
    process.now = parse_instant("2026-03-05T07:00:00Z")
    committed = process.cycle.run([], process.now)
    assert [fault.subject for fault in committed.faults] == [ANA]
    assert process.state(ANA).alarm is None
    failed = [entry.reason for _, entry in process.journal() if entry.kind == "failed"]
    assert failed == [
        "what its alarms bring about failed: an internal error stopped this (TypeError); the server's log has the details"
    ]
    process.until("2026-12-31T00:00:00Z")
    assert process.rung() == ["2026-03-06T07:00:00Z"]
    process.close()


def test_an_erased_contact_has_no_birthday(path: Path) -> None:
    process = Process(path, PLAIN, "2026-03-02T09:00:00Z")
    process.put(ANA, birth_date="1990-03-05")
    process.rest()
    process.core.administer(lambda tx: tx.erase(ANA))
    process.until("2026-12-31T00:00:00Z")
    assert process.rung() == []
    process.close()


def test_the_event_that_sets_alarms_is_no_news(path: Path) -> None:
    process = Process(path, PLAIN, "2026-03-02T09:00:00Z")
    process.put(ANA, birth_date="1990-03-05")
    process.rest()
    assert process.journal() == []
    process.close()
