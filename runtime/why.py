"""Why a rule fired for a subject, or why it did not: read back from the journal, never guessed.

The journal holds every change with the value before it, so the subject's fields at any earlier event are those of
now with later changes undone. The rule's conditions are then evaluated again by the plain interpreter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rulelang.plan.interpret import Explanation, explain, first_false, holds
from rulelang.plan.ir import Get, Ir, conjuncts
from rulelang.plan.model import Plan
from rulelang.plan.scope import Directory, Scope
from rulelang.types.schema import Schema
from runtime.model import JSON, Entry, EntryKind, Millis, SubjectKey
from runtime.stages import with_stage
from runtime.statistics import refusal_kind
from runtime.tracking import CONDITION_MET
from runtime.zones import zone_of

MAX_SEGMENTS = 100_000
"""Segments of a subject's journal that are read; older events are not judged."""

_ARRIVALS = (EntryKind.EVENT, EntryKind.DERIVED)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a condition: its words, whether it held, and the values in it."""

    text: str
    held: bool
    values: Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class Stop:
    """A step of a run that was not carried out as the rule says: no consent, a cap, quiet hours, a failure."""

    at: Millis
    step: str
    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one event meant for the rule.

    `outcome` is `started`, `refused`, `not_matched` or `not_listening`; `reason` says in one sentence what stood in
    the way, and `stopped_by` in a word: `trigger`, `condition`, `state`, or what statistics count a refusal as.
    `stops` are steps of the run that were held up or left out. `version` is the number of the rule's version that the
    event was judged by, 0 when it is not known.
    """

    event: str
    type: str
    at: Millis
    outcome: str
    reason: str
    run: str = ""
    parts: tuple[Part, ...] = field(default=())
    stops: tuple[Stop, ...] = field(default=())
    version: int = 0
    stopped_by: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """A version of the rule that was in force from `at` on; without a `plan` it was gone, or is not known any more."""

    at: Millis
    number: int
    state: str
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class Case:
    """What is needed to answer: the subject's fields now, those of its related records, its journal, oldest first.

    `past` are the versions of the rule, newest first; without any the rule is taken to have been as it is.
    """

    key: SubjectKey
    fields: Mapping[str, JSON]
    related: Mapping[str, Mapping[str, JSON]]
    journal: Sequence[Entry]
    past: Sequence[Past] = ()

    def version_at(self, at: Millis) -> Past | None:
        """What was in force at a time; None when that is not known."""
        return next((past for past in self.past if past.at <= at), None)


def why(plan: Plan, schema: Schema, case: Case, event: str = "") -> list[Verdict]:
    """A verdict for each event that the rule listens to, newest first; for one event only when `event` names it.

    Events that the rule does not listen to are told only when asked for by id.
    """
    people = Directory.of(schema)
    return [
        verdict
        for entry, fields in _backwards(case, schema)
        if (not event or entry.event == event)
        and (verdict := _judge(plan, schema, people, case, entry, fields, bool(event))) is not None
    ]


def _backwards(case: Case, schema: Schema) -> Iterator[tuple[Entry, Mapping[str, JSON]]]:
    """Each event, newest first, with the fields as they were once the event itself had been applied."""
    fields = dict(case.fields)
    for entry in reversed(case.journal):
        if entry.kind in _ARRIVALS:
            yield entry, with_stage(schema, case.key.kind, fields)
        undone(fields, entry)


def undone(fields: dict[str, JSON], entry: Entry) -> None:
    """Take the changes of an entry back from the fields after it."""
    for name, (before, _) in entry.changes.items():
        _undo(fields, name, before)


def _undo(fields: dict[str, JSON], name: str, before: JSON) -> None:
    root, _, key = name.partition(".")
    if key:
        inner = {**(fields.get(root) or {}), key: before}
        fields[root] = {k: v for k, v in inner.items() if v is not None}
    elif before is None:
        fields.pop(name, None)
    else:
        fields[name] = before


