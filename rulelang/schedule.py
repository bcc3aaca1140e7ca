"""Schedules: on which days, or at which times of a cron expression, something recurs on the wall clock of a zone.

Pure. Times that a change of the clocks skips are due at the first instant after the gap, once; times that occur
twice are due at the first. Cron expressions are read by cronsim, as Debian's cron reads them, with its `L` and `#`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TypeAlias
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from rulelang.calendar import CalendarError, Millis, local, parse_date, parse_time, resolve

Params: TypeAlias = Mapping[str, str | int]
"""What a schedule is made of: `nth`, `every`, `number`, `time`, `last`, `cron`; "" or 0 for what it does not have."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS = ("day", "weekday", "weekend", *WEEKDAYS)
"""The kinds of days; a weekday is Monday to Friday."""
ORDINALS = ("first", "second", "third", "fourth", "last")
"""Which of those days of a month."""

_BEFORE_GAP: Millis = 3 * 3_600_000
_DAY = timedelta(days=1)


def is_cron(text: str) -> bool:
    """Whether a text is a cron expression of five fields that comes true on some day."""
    if len(text.split()) != 5:
        return False
    try:
        next(CronSim(text, datetime(2024, 1, 1)))
    except (CronSimError, StopIteration):
        return False
    return True


def upcoming(params: Params, zone: ZoneInfo, since: Millis) -> Iterator[tuple[Millis, datetime]]:
    """The instants from `since` on at which a schedule is due, each with the time on the wall; each instant once.

    Raises:
        CalendarError: an instant is outside the years 1 to 9999.
    """
    before = None
    for wall in _walls(params, _earliest(since, zone)):
        due = resolve(wall, zone)
        if due >= since and due != before:
            before = due
            yield due, wall


def preview(params: Params, zone: ZoneInfo, since: Millis, count: int) -> list[Millis]:
    """The next instants, at most `count`."""
    return [due for due, _ in islice(upcoming(params, zone, since), count)]


def describe(params: Params) -> str:
    """A schedule in the words of a rule, such as `every first monday of month at 09:00`."""
    ending = f" ending {params['last']}" if params.get("last") else ""
    if params.get("cron"):
        return f'cron "{params["cron"]}"{ending}'
    if params.get("number"):
        return f"every day {params['number']} of month at {params['time']}{ending}"
    if params.get("nth"):
        return f"every {params['nth']} {params['every']} of month at {params['time']}{ending}"
    return f"every {params['every']} at {params['time']}{ending}"


def _earliest(since: Millis, zone: ZoneInfo) -> datetime:
    """A time on the wall that comes before all that are due from `since` on, also those that a gap has moved there."""
    return min(local(since, zone), local(since - _BEFORE_GAP, zone) + timedelta(milliseconds=_BEFORE_GAP))


def _walls(params: Params, start: datetime) -> Iterator[datetime]:
    last = parse_date(str(params["last"])) if params.get("last") else date.max
    found = _cron(str(params["cron"]), start) if params.get("cron") else _daily(params, start)
    for wall in found:
        if wall.date() > last:
            return
        yield wall


def _cron(expression: str, start: datetime) -> Iterator[datetime]:
    try:
        # What follows the second before is from `start` on.
        yield from CronSim(expression, start.replace(microsecond=0) - timedelta(seconds=1))
    except OverflowError:
        raise CalendarError("the time is outside the years 1 to 9999") from None


def _daily(params: Params, start: datetime) -> Iterator[datetime]:
    at, day = parse_time(str(params["time"])), start.date()
    while True:
        wall = datetime.combine(day, at)
        if wall >= start and _fits(day, params):
            yield wall
        if day == date.max:
            return
        day += _DAY


def _fits(day: date, params: Params) -> bool:
    if params.get("number"):
        return day.day == min(int(params["number"]), monthrange(day.year, day.month)[1])
    every, nth = str(params["every"]), str(params.get("nth") or "")
    if not _is(day, every):
        return False
    if not nth:
        return True
    month = (date(day.year, day.month, n + 1) for n in range(monthrange(day.year, day.month)[1]))
    days = [other for other in month if _is(other, every)]
    return day == (days[-1] if nth == "last" else days[ORDINALS.index(nth)])


def _is(day: date, kind: str) -> bool:
    match kind:
        case "day":
            return True
        case "weekday":
            return day.weekday() < 5
        case "weekend":
            return day.weekday() >= 5
        case _:
            return WEEKDAYS[day.weekday()] == kind
