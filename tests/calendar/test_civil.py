"""Civil time: gaps, overlaps, skipped days, clipping, and the text forms of times."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulelang import calendar
from rulelang.calendar import CalendarError, Duration, parse_duration, parse_instant


def tz(name: str) -> ZoneInfo:
    found = calendar.zone(name)
    assert found is not None
    return found


BERLIN, NEW_YORK, LORD_HOWE = tz("Europe/Berlin"), tz("America/New_York"), tz("Australia/Lord_Howe")
APIA, KATHMANDU = tz("Pacific/Apia"), tz("Asia/Kathmandu")
ZONES = [
    BERLIN,
    NEW_YORK,
    LORD_HOWE,
    APIA,
    KATHMANDU,
    tz("UTC"),
    tz("Africa/Casablanca"),
    tz("America/Sao_Paulo"),
]

instants = st.integers(-2_000_000_000_000, 4_000_000_000_000)
zones = st.sampled_from(ZONES)
walls = st.datetimes(datetime(1930, 1, 1), datetime(2100, 1, 1)).map(lambda d: d.replace(microsecond=0))


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        (BERLIN, "2026-01-31T09:00", "2026-01-31T08:00:00.000Z"),
        (BERLIN, "2026-03-29T01:59", "2026-03-29T00:59:00.000Z"),
        (BERLIN, "2026-03-29T02:00", "2026-03-29T01:00:00.000Z"),
        (BERLIN, "2026-03-29T02:30", "2026-03-29T01:00:00.000Z"),
        (BERLIN, "2026-03-29T03:00", "2026-03-29T01:00:00.000Z"),
        (BERLIN, "2026-10-25T02:30", "2026-10-25T00:30:00.000Z"),
        (NEW_YORK, "2026-03-08T02:30", "2026-03-08T07:00:00.000Z"),
        (NEW_YORK, "2026-11-01T01:30", "2026-11-01T05:30:00.000Z"),
        # Half an hour: at 02:00 the clock goes to 02:30, and back from 02:00 to 01:30.
        (LORD_HOWE, "2026-10-04T02:15", "2026-10-03T15:30:00.000Z"),
        (LORD_HOWE, "2026-04-05T01:45", "2026-04-04T14:45:00.000Z"),
        # The whole of 30 December 2011 was skipped.
        (APIA, "2011-12-29T23:59", "2011-12-30T09:59:00.000Z"),
        (APIA, "2011-12-30T12:00", "2011-12-30T10:00:00.000Z"),
        (APIA, "2011-12-31T00:00", "2011-12-30T10:00:00.000Z"),
        (KATHMANDU, "2026-06-01T12:00", "2026-06-01T06:15:00.000Z"),
    ],
)
def test_wall_clock_times_resolve(zone: ZoneInfo, wall: str, instant: str) -> None:
    assert calendar.instant_text(calendar.resolve(calendar.parse_civil(wall), zone)) == instant


@given(instants, zones)
def test_a_time_on_the_wall_resolves_to_its_first_occurrence(instant: int, zone: ZoneInfo) -> None:
    wall = calendar.local(instant, zone)
    found = calendar.resolve(wall, zone)
    assert found <= instant
    assert calendar.local(found, zone) == wall


@given(walls, zones)
def test_resolving_never_goes_back_on_the_wall(wall: datetime, zone: ZoneInfo) -> None:
    found = calendar.resolve(wall, zone)
    shown = calendar.local(found, zone)
    assert shown >= wall
    if shown > wall:
        # In a gap: one millisecond earlier it was not yet that late.
        assert calendar.local(found - 1, zone) < wall


@pytest.mark.parametrize(
    ("zone", "start", "by", "end"),
    [
        # A day is a day on the wall, 24 hours are 24 hours.
        (BERLIN, "2026-03-28T09:00", "1d", "2026-03-29T09:00"),
        (BERLIN, "2026-03-28T09:00", "24h", "2026-03-29T10:00"),
        (BERLIN, "2026-10-24T09:00", "1d", "2026-10-25T09:00"),
        (BERLIN, "2026-10-24T09:00", "24h", "2026-10-25T08:00"),
        (BERLIN, "2026-03-28T02:30", "1d", "2026-03-29T03:00"),
        (NEW_YORK, "2026-03-07T02:30", "1d", "2026-03-08T03:00"),
        (NEW_YORK, "2026-10-31T09:00", "1d12h", "2026-11-01T21:00"),
        (LORD_HOWE, "2026-10-03T02:10", "1d", "2026-10-04T02:30"),
        (LORD_HOWE, "2026-10-03T12:00", "24h", "2026-10-04T12:30"),
        (APIA, "2011-12-29T10:00", "1d", "2011-12-31T00:00"),
        (APIA, "2011-12-29T10:00", "2d", "2011-12-31T10:00"),
        (APIA, "2011-12-29T10:00", "24h", "2011-12-31T10:00"),
        (KATHMANDU, "2026-01-31T09:00", "1mo", "2026-02-28T09:00"),
        (BERLIN, "2024-02-29T12:00", "1y", "2025-02-28T12:00"),
        (BERLIN, "2024-02-29T12:00", "4y", "2028-02-29T12:00"),
        (BERLIN, "2026-03-31T12:00", "-1mo", "2026-02-28T12:00"),
        (BERLIN, "2026-01-31T12:00", "1mo1d", "2026-03-01T12:00"),
        (BERLIN, "2026-01-01T00:00", "-1mo", "2025-12-01T00:00"),
        (BERLIN, "2026-12-31T00:00", "2mo", "2027-02-28T00:00"),
    ],
)
def test_shift(zone: ZoneInfo, start: str, by: str, end: str) -> None:
    first = calendar.resolve(calendar.parse_civil(start), zone)
    moved = calendar.shift(first, parse_duration(by), zone)
    assert calendar.local(moved, zone) == calendar.parse_civil(end)


@given(instants, zones, st.integers(-(10**7), 10**7))
def test_exact_durations_ignore_the_zone(instant: int, zone: ZoneInfo, seconds: int) -> None:
    assert calendar.shift(instant, Duration(seconds=seconds), zone) == instant + seconds * 1000


@given(instants, zones, st.integers(1, 400))
def test_days_keep_the_time_of_day_unless_it_was_skipped(instant: int, zone: ZoneInfo, days: int) -> None:
    wall = calendar.local(instant, zone)
    moved = calendar.local(calendar.shift(instant, Duration(days=days), zone), zone)
    expected = wall + timedelta(days=days)
    assert moved == expected or (moved > expected and moved - expected <= timedelta(days=1))
    assert calendar.shift(instant, Duration(days=days), zone) > instant


@pytest.mark.parametrize(
    ("zone", "now", "at", "expected"),
    [
        (BERLIN, "2026-01-10T08:59", "9:00", "2026-01-10T09:00"),
        (BERLIN, "2026-01-10T09:00", "9:00", "2026-01-10T09:00"),
        (BERLIN, "2026-01-10T09:00:00.001", "9:00", "2026-01-11T09:00"),
        (BERLIN, "2026-12-31T12:00", "00:00", "2027-01-01T00:00"),
        (BERLIN, "2026-03-28T12:00", "2:30", "2026-03-29T03:00"),
        (BERLIN, "2026-03-29T03:00", "2:30", "2026-03-29T03:00"),
        (BERLIN, "2026-03-29T03:01", "2:30", "2026-03-30T02:30"),
        # A day that was skipped has no nine o'clock.
        (APIA, "2011-12-29T12:00", "9:00", "2011-12-31T09:00"),
    ],
)
def test_next_time(zone: ZoneInfo, now: str, at: str, expected: str) -> None:
    start = calendar.resolve(calendar.parse_civil(now), zone)
    assert calendar.local(
        calendar.next_time(start, calendar.parse_time(at), zone), zone
    ) == calendar.parse_civil(expected)


def test_a_time_that_occurs_twice_comes_once() -> None:
    between = calendar.resolve(datetime(2026, 10, 25, 2, 30), BERLIN) + 60_000
    found = calendar.next_time(between, time(2, 30), BERLIN)
    assert calendar.local(found, BERLIN) == datetime(2026, 10, 26, 2, 30)


@given(instants, zones, st.times().map(lambda t: t.replace(second=0, microsecond=0)))
def test_the_next_time_is_within_two_days(instant: int, zone: ZoneInfo, at: time) -> None:
    found = calendar.next_time(instant, at, zone)
    assert 0 <= found - instant <= 49 * 3_600_000
    assert calendar.local(found, zone).time() >= at or calendar.local(
        found, zone
    ).date() > calendar.local_date(instant, zone)


@given(st.dates(date(1930, 1, 1), date(2100, 1, 1)), zones)
def test_midnight_is_the_first_instant_of_its_day(day: date, zone: ZoneInfo) -> None:
    found = calendar.midnight(day, zone)
    if day == date(2011, 12, 30) and zone is APIA:
        day = date(2011, 12, 31)
    assert calendar.local_date(found, zone) == day
    assert calendar.local_date(found - 1, zone) < day


def test_the_years_are_bounded() -> None:
    first, last = parse_instant("0001-01-01T00:00:00Z"), parse_instant("9999-12-31T23:59:59.999Z")
    for instant, by in (
        (last, "1s"),
        (last, "1d"),
        (last, "1y"),
        (first, "-1s"),
        (first, "-1mo"),
        (first, "-9999y"),
    ):
        with pytest.raises(CalendarError, match="outside the years 1 to 9999"):
            calendar.shift(instant, parse_duration(by), tz("UTC"))
    for instant, zone in ((last, KATHMANDU), (first, NEW_YORK), (10**18, BERLIN), (-(10**18), BERLIN)):
        with pytest.raises(CalendarError, match="outside the years 1 to 9999"):
            calendar.local(instant, zone)
    for wall, zone in ((datetime(1, 1, 1), KATHMANDU), (datetime(9999, 12, 31, 23), NEW_YORK)):
        with pytest.raises(CalendarError, match="outside the years 1 to 9999"):
            calendar.resolve(wall, zone)
    with pytest.raises(CalendarError):
        calendar.next_time(last, time(1), tz("UTC"))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "America",
        "Nowhere/City",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe/Berlin\0",
        "europe/berlin",
        "localtime",
    ]
    + [
        "posix/Europe/Berlin",
        "right/UTC",
        "tzdata.zi",
        "zone.tab",
        "Europe//Berlin",
        "a" * 100_000,
        "Ünïcode",
        "\ud800",
    ]
    + [None, 5, ["UTC"], b"UTC"],
)
def test_hostile_zone_names_are_no_zones(name: object) -> None:
    assert calendar.zone(name) is None


def test_every_listed_zone_loads_once() -> None:
    assert len(calendar.zone_names()) > 400
    for name in sorted(calendar.zone_names()):
        assert calendar.zone(name) is calendar.zone(name)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2026-01-31T09:00:00.000Z", "2026-01-31T09:00:00.000Z"),
        ("2026-01-31T09:00Z", "2026-01-31T09:00:00.000Z"),
        ("2026-01-31T09:00:00+01:00", "2026-01-31T08:00:00.000Z"),
        ("2026-01-31T09:00:00.123456789-05:45", "2026-01-31T14:45:00.123Z"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
    ],
)
def test_instants_as_text(text: str, canonical: str) -> None:
    assert calendar.instant_text(parse_instant(text)) == canonical


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_instants_read_back(instant: int) -> None:
    assert parse_instant(calendar.instant_text(instant)) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-31",
        "2026-01-31T09:00",
        "2026-02-30T09:00Z",
        "2026-01-31T24:00Z",
        "2026-01-31 09:00Z",
        "20260131T0900Z",
    ]
    + [
        "2026-01-31T09:00:00.Z",
        "2026-01-31T09:00z",
        "٢٠٢٦-01-31T09:00Z",
        "2026-01-31T09:00+0100",
        "0001-01-01T00:00+05:00x",
    ],
)
def test_other_texts_are_no_instants(text: str) -> None:
    with pytest.raises(CalendarError):
        parse_instant(text)


@pytest.mark.parametrize(
    "text", ["", "2026-1-31", "2026-02-29", "0000-01-01", "2026-01-31T", "2026-13-01", "٢٠٢٦-01-31"]
)
def test_other_texts_are_no_dates(text: str) -> None:
    with pytest.raises(CalendarError):
        calendar.parse_date(text)


@pytest.mark.parametrize("text", ["", "24:00", "9", "9:60", "9:0", "09:00:00", "-1:00", "٩:00"])
def test_other_texts_are_no_times(text: str) -> None:
    with pytest.raises(CalendarError):
        calendar.parse_time(text)
    assert calendar.parse_time("9:00") == calendar.parse_time("09:00") == time(9)


@pytest.mark.parametrize("text", ["", "2026-01-31T09:00Z", "2026-02-30T09:00", "2026-01-31"])
def test_other_texts_are_no_civil_times(text: str) -> None:
    with pytest.raises(CalendarError):
        calendar.parse_civil(text)


@given(st.dates(date(2, 1, 1), date(9998, 1, 1)), st.integers(-30, 30), st.integers(-500, 500))
def test_dates_shift_by_clipped_months_then_days(day: date, months: int, days: int) -> None:
    try:
        moved = calendar.shift_date(day, Duration(months=months))
    except CalendarError:
        return
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    assert moved.day == day.day or (moved.day < day.day and (moved + timedelta(days=1)).day == 1)
    if 2 < moved.year < 9998:
        assert calendar.shift_date(day, Duration(months, days)) == moved + timedelta(days=days)


def test_anniversaries() -> None:
    leap = date(2024, 2, 29)
    assert calendar.anniversary(leap, 2025) == date(2025, 2, 28)
    assert calendar.anniversary(leap, 2028) == leap.replace(year=2028)
