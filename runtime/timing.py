"""When a wait ends."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from rulelang.calendar import (
    CalendarError,
    local_date,
    midnight,
    next_time,
    parse_date,
    parse_duration,
    parse_instant,
    parse_time,
    resolve,
    shift,
)
from rulelang.plan.scope import Scope
from runtime.model import JSON, Millis
from runtime.program import Sleep


class WaitError(Exception):
    """A wait whose time cannot be told; the message is a sentence for people."""


def wake_at(sleep: Sleep, scope: Scope) -> Millis:
    """The instant at which a wait that begins at `scope.now` ends; it may lie in the past.

    Raises:
        WaitError: the value is missing, or outside the years 1 to 9999.
    """
    value = sleep.value(scope)
    if value is None and sleep.mode != "day":
        raise WaitError("the time to wait for is not set")
    try:
        return _weekday(sleep.day, value, scope) if sleep.mode == "day" else _moment(sleep.mode, value, scope)
    except CalendarError as error:
        raise WaitError(f"the wait ends at no real time: {error}") from None


def _moment(mode: str, value: JSON, scope: Scope) -> Millis:
    text = str(value)
    match mode:
        case "for":
            # Business time (`4h in "Office"`) is an instant already; it does not move afterwards.
            return parse_instant(text) if "T" in text else shift(scope.now, parse_duration(text), scope.zone)
        case "time":
            return next_time(scope.now, parse_time(text), scope.zone)
        case _:
            return parse_instant(text) if "T" in text else midnight(parse_date(text), scope.zone)


def _weekday(day: int, at: JSON, scope: Scope) -> Millis:
    """The next such weekday: now when it is today and no time of day is given, or that time is still to come."""
    today = local_date(scope.now, scope.zone)
    ahead = (day - today.isoweekday()) % 7
    if at is None:
        return midnight(today + timedelta(days=ahead), scope.zone) if ahead else scope.now
    moment = _on_day(today + timedelta(days=ahead), at, scope)
    return moment if moment >= scope.now else _on_day(today + timedelta(days=ahead + 7), at, scope)


def _on_day(day: date, at: JSON, scope: Scope) -> Millis:
    return resolve(datetime.combine(day, parse_time(str(at))), scope.zone)
