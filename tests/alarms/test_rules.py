"""What authors write: phrases, mistakes, the plan, and the examples of the catalogue at work."""

from __future__ import annotations

from typing import Any

import pytest

from rulelang.plan.codec import decode, encode
from rulelang.plan.model import ClockPlan, Plan
from rulelang.workspace import load_workspace
from runtime.alarms import Alarm, watches
from runtime.moments import SOURCES
from tests.support.rules import SCHEMA, Story, catalogue, check

CLOCKS = [trigger for trigger in catalogue().triggers.values() if trigger.clock is not None]


def plan(text: str) -> Plan:
    return check(text).plans[0]


def test_a_plan_holds_the_moments_of_its_triggers_once_and_survives_storage() -> None:
    made = plan(
        "on birthday or on reminder 2w before birthday at 9:00 or on birthday at 8:00\n"
        "exit on reminder 1d after renewal_date\n"
        "do\n  wait on cart abandoned for 90m timeout 3d\nend"
    )
    assert sorted(made.clocks, key=repr) == [
        ClockPlan("cart.abandoned", "cart", {"duration": "1h30m"}),
        ClockPlan("contact.birthday", "yearly", {"field": "birth_date", "offset": "-14d", "time": "09:00"}),
        ClockPlan("contact.birthday", "yearly", {"field": "birth_date", "offset": "0s", "time": "08:00"}),
        ClockPlan("date.reached", "date", {"field": "renewal_date", "offset": "1d", "time": "own"}),
    ]
    assert decode(encode(made)) == made


def test_a_plan_without_a_clock_is_what_it_was() -> None:
    assert b"clocks" not in encode(plan("on contact updated do stop"))


def test_another_time_of_day_is_another_version_of_the_rule() -> None:
    assert plan("on birthday at 9:00 do stop").hash != plan("on birthday at 9:01 do stop").hash
    assert plan("on birthday at 8:00 do stop").hash == plan("on birthday do stop").hash


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (
            "on reminder 7d before name do stop",
            "E0407",
            "`field` is a field that holds a date, but `name` is text",
        ),
        ("on reminder 7d before nam do stop", "E0", "nam"),
        (
            "on reminder score before birthday do stop",
            "E0407",
            "`offset` is a duration, but `score` is a number",
        ),
        (
            "on reminder 0s before birthday do stop",
            "E0407",
            "`offset` is longer than nothing, but `0s` is a duration",
        ),
        ("on birthday at 9 do stop", "E0407", "`time` is a time of day, but `9` is a number"),
        (
            "on opportunity stale for 3d at most 0 times do stop",
            "E0407",
            "`limit` is a whole number from 1 to 1000, but `0` is a number",
        ),
        (
            "on opportunity stale for 3d at most 1.5 times do stop",
            "E0407",
            "`limit` is a whole number from 1 to 1000, but `1.5` is a number",
        ),
        ("on cart abandoned for (now - created_at) do stop", "E0407", "`duration` is a fixed value"),
        ("on reminder 3d befor birthday do stop", "E0401", "`reminder 3d befor birthday` is no trigger"),
    ],
)
def test_a_mistake_is_said_once_in_the_authors_words(text: str, code: str, message: str) -> None:
    checked = load_workspace({"schema.rules": SCHEMA, "a.rules": text}, catalogue())
    (found,) = [d for d in checked.diagnostics if d.is_error]
    assert found.code.startswith(code)
    assert message in found.message


def test_every_source_that_a_declaration_names_is_there() -> None:
    assert {trigger.clock.source for trigger in CLOCKS if trigger.clock} == set(SOURCES)


def test_alarms_of_rules_that_listen_to_the_same_are_one() -> None:
    text = 'rule "a" on birthday do stop\nrule "b" on birthday at 8:00 do stop\nrule "c" on birthday at 9:00 do stop'
    found = watches(check(text).plans, "UTC")
    assert [alarm.name for alarm in found["contact"].alarms] == [
        Alarm.of(
            ClockPlan("contact.birthday", "yearly", {"field": "birth_date", "offset": "0s", "time": at})
        ).name
        for at in ("08:00", "09:00")
    ]


# --- the examples of the catalogue -------------------------------------------------------------------

WORLDS: dict[str, tuple[str, dict[str, Any], list[tuple[str, dict[str, Any]]]]] = {
    "contact.birthday": ("contact", {"birth_date": "1990-03-05"}, []),
    "contact.birthday_reminder": ("contact", {"birth_date": "1990-03-08"}, []),
    "date.reminder": ("account", {"renewal_date": "2026-04-20", "status": "customer"}, []),
    "task.due": (
        "contact",
        {},
        [("task.created", {"task_id": "t", "title": "call", "due_at": "2026-03-04T09:00:00Z"})],
    ),
    "task.reminder": (
        "contact",
        {},
        [("task.created", {"task_id": "t", "title": "call", "due_at": "2026-03-04T09:00:00Z"})],
    ),
    "opportunity.stale": ("opportunity", {"value": 9000}, []),
    "cart.abandoned": ("contact", {}, [("cart.updated", {"cart_id": "k", "value": 150})]),
    "schedule.days": ("contact", {"status": "trial"}, []),
    "schedule.ordinal": ("contact", {"tags": ["vip"]}, []),
    "schedule.numbered": ("account", {"status": "customer"}, []),
    "schedule.cron": ("contact", {"score": 90}, []),
}
MONDAYS = {"schedule.days": 4, "schedule.cron": 4}


@pytest.mark.parametrize("name", [trigger.name for trigger in CLOCKS if trigger.name != "date.reached"])
def test_the_example_of_a_trigger_fires_in_the_simulation(name: str) -> None:
    kind, fields, events = WORLDS[name]
    made = Story(catalogue().triggers[name].example.replace("$", "€"), start="2026-03-02T09:00:00Z")
    made.event("record.updated", "x", kind, fields={"owner": "ana@acme.test", **fields})
    for type_, data in events:
        made.event(type_, "x", kind, **data)
    made.until("2026-03-31T00:00:00Z")
    assert made.kinds().count("enrolled") == MONDAYS.get(name, 1)
    assert made.kinds().count("completed") == MONDAYS.get(name, 1)


def test_a_date_that_the_system_keeps_is_reached_by_those_who_begin_in_time() -> None:
    made = Story(
        catalogue().triggers["date.reached"].example + '\non reminder 3d after created_at do add tag "three"'
    )
    made.event("record.updated", fields={"score": 1})
    made.until("2026-03-31T00:00:00Z")
    assert made.fields()["tags"] == ["new", "three"]