def _judge(
    plan: Plan,
    schema: Schema,
    people: Directory,
    case: Case,
    entry: Entry,
    fields: Mapping[str, JSON],
    asked: bool,
) -> Verdict | None:
    then = case.version_at(entry.at)
    now, plan = plan, then.plan if then is not None and then.plan is not None else plan
    number = then.number if then is not None else 0
    triggers = [t for t in plan.triggers if t.event == entry.action]
    met = plan.begins is not None and entry.action == CONDITION_MET and entry.input.get("rule") == plan.key
    if not triggers and not met:
        if not asked:
            return None
        if plan.begins is not None:
            return _not_begun(plan, schema, people, case, entry, fields)
        listens = ", ".join(dict.fromkeys(t.event for t in plan.triggers))
        reason = f"the rule listens to {listens}, this event is {entry.action}"
        return Verdict(entry.event, entry.action, entry.at, "not_listening", reason)
    told = _told(plan, case.journal, entry)
    if told is not None:
        return replace(told, version=number)
    records = {"contact": {}, "account": {}, "opportunity": {}, **case.related, case.key.kind: fields}
    zone = zone_of(records, schema.time_zone)
    scope = Scope({**records, "event": entry.input}, entry.at, zone, people, plan.subject)
    condition = min((t.when for t in triggers), key=lambda when: 0 if holds(when, scope) else 1)
    parts = tuple(_part(part, scope) for when in (condition, plan.when) for part in conjuncts(when))
    reason, by = first_false(condition, scope), "trigger"
    if not reason:
        reason, by = first_false(plan.when, scope), "condition"
    if not reason:
        reason, by = _not_in_force(now, case, then), "state"
    return Verdict(entry.event, entry.action, entry.at, "not_matched", reason, "", parts, (), number, by)


def _not_begun(
    plan: Plan,
    schema: Schema,
    people: Directory,
    case: Case,
    entry: Entry,
    fields: Mapping[str, JSON],
) -> Verdict:
    """Why a rule that begins by its condition did not begin with an event; counts of events are not told here."""
    records = {"contact": {}, "account": {}, "opportunity": {}, **case.related, case.key.kind: fields}
    scope = Scope(records, entry.at, zone_of(records, schema.time_zone), people, plan.subject)
    reason = first_false(plan.when, scope) or "its condition held, and began to hold with another event"
    parts = tuple(_part(part, scope) for part in conjuncts(plan.when))
    return Verdict(
        entry.event, entry.action, entry.at, "not_matched", reason, parts=parts, stopped_by="condition"
    )


def _told(plan: Plan, journal: Sequence[Entry], arrival: Entry) -> Verdict | None:
    """The verdict that the journal itself holds."""
    for entry in journal:
        if entry.rule != plan.key or entry.event != arrival.event:
            continue
        if entry.kind == EntryKind.ENROLLED:
            stops = tuple(_stops(journal, entry.run))
            return Verdict(
                arrival.event, arrival.action, arrival.at, "started", "", run=entry.run, stops=stops
            )
        if entry.kind == EntryKind.REFUSED:
            kind = refusal_kind(entry.reason)
            return Verdict(
                arrival.event, arrival.action, arrival.at, "refused", entry.reason, stopped_by=kind
            )
    return None


def _stops(journal: Sequence[Entry], run: str) -> Iterator[Stop]:
    for entry in journal:
        held = entry.kind == EntryKind.WAITING and entry.reason.startswith("held: ")
        if entry.run == run and (held or entry.kind in (EntryKind.SUPPRESSED, EntryKind.FAILED)):
            yield Stop(entry.at, entry.step, entry.action, entry.reason)


def _not_in_force(plan: Plan, case: Case, then: Past | None) -> str:
    if then is None and case.past:
        return "the rule as it is now would match; what was in force when the event came is not on record"
    if then is not None and not then.state:
        return "the rule had been removed when the event came"
    if then is not None and then.state != "live":
        return f"the rule was {then.state} when the event came"
    if plan.state != "live":
        return f"the rule is {plan.state}"
    return "the rule as it is now would match; it was not in force in this form when the event came"


def _part(ir: Ir, scope: Scope) -> Part:
    explanation = explain(ir, scope)
    return Part(explanation.text, explanation.value is True, dict(_values(explanation)))


def _values(explanation: Explanation) -> Iterator[tuple[str, JSON]]:
    if isinstance(explanation.ir, Get):
        yield explanation.text, explanation.value
    for part in explanation.parts:
        yield from _values(part)
