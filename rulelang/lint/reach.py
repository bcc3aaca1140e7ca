"""What can never come about in a rule for what is known when it begins: branches, steps behind a `stop`, whole rules.

What a rule's trigger and `when` say holds until a step waits or changes something; then nothing is known of the
records any more, though still of the event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rulelang.lint.conditions import implied, never_holds
from rulelang.plan import model
from rulelang.plan.ir import Get, Ir, Op, conjoin, conjuncts

Known = tuple[Ir, ...]
_COMPARISONS = frozenset(
    ("and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "in", "list", "between", "contains")
    + ("starts_with", "ends_with", "matches", "is_set", "is_empty")
)
"""Operators whose result depends on nothing but their arguments."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the step or condition `key` of a plan: `kind` is `never`, `branch`, `stop` or `exit`."""

    kind: str
    key: str


def unreached(plan: model.Plan) -> Iterator[Finding]:
    """Everything in a plan that cannot come about, the first of each chain only."""
    known = _at_the_start(plan)
    if never_holds(conjoin(*known)):
        return
    for index, when in enumerate(plan.exits):
        if known and implied(known, when):
            yield Finding("exit", f"exit.{index}")
    yield from _steps(plan.steps, known)[0]


def _at_the_start(plan: model.Plan) -> Known:
    """What holds when a run begins: the `when`, and the trigger's own condition where there is only one."""
    own = conjuncts(plan.triggers[0].when) if len(plan.triggers) == 1 else ()
    return (*own, *conjuncts(plan.when))


def _steps(steps: Sequence[model.Step], known: Known) -> tuple[list[Finding], Known]:
    """Findings in a list of steps, and what is known behind it."""
    found: list[Finding] = []
    for place, step in enumerate(steps):
        when = getattr(step, "when", None)
        if when is not None and known and not never_holds(when) and never_holds(conjoin(*known, when)):
            found.append(Finding("never", f"{step.id}.when"))
            continue
        if _stops(step, known):
            if place + 1 < len(steps) and not _is_place(steps[place + 1]):
                found.append(Finding("stop", steps[place + 1].id))
            break
        inner, known = _inside(step, known)
        found += inner
    return found, known


def _is_place(step: model.Step) -> bool:
    return isinstance(step, (model.LabelStep, model.GoalStep))


def _stops(step: model.Step, known: Known) -> bool:
    """Whether a step with a condition ends the run whatever the data holds, for what is known."""
    match step:
        case model.StopStep(when=when) | model.GoToStep(when=when) if when is not None:
            return bool(known) and implied(known, when)
        case model.IfStep(branches=(first, *_)) if first.steps:
            inner = first.steps[0]
            ends = isinstance(inner, (model.StopStep, model.GoToStep)) and inner.when is None
            return ends and bool(known) and implied(known, first.when)
    return False


def _inside(step: model.Step, known: Known) -> tuple[list[Finding], Known]:
    """Findings within a step, and what is known behind it."""
    match step:
        case model.IfStep():
            return _branches(step, known)
        case model.BlockStep():
            return _block(step, known)
        case model.StopStep():
            return [], known
    return [], _lasting(known)


def _block(step: model.BlockStep, known: Known) -> tuple[list[Finding], Known]:
    found, behind = _steps(step.steps, (*known, *conjuncts(step.when)))
    return found, behind if step.when is None else _lasting(known)


def _branches(step: model.IfStep, known: Known) -> tuple[list[Finding], Known]:
    found: list[Finding] = []
    for place, branch in enumerate(step.branches):
        here = (*known, *conjuncts(branch.when))
        if never_holds(branch.when):
            continue
        if known and never_holds(conjoin(*here)):
            found.append(Finding("never", f"{branch.id}.when"))
        elif any(implied(here, earlier.when) for earlier in step.branches[:place]):
            found.append(Finding("branch", f"{branch.id}.when"))
        else:
            found += _steps(branch.steps, here)[0]
    found += _steps(step.otherwise, known)[0]
    return found, _lasting(known)


def _lasting(known: Known) -> Known:
    """What stays true whatever happens to the records and as time goes by: comparisons of the event's own data."""
    return tuple(part for part in known if _of_event(part))


def _of_event(expr: Ir) -> bool:
    match expr:
        case Get(path):
            return path[0] == "event"
        case Op(name, args):
            return name in _COMPARISONS and all(map(_of_event, args))
    return True
