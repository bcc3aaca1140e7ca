"""Steps of a plan as comparable values: what they say without their places, and what is inside them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, TypeAlias

import msgspec

from rulelang.plan.model import (
    ActionStep,
    Arm,
    BlockStep,
    Branch,
    EachStep,
    GoalStep,
    IfStep,
    LabelStep,
    LetStep,
    ListenStep,
    ParallelStep,
    Plan,
    RepeatStep,
    SplitArm,
    SplitStep,
    Step,
    WaitStep,
)

Steps: TypeAlias = tuple[Step, ...]
ArmLike: TypeAlias = Arm | Branch | SplitArm | BlockStep

_sorted = msgspec.json.Encoder(order="sorted")
_PLACES = frozenset({"id", "target"})


def meaning(part: Any) -> bytes:
    """Everything that a part says, but for where it stands: equal for parts that do the same."""
    return _sorted.encode(_placeless(msgspec.to_builtins(part)))


def _placeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _placeless(item) for key, item in value.items() if key not in _PLACES}
    if isinstance(value, list | tuple):
        return [_placeless(item) for item in value]
    return value


def name_of(step: Step) -> Hashable | None:
    """What makes a step the same although other things about it changed; None when there is no such thing."""
    match step:
        case ActionStep():
            return ("action", step.action, meaning(step.args))
        case SplitStep() | GoalStep() | LabelStep() | LetStep():
            return (kind_of(step), step.name)
        case ListenStep():
            return ("listen", step.subject, *(arm_name(arm) for arm in step.arms))
        case IfStep():
            return ("if", *(meaning(branch.when) for branch in step.branches))
        case BlockStep():
            return ("block", meaning(step.when))
    return None


def kind_of(step: Step) -> str:
    """The kind of a step: for a wait the kind of wait, for an action which one it is."""
    match step:
        case WaitStep():
            return f"wait:{step.mode}"
        case ListenStep():
            return f"listen:{step.subject}"
        case EachStep():
            return f"each:{step.kind}"
        case ActionStep():
            return f"action:{step.action}{':and wait' if step.and_wait else ''}"
    return str(type(step).__struct_config__.tag)


def arm_name(arm: ArmLike) -> Hashable | None:
    """What makes a branch the same although its steps changed."""
    match arm:
        case Arm():
            return (arm.kind, meaning(arm.awaited), meaning(arm.value))
        case Branch():
            return meaning(arm.when)
        case SplitArm():
            return arm.name
        case BlockStep():
            return None


def arm_kind(arm: ArmLike) -> Hashable | None:
    """The kind of a branch. Branches of a split go by their names alone: subjects were drawn into them."""
    match arm:
        case Arm():
            return arm.kind
        case SplitArm():
            return None
    return "branch"


def arms_of(step: Step) -> Sequence[ArmLike]:
    """The branches of a step that are told apart by what they say."""
    match step:
        case ListenStep() | SplitStep():
            return step.arms
        case IfStep() | ParallelStep():
            return step.branches
    return ()


def blocks_of(step: Step) -> dict[str, Steps]:
    """The lists of steps of which a step has at most one, by what they are for."""
    match step:
        case IfStep() | SplitStep():
            return {"else": step.otherwise}
        case RepeatStep() | BlockStep() | EachStep():
            return {"do": step.steps}
        case ActionStep(on_error=on_error) if on_error is not None:
            return {"on error": on_error.steps}
    return {}


def in_order(steps: Steps) -> Iterator[Step]:
    """All steps in the order in which they are written, each before what is inside it."""
    for step in steps:
        yield step
        for arm in arms_of(step):
            yield from in_order(arm.steps)
        for block in blocks_of(step).values():
            yield from in_order(block)


def all_steps(plan: Plan) -> Iterator[Step]:
    """All steps of a plan, those `on exit` last."""
    yield from in_order(plan.steps)
    yield from in_order(plan.on_exit)


def kinds_of(plan: Plan) -> frozenset[str]:
    """The kinds of the subjects whose runs follow a plan: its own, and those of related records."""
    return frozenset((plan.subject, *(step.kind for step in all_steps(plan) if isinstance(step, EachStep))))


def names_given(plan: Plan) -> frozenset[str]:
    """The names that a rule gives to values: parameters, `let`, `as`, results of actions."""
    return frozenset((*plan.params, *(name for step in all_steps(plan) for name in _named(step) if name)))


def _named(step: Step) -> Iterator[str]:
    match step:
        case LetStep():
            yield step.name
        case ActionStep():
            yield step.bind
        case WaitStep():
            yield from (awaited.bind for awaited in step.restart)
        case ListenStep():
            yield from (awaited.bind for arm in step.arms for awaited in arm.awaited)
        case GoalStep():
            yield from (awaited.bind for awaited in step.awaited)
