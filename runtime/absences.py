"""Events that should follow others: the first ones that wait, as [when it is too late, data], oldest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from rulelang.plan.compile import Condition
from runtime.following import Absence
from runtime.model import JSON, Millis

Waiting: TypeAlias = list[list[JSON]]
Holds: TypeAlias = Callable[[Condition | None, Mapping[str, Mapping[str, JSON]]], bool]
"""Whether a condition holds with further roots."""

MAX_MISSED = 100
"""First events, for one absence and subject, that wait for the second; the oldest go first."""


def after_event(
    absence: Absence, waiting: Waiting, type_: str, data: Mapping[str, JSON], due: Millis, holds: Holds
) -> Waiting:
    """What waits after an event, which may end some absences and begin one that is noticed at `due`."""
    if type_ == absence.event:
        waiting = [item for item in waiting if not holds(absence.test, {"awaited": data, "event": item[1]})]
    if type_ == absence.after and holds(absence.after_test, {"awaited": data}):
        waiting = [*waiting, [due, dict(data)]][-MAX_MISSED:]
    return waiting


def noticed(
    missed: Mapping[str, Waiting], now: Millis
) -> tuple[dict[str, Waiting], list[tuple[str, dict[str, JSON]]]]:
    """What still waits, by absence, and (absence, data) of the first events whose time is over, in that order."""
    left = {name: [item for item in items if item[0] > now] for name, items in missed.items()}
    due = [(item[0], name, item[1]) for name, items in missed.items() for item in items if item[0] <= now]
    due.sort(key=lambda each: each[0])
    return {name: items for name, items in left.items() if items}, [(name, data) for _, name, data in due]
