"""The triggers of a rule: which are meant, whom the rule is for, and what its event holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rulelang.catalog.model import Filter, Trigger
from rulelang.catalog.phrases import Matched, NoMatch
from rulelang.check.clock import demands, moment_of
from rulelang.check.compare import is_null
from rulelang.check.context import Context
from rulelang.check.expressions import condition
from rulelang.check.literals import literal
from rulelang.check.phrases import Phrases, fill, no_trigger
from rulelang.check.roles import pipelines_with, word_of
from rulelang.check.scope import EventFields
from rulelang.check.typed import Apply, CheckedAbsence, CheckedTrigger, Const, Ref, Typed
from rulelang.check.waits import check_length
from rulelang.diagnostics import followed, messages
from rulelang.source import Span
from rulelang.syntax import nodes
from rulelang.syntax.builder import is_absence
from rulelang.types.model import ANY, BOOL, DURATION, TEXT, Type
from rulelang.types.schema import SUBJECT_KINDS

ABSENCE = "absence.noticed"
"""The trigger of an event that does not come, whose phrase holds those of two others."""


@dataclass(frozen=True, slots=True)
class Found:
    """A trigger clause with the declaration it means."""

    clause: nodes.TriggerClause
    matched: Matched[Trigger]

    @property
    def trigger(self) -> Trigger:
        """The declaration."""
        return self.matched.declaration


@dataclass(frozen=True, slots=True)
class Missed(Found):
    """The absence of an event: `missed` does not come `within` a duration after `first`."""

    missed: Found
    first: Found
    within: nodes.DurationLit


def find_triggers(
    context: Context, clauses: Sequence[nodes.TriggerClause], phrases: Phrases
) -> tuple[Found, ...]:
    """The clauses that could be understood; the others are reported."""
    found = []
    for clause in clauses:
        each = (
            _missed(context, clause, phrases)
            if is_absence(clause.phrase)
            else _found(context, clause, phrases)
        )
        if each is not None:
            found.append(each)
    return tuple(found)


def _found(context: Context, clause: nodes.TriggerClause, phrases: Phrases) -> Found | None:
    matched = phrases.triggers.match(clause.phrase)
    if not isinstance(matched, NoMatch):
        return Found(clause, matched)
    context.report(no_trigger(context.source, clause.phrase, matched))
    return None


def _missed(context: Context, clause: nodes.TriggerClause, phrases: Phrases) -> Found | None:
    """`absence of <phrase> for <duration> after <phrase>`."""
    parts = clause.phrase.parts
    for at in range(2, len(parts) - 2):
        match parts[at : at + 3]:
            case [
                nodes.Word(_, "for"),
                nodes.Operand(_, nodes.DurationLit() as within),
                nodes.Word(_, "after"),
            ]:
                break
    else:
        _no_absence(context, clause)
        return None
    if at == 2 or at + 3 == len(parts):
        _no_absence(context, clause)
        return None
    missed = _found(context, _clause(parts[2:at]), phrases)
    first = _found(context, _clause(parts[at + 3 :]), phrases)
    if missed is None or first is None:
        return None
    if missed.trigger.clock is not None or first.trigger.clock is not None:
        _no_absence(context, clause)
        return None
    subjects = tuple(kind for kind in first.trigger.subjects if kind in missed.trigger.subjects)
    declaration = replace(context.catalogue.triggers[ABSENCE], subjects=subjects)
    return Missed(clause, Matched(declaration, {}, None), missed, first, within)


def _clause(parts: Sequence[nodes.PhrasePart]) -> nodes.TriggerClause:
    span = parts[0].span.to(parts[-1].span)
    return nodes.TriggerClause(span, nodes.Phrase(span, tuple(parts)))


def _no_absence(context: Context, clause: nodes.TriggerClause) -> None:
    text = context.text(clause.phrase.span)
    context.report(followed.bad_absence(context.source, clause.phrase.span, text))


# --- whom the rule is for --------------------------------------------------------------------------


def subject_of(context: Context, node: nodes.Rule, found: Sequence[Found]) -> str:
    """The subject kind of a rule: what its header says, else what its triggers are about.

    Triggers that never happen to it are reported.
    """
    declared = _declared(node)
    if declared is not None:
        for each in found:
            check_subject(context, each, declared)
        return declared
    return _inferred(context, found)


def _declared(node: nodes.Rule) -> str | None:
    """The subject of the header; the parser has reported words that are none."""
    word = node.subject.text if node.subject is not None else ""
    return word if word in SUBJECT_KINDS else None


def check_subject(context: Context, found: Found, subject: str) -> None:
    """Report a trigger that never happens to a kind of subject."""
    if subject in found.trigger.subjects:
        return
    span = found.clause.phrase.span
    context.report(
        messages.trigger_for_other(context.source, span, context.text(span), subject, found.trigger.subjects)
    )


def _inferred(context: Context, found: Sequence[Found]) -> str:
    if not found:
        return "contact"
    candidates: tuple[str, ...] = found[0].trigger.subjects
    for each in found[1:]:
        both = tuple(kind for kind in candidates if kind in each.trigger.subjects)
        if not both:
            span = each.clause.phrase.span
            text = context.text(span)
            context.report(messages.no_common_subject(context.source, span, text, candidates[0]))
            continue
        candidates = both
    return next((kind for kind in candidates if _has_stages(context, kind, found)), candidates[0])


def _has_stages(context: Context, kind: str, found: Sequence[Found]) -> bool:
    """Whether the stages that the triggers name are stages of this kind."""
    stages = (
        word_of(each.matched.slots[param.name])
        for each in found
        for param in each.trigger.slots
        if param.role == "stage" and param.name in each.matched.slots
    )
    return all(stage is None or pipelines_with(context, kind, stage) for stage in stages)


# --- the event and what the slots demand of it -----------------------------------------------------


def event_fields(context: Context, found: Found) -> EventFields | None:
    """The payload of a trigger: what is declared, or what the workspace's own event holds.

    None when the trigger names an event that is not declared, or one that is declared without any members: its
    payload is free.
    """
    if isinstance(found, Missed):
        first = event_fields(context, found.first)
        return None if first is None else replace(first, fields={**first.fields, "absence": TEXT})
    text = context.text(found.clause.phrase.span)
    fields = {**found.trigger.payload, **_changed_field(context, found)}
    if _event_slot(found):
        own = context.schema.events.get(_event_type(found))
        if own is None or not own.payload:
            return None
        fields |= {name: f.type for name, f in own.payload.items()}
    return EventFields(text, fields)


def heard_fields(context: Context, found: Found) -> EventFields:
    """The payload of an event that a condition behind `where` is about; of a free one any name may be a field."""
    return event_fields(context, found) or EventFields("", {}, known=False)


def _changed_field(context: Context, found: Found) -> dict[str, Type]:
    """The payload that holds values of the field which a trigger names: they have that field's type."""
    slots = found.matched.slots
    named = next((slots[p.name] for p in found.trigger.slots if p.role == "field"), None)
    field = context.scope.fields.get(word_of(named) or "") if named is not None else None
    if field is None:
        return {}
    roles = {p.name for p in found.trigger.slots if p.role in ("value", "field_value")}
    return {f.path[0]: field.type for f in found.trigger.filters if f.slot in roles and len(f.path) == 1}


