"""Business time: open hours, holidays, pauses, night shifts, zones and changes of the clocks."""

from __future__ import annotations

from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from rulelang import business
from rulelang.calendar import CalendarError, instant_text, parse_duration, parse_instant
from rulelang.types.calendars import BusinessCalendar, Opening

UTC, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
WEEK = frozenset(range(5))
OFFICE = BusinessCalendar(
    "Office",
    (Opening(WEEK, time(9), time(17)),),
    frozenset({date(2026, 12, 25)}),
    ((date(2026, 7, 20), date(2026, 8, 2)),),
)


def after(start: str, length: str, calendar: BusinessCalendar = OFFICE, zone: ZoneInfo = UTC) -> str:
    found = business.add(calendar, parse_instant(start), parse_duration(length), zone)
    return instant_text(found).removesuffix(":00.000Z")


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        ("2026-03-02T10:00:00Z", "4h", "2026-03-02T14:00"),
        ("2026-03-02T15:00:00Z", "4h", "2026-03-03T11:00"),
        ("2026-03-06T16:30:00Z", "1h", "2026-03-09T09:30"),
        ("2026-03-07T12:00:00Z", "30m", "2026-03-09T09:30"),
        ("2026-03-02T09:00:00Z", "8h", "2026-03-02T17:00"),
        ("2026-03-02T09:00:00Z", "40h", "2026-03-06T17:00"),
        ("2026-03-06T14:00:00Z", "1d", "2026-03-09T14:00"),
        ("2026-03-06T18:00:00Z", "1d", "2026-03-10T09:00"),
        ("2026-03-07T12:00:00Z", "1d", "2026-03-10T09:00"),
        ("2026-03-06T14:00:00Z", "1d4h", "2026-03-10T10:00"),
        ("2026-12-24T16:00:00Z", "2h", "2026-12-28T10:00"),
        ("2026-07-17T16:00:00Z", "2h", "2026-08-03T10:00"),
        ("2026-07-17T16:00:00Z", "2d", "2026-08-04T16:00"),
    ],
)
def test_so_much_business_time_later(start: str, length: str, expected: str) -> None:
    assert after(start, length) == expected


def test_open_and_next_open() -> None:
    at = parse_instant
    assert business.is_open(OFFICE, at("2026-03-02T09:00:00Z"), UTC)
    assert not business.is_open(OFFICE, at("2026-03-02T08:59:59Z"), UTC)
    assert not business.is_open(OFFICE, at("2026-03-02T17:00:00Z"), UTC)
    assert business.next_open(OFFICE, at("2026-03-02T12:34:00Z"), UTC) == at("2026-03-02T12:34:00Z")
    assert business.next_open(OFFICE, at("2026-12-24T17:00:00Z"), UTC) == at("2026-12-28T09:00:00Z")


def test_the_zone_is_the_calendars_own_else_the_subjects() -> None:
    assert after("2026-03-02T07:00:00Z", "1h", zone=BERLIN) == "2026-03-02T09:00"
    york = BusinessCalendar("York", OFFICE.openings, time_zone="America/New_York")
    assert after("2026-03-02T07:00:00Z", "1h", york, BERLIN) == "2026-03-02T15:00"


def test_a_night_shift_belongs_to_the_evening_and_loses_an_hour_in_spring() -> None:
    night = BusinessCalendar(
        "Night", (Opening(frozenset({5}), time(22), time(6)),), frozenset({date(2026, 3, 29)})
    )
    assert after("2026-03-28T20:00:00Z", "7h", night, BERLIN) == "2026-03-29T04:00"
    closed = BusinessCalendar("Night", night.openings, frozenset({date(2026, 3, 28)}))
    assert after("2026-03-28T20:00:00Z", "1h", closed, BERLIN) == "2026-04-04T21:00"


def test_hours_that_touch_or_overlap_count_once() -> None:
    two = BusinessCalendar("Two", (Opening(WEEK, time(9), time(13)), Opening(WEEK, time(12), time(17))))
    assert after("2026-03-02T09:00:00Z", "8h", two) == "2026-03-02T17:00"
    always = BusinessCalendar("Always", (Opening(frozenset(range(7)), time(0), time(0)),))
    assert after("2026-03-02T09:00:00Z", "100h", always) == "2026-03-06T13:00"
    assert business.is_open(always, parse_instant("2026-03-02T00:00:00Z"), UTC)


def test_business_days_between_two_dates() -> None:
    assert business.days_between(OFFICE, date(2026, 3, 6), date(2026, 3, 9)) == 1
    assert business.days_between(OFFICE, date(2026, 3, 2), date(2026, 3, 16)) == 10
    assert business.days_between(OFFICE, date(2026, 3, 9), date(2026, 3, 6)) == -1
    assert business.days_between(OFFICE, date(2026, 7, 17), date(2026, 8, 3)) == 1
    with pytest.raises(CalendarError):
        business.days_between(OFFICE, date(1, 1, 1), date(9999, 1, 1))


@pytest.mark.parametrize("length", ["1mo", "-1h", "-1d", "50000d"])
def test_lengths_that_are_no_business_time(length: str) -> None:
    with pytest.raises(CalendarError):
        after("2026-03-02T09:00:00Z", length)


def test_a_calendar_that_stays_closed_is_said_to() -> None:
    shut = BusinessCalendar("Shut", OFFICE.openings, pauses=((date(2026, 1, 1), date(2036, 1, 1)),))
    for length in ("1h", "1d"):
        with pytest.raises(CalendarError, match="does not open within three years"):
            after("2026-03-02T09:00:00Z", length, shut)
    assert not business.is_open(shut, parse_instant("2026-03-02T09:00:00Z"), UTC)
    assert business.next_open(shut, parse_instant("2034-06-01T00:00:00Z"), UTC) == parse_instant(
        "2036-01-02T09:00:00Z"
    )
