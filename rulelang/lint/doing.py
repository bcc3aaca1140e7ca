"""What a plan changes, and which changes set a plan off: the two ends of every connection between rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from rulelang.catalog.model import Catalogue, Derivation, Trigger
from rulelang.lint.conditions import never_holds
from rulelang.plan import model
from rulelang.plan.followed import NOTHING, Computed, SegmentPart
from rulelang.plan.ir import Get, Ir, Lit, Op, Scalar, conjoin, conjuncts
from rulelang.types.schema import Schema

ANYTHING = object()
"""A value that is not known before the rule runs."""


@dataclass(frozen=True, slots=True)
class Write:
    """A change that a step makes: `kind` is `field`, `tag_added`, `tag_removed`, `stage` or `start`.

    `name` is the field, tag, pipeline or rule; `value` the new value, or ANYTHING. `sure`: the step has no condition
    and stands in no branch. `subject` is the kind of record that changes.
    """

    kind: str
    name: str
    value: object
    step: str
    sure: bool
    subject: str


def all_steps(steps: Iterable[model.Step], sure: bool = True) -> Iterator[tuple[model.Step, bool]]:
    """Every step with those inside it, in the order written, and whether it is surely reached."""
    for step in steps:
        certain = sure and getattr(step, "when", None) is None
        yield step, certain
        for inner, whole in _inside(step):
            yield from all_steps(inner, certain and whole)


def _inside(step: model.Step) -> Iterator[tuple[Sequence[model.Step], bool]]:
    match step:
        case model.BlockStep():
            yield step.steps, True
        case model.RepeatStep() | model.EachStep():
            yield step.steps, False
        case model.IfStep():
            yield from ((branch.steps, False) for branch in step.branches)
            yield step.otherwise, False
        case model.ListenStep() | model.SplitStep():
            yield from ((arm.steps, False) for arm in step.arms)
            if isinstance(step, model.SplitStep):
                yield step.otherwise, False
        case model.ParallelStep():
            yield from ((branch.steps, True) for branch in step.branches)
        case model.ActionStep() if step.on_error is not None:
            yield step.on_error.steps, False


def writes(plan: model.Plan) -> list[Write]:
    """All changes that a plan's steps make to its subject and to related records, and the rules it starts."""
    found: list[Write] = []
    elsewhere: dict[str, str] = {}
    for step, sure in all_steps(plan.steps):
        if isinstance(step, model.EachStep):
            elsewhere |= {inner.id: step.kind for inner, _ in all_steps(step.steps)}
        if isinstance(step, model.ActionStep):
            subject = elsewhere.get(step.id, plan.subject)
            found += (
                Write(kind, name, value, step.id, sure, subject) for kind, name, value in _changes(step)
            )
    return found


def _changes(step: model.ActionStep) -> Iterator[tuple[str, str, object]]:
    args = {name: _known(ir) for name, ir in step.args.items()}
    match step.action:
        case "set":
            yield "field", str(args.get("field")), args.get("value", ANYTHING)
            yield from (("field", name, _known(ir)) for name, ir in step.params.items())
        case "clear":
            fields = args.get("field")
            yield from (
                ("field", str(name), None) for name in (fields if isinstance(fields, list) else [fields])
            )
        case "mark_dnd" | "unmark_dnd":
            yield "field", "dnd", ANYTHING
        case "subscribe" | "unsubscribe":
            yield "field", "subscriptions", ANYTHING
        case "create_opportunity":
            yield "field", "opportunity_id", ANYTHING
        case "toggle_verified":
            yield "field", f"{args.get('what')}_verified", ANYTHING
        case "assign" | "assign_by_territory":
            yield "field", "owner", ANYTHING
        case "append" | "drop":
            yield "field", str(args.get("field")), ANYTHING
        case "unassign":
            yield "field", "owner", None
        case "add_tag":
            yield "tag_added", str(args.get("tag")), args.get("tag")
        case "remove_tag":
            yield "tag_removed", str(args.get("tag")), args.get("tag")
        case "move_to_stage":
            yield "stage", str(args.get("pipeline")), args.get("stage")
        case "start_rule":
            yield "start", str(args.get("rule")), args.get("rule")
        case "mark_dnc" | "unmark_dnc":
            yield "field", "dnc", step.action == "mark_dnc"
        case "mark_opt_out" | "unmark_opt_out":
            yield "field", f"{args.get('channel')}_opt_out", step.action == "mark_opt_out"


def _known(ir: Ir) -> object:
    return ir.v if isinstance(ir, Lit) else ANYTHING


