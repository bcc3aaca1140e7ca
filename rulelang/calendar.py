"""Durations and civil time: exact and calendar units in a zone, computed in UTC.

Instants are integers, milliseconds since 1970-01-01T00:00:00Z. `aware + timedelta` in Python adds to the wall
clock, so nothing here adds to an aware datetime: civil times are naive until they are resolved in their zone.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from typing import TypeAlias
from zoneinfo import ZoneInfo

Millis: TypeAlias = int

DAY_MS = 86_400_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONTH_DAYS, YEAR_DAYS = 30, 365
"""Nominal lengths, for comparing durations only."""

_MS = timedelta(milliseconds=1)
_MAX_MONTHS, _MAX_SECONDS = 9_999 * 12, 9_999 * 366 * 86_400
_UNITS = ("y", "mo", "w", "d", "h", "m", "s")
_DURATION = re.compile("(-?)(?!-)" + "".join(f"(?:(-?[0-9]{{1,12}}){unit})?" for unit in _UNITS))
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_CIVIL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?")
_OFFSET = re.compile(r"Z|[+-][0-9]{2}:[0-9]{2}")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")


class CalendarError(ValueError):
    """A time or duration that is malformed or outside the years 1 to 9999; its message is for people."""


# --- zones -----------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """The IANA names that `zone` knows, from the pinned time zone data and not from the machine's own."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("ascii").split())


@lru_cache(maxsize=1024)
def _load(name: str) -> ZoneInfo:
    path = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    with path.open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def zone(name: object) -> ZoneInfo | None:
    """The time zone with this IANA name; None for any other value. Only listed names ever become a path."""
    if not isinstance(name, str) or name not in zone_names():
        return None
    return _load(name)


# --- durations -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in three parts that do not convert into each other.

    Months and days are calendar units: a year is 12 months and a week 7 days. Hours, minutes and seconds are
    exact seconds.
    """

    months: int = 0
    days: int = 0
    seconds: int = 0

    def __post_init__(self) -> None:
        if abs(self.months) > _MAX_MONTHS or abs(self.days * 86_400) > _MAX_SECONDS:
            raise CalendarError("a duration is at most 9999 years")
        if abs(self.seconds) > _MAX_SECONDS:
            raise CalendarError("a duration is at most 9999 years")

    def __neg__(self) -> Duration:
        return Duration(-self.months, -self.days, -self.seconds)

    def __add__(self, other: Duration) -> Duration:
        return Duration(self.months + other.months, self.days + other.days, self.seconds + other.seconds)

    def __sub__(self, other: Duration) -> Duration:
        return self + -other

    @property
    def nominal(self) -> int:
        """The length in seconds, for comparisons: a year has 365 days, a month 30."""
        years, months = _split(self.months, 12)
        return (years * YEAR_DAYS + months * MONTH_DAYS + self.days) * 86_400 + self.seconds

    @property
    def text(self) -> str:
        """The canonical text, `1y2mo3d4h5m6s`; zero is `0s`.

        A `-` in front negates the whole, one before a later part that part alone: `1mo-1d`.
        """
        parts = _parts(self)
        if not parts:
            return "0s"
        negative = parts[0][0] < 0
        body = "".join(f"{-count if negative else count}{unit}" for count, unit in parts)
        return f"-{body}" if negative else body


def _split(count: int, size: int) -> tuple[int, int]:
    """Like divmod, but towards zero, so that both results have the sign of `count`."""
    whole, rest = divmod(abs(count), size)
    return (whole, rest) if count >= 0 else (-whole, -rest)


def _parts(duration: Duration) -> list[tuple[int, str]]:
    years, months = _split(duration.months, 12)
    minutes, seconds = _split(duration.seconds, 60)
    hours, minutes = _split(minutes, 60)
    counts = (years, months, 0, duration.days, hours, minutes, seconds)
    return [(count, unit) for count, unit in zip(counts, _UNITS, strict=True) if count]


@lru_cache(maxsize=4096)
def parse_duration(text: str) -> Duration:
    """The duration written as `1d12h`, `-2mo` or `1y6mo` (parts in the order y mo w d h m s).

    Raises:
        CalendarError: it is not written that way, or longer than 9999 years.
    """
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()[1:]):
        raise CalendarError(f"`{text[:40]}` is not a duration")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    size = Duration(years * 12 + months, weeks * 7 + days, hours * 3600 + minutes * 60 + seconds)
    return -size if found.group(1) else size


def duration_of(parts: tuple[tuple[int, str], ...]) -> Duration:
    """The duration with these parts, each (count, unit) with unit one of y mo w d h m s.

    Raises:
        CalendarError: it is longer than 9999 years.
    """
    total = dict.fromkeys(_UNITS, 0)
    for count, unit in parts:
        total[unit] += count
    return Duration(
        total["y"] * 12 + total["mo"],
        total["w"] * 7 + total["d"],
        total["h"] * 3600 + total["m"] * 60 + total["s"],
    )


# --- text forms ------------------------------------------------------------------------------------


def _range_error() -> CalendarError:
    return CalendarError("the time is outside the years 1 to 9999")


def utc(instant: Millis) -> datetime:
    """An instant as an aware datetime in UTC.

    Raises:
        CalendarError: it is outside the years 1 to 9999.
    """
    try:
        return EPOCH + timedelta(milliseconds=instant)
    except OverflowError:
        raise _range_error() from None


def millis(moment: datetime) -> Millis:
    """An aware datetime as an instant; microseconds are cut off."""
    return (moment - EPOCH) // _MS


@lru_cache(maxsize=64)
def instant_text(instant: Millis) -> str:
    """`2026-01-31T09:00:00.000Z`.

    Raises:
        CalendarError: it is outside the years 1 to 9999.
    """
    return f"{utc(instant).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


@lru_cache(maxsize=4096)
def parse_instant(text: str) -> Millis:
    """The instant written as ISO 8601 with `Z` or an offset; digits beyond milliseconds are cut off.

    Raises:
        CalendarError: it is not written that way, or no such time exists.
    """
    found = _CIVIL.match(text)
    if found is None or not _OFFSET.fullmatch(text, found.end()):
        raise CalendarError(f"`{text[:40]}` is not a date-time with a zone")
    try:
        return millis(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise CalendarError(f"`{text[:40]}` is no time that exists") from None


@lru_cache(maxsize=4096)
def parse_date(text: str) -> date:
    """The date written as `2026-01-31`.

    Raises:
        CalendarError: it is not written that way, or no such day exists.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        raise CalendarError(f"`{text[:40]}` is not a date")
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        raise CalendarError(f"`{text[:40]}` is no day that exists") from None