def _event_slot(found: Found) -> str:
    """The name of the slot that holds the event's type; "" for triggers of one fixed type."""
    return next((p.name for p in found.trigger.slots if p.role == "event"), "")


def _event_type(found: Found) -> str:
    slot = _event_slot(found)
    node = found.matched.slots.get(slot) if slot else None
    return (word_of(node) if node is not None else None) or found.trigger.event


def checked_trigger(context: Context, found: Found, root: str = "event") -> CheckedTrigger:
    """The trigger with its fixed conditions and those of its slots, as conditions on the event under `root`."""
    if isinstance(found, Missed):
        return _checked_absence(context, found, root)
    trigger = found.trigger
    values = fill(context, trigger.slots, found.matched.slots, setting=False)
    _check_event_subject(context, found)
    filters = [_fixed(found, root, "eq", name, value) for name, value in trigger.where.items()]
    filters += [_fixed(found, root, "ne", name, value) for name, value in trigger.unless.items()]
    filters += [_filter(f, root, values[f.slot]) for f in trigger.filters if f.slot in values]
    moment = moment_of(context, trigger, values)
    if moment is not None:
        filters += demands(moment, root, found.clause.span)
    return CheckedTrigger(found.clause.span, trigger, _event_type(found), tuple(filters), moment)


def _checked_absence(context: Context, found: Missed, root: str) -> CheckedTrigger:
    """The absence under a name, by which the machine tells whose time has come."""
    span = found.clause.span
    whole = Span(found.clause.phrase.parts[2].span.start, span.end)
    name = " ".join(context.text(whole).split())
    missed, first = (checked_trigger(context, each, "awaited") for each in (found.missed, found.first))
    within = literal(context, found.within)
    where: tuple[Typed, ...] = ()
    if found.clause.where is not None:
        events = tuple(each for each in [event_fields(context, found.first)] if each is not None)
        awaited = heard_fields(context, found.missed)
        scope = replace(context.scope, events=events, events_known=bool(events), awaited=awaited)
        where = (condition(context.with_scope(scope), found.clause.where),)
    length = within.value if isinstance(within, Const) and check_length(context, within) else ""
    absence = CheckedAbsence(
        span, name, missed.event, (*missed.filters, *where), length, first.event, first.filters
    )
    mine = _fixed(found, root, "eq", "absence", name)
    return CheckedTrigger(span, found.trigger, found.trigger.event, (mine,), absence=absence)


def _check_event_subject(context: Context, found: Found) -> None:
    own = context.schema.events.get(_event_type(found)) if _event_slot(found) else None
    subject, span = context.scope.subject, found.clause.phrase.span
    if own is not None and own.subject != subject and subject in found.trigger.subjects:
        text = context.text(span)
        context.report(messages.trigger_for_other(context.source, span, text, subject, (own.subject,)))


def _fixed(found: Found, root: str, op: str, name: str, value: object) -> Typed:
    span = found.clause.span
    return Apply(BOOL, span, op, (Ref(ANY, span, (root, name)), Const(TEXT, span, value)))


def _filter(declared: Filter, root: str, value: Typed) -> Typed:
    """What a slot demands: payload `op` value; `null` demands that there is none."""
    place = Ref(ANY, value.span, (root, *declared.path))
    if is_null(value):
        return Apply(BOOL, value.span, "not", (Apply(BOOL, value.span, "is_set", (place,)),))
    name = declared.op.removeprefix("not ")
    found = Apply(BOOL, value.span, f"duration.{name}" if value.type == DURATION else name, (place, value))
    return found if name == declared.op else Apply(BOOL, value.span, "not", (found,))