def sets_off(write: Write, plan: model.Plan, catalogue: Catalogue, schema: Schema) -> bool:
    """Whether a change may start a plan, as far as literals tell."""
    if write.subject != plan.subject:
        return False
    if write.kind == "start":
        return write.name == plan.key
    if plan.begins is not None:
        return touches(write, plan.begins.when)
    computed = schema.computed.get(plan.subject, NOTHING)
    heard = any(
        _fits(write, catalogue.triggers[trigger.trigger], trigger) or _moves_segment(write, trigger, computed)
        for trigger in plan.triggers
        if trigger.trigger in catalogue.triggers
    )
    return heard and not _excluded(write, plan.when)


def touches(write: Write, when: Ir) -> bool:
    """Whether a change may make a condition true that is followed all the time."""
    name = {"field": write.name, "tag_added": "tags", "tag_removed": "tags", "stage": "stages"}.get(
        write.kind
    )
    return any(len(path) > 1 and path[1] == name for path in _paths(when)) and not _excluded(write, when)


def _moves_segment(write: Write, trigger: model.TriggerPlan, computed: Computed) -> bool:
    """Whether a change may move a record into or out of the segment that a trigger listens to."""
    names = {value for get, value in equalities(trigger.when) if get.p == ("event", "segment")}
    if trigger.trigger not in ("segment.entered", "segment.left"):
        return False
    parts = [part for part in computed.parts if isinstance(part, SegmentPart) and part.name in names]
    if trigger.trigger == "segment.entered":
        return any(touches(write, part.when) for part in parts)
    return any(touches(write, Op("not", (part.when,))) for part in parts)


def _paths(expr: Ir) -> Iterator[tuple[str, ...]]:
    if isinstance(expr, Get):
        yield expr.p
    elif isinstance(expr, Op):
        for arg in expr.a:
            yield from _paths(arg)


_ENDS = {"rule.completed", "rule.entered"}
"""What becomes of every run that nothing else ends."""


def tells(plan: model.Plan, other: model.Plan) -> bool:
    """Whether a run of a plan may start another one by beginning or ending."""
    happens = set(_ENDS)
    if plan.exits or any(not exit.goal for exit in plan.exit_on):
        happens.add("rule.exited")
    if plan.goals or any(exit.goal for exit in plan.exit_on):
        happens.add("rule.goal_reached")
    return plan.subject == other.subject and any(
        trigger.trigger in happens
        and any(get.p == ("event", "rule") and value == plan.key for get, value in equalities(trigger.when))
        for trigger in other.triggers
    )


def _fits(write: Write, declaration: Trigger, trigger: model.TriggerPlan) -> bool:
    filters = {get.p[1:]: value for get, value in equalities(trigger.when) if get.p[0] == "event"}
    match declaration.derivation:
        case Derivation.UPDATED:
            return write.kind in ("field", "tag_added", "tag_removed")
        case Derivation.FIELD:
            named = declaration.field or filters.get(("field",), write.name)
            after = filters.get(("after",), filters.get((declaration.value_key,), ANYTHING))
            return write.kind == "field" and named == write.name and _may_equal(write.value, after)
        case Derivation.TAG_ADDED | Derivation.TAG_REMOVED:
            wanted = "tag_added" if declaration.derivation is Derivation.TAG_ADDED else "tag_removed"
            return write.kind == wanted and _may_equal(write.value, filters.get(("tag",), ANYTHING))
        case Derivation.STAGE_ENTERED:
            stage = filters.get(("stage",), filters.get(("after",), ANYTHING))
            return write.kind == "stage" and _may_equal(write.value, stage)
        case Derivation.STAGE_EXITED:
            return write.kind == "stage" and not _may_equal_only(
                write.value, filters.get(("stage",), ANYTHING)
            )
        case Derivation.DND:
            return write.kind == "field" and (write.name == "dnc" or write.name.endswith("_opt_out"))
    return False


def _may_equal(value: object, wanted: object) -> bool:
    return value is ANYTHING or wanted is ANYTHING or value == wanted


def _may_equal_only(value: object, left: object) -> bool:
    """A move to the stage that is to be left leaves nothing."""
    return value is not ANYTHING and value == left


def _excluded(write: Write, when: Ir | None) -> bool:
    """Whether a condition cannot hold once the change is made."""
    if write.kind != "field" or write.value is ANYTHING:
        return False
    field, constant = Get((write.subject, write.name)), Lit(cast("Scalar", write.value))
    after = Op("eq", (field, constant)) if write.value is not None else Op("not", (Op("is_set", (field,)),))
    return never_holds(conjoin(when, after))


def equalities(when: Ir | None) -> Iterator[tuple[Get, object]]:
    """The conjuncts that compare a path with a constant for equality."""
    for part in conjuncts(when):
        match part:
            case Op("eq", (Get() as get, Lit(value))) | Op("eq", (Lit(value), Get() as get)):
                yield get, value
