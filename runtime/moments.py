"""The ways in which time brings about an event: for each source of a clock trigger, when its moments are.

Pure: fields, zone and now come in as arguments. A new source is a class here and its name in a declaration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import NamedTuple, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from rulelang.calendar import (
    CalendarError,
    Duration,
    anniversary,
    local_date,
    parse_date,
    parse_duration,
    parse_instant,
    parse_time,
    resolve,
    shift,
    shift_date,
)
from rulelang.schedule import upcoming
from runtime.model import JSON, Event, Millis

Params: TypeAlias = Mapping[str, str | int]
Items: TypeAlias = Mapping[str, dict[str, JSON]]
"""What a source remembers of one subject between events, by the id of each thing (a task, a cart)."""

_MORNING, _OWN = "08:00", "own"
"""When a day is reached; and the word for the time of a date-time itself, which for a date is the morning."""
_YEAR_MS = 366 * 86_400_000
_TRAVEL_MS = 26 * 3_600_000
"""How far apart the clocks of two zones can be."""
_AHEAD = 3
"""Moments of a schedule after now: enough that one is left when the same times on the wall have rung elsewhere."""


class Moment(NamedTuple):
    """When something is due. `mark` says which occurrence it is, wherever a change of zone moves it."""

    due: Millis
    mark: str


class View(NamedTuple):
    """What a moment depends on. `since` is now, or the time of a moment that is still to be made good."""

    fields: Mapping[str, JSON]
    zone: ZoneInfo
    now: Millis
    since: Millis


class Source(Protocol):
    """One way to find moments. With `hears` it remembers things, `most` of one subject, and has moments of each."""

    hears: frozenset[str]
    most: int

    def reads(self, params: Params) -> frozenset[str]:
        """The fields that its moments depend on; the zone is looked after elsewhere."""

    def moments(self, params: Params, view: View, item: Mapping[str, JSON]) -> Iterator[Moment]:
        """Moments, earliest first, from `view.since` or before it to the next ones after now; finitely many.

        Raises:
            CalendarError: there are none at any real time.
        """

    def data(self, params: Params, view: View, item: Mapping[str, JSON], mark: str) -> dict[str, JSON]:
        """The data of the event for the moment with this mark, beside the params."""

    def observe(self, items: Items, event: Event, data: Mapping[str, JSON], now: Millis) -> Items:
        """What is remembered after an event of a type in `hears`."""


class _Plain:
    """A source that depends on the fields of the subject only."""

    hears: frozenset[str] = frozenset()
    most = 0

    def observe(self, items: Items, event: Event, data: Mapping[str, JSON], now: Millis) -> Items:
        """Nothing is remembered."""
        return items


# --- dates -------------------------------------------------------------------------------------------


class Yearly(_Plain):
    """The anniversaries of a date field, such as birthdays, moved by an offset, at a time of day."""

    def reads(self, params: Params) -> frozenset[str]:
        """See Source."""
        return frozenset({str(params["field"])})

    def moments(self, params: Params, view: View, item: Mapping[str, JSON]) -> Iterator[Moment]:
        """See Source."""
        first = _day(view.fields.get(str(params["field"])), view.zone)
        if first is None:
            return
        offset = parse_duration(str(params["offset"]))
        reach = abs(offset.nominal) * 1000 + _YEAR_MS
        years = range(
            max(local_date(view.since - reach, view.zone).year, first.year + 1),
            local_date(view.now + reach, view.zone).year + 1,
        )
        for year in years:
            day = anniversary(first, year)
            yield Moment(_at(day, offset, str(params["time"]), view.zone), day.isoformat())

    def data(self, params: Params, view: View, item: Mapping[str, JSON], mark: str) -> dict[str, JSON]:
        """See Source."""
        field = str(params["field"])
        first = _day(view.fields.get(field), view.zone)
        age = parse_date(mark).year - first.year if first else None
        return {field: view.fields.get(field), "age": age, "local_date": mark}


class Date(_Plain):
    """The moment in a date or date-time field, moved by an offset; with a time of day at that time."""

    def reads(self, params: Params) -> frozenset[str]:
        """See Source."""
        return frozenset({str(params["field"])})

    def moments(self, params: Params, view: View, item: Mapping[str, JSON]) -> Iterator[Moment]:
        """See Source."""
        value = view.fields.get(str(params["field"]))
        day = _day(value, view.zone)
        if day is None:
            return
        offset, at = parse_duration(str(params["offset"])), str(params["time"])
        if "T" in str(value) and at == _OWN:
            yield Moment(shift(parse_instant(str(value)), offset, view.zone), str(value))
        else:
            yield Moment(_at(day, offset, _MORNING if at == _OWN else at, view.zone), str(value))

    def data(self, params: Params, view: View, item: Mapping[str, JSON], mark: str) -> dict[str, JSON]:
        """See Source."""
        day = _day(mark, view.zone)
        return {"date": day.isoformat() if day else None}


def _day(value: JSON, zone: ZoneInfo) -> date | None:
    """The local day that a date or date-time stands for; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        return local_date(parse_instant(value), zone) if "T" in value else parse_date(value)
    except CalendarError:
        return None


