"""Business calendars: the hours of each weekday, holidays and pauses, as a workspace declares them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time


@dataclass(frozen=True, slots=True)
class Opening:
    """Hours on some weekdays (0 Monday to 6 Sunday), up to `end`; one that is not later is that of the next day."""

    days: frozenset[int]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """When an office is open. `pauses` are spans of days, both ends included; without a `time_zone` it is open in
    that of each subject.
    """

    name: str
    openings: tuple[Opening, ...]
    holidays: frozenset[date] = field(default_factory=frozenset)
    pauses: tuple[tuple[date, date], ...] = ()
    time_zone: str = ""

    def rests(self, day: date) -> bool:
        """Whether a day is a holiday or within a pause."""
        return day in self.holidays or any(first <= day <= last for first, last in self.pauses)
