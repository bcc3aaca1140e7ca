"""The functions that authors call in expressions (`fn.*`), as docs/plan-format.md defines them.

Each is called with arguments of the types in its signature. ValueError and ArithmeticError make the result
missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from rulelang import business, calendar
from rulelang.calendar import CalendarError, parse_date, parse_instant
from rulelang.plan import numbers
from rulelang.plan.numbers import Number
from rulelang.plan.scope import JSON, Scope
from rulelang.types.calendars import BusinessCalendar

MAX_TEXT = 65_536
"""Texts that would grow longer than this many code points are missing instead."""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")


# --- text ------------------------------------------------------------------------------------------


def text_of(value: JSON) -> str | None:
    """A value as people write it; None for missing values and records."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number_text(value)
    if isinstance(value, list):
        return join(value, ", ")
    return None


def _number_text(value: Number) -> str:
    written = format(Decimal(repr(value)), "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def _bounded(text: str) -> str | None:
    return text if len(text) <= MAX_TEXT else None


def concat(*parts: JSON) -> str | None:
    """The parts as one text; missing when one of them is."""
    texts = [text for text in map(text_of, parts) if text is not None]
    return _bounded("".join(texts)) if len(texts) == len(parts) else None


def join(items: list[JSON] | None, separator: str) -> str | None:
    """Items as text with a separator; missing and empty ones are left out."""
    texts = [text for text in map(text_of, items or ()) if text]
    if sum(map(len, texts)) + len(separator) * len(texts) > MAX_TEXT:
        return None
    return separator.join(texts)


def _replace(text: str, old: str, new: str) -> str | None:
    if not old:
        return text
    if len(text) + text.count(old) * (len(new) - len(old)) > max(MAX_TEXT, len(text)):
        return None
    return text.replace(old, new)


def _split(text: str, separator: str) -> list[str]:
    parts = text.split(separator) if separator else [text]
    return [part.strip() for part in parts if part.strip()]


def _number(text: str) -> Number | None:
    written = "".join(text.split()).replace("_", "")
    if len(written) > 400 or not _NUMBER.fullmatch(written):
        return None
    return numbers.number(Decimal(written))


def _domain(text: str) -> str | None:
    _, at, domain = text.rpartition("@")
    return domain.lower() if at else None


# --- numbers and lists -----------------------------------------------------------------------------


def _choose(choose: Callable[[list[JSON]], JSON]) -> Callable[..., JSON]:
    def chosen(*values: JSON) -> JSON:
        present = [value for value in values if value is not None]
        classes = {value.__class__ for value in present}
        if not present or not (classes <= {int, float} or classes == {str}):
            return None
        return choose(present)

    return chosen


def _coalesce(*values: JSON) -> JSON:
    return next((value for value in values if value is not None), None)


def _first(items: list[JSON]) -> JSON:
    return items[0] if items else None


def _last(items: list[JSON]) -> JSON:
    return items[-1] if items else None


# --- time ------------------------------------------------------------------------------------------


def today(scope: Scope) -> date:
    """The date in the subject's zone."""
    return calendar.local_date(scope.now, scope.zone)


def local_date(scope: Scope, instant: str) -> str:
    """The date of an instant in the subject's zone."""
    return calendar.local_date(parse_instant(instant), scope.zone).isoformat()


def _time(scope: Scope, instant: str) -> str:
    return calendar.local(parse_instant(instant), scope.zone).strftime("%H:%M")


def _hour(scope: Scope, instant: str) -> int:
    return calendar.local(parse_instant(instant), scope.zone).hour


def _days_since(scope: Scope, day: str) -> int:
    return (today(scope) - parse_date(day)).days


def _hours_since(scope: Scope, instant: str) -> int:
    return (scope.now - parse_instant(instant)) // 3_600_000


def _age(scope: Scope, day: str) -> int:
    born, current = parse_date(day), today(scope)
    return current.year - born.year - (current < calendar.anniversary(born, current.year))


def _next_anniversary(scope: Scope, day: str) -> str:
    first, current = parse_date(day), today(scope)
    found = calendar.anniversary(first, current.year)
    if found < current:
        found = calendar.anniversary(first, current.year + 1)
    return found.isoformat()


# --- business time ---------------------------------------------------------------------------------


def _calendar(scope: Scope, name: str) -> BusinessCalendar:
    found = scope.people.calendars.get(name)
    if found is None:
        raise CalendarError(f"there is no calendar `{name}`")
    return found


def _is_open(scope: Scope, name: str) -> bool:
    return business.is_open(_calendar(scope, name), scope.now, scope.zone)


def _opens(scope: Scope, name: str) -> str:
    return calendar.instant_text(business.next_open(_calendar(scope, name), scope.now, scope.zone))


def _business_time(scope: Scope, name: str, length: str) -> str:
    end = business.add(_calendar(scope, name), scope.now, calendar.parse_duration(length), scope.zone)
    return calendar.instant_text(end)


def _business_days(scope: Scope, name: str, first: str, last: str) -> int:
    return business.days_between(_calendar(scope, name), parse_date(first), parse_date(last))


CONDITIONS = frozenset({"is_open"})
"""Functions whose result is always true or false."""

FUNCTIONS: Mapping[str, tuple[str, Callable[..., JSON], bool]] = {
    "lower": ("t", str.lower, False),
    "upper": ("t", str.upper, False),
    "trim": ("t", str.strip, False),
    "length": ("T", lambda text: len(text or ""), False),
    "replace": ("ttt", _replace, False),
    "split": ("tt", _split, False),
    "join": ("Lt", join, False),
    "text": ("*", text_of, False),
    "number": ("t", _number, False),
    "domain": ("t", _domain, False),
    "round": ("nn", numbers.rounded, False),
    "floor": ("n", lambda value: numbers.whole(value, up=False), False),
    "ceil": ("n", lambda value: numbers.whole(value, up=True), False),
    "abs": ("n", lambda value: numbers.finite(abs(value)), False),
    "min": ("*+", _choose(min), False),
    "max": ("*+", _choose(max), False),
    "coalesce": ("*+", _coalesce, False),
    "count": ("L", lambda items: len(items or ()), False),
    "first": ("l", _first, False),
    "last": ("l", _last, False),
    "date": ("t", local_date, True),
    "time": ("t", _time, True),
    "year": ("t", lambda day: parse_date(day).year, False),
    "month": ("t", lambda day: parse_date(day).month, False),
    "day": ("t", lambda day: parse_date(day).day, False),
    "weekday": ("t", lambda day: _WEEKDAYS[parse_date(day).weekday()], False),
    "hour": ("t", _hour, True),
    "days_between": ("tt", lambda a, b: (parse_date(b) - parse_date(a)).days, False),
    "days_since": ("t", _days_since, True),
    "days_until": ("t", lambda scope, day: -_days_since(scope, day), True),
    "hours_since": ("t", _hours_since, True),
    "age": ("t", _age, True),
    "next_anniversary": ("t", _next_anniversary, True),
    "is_open": ("t", _is_open, True),
    "opens": ("t", _opens, True),
    "business_time": ("tt", _business_time, True),
    "business_days": ("ttt", _business_days, True),
}
"""By name: the signature (see `operators`), the function, and whether it wants the scope first."""
