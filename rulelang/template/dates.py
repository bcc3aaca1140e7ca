"""The filter `date`: a closed set of format letters, English names, the subject's own time zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, time
from zoneinfo import ZoneInfo

from rulelang.calendar import CalendarError, parse_date, parse_instant, utc
from rulelang.template.model import TemplateError

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DIRECTIVE = re.compile(r"%(-?.|$)", re.DOTALL)


def _hour12(moment: datetime) -> int:
    return moment.hour % 12 or 12


DIRECTIVES: dict[str, Callable[[datetime], str]] = {
    "Y": lambda m: f"{m.year:04}",
    "y": lambda m: f"{m.year % 100:02}",
    "m": lambda m: f"{m.month:02}",
    "-m": lambda m: str(m.month),
    "B": lambda m: _MONTHS[m.month - 1],
    "b": lambda m: _MONTHS[m.month - 1][:3],
    "d": lambda m: f"{m.day:02}",
    "-d": lambda m: str(m.day),
    "e": lambda m: f"{m.day:2}",
    "j": lambda m: f"{m.timetuple().tm_yday:03}",
    "A": lambda m: _DAYS[m.weekday()],
    "a": lambda m: _DAYS[m.weekday()][:3],
    "H": lambda m: f"{m.hour:02}",
    "-H": lambda m: str(m.hour),
    "I": lambda m: f"{_hour12(m):02}",
    "-I": lambda m: str(_hour12(m)),
    "M": lambda m: f"{m.minute:02}",
    "S": lambda m: f"{m.second:02}",
    "p": lambda m: "AM" if m.hour < 12 else "PM",
    "P": lambda m: "am" if m.hour < 12 else "pm",
    "Z": lambda m: m.tzname() or "",
    "%": lambda m: "%",
}
"""What each letter after `%` stands for."""


def unknown_directive(pattern: str) -> re.Match[str] | None:
    """The first `%…` of a format that means nothing, if there is one."""
    return next((found for found in _DIRECTIVE.finditer(pattern) if found[1] not in DIRECTIVES), None)


def format_date(value: object, pattern: str, zone: ZoneInfo) -> str:
    """A date (`2026-01-31`) or instant (`2026-01-31T09:00:00.000Z`) in this format; an instant is shown in `zone`.

    Raises:
        TemplateError: it is neither, or the format has an unknown letter.
    """
    moment = _moment(value, zone)
    if unknown := unknown_directive(pattern):
        raise TemplateError(f"`{unknown[0]}` is not part of a date format")
    return _DIRECTIVE.sub(lambda found: DIRECTIVES[found[1]](moment), pattern)


def _moment(value: object, zone: ZoneInfo) -> datetime:
    if isinstance(value, str):
        try:
            if len(value) == len("2026-01-31"):
                return datetime.combine(parse_date(value), time())
            return utc(parse_instant(value)).astimezone(zone)
        except (CalendarError, OverflowError):
            pass
    raise TemplateError("`date` was given something that is no date")
