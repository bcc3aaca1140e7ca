"""Business time: when a calendar is open, and how long so much open time takes. Pure.

A day counts by the date on which its hours begin, so that a night shift belongs to the evening.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from rulelang.calendar import CalendarError, Duration, Millis, local, local_date, resolve
from rulelang.calendar import zone as zone_named
from rulelang.types.calendars import BusinessCalendar

_DAY = timedelta(days=1)
MAX_CLOSED = 3 * 366
"""Days without any hours after which a calendar counts as closed for ever."""
MAX_DAYS = 40_000
"""Days that may be counted, more than a century."""


def zone_of(calendar: BusinessCalendar, subject: ZoneInfo) -> ZoneInfo:
    """The zone in which a calendar's hours are: its own, else the subject's."""
    return zone_named(calendar.time_zone) or subject


def is_open(calendar: BusinessCalendar, now: Millis, subject: ZoneInfo) -> bool:
    """Whether it is open at an instant."""
    zone = zone_of(calendar, subject)
    first = next(_hours(calendar, zone, now), None)
    return first is not None and first[0] <= now


def next_open(calendar: BusinessCalendar, now: Millis, subject: ZoneInfo) -> Millis:
    """The instant itself when it is open, else when it opens next.

    Raises:
        CalendarError: it does not open within three years.
    """
    start, _ = _next(_hours(calendar, zone_of(calendar, subject), now), calendar)
    return max(start, now)


def add(calendar: BusinessCalendar, now: Millis, duration: Duration, subject: ZoneInfo) -> Millis:
    """The instant when so much business time has passed: whole business days first, then hours of open time.

    Time begins to count when it is open. A business day later is the same time of day on the next day with hours,
    or when it opens after that.

    Raises:
        CalendarError: months or a negative duration, or the calendar stays closed.
    """
    if duration.months or duration.days < 0 or duration.seconds < 0:
        raise CalendarError("business time is counted in days, hours, minutes and seconds")
    if duration.days > MAX_DAYS:
        raise CalendarError(f"business time is at most {MAX_DAYS} days")
    zone = zone_of(calendar, subject)
    moment = next_open(calendar, now, subject)
    if duration.days:
        moment = _days_later(calendar, zone, moment, duration.days)
        moment = next_open(calendar, moment, subject)
    return _hours_later(calendar, zone, moment, duration.seconds * 1000)


def days_between(calendar: BusinessCalendar, first: date, last: date) -> int:
    """The business days after the first date, up to the last one; negative when that is earlier.

    Raises:
        CalendarError: they are more than a century apart.
    """
    if first > last:
        return -days_between(calendar, last, first)
    if (last - first).days > MAX_DAYS:
        raise CalendarError("the dates are too far apart")
    return sum(_is_business_day(calendar, first + _DAY * n) for n in range(1, (last - first).days + 1))


def _is_business_day(calendar: BusinessCalendar, day: date) -> bool:
    return not calendar.rests(day) and any(day.weekday() in opening.days for opening in calendar.openings)


def _days_later(calendar: BusinessCalendar, zone: ZoneInfo, start: Millis, count: int) -> Millis:
    wall = local(start, zone)
    day, closed = wall.date(), 0
    while count:
        if day >= date.max - _DAY or closed > MAX_CLOSED:
            raise _never(calendar)
        day += _DAY
        found = _is_business_day(calendar, day)
        count, closed = count - found, 0 if found else closed + 1
    return resolve(datetime.combine(day, wall.time()), zone)


def _hours_later(calendar: BusinessCalendar, zone: ZoneInfo, moment: Millis, left: Millis) -> Millis:
    hours = _hours(calendar, zone, moment)
    while left > 0:
        start, end = _next(hours, calendar)
        start = max(start, moment)
        if end - start >= left:
            return start + left
        left -= end - start
    return moment


def _next(hours: Iterator[tuple[Millis, Millis]], calendar: BusinessCalendar) -> tuple[Millis, Millis]:
    found = next(hours, None)
    if found is None:
        raise _never(calendar)
    return found


def _never(calendar: BusinessCalendar) -> CalendarError:
    return CalendarError(f"the calendar `{calendar.name}` does not open within three years")


def _hours(calendar: BusinessCalendar, zone: ZoneInfo, since: Millis) -> Iterator[tuple[Millis, Millis]]:
    """The spans from `since` on in which it is open, in order, those that touch joined."""
    joined: tuple[Millis, Millis] | None = None
    for start, end in _spans(calendar, zone, since):
        if joined is None:
            joined = start, end
        elif start <= joined[1]:
            joined = joined[0], max(joined[1], end)
        else:
            yield joined
            joined = start, end
    if joined is not None:
        yield joined


def _spans(calendar: BusinessCalendar, zone: ZoneInfo, since: Millis) -> Iterator[tuple[Millis, Millis]]:
    first = local_date(since, zone)
    closed = 0
    for day in takewhile(lambda day: day < date.max - _DAY, (first + _DAY * n for n in range(-1, MAX_DAYS))):
        closed += 1
        if closed > MAX_CLOSED:
            return
        spans = [] if calendar.rests(day) else sorted(_of_day(calendar, zone, day))
        for start, end in spans:
            if end > max(since, start):
                closed = 0
                yield start, end


def _of_day(calendar: BusinessCalendar, zone: ZoneInfo, day: date) -> Iterator[tuple[Millis, Millis]]:
    for opening in calendar.openings:
        if day.weekday() in opening.days:
            until = day if opening.end > opening.start else day + _DAY
            yield (
                resolve(datetime.combine(day, opening.start), zone),
                resolve(datetime.combine(until, opening.end), zone),
            )
