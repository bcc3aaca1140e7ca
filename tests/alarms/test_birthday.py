"""Birthdays in the simulation: when they come, whose morning it is, and what must not happen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.rules import Story

BIRTHDAY = 'on birthday do add tag "{{ event.age }}"'
RULE = "on birthday do set score = event.age"


def story(text: str = RULE, start: str = "2026-03-02T09:00:00Z", **fields: Any) -> Story:
    made = Story(text, start=start)
    made.contact(**fields)
    return made


def rung(made: Story) -> list[str]:
    """When alarms rang, in UTC."""
    return made.at("derived")


def test_a_birthday_fires_at_eight_in_the_morning_of_the_workspace() -> None:
    made = story(birth_date="1990-03-05")
    made.until("2026-12-31T00:00:00Z")
    assert rung(made)[0] == "2026-03-05T07:00:00Z"
    assert made.fields()["score"] == 36


def test_a_birthday_fires_every_year_once() -> None:
    made = story("on birthday do stop", birth_date="1990-03-05")
    made.until("2029-03-31T00:00:00Z")
    assert rung(made) == [f"{year}-03-05T07:00:00Z" for year in (2026, 2027, 2028, 2029)]


def test_a_birthday_that_has_passed_when_the_rule_begins_is_left_alone() -> None:
    made = story("on birthday do stop", start="2026-03-05T07:00:00.001Z", birth_date="1990-03-05")
    made.until("2026-12-31T00:00:00Z")
    assert rung(made) == []


@pytest.mark.parametrize(
    ("year", "day"), [(2026, "2026-02-28"), (2027, "2027-02-28"), (2028, "2028-02-29"), (2100, "2100-02-28")]
)
def test_29_february_is_the_28th_in_common_years(year: int, day: str) -> None:
    made = story("on birthday do stop", start=f"{year}-01-01T00:00:00Z", birth_date="1992-02-29")
    made.until(f"{year}-12-31T00:00:00Z")
    assert rung(made) == [f"{day}T07:00:00Z"]
