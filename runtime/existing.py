"""Existing matches: whether a rule's trigger would have been about a record as it is now, for backfills.

Some triggers leave a trace in the record: a stage, a tag, a segment, a field's value, its being there. For these the
event that led to it is made up and the trigger's conditions are tested with it. Others leave none: then the rule's
`when` alone decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rulelang.catalog.model import Catalogue, Derivation, Trigger
from rulelang.plan.interpret import holds
from rulelang.plan.model import Plan
from runtime.model import JSON, Event
from runtime.program import Program
from runtime.working import SEGMENTS, STAGES, TAGS

if TYPE_CHECKING:
    from runtime.turn import Turn

_TRACES = frozenset(
    {
        Derivation.CREATED,
        Derivation.UPDATED,
        Derivation.FIELD,
        Derivation.TAG_ADDED,
        Derivation.STAGE_ENTERED,
        Derivation.SEGMENT_ENTERED,
    }
)


def traces(plan: Plan, catalogue: Catalogue) -> bool:
    """Whether some trigger of a rule leaves a trace in the record."""
    return bool(_traced(plan, catalogue))


def says_who(plan: Plan, catalogue: Catalogue) -> bool:
    """Whether anything tells which records match: a trace, a condition, or both."""
    return plan.when is not None or plan.begins is not None or traces(plan, catalogue)


def existing_match(turn: Turn, program: Program, event: Event) -> Event | None:
    """The event that may have led to what the record is now, if the rule would begin by it; None when not."""
    plan, catalogue = program.plan, turn.machine.library.catalogue
    if plan.begins is not None:
        scope = turn.scope({})
        begun = holds(plan.begins.when, scope) and (program.when is None or program.when(scope))
        return event if begun else None
    traced = _traced(plan, catalogue)
    if not traced:
        return event if program.when is None or program.when(turn.scope({})) else None
    for number, declaration in traced:
        trigger = plan.triggers[number]
        for data in _made_up(declaration, turn.working.fields):
            scope = turn.scope(data)
            if holds(trigger.when, scope) and (program.when is None or program.when(scope)):
                return Event(
                    event.id, trigger.event, turn.now, turn.now, event.subject, data=data, cause=event.cause
                )
    return None


def _traced(plan: Plan, catalogue: Catalogue) -> Sequence[tuple[int, Trigger]]:
    found = ((n, catalogue.triggers.get(trigger.trigger)) for n, trigger in enumerate(plan.triggers))
    return [(n, trigger) for n, trigger in found if trigger is not None and trigger.derivation in _TRACES]


def _made_up(trigger: Trigger, fields: Mapping[str, JSON]) -> Iterator[dict[str, JSON]]:
    """The data of each event of a trigger that the record bears traces of; what was before is not known."""
    match trigger.derivation:
        case Derivation.STAGE_ENTERED:
            entered = fields.get("stage_entered_at") or {}
            for pipeline, stage in (fields.get(STAGES) or {}).items():
                at = entered.get(pipeline)
                yield _kept(trigger, {"pipeline": pipeline, "stage": stage, "after": stage, "entered_at": at})
        case Derivation.TAG_ADDED:
            tags = fields.get(TAGS) or []
            yield from ({"tag": tag, "tags_after": list(tags)} for tag in tags)
        case Derivation.SEGMENT_ENTERED:
            yield from ({"segment": name} for name in fields.get(SEGMENTS) or [])
        case Derivation.FIELD:
            names = [trigger.field] if trigger.field else list(fields)
            for name in names:
                if fields.get(name) is not None:
                    value = fields[name]
                    yield _kept(trigger, {"field": name, "after": value, trigger.value_key or "after": value})
        case _:
            yield {name: fields[name] for name in trigger.payload if fields.get(name) is not None}


def _kept(trigger: Trigger, data: dict[str, JSON]) -> dict[str, JSON]:
    return {name: value for name, value in data.items() if name in trigger.payload and value is not None}
