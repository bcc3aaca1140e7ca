"""Dates of records: reached, before, after; moved, cleared, of both kinds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.rules import Story

SCHEMA_FIELDS = "fields for contact\n  demo_at: datetime\nend\nfields for account\n  ends_on: date\nend\n"


def story(text: str, start: str = "2026-03-02T09:00:00Z", **fields: Any) -> Story:
    made = Story(SCHEMA_FIELDS + text, start=start)
    made.contact(**fields)
    return made


@pytest.mark.parametrize(
    ("phrase", "moment"),
    [
        ("date reached renewal_date", "2026-05-01T06:00:00Z"),
        ("date reached renewal_date at 17:45", "2026-05-01T15:45:00Z"),
        ("reminder 7d before renewal_date", "2026-04-24T06:00:00Z"),
        ("reminder 2w before renewal_date at 9:00", "2026-04-17T07:00:00Z"),
        ("reminder 36h before renewal_date", "2026-04-29T18:00:00Z"),
        ("reminder 1mo after renewal_date", "2026-06-01T06:00:00Z"),
        ("reminder 1d12h after renewal_date at 9:00", "2026-05-02T19:00:00Z"),
    ],
)
def test_a_date_is_reached_in_the_morning_and_offsets_count_from_there(phrase: str, moment: str) -> None:
    made = story(f"on {phrase} do stop", renewal_date="2026-05-01")
    made.until("2028-01-01T00:00:00Z")
    assert made.at("derived") == [moment]


@pytest.mark.parametrize(
    ("phrase", "moment"),
    [
        ("date reached demo_at", "2026-05-01T12:30:00Z"),
        ("reminder 90m before demo_at", "2026-05-01T11:00:00Z"),
        ("reminder 1d before demo_at", "2026-04-30T12:30:00Z"),
        ("reminder 1d before demo_at at 18:00", "2026-04-30T16:00:00Z"),
        ("date reached demo_at at 7:00", "2026-05-01T05:00:00Z"),
    ],
)
def test_a_date_time_is_reached_at_its_own_moment(phrase: str, moment: str) -> None:
    made = story(f"on {phrase} do stop", demo_at="2026-05-01T12:30:00Z")
    made.until("2028-01-01T00:00:00Z")
    assert made.at("derived") == [moment]


def test_a_day_before_is_the_same_time_on_the_wall_across_a_change_of_clocks() -> None:
    made = story("on reminder 1d before demo_at do stop", demo_at="2026-03-29T10:00:00Z")
    made.until("2026-03-30T00:00:00Z")
    assert made.at("derived") == ["2026-03-28T11:00:00Z"]


def test_the_event_says_which_date_and_which_reminder() -> None:
    made = story("on reminder 7d before renewal_date do stop", renewal_date="2026-05-01")
    made.until("2026-05-02T00:00:00Z")
    (entry,) = [e for e in made.entries if e.kind == "derived"]
    assert entry.action == "date.reached"
    assert entry.input == {
        "date": "2026-05-01",
        "field": "renewal_date",
        "offset": "-7d",
        "offset_days": -7,
        "time": "own",
    }


def test_a_date_that_moves_takes_its_reminder_with_it() -> None:
    made = story("on reminder 7d before renewal_date do stop", renewal_date="2026-05-01")
    made.until("2026-04-20T00:00:00Z")
    made.event("record.updated", fields={"renewal_date": "2026-06-01"})
    made.until("2027-01-01T00:00:00Z")
    assert made.at("derived") == ["2026-05-25T06:00:00Z"]


def test_a_date_that_moves_after_its_reminder_is_reminded_of_again() -> None:
    made = story("on reminder 7d before renewal_date do stop", renewal_date="2026-05-01")
    made.until("2026-04-28T00:00:00Z")
    made.event("record.updated", fields={"renewal_date": "2026-06-01"})
    made.until("2027-01-01T00:00:00Z")
    assert made.at("derived") == ["2026-04-24T06:00:00Z", "2026-05-25T06:00:00Z"]


def test_a_date_so_near_that_its_reminder_has_passed_fires_no_reminder() -> None:
    made = story("on reminder 7d before renewal_date do stop", renewal_date="2026-03-05")
    made.until("2027-01-01T00:00:00Z")
    assert made.at("derived") == []


def test_a_rule_that_moves_its_own_date_goes_on_for_ever_but_not_at_once() -> None:
    made = story(
        "on date reached renewal_date do set renewal_date = event.date + 1mo", renewal_date="2026-04-30"
    )
    made.until("2026-08-01T00:00:00Z")
    assert made.at("derived") == [
        "2026-04-30T06:00:00Z",
        "2026-05-30T06:00:00Z",
        "2026-06-30T06:00:00Z",
        "2026-07-30T06:00:00Z",
    ]


def test_dates_of_accounts_and_opportunities_fire_for_them() -> None:
    made = Story(
        SCHEMA_FIELDS + 'rule "a" for account on reminder 30d before ends_on do set score = 1\n'
        'rule "o" for opportunity on date reached created_at do stop'
    )
    made.record("account", "acme", ends_on="2026-06-30")
    made.until("2026-12-31T00:00:00Z")
    assert made.at("derived") == ["2026-05-31T06:00:00Z"]
    assert made.fields("acme", "account")["score"] == 1


@pytest.mark.parametrize("value", ["0001-01-01", "9999-12-31"])
def test_dates_at_the_end_of_time_harm_nobody(value: str) -> None:
    text = "on reminder 100y {} renewal_date do stop\n"
    made = story(text.format("before") + text.format("after"), renewal_date=value)
    made.event("record.updated", fields={"score": 5})
    made.until("2027-01-01T00:00:00Z")
    assert made.fields()["score"] == 5
    assert "failed" not in made.kinds()