def parse_time(text: str) -> time:
    """The time of day written as `9:00` or `09:00`.

    Raises:
        CalendarError: it is not written that way, or no such time exists.
    """
    found = _TIME.fullmatch(text)
    if found is None or int(found.group(1)) > 23 or int(found.group(2)) > 59:
        raise CalendarError(f"`{text[:40]}` is not a time of day")
    return time(int(found.group(1)), int(found.group(2)))


def parse_civil(text: str) -> datetime:
    """The civil time written as `2026-01-31T09:00` (seconds and fractions allowed), naive.

    Raises:
        CalendarError: it is not written that way, or no such time exists.
    """
    if not _CIVIL.fullmatch(text):
        raise CalendarError(f"`{text[:40]}` is not a date-time")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise CalendarError(f"`{text[:40]}` is no time that exists") from None


# --- civil time ------------------------------------------------------------------------------------


def local(instant: Millis, tz: ZoneInfo) -> datetime:
    """The wall clock at an instant, naive.

    Raises:
        CalendarError: it is outside the years 1 to 9999 there.
    """
    try:
        return utc(instant).astimezone(tz).replace(tzinfo=None, fold=0)
    except (OverflowError, ValueError):
        raise _range_error() from None


def local_date(instant: Millis, tz: ZoneInfo) -> date:
    """The date on the wall at an instant."""
    return local(instant, tz).date()


def resolve(wall: datetime, tz: ZoneInfo) -> Millis:
    """The instant at which a wall clock shows a naive time.

    A time that occurs twice is the first; one that was skipped is the first instant after the gap.

    Raises:
        CalendarError: it is outside the years 1 to 9999 in UTC.
    """
    first = _instant(wall, tz, 0)
    if _shows(first, tz, wall):
        return first
    second = _instant(wall, tz, 1)
    return second if _shows(second, tz, wall) else _gap_end(second, first, tz)


def _instant(wall: datetime, tz: ZoneInfo, fold: int) -> Millis:
    offset = wall.replace(tzinfo=tz, fold=fold).utcoffset() or timedelta()
    try:
        return millis(wall.replace(tzinfo=UTC) - offset)
    except OverflowError:
        raise _range_error() from None


def _shows(instant: Millis, tz: ZoneInfo, wall: datetime) -> bool:
    return local(instant, tz) == wall.replace(microsecond=wall.microsecond // 1000 * 1000)


def _offset(instant: Millis, tz: ZoneInfo) -> timedelta:
    return utc(instant).astimezone(tz).utcoffset() or timedelta()


def _gap_end(before: Millis, after: Millis, tz: ZoneInfo) -> Millis:
    """The transition between two instants around a gap, by bisection on the offset."""
    target = _offset(after, tz)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(middle, tz) == target:
            after = middle
        else:
            before = middle
    return after


def midnight(day: date, tz: ZoneInfo) -> Millis:
    """The first instant of a day (a day that was skipped as a whole: of the next one)."""
    return resolve(datetime.combine(day, time()), tz)


def next_time(instant: Millis, at: time, tz: ZoneInfo) -> Millis:
    """The next instant, this one included, at which it is `at` on the wall; a day that was skipped has none.

    Raises:
        CalendarError: it is outside the years 1 to 9999.
    """
    day = local_date(instant, tz)
    while True:
        found = resolve(datetime.combine(day, at), tz)
        if found >= instant and local_date(midnight(day, tz), tz) == day:
            return found
        day = shift_date(day, Duration(days=1))


def shift_date(day: date, duration: Duration) -> date:
    """A date moved by months (clipped to the last day), then days; whole days of exact seconds count as days.

    Raises:
        CalendarError: the result is outside the years 1 to 9999.
    """
    month = day.year * 12 + day.month - 1 + duration.months
    year, month = divmod(month, 12)
    if not 1 <= year <= 9999:
        raise _range_error()
    clipped = min(day.day, monthrange(year, month + 1)[1])
    try:
        return date(year, month + 1, clipped) + timedelta(days=duration.days + duration.seconds // 86_400)
    except OverflowError:
        raise _range_error() from None


def shift(instant: Millis, duration: Duration, tz: ZoneInfo) -> Millis:
    """An instant moved by a duration: calendar parts on the wall clock of the zone, then exact seconds.

    Raises:
        CalendarError: the result is outside the years 1 to 9999.
    """
    if duration.months or duration.days:
        wall = local(instant, tz)
        day = shift_date(wall.date(), Duration(duration.months, duration.days))
        instant = resolve(datetime.combine(day, wall.time()), tz)
    moved = instant + duration.seconds * 1000
    utc(moved)
    return moved


def anniversary(day: date, year: int) -> date:
    """The same month and day in another year; 29 February is 28 February in common years."""
    return date(year, day.month, min(day.day, monthrange(year, day.month)[1]))
