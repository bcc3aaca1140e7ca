"""When a wait ends."""

from __future__ import annotations

from rulelang.calendar import (
    CalendarError,
    midnight,
    next_time,
    parse_date,
    parse_duration,
    parse_instant,
    parse_time,
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
    if value is None:
        raise WaitError("the time to wait for is not set")
    try:
        return _moment(sleep.mode, value, scope)
    except CalendarError as error:
        raise WaitError(f"the wait ends at no real time: {error}") from None


def _moment(mode: str, value: JSON, scope: Scope) -> Millis:
    text = str(value)
    match mode:
        case "for":
            return shift(scope.now, parse_duration(text), scope.zone)
        case "time":
            return next_time(scope.now, parse_time(text), scope.zone)
        case _:
            return parse_instant(text) if "T" in text else midnight(parse_date(text), scope.zone)
