"""What a plan changes, and which changes set a plan off: the two ends of every connection between rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rulelang.catalog.model import Catalogue, Derivation, Trigger
from rulelang.plan import model
from rulelang.plan.ir import Get, Ir, Lit, Op, conjuncts

ANYTHING = object()
"""A value that is not known before the rule runs."""


@dataclass(frozen=True, slots=True)
class Write:
    """A change that a step makes: `kind` is `field`, `tag_added`, `tag_removed`, `stage` or `start`.

    `name` is the field, tag, pipeline or rule; `value` the new value, or ANYTHING. `sure`: the step has no condition
    and stands in no branch.
    """

    kind: str
    name: str
    value: object
    step: str
    sure: bool


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
    """All changes that a plan's steps make to its subject, and the rules it starts."""
    found: list[Write] = []
    for step, sure in all_steps(plan.steps):
        if isinstance(step, model.ActionStep):
            found += (Write(kind, name, value, step.id, sure) for kind, name, value in _changes(step))
    return found


def _changes(step: model.ActionStep) -> Iterator[tuple[str, str, object]]:
    args = {name: _known(ir) for name, ir in step.args.items()}
    match step.action:
        case "set":
            yield "field", str(args.get("field")), args.get("value", ANYTHING)
        case "clear":
            yield "field", str(args.get("field")), None
        case "assign":
            yield "field", "owner", ANYTHING
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
        case "mark_dnc":
            yield "field", "dnc", True
        case "mark_opt_out":
            yield "field", f"{args.get('channel')}_opt_out", True


def _known(ir: Ir) -> object:
    return ir.v if isinstance(ir, Lit) else ANYTHING


def sets_off(write: Write, plan: model.Plan, catalogue: Catalogue) -> bool:
    """Whether a change may start a plan, as far as literals tell."""
    if write.kind == "start":
        return write.name == plan.key
    if _excluded(write, plan.when):
        return False
    return any(
        _fits(write, catalogue.triggers[trigger.trigger], trigger)
        for trigger in plan.triggers
        if trigger.trigger in catalogue.triggers
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
    """Whether the plan's own condition cannot hold once the change is made."""
    if write.kind != "field" or write.value is ANYTHING:
        return False
    return any(
        len(get.p) == 2 and get.p[0] != "event" and get.p[1] == write.name and value != write.value
        for get, value in equalities(when)
    )


def equalities(when: Ir | None) -> Iterator[tuple[Get, object]]:
    """The conjuncts that compare a path with a constant for equality."""
    for part in conjuncts(when):
        match part:
            case Op("eq", (Get() as get, Lit(value))) | Op("eq", (Lit(value), Get() as get)):
                yield get, value
