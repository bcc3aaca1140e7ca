"""Birthdays in the simulation: when they come, whose morning it is, and what must not happen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.rules import Story

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
    assert rung(made) == ["2026-03-05T07:00:00Z"]
    assert made.fields()["score"] == 36


def test_the_event_carries_what_rules_may_ask() -> None:
    made = story("on reminder 3d before birthday at 9:30 do stop", birth_date="1990-03-06")
    made.until("2026-03-31T00:00:00Z")
    (entry,) = [e for e in made.entries if e.kind == "derived"]
    assert entry.action == "contact.birthday"
    assert entry.input == {
        "birth_date": "1990-03-06",
        "age": 36,
        "local_date": "2026-03-06",
        "field": "birth_date",
        "offset": "-3d",
        "offset_days": -3,
        "time": "09:30",
    }


def test_a_birthday_fires_every_year_once() -> None:
    made = story("on birthday do stop", birth_date="1990-03-05")
    made.until("2029-03-31T00:00:00Z")
    # Summer time has begun by none of these days.
    assert rung(made) == [f"{year}-03-05T07:00:00Z" for year in (2026, 2027, 2028, 2029)]


def test_a_birthday_that_has_passed_when_the_rule_begins_is_left_alone() -> None:
    made = story("on birthday do stop", start="2026-03-05T07:00:00.001Z", birth_date="1990-03-05")
    made.until("2026-12-31T00:00:00Z")
    assert rung(made) == []


def test_the_day_of_birth_itself_and_dates_to_come_are_no_birthdays() -> None:
    made = story("on birthday do stop", birth_date="2026-05-05")
    made.until("2027-12-31T00:00:00Z")
    assert rung(made) == ["2027-05-05T06:00:00Z"]


@pytest.mark.parametrize(
    ("year", "day"), [(2026, "2026-02-28"), (2027, "2027-02-28"), (2028, "2028-02-29"), (2100, "2100-02-28")]
)
def test_29_february_is_the_28th_in_common_years(year: int, day: str) -> None:
    made = story("on birthday do stop", start=f"{year}-01-01T00:00:00Z", birth_date="1992-02-29")
    made.until(f"{year}-12-31T00:00:00Z")
    assert rung(made) == [f"{day}T07:00:00Z"]


def test_a_day_after_29_february_counts_from_the_28th_in_common_years() -> None:
    made = story(
        "on reminder 1d after birthday do stop", start="2027-01-01T00:00:00Z", birth_date="1992-02-29"
    )
    made.until("2028-12-31T00:00:00Z")
    assert rung(made) == ["2027-03-01T07:00:00Z", "2028-03-01T07:00:00Z"]


# --- the zone ----------------------------------------------------------------------------------------


def test_the_zone_of_the_contact_goes_before_that_of_its_account_and_of_the_workspace() -> None:
    made = Story("on birthday do stop")
    made.record("account", "tokyo", time_zone="Asia/Tokyo")
    made.contact("a", birth_date="1990-03-05", time_zone="America/New_York", account_id="tokyo")
    made.contact("b", birth_date="1990-03-06", account_id="tokyo")
    made.contact("c", birth_date="1990-03-07")
    made.until("2026-03-31T00:00:00Z")
    assert rung(made) == ["2026-03-05T13:00:00Z", "2026-03-05T23:00:00Z", "2026-03-07T07:00:00Z"]


def test_a_new_zone_of_the_account_moves_the_alarms_of_its_contacts() -> None:
    made = Story("on birthday do stop")
    made.record("account", "acme", time_zone="Asia/Tokyo")
    made.contact("a", birth_date="1990-03-06", account_id="acme")
    made.event("record.updated", "acme", "account", fields={"time_zone": "America/New_York"})
    made.until("2026-03-31T00:00:00Z")
    assert rung(made) == ["2026-03-06T13:00:00Z"]


def test_an_account_that_comes_after_its_contact_gives_it_its_zone() -> None:
    made = Story("on birthday do stop")
    made.contact("a", birth_date="1990-03-06", account_id="acme")
    made.record("account", "acme", time_zone="Asia/Tokyo")
    made.until("2026-03-31T00:00:00Z")
    assert rung(made) == ["2026-03-05T23:00:00Z"]


def test_a_move_to_the_west_after_the_birthday_does_not_bring_it_twice() -> None:
    made = story("on birthday do stop", birth_date="1990-03-05", time_zone="Europe/Berlin")
    made.until("2026-03-05T08:00:00Z")
    made.event("record.updated", fields={"time_zone": "America/New_York"})
    made.until("2026-12-31T00:00:00Z")
    assert rung(made) == ["2026-03-05T07:00:00Z"]


def test_a_move_to_the_east_past_the_hour_does_not_lose_the_birthday() -> None:
    made = story("on birthday do stop", birth_date="1990-03-05", time_zone="America/New_York")
    made.until("2026-03-05T08:00:00Z")
    made.event("record.updated", fields={"time_zone": "Europe/Berlin"})
    made.until("2026-12-31T00:00:00Z")
    assert rung(made) == ["2026-03-05T08:00:00Z"]


def test_a_time_that_the_clocks_skip_is_the_first_instant_after_the_gap() -> None:
    made = story("on birthday at 2:30 do stop", birth_date="1990-03-29")
    made.until("2026-12-31T00:00:00Z")
    assert rung(made) == ["2026-03-29T01:00:00Z"]


def test_a_time_that_occurs_twice_fires_once_at_the_first() -> None:
    made = story("on birthday at 2:30 do stop", birth_date="1990-10-25")
    made.until("2026-12-31T00:00:00Z")
    assert rung(made) == ["2026-10-25T00:30:00Z"]


def test_a_zone_that_skipped_the_day_fires_when_the_next_begins() -> None:
    made = story(
        "on birthday do stop", start="2011-12-01T00:00:00Z", birth_date="1990-12-30", time_zone="Pacific/Apia"
    )
    made.until("2011-12-31T12:00:00Z")
    assert rung(made) == ["2011-12-30T10:00:00Z"]


# --- changes -----------------------------------------------------------------------------------------


def test_a_date_that_is_corrected_moves_the_birthday() -> None:
    made = story("on birthday do stop", birth_date="1990-03-05")
    made.event("record.updated", fields={"birth_date": "1990-04-07"})
    made.until("2026-12-31T00:00:00Z")
    assert rung(made) == ["2026-04-07T06:00:00Z"]


def test_a_date_that_is_moved_into_the_past_does_not_fire_late() -> None:
    made = story("on birthday do stop", birth_date="1990-03-05")
    made.event("record.updated", fields={"birth_date": "1990-03-01"})
    made.until("2026-12-31T00:00:00Z")
    assert rung(made) == []


def test_a_date_that_is_cleared_fires_no_more() -> None:
    made = story("on birthday do stop", birth_date="1990-03-05")
    made.event("record.updated", fields={"birth_date": None})
    made.until("2028-12-31T00:00:00Z")
    assert rung(made) == []


def test_a_contact_that_comes_by_an_event_has_its_birthday() -> None:
    made = Story("on birthday do stop")
    made.event("record.updated", fields={"birth_date": "1990-03-05"})
    made.until("2026-12-31T00:00:00Z")
    assert rung(made) == ["2026-03-05T07:00:00Z"]


def test_a_quiet_import_still_sets_alarms() -> None:
    made = Story("on birthday do stop")
    made.event("record.updated", fields={"birth_date": "1990-03-05"}, quiet=True)
    made.until("2026-12-31T00:00:00Z")
    assert rung(made) == ["2026-03-05T07:00:00Z"]


def test_other_changes_of_the_contact_do_not_touch_its_birthday() -> None:
    made = story("on birthday do stop", birth_date="1990-03-05")
    for n in range(5):
        made.event("record.updated", fields={"score": n})
    made.until("2026-12-31T00:00:00Z")
    assert rung(made) == ["2026-03-05T07:00:00Z"]


# --- rules -------------------------------------------------------------------------------------------


def test_rules_with_other_offsets_each_hear_their_own_moment() -> None:
    made = story(
        'rule "card" on reminder 1w before birthday do add tag "card"\n'
        'rule "cake" on reminder 1d before birthday at 16:00 do add tag "cake"\n'
        'rule "day" on birthday do add tag "day"\n'
        'rule "same day" on birthday at 8:00 do add tag "same day"\n'
        'rule "late" on reminder 2d after birthday do add tag "late"',
        birth_date="1990-03-20",
    )
    made.until("2026-12-31T00:00:00Z")
    assert rung(made) == [
        "2026-03-13T07:00:00Z",
        "2026-03-19T15:00:00Z",
        "2026-03-20T07:00:00Z",
        "2026-03-22T07:00:00Z",
    ]
    assert made.fields()["tags"] == ["card", "cake", "day", "same day", "late"]
    enrolled = [e.rule for e in made.entries if e.kind == "enrolled"]
    assert enrolled == ["card", "cake", "day", "same day", "late"]


def test_a_month_before_is_on_the_calendar() -> None:
    made = story(
        "on reminder 1mo before birthday do stop", start="2026-02-01T00:00:00Z", birth_date="1990-03-31"
    )
    made.until("2026-12-31T00:00:00Z")
    assert rung(made) == ["2026-02-28T07:00:00Z"]


def test_more_than_a_year_before_is_no_trouble() -> None:
    made = story("on reminder 800d before birthday do stop", birth_date="1990-03-05")
    made.until("2027-12-31T00:00:00Z")
    assert rung(made) == ["2026-12-26T07:00:00Z", "2027-12-26T07:00:00Z"]


def test_the_condition_of_a_rule_is_that_of_the_day_itself() -> None:
    made = story(
        'on birthday when month(birth_date) = 3 and status = customer do add tag "x"', birth_date="1990-03-05"
    )
    made.event("record.updated", fields={"status": "customer"})
    made.until("2026-03-31T00:00:00Z")
    assert made.fields()["tags"] == ["x"]


def test_a_run_may_wait_for_a_birthday() -> None:
    made = story(
        'on contact updated when score = 1 do wait on birthday timeout 30d; add tag "{{ contact.score }}"\n',
        birth_date="1990-03-05",
    )
    made.event("record.updated", fields={"score": 1})
    made.until("2026-03-31T00:00:00Z")
    assert rung(made)[-1] == "2026-03-05T07:00:00Z"
    assert made.at("resumed") == ["2026-03-05T07:00:00Z"]


def test_without_a_rule_that_listens_nothing_is_remembered() -> None:
    made = story('on contact updated do add tag "x"', birth_date="1990-03-05")
    made.event("record.updated", fields={"score": 1})
    state = made.simulation.subject(("contact", "c_1"))  # type: ignore[arg-type]
    assert state is not None
    assert "alarms" not in state.memory
    assert state.alarm is None