def _at(day: date, offset: Duration, at: str, zone: ZoneInfo) -> Millis:
    """A day at a time of day, moved on the calendar first and then by exact seconds."""
    moved = shift_date(day, Duration(offset.months, offset.days))
    return resolve(datetime.combine(moved, parse_time(at)), zone) + offset.seconds * 1000


# --- what lies still ---------------------------------------------------------------------------------


class Idle(_Plain):
    """A record that has not changed for a duration, again after each further one, `limit` times; while it is open."""

    def reads(self, params: Params) -> frozenset[str]:
        """See Source."""
        return frozenset({"updated_at", "created_at", "status"})

    def moments(self, params: Params, view: View, item: Mapping[str, JSON]) -> Iterator[Moment]:
        """See Source."""
        last = view.fields.get("updated_at") or view.fields.get("created_at")
        if not isinstance(last, str) or view.fields.get("status") not in (None, "open"):
            return
        length, due = parse_duration(str(params["duration"])), parse_instant(last)
        for count in range(1, int(params["limit"]) + 1):
            due = shift(due, length, view.zone)
            yield Moment(due, f"{last}#{count}")

    def data(self, params: Params, view: View, item: Mapping[str, JSON], mark: str) -> dict[str, JSON]:
        """See Source."""
        last, _, count = mark.partition("#")
        stages = view.fields.get("stages") or {}
        pipeline = view.fields.get("pipeline") or next(iter(stages), None)
        entered = (view.fields.get("stage_entered_at") or {}).get(pipeline)
        days = (view.now - parse_instant(entered)) // 86_400_000 if entered else None
        found = {
            "pipeline": pipeline,
            "stage": stages.get(pipeline),
            "days_in_stage": days,
            "last_activity_at": last,
            "count": int(count),
        }
        return {name: value for name, value in found.items() if value is not None}


# --- things that come and go by events ---------------------------------------------------------------


class Task:
    """Tasks that are not done, at the moment they are due, moved by an offset."""

    hears = frozenset({"task.created", "task.completed"})
    most = 100

    def reads(self, params: Params) -> frozenset[str]:
        """See Source."""
        return frozenset()

    def moments(self, params: Params, view: View, item: Mapping[str, JSON]) -> Iterator[Moment]:
        """See Source."""
        due = shift(parse_instant(str(item["due_at"])), parse_duration(str(params["offset"])), view.zone)
        yield Moment(due, str(item["due_at"]))

    def data(self, params: Params, view: View, item: Mapping[str, JSON], mark: str) -> dict[str, JSON]:
        """See Source."""
        return dict(item)

    def observe(self, items: Items, event: Event, data: Mapping[str, JSON], now: Millis) -> Items:
        """See Source."""
        id = str(data.get("task_id") or "")
        others = {key: item for key, item in items.items() if key != id}
        if event.type == "task.completed" or not id or not data.get("due_at"):
            return others
        kept = ("task_id", "title", "due_at", "assignee")
        return {**others, id: {name: data[name] for name in kept if data.get(name) is not None}}


