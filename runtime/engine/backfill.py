"""Backfills: a rule enrols the records that match already, asked for by name, part by part, at a rate.

What is left to do is a recorded event that waits, the figures are counters: a crash loses nothing, and new events are
served meanwhile. Runs begin at once or, with a rate, wait their turn as those of a rule with `release` do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum

import msgspec
from msgspec.structs import replace

from rulelang.calendar import CalendarError, instant_text, parse_duration
from runtime.engine.unit import Unit
from runtime.model import BACKFILL, JSON, CancelInput, Cause, Event, EventInput, Millis, RunStatus, SubjectKey
from runtime.store.protocol import AcceptedEvent, Batch, Transaction

SHOWN = 10
"""Subjects that a preview names."""
_RATE = re.compile(r"([0-9]{1,6})/([0-9a-z]+)")
_FIGURES = ("number", "state", "examined", "enrolled", "count", "span", "limit", "began", "ended")


class State(IntEnum):
    """Where a backfill stands."""

    RUNNING = 1
    DONE = 2
    CANCELLED = 3
    STOPPED = 4
    """the rule is not live any more"""


class BackfillError(ValueError):
    """A backfill that cannot be begun; the message is a sentence."""


class Backfill(msgspec.Struct, frozen=True):
    """What is asked for: a rule for a kind of record; at most `count` runs that begin in `span` milliseconds (0: no
    rate), at most `limit` runs in all (0: no bound).
    """

    rule: str
    kind: str
    count: int = 0
    span: Millis = 0
    limit: int = 0


class Preview(msgspec.Struct):
    """What a backfill would do: how many records there are, how many runs would begin, for whom first, and when the
    last one would.
    """

    examined: int = 0
    enrolled: int = 0
    first: list[SubjectKey] = []
    last_due: Millis | None = None
    after: str = ""
    done: bool = False


def read_rate(text: str) -> tuple[int, Millis]:
    """A rate written as `50/1h`: how many, and milliseconds.

    Raises:
        BackfillError: it is written otherwise.
    """
    found = _RATE.fullmatch(text.replace(" ", ""))
    try:
        span = parse_duration(found.group(2)).nominal * 1000 if found else 0
    except CalendarError:
        span = 0
    if found is None or span < 1000 or int(found.group(1)) < 1:
        raise BackfillError(f"a rate is a number and a duration such as 50/1h, found `{text[:40]}`")
    return int(found.group(1)), span


def figures(counters: Mapping[str, int], rule: str) -> dict[str, int] | None:
    """The figures of the last backfill of a rule; None when there was none."""
    if not counters.get(_name("number", rule)):
        return None
    return {figure: counters.get(_name(figure, rule), 0) for figure in _FIGURES}


def _name(figure: str, rule: str) -> str:
    return f"backfill.{figure}:{rule}"


def plan_backfill(tx: Transaction, wanted: Backfill, now: Millis) -> int:
    """Record that a backfill is to be made; its number.

    Raises:
        BackfillError: one of this rule is under way.
    """
    counters = tx.counters()
    before = figures(counters, wanted.rule)
    if before is not None and before["state"] == State.RUNNING:
        raise BackfillError("a backfill of this rule is under way; cancel it first")
    number = (before["number"] if before else 0) + 1
    news = {
        "number": number,
        "state": int(State.RUNNING),
        "examined": 0,
        "enrolled": 0,
        "count": wanted.count,
        "span": wanted.span,
        "limit": wanted.limit,
        "began": now,
        "ended": 0,
    }
    data = {"rule": wanted.rule, "number": number}
    event = _event(f"{BACKFILL}:{wanted.rule}:{number}", SubjectKey(wanted.kind, ""), data, now)
    tx.write(
        Batch(
            events=[AcceptedEvent(event, b"", (), pending=True)],
            counters={_name(figure, wanted.rule): value for figure, value in news.items()},
        )
    )
    return number


def cancel_backfill(tx: Transaction, rule: str, kind: str, now: Millis) -> bool:
    """Stop a backfill, and record that its runs which wait for their turn are to be ended; False when there is none.

    A backfill that has been through all records can be cancelled too, for the sake of the runs that wait.
    """
    found = figures(tx.counters(), rule)
    if found is None or found["state"] == State.CANCELLED:
        return False
    data = {"rule": rule, "number": found["number"], "cancel": True}
    event = _event(f"{BACKFILL}:{rule}:{found['number']}:cancel", SubjectKey(kind, ""), data, now)
    counters = {_name("state", rule): int(State.CANCELLED), _name("ended", rule): now}
    tx.write(Batch(events=[AcceptedEvent(event, b"", (), pending=True)], counters=counters))
    return True


def _event(id: str, subject: SubjectKey, data: dict[str, object], now: Millis) -> Event:
    # Only what the engine makes has a cause: nobody outside can begin a backfill by an event.
    return Event(id, BACKFILL, now, now, subject, data=data, cause=Cause("", "", 0, id))


def go_through(unit: Unit, event: Event, limit: int) -> None:
    """Do one part of the work: up to `limit` records, or runs to end. The rest is recorded as another event."""
    if event.cause is None or event.subject.id:
        return
    if event.data.get("cancel"):
        _end_waiting(unit, event, limit)
        return
    rule = str(event.data["rule"])
    now = figures(unit.all_counters, rule)
    if now is None or now["number"] != event.data["number"] or now["state"] != State.RUNNING:
        return
    if rule not in unit.rules.plans.live:
        _note(unit, rule, state=int(State.STOPPED), ended=unit.now)
        return
    keys = unit.tx.subjects_of(event.subject.kind, limit, str(event.data.get("after", "")))
    examined, enrolled = _enrol(unit, event, keys, now)
    over = len(keys) < limit or bool(now["limit"] and enrolled >= now["limit"])
    ended = {"state": int(State.DONE), "ended": unit.now} if over else {}
    _note(unit, rule, examined=examined, enrolled=enrolled, **ended)
    if not over:
        _go_on(unit, event, {"after": keys[-1].id})


def _enrol(unit: Unit, event: Event, keys: list[SubjectKey], now: Mapping[str, int]) -> tuple[int, int]:
    examined, enrolled = now["examined"], now["enrolled"]
    unit.pass_by(keys)
    inputs = [(key, EventInput(_asked(event, key, now, 0))) for key in keys]
    unit.load_related(inputs)
    for key in keys:
        if now["limit"] and enrolled >= now["limit"]:
            break
        asked = _asked(event, key, now, enrolled)
        transition = unit.advance(key, EventInput(asked), asked.id)
        examined += 1
        enrolled += bool(transition is not None and transition.started)
    return examined, enrolled


def _asked(event: Event, key: SubjectKey, now: Mapping[str, int], enrolled: int) -> Event:
    """What is asked of one record. With a rate its run begins with those of its slot, counted from the beginning."""
    data = {"rule": event.data["rule"], "number": event.data["number"]}
    if now["count"]:
        data["due"] = now["began"] + enrolled // now["count"] * now["span"]
    id = f"{BACKFILL}:{event.data['rule']}:{event.data['number']}:{key.kind}:{key.id}"
    return _event(id, key, data, event.occurred_at)


def _note(unit: Unit, rule: str, **news: int) -> None:
    unit.set_counters({_name(figure, rule): value for figure, value in news.items()})


def _go_on(unit: Unit, event: Event, where: dict[str, object]) -> None:
    part = int(event.data.get("part", 1)) + 1
    origin = event.data.get("of", event.id)
    data = {**event.data, **where, "part": part, "of": origin}
    unit.events.append(AcceptedEvent(replace(event, id=f"{origin}#{part}", data=data), b"", (), pending=True))


def _end_waiting(unit: Unit, event: Event, limit: int) -> None:
    """End the runs of a cancelled backfill that have not begun."""
    rule, mark = str(event.data["rule"]), f"{BACKFILL}:{event.data['rule']}:{event.data['number']}:"
    found = unit.tx.runs_of(rule, RunStatus.WAITING, limit, int(event.data.get("after", 0)))
    runs = [run for _, run in found if run.position == "" and run.event.startswith(mark)]
    unit.load(run.subject for run in runs)
    inputs = [(run.subject, CancelInput(run.id, "its backfill was cancelled")) for run in runs]
    unit.load_related(inputs)
    for subject, input in inputs:
        unit.advance(subject, input)
    if len(found) == limit:
        _go_on(unit, event, {"after": found[-1][0]})


def look_ahead(unit: Unit, wanted: Backfill, so_far: Preview, limit: int) -> Preview:
    """What the next part of a backfill would do. The unit must not be written."""
    now = {
        "examined": so_far.examined,
        "enrolled": so_far.enrolled,
        "count": wanted.count,
        "span": wanted.span,
        "limit": wanted.limit,
        "began": unit.now,
    }
    event = _event("preview", SubjectKey(wanted.kind, ""), {"rule": wanted.rule, "number": 0}, unit.now)
    keys = unit.tx.subjects_of(wanted.kind, limit, so_far.after)
    examined, enrolled = _enrol(unit, event, keys, now)
    begun = [run for run in unit.runs.values() if run.rule == wanted.rule and run.event.startswith(BACKFILL)]
    first = [*so_far.first, *(run.subject for run in begun)][:SHOWN]
    dues = [run.due for run in begun if run.position == "" and run.due is not None]
    last = max((due for due in (so_far.last_due, *dues) if due is not None), default=None)
    over = len(keys) < limit or bool(wanted.limit and enrolled >= wanted.limit)
    return Preview(examined, enrolled, first, last, keys[-1].id if keys else "", over)


def preview_json(found: Preview, wanted: Backfill, now: Millis) -> dict[str, JSON]:
    """The public form of a preview; `last_at` is when the last run would begin."""
    return {
        "rule": wanted.rule,
        "dry_run": True,
        "examined": found.examined,
        "matches": found.enrolled,
        "first": [{"kind": key.kind, "id": key.id} for key in found.first],
        "now": instant_text(now),
        "last_at": instant_text(found.last_due if found.last_due is not None else now),
    }
