"""What the clock holds in store for one record: the next moments that a rule listens to, or why there are none.

Pure, as `runtime.why` is. Moments are found as the alarms find them, from the same sources and the same memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rulelang.calendar import CalendarError, instant_text, local
from rulelang.plan.ir import Get, Lit, Op, conjuncts
from rulelang.plan.model import ClockPlan, Plan, TriggerPlan
from rulelang.schedule import describe, preview
from rulelang.types.schema import Schema
from runtime.alarms import Alarm
from runtime.model import JSON, Entry, Millis, SubjectState
from runtime.moments import Moment, View
from runtime.stages import with_stage
from runtime.why import Past
from runtime.zones import zone_of


class Coming(NamedTuple):
    """A trigger of the clock in its own words, when it fires next for the record, and else a sentence that says why
    it does not. `zone` is the record's.
    """

    trigger: str
    due: tuple[Millis, ...]
    reason: str
    zone: ZoneInfo


class Record(NamedTuple):
    """A record as it is now, with its related records by kind, and the past that explains a moment gone by.

    `past` are versions of the rule, newest first; without any the rule is taken to have been as it is.
    """

    state: SubjectState
    related: Mapping[str, Mapping[str, JSON]]
    journal: Sequence[Entry] = ()
    past: Sequence[Past] = ()


def coming(plan: Plan, schema: Schema, record: Record, now: Millis, count: int = 5) -> list[Coming]:
    """One answer for each moment that a trigger of the rule listens to; none for a rule that no clock starts."""
    kind = record.state.key.kind
    fields = with_stage(schema, kind, record.state.fields)
    records = {"contact": {}, "account": {}, "opportunity": {}, **record.related, kind: fields}
    view = View(fields, zone_of(records, schema.time_zone), now, now)
    return [_coming(clock, record, view, count) for clock in started_by(plan)]


def started_by(plan: Plan) -> list[ClockPlan]:
    """The clocks of a rule's triggers, without those that only its waits listen to."""
    return [clock for clock in plan.clocks if any(_hears(trigger, clock) for trigger in plan.triggers)]


def _hears(trigger: TriggerPlan, clock: ClockPlan) -> bool:
    if trigger.event != clock.event:
        return False
    for part in conjuncts(trigger.when):
        match part:
            case Op("eq", (Get(("event", name)), Lit(value))) if name in clock.params:
                if clock.params[name] != value:
                    return False
    return True


def trigger_words(clock: ClockPlan) -> str:
    """A clock in the words of a rule, such as `reminder 3d before trial_ends at 10:00`."""
    params = clock.params
    match clock.source:
        case "schedule":
            return describe(params)
        case "yearly":
            return f"{_moved(params, 'birthday', 'birthday')} at {params['time']}"
        case "date":
            at = "" if params["time"] == "own" else f" at {params['time']}"
            return _moved(params, f"date reached {params['field']}", str(params["field"])) + at
        case "task":
            return _moved(params, "task due", "task due")
        case "cart":
            return f"cart abandoned for {params['duration']}"
    return f"opportunity stale for {params['duration']}"


def _moved(params: Mapping[str, str | int], unmoved: str, what: str) -> str:
    offset = str(params["offset"])
    if offset == "0s":
        return unmoved
    side = "before" if offset.startswith("-") else "after"
    return f"reminder {offset.removeprefix('-')} {side} {what}"


# --- moments -----------------------------------------------------------------------------------------


def _coming(clock: ClockPlan, record: Record, view: View, count: int) -> Coming:
    words = trigger_words(clock)
    if clock.source == "schedule":
        due = _scheduled(clock, view, count)
        return Coming(words, due, "" if due else "the schedule is over", view.zone)
    alarm, memory = Alarm.of(clock), record.state.memory
    gone: list[tuple[str, Moment]] = []
    ahead: list[Millis] = []
    for name, moment in _moments(alarm, memory, view):
        fresh = moment.mark != memory.get("rung", {}).get(name)
        if fresh and moment.due > view.now:
            ahead.append(moment.due)
        else:
            gone.append((name, moment))
    found = tuple(islice(sorted(ahead), count))
    reason = "" if found else _reason(clock, record, view, gone)
    return Coming(words, found, reason, view.zone)


def _scheduled(clock: ClockPlan, view: View, count: int) -> tuple[Millis, ...]:
    try:
        return tuple(preview(clock.params, view.zone, view.now, count))
    except CalendarError:
        return ()


def _moments(alarm: Alarm, memory: Mapping[str, JSON], view: View) -> Iterator[tuple[str, Moment]]:
    for name, item in alarm.each(memory.get("items", {})):
        try:
            yield from ((name, moment) for moment in alarm.source.moments(alarm.params, view, item))
        except CalendarError:
            continue


# --- reasons -----------------------------------------------------------------------------------------


def _reason(clock: ClockPlan, record: Record, view: View, gone: Sequence[tuple[str, Moment]]) -> str:
    if not gone:
        return _nothing(clock, view.fields)
    name, moment = max(gone, key=lambda found: found[1].due)
    when = f"{local(moment.due, view.zone):%Y-%m-%d %H:%M} ({view.zone.key})"
    field = clock.params.get("field")
    subject = f"`{field}` is {view.fields.get(str(field))}: the moment" if field else "the moment"
    if moment.mark == record.state.memory.get("rung", {}).get(name):
        return f"{subject} came, {when}"
    armed = record.state.memory.get("alarms", {}).get(name)
    if armed is not None and armed[0] <= view.now:
        return f"{subject} was due {when} and has not come yet"
    return f"{subject} was due {when}{_too_late(clock, record, moment.due)}"


def _too_late(clock: ClockPlan, record: Record, due: Millis) -> str:
    """What was missing when a moment passed: the value that it hangs on, or the rule."""
    reads = Alarm.of(clock).source.reads(clock.params)
    known = max((entry.at for entry in record.journal if reads & entry.changes.keys()), default=0)
    if known > due:
        return f", before {'the date' if 'field' in clock.params else 'that'} was known"
    then = next((past for past in record.past if past.at <= due), None)
    if record.past and (then is None or then.state != "live" or not _listened(then, clock)):
        return ", before the rule was live"
    return ""


def _listened(then: Past, clock: ClockPlan) -> bool:
    return then.plan is None or clock in then.plan.clocks


def _nothing(clock: ClockPlan, fields: Mapping[str, JSON]) -> str:
    match clock.source:
        case "task":
            return "no open task with a due date is known"
        case "cart":
            return "no cart that waits for an order is known"
        case "idle":
            status = fields.get("status")
            closed = status not in (None, "open")
            return f"the opportunity is {status}" if closed else "nothing says when it last changed"
    field = str(clock.params["field"])
    value = fields.get(field)
    return f"`{field}` is missing" if value is None else f"`{field}` is {value}, which has no such moment"


# --- as people and programs read it ------------------------------------------------------------------


def coming_lines(found: Sequence[Coming]) -> Iterator[str]:
    """Lines for a terminal."""
    for one in found:
        if one.reason:
            yield f"`{one.trigger}` does not fire: {one.reason}"
            continue
        yield f"`{one.trigger}` fires next, in {one.zone.key}:"
        yield from (f"  {local(due, one.zone):%Y-%m-%d  %H:%M}" for due in one.due)


def coming_json(one: Coming) -> dict[str, JSON]:
    """The public form of an answer."""
    return {
        "trigger": one.trigger,
        "zone": one.zone.key,
        "next": [instant_text(due) for due in one.due],
        "local": [local(due, one.zone).isoformat(timespec="minutes") for due in one.due],
        **({"reason": one.reason} if one.reason else {}),
    }