class Cart:
    """Carts that have not changed for a duration and were not ordered."""

    hears = frozenset({"cart.updated", "order.placed", "order.submitted", "order.fulfilled"})
    most = 20

    def reads(self, params: Params) -> frozenset[str]:
        """See Source."""
        return frozenset()

    def moments(self, params: Params, view: View, item: Mapping[str, JSON]) -> Iterator[Moment]:
        """See Source."""
        at = int(item["at"])
        yield Moment(shift(at, parse_duration(str(params["duration"])), view.zone), str(at))

    def data(self, params: Params, view: View, item: Mapping[str, JSON], mark: str) -> dict[str, JSON]:
        """See Source."""
        return dict(item["data"])

    def observe(self, items: Items, event: Event, data: Mapping[str, JSON], now: Millis) -> Items:
        """See Source. An update that happened before the one that is known changes nothing."""
        id = str(data.get("cart_id") or "")
        if event.type != "cart.updated" and not id:
            return {}
        known = items.get(id)
        if event.type == "cart.updated" and known is not None and event.occurred_at < known["sent"]:
            return items
        others = {key: item for key, item in items.items() if key != id}
        if event.type != "cart.updated" or not id or data.get("items") == []:
            return others
        kept = ("cart_id", "items", "products", "value", "currency", "url")
        cart = {name: data[name] for name in kept if data.get(name) is not None}
        return {**others, id: {"at": now, "sent": event.occurred_at, "data": cart}}


# --- what recurs -------------------------------------------------------------------------------------


class Schedule(_Plain):
    """The times of a schedule. Of those that were missed the one that was due first is made good."""

    def reads(self, params: Params) -> frozenset[str]:
        """See Source."""
        return frozenset()

    def moments(self, params: Params, view: View, item: Mapping[str, JSON]) -> Iterator[Moment]:
        """See Source. Somebody may have travelled: the same time on the wall is known again by its mark."""
        since = view.since if params["cron"] else view.since - _TRAVEL_MS
        later = 0
        for due, wall in upcoming(params, view.zone, since):
            yield Moment(due, wall.isoformat(timespec="minutes"))
            if due >= view.since:
                break
        for due, wall in upcoming(params, view.zone, view.now):
            yield Moment(due, wall.isoformat(timespec="minutes"))
            later += due > view.now
            if later == _AHEAD:
                return

    def data(self, params: Params, view: View, item: Mapping[str, JSON], mark: str) -> dict[str, JSON]:
        """See Source."""
        return {"date": mark[:10], "local": mark}


SOURCES: Mapping[str, Source] = {
    "yearly": Yearly(),
    "date": Date(),
    "idle": Idle(),
    "task": Task(),
    "cart": Cart(),
    "schedule": Schedule(),
}
"""All sources by the name that a declaration's `Clock` gives."""


def days_of(offset: str) -> int:
    """The whole days of an offset, months and years taken as 30 and 365 days."""
    length = parse_duration(offset)
    days = abs(length.nominal) // 86_400
    return days if length.nominal >= 0 else -days


CLOSING = "17:00"
"""When something is due that has a date and no time of day."""


def moment_of(text: str, now: Millis, here: ZoneInfo) -> Millis | None:
    """When something is due: after a duration, on a day (at `CLOSING`), at an instant; None for any other text."""
    try:
        if "T" in text:
            return parse_instant(text)
        if text[:1].isdigit() and "-" in text:
            return resolve(datetime.combine(parse_date(text), parse_time(CLOSING)), here)
        return shift(now, parse_duration(text), here)
    except CalendarError:
        return None
