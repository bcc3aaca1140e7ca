"""Where a run that stands in one version of a rule would stand in another, and why it cannot where it cannot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rulelang.plan.alignment import align
from rulelang.plan.ir import Get, Lit, Op
from rulelang.plan.model import (
    ActionStep,
    Awaited,
    EachStep,
    GoalStep,
    LetStep,
    ListenStep,
    ParallelStep,
    Plan,
    Step,
    WaitStep,
)
from rulelang.plan.parts import (
    all_steps,
    arm_kind,
    arm_name,
    arms_of,
    blocks_of,
    in_order,
    kind_of,
    meaning,
    name_of,
)

STANDING = (ActionStep, WaitStep, ListenStep, GoalStep, ParallelStep)
"""The steps at which a run can rest."""

START = ""
"""The place of a run that waits to be released: before the first step."""


@dataclass(frozen=True, slots=True)
class PlaceMap:
    """Places of one version in another. `steps` has the ids of steps and branches that stand for each other.

    `refused` says for each other place at which a run can rest why it has no counterpart, in a sentence; with the key
    `*` why no run can be moved at all.
    """

    steps: Mapping[str, str]
    refused: Mapping[str, str] = field(default_factory=dict)

    def place(self, position: str) -> str | None:
        """The place for a run at `position`; None when there is none."""
        if "*" in self.refused or position in self.refused:
            return None
        return START if position == START else self.steps.get(position)

    def why_not(self, position: str) -> str:
        """Why there is no place for a run at `position`."""
        return self.refused.get("*") or self.refused.get(position) or "the step is gone"


def map_places(old: Plan, new: Plan, uses_event: frozenset[str] = frozenset()) -> PlaceMap:
    """The places of `old` in `new`. Sound rather than complete: what is doubtful is refused (docs/deploy.md).

    `uses_event` are the actions that look at the event which began the run.
    """
    steps: dict[str, str] = {}
    for before, after in ((old.steps, new.steps), (old.on_exit, new.on_exit)):
        _map_steps(before, after, steps)
    refused = dict(_refusals(old, new, steps))
    whole = _whole_rule(old, new, uses_event)
    if whole:
        refused["*"] = whole
    _keep_branches_together(old, new, steps, refused)
    return PlaceMap({id: to for id, to in steps.items() if id not in refused}, refused)


def pair_steps(old: Sequence[Step], new: Sequence[Step]) -> list[tuple[int, int]]:
    """The steps of two lists that stand for each other."""
    return align(old, new, (meaning, name_of, kind_of))


def _map_steps(old: Sequence[Step], new: Sequence[Step], found: dict[str, str]) -> None:
    for n, m in pair_steps(old, new):
        if kind_of(old[n]) == kind_of(new[m]):
            _map_step(old[n], new[m], found)


def _map_step(old: Step, new: Step, found: dict[str, str]) -> None:
    found[old.id] = new.id
    if isinstance(old, EachStep):
        # The place at which the runs of related records begin.
        found[f"{old.id}.do"] = f"{new.id}.do"
    mine, theirs = arms_of(old), arms_of(new)
    for n, m in align(mine, theirs, (meaning, arm_name, arm_kind)):
        found[mine[n].id] = theirs[m].id
        _map_steps(mine[n].steps, theirs[m].steps, found)
    others = blocks_of(new)
    for name, steps in blocks_of(old).items():
        _map_steps(steps, others.get(name, ()), found)


# --- what stands in the way ------------------------------------------------------------------------------


def _refusals(old: Plan, new: Plan, steps: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Why runs at places of `old` cannot be moved, one by one."""
    kinds = {kind_of(step) for step in all_steps(new)}
    before, after = _Order(old), _Order(new)
    for step in all_steps(old):
        if not isinstance(step, STANDING):
            continue
        if step.id not in steps:
            yield step.id, _gone(step, kinds)
            continue
        reason = _repeated(before, after, step.id, steps[step.id])
        if reason:
            yield step.id, reason


def _gone(step: Step, kinds: set[str]) -> str:
    if kind_of(step) not in kinds:
        return f"the new version has no such step: {_noun(step)}"
    return f"which step of the new version stands for it is not certain: {_noun(step)}"


def _noun(step: Step) -> str:
    match step:
        case ActionStep():
            return f"`{step.action.replace('_', ' ')}`"
        case WaitStep():
            words = {"for": "a duration", "time": "a time of day", "date": "a date", "day": "a weekday"}
            return f"a wait for {words[step.mode]}"
        case ListenStep():
            return f"a wait for {step.subject or 'events or conditions'}"
        case ParallelStep():
            return "`parallel`"
        case GoalStep():
            return f"the goal `{step.name}`"
    return kind_of(step)


class _Order:
    """The actions of a plan before and behind each place."""

    def __init__(self, plan: Plan) -> None:
        self._steps = [*in_order(plan.steps), *in_order(plan.on_exit)]
        self._places = {step.id: n for n, step in enumerate(self._steps)}

    def before(self, id: str) -> Counter[tuple[str, bytes]]:
        return _actions(self._steps[: self._places[id]])

    def behind(self, id: str) -> Counter[tuple[str, bytes]]:
        return _actions(self._steps[self._places[id] + 1 :])


def _actions(steps: Sequence[Step]) -> Counter[tuple[str, bytes]]:
    return Counter((s.action, meaning(s.args)) for s in steps if isinstance(s, ActionStep))


def _repeated(old: _Order, new: _Order, at: str, to: str) -> str:
    """Why the run would do something twice, or leave something out that it had still to do; "" when it would not."""
    done, still = old.before(at), old.behind(at)
    made, left = new.before(to), new.behind(to)
    for action in done:
        if left[action] > still[action] and made[action] < done[action]:
            return f"it would do `{_words(action[0])}` again, which the new version has behind this place"
    for action in still:
        if left[action] < still[action] and made[action] > done[action]:
            return f"it would leave out `{_words(action[0])}`, which the new version has before this place"
    return ""


def _words(action: str) -> str:
    return action.replace("_", " ")


def _keep_branches_together(old: Plan, new: Plan, steps: Mapping[str, str], refused: dict[str, str]) -> None:
    """Runs side by side are moved together: where one of the branches has no place, nobody there has."""
    forks = {step.id: len(step.branches) for step in all_steps(new) if isinstance(step, ParallelStep)}
    for step in reversed([*all_steps(old)]):
        if not isinstance(step, ParallelStep):
            continue
        inside = [s.id for branch in step.branches for s in in_order(branch.steps) if isinstance(s, STANDING)]
        lost = [id for id in inside if id in refused]
        whole = all(branch.id in steps for branch in step.branches)
        whole = whole and forks.get(steps.get(step.id, "")) == len(step.branches)
        if lost or not whole or step.id in refused:
            reason = "its branches have no places side by side in the new version"
            for id in (step.id, *inside):
                refused.setdefault(id, reason)


# --- what concerns all runs --------------------------------------------------------------------------------


def _whole_rule(old: Plan, new: Plan, uses_event: frozenset[str]) -> str:
    """Why no run at all can be moved; "" when nothing speaks against it."""
    if old.subject != new.subject:
        return f"the new version is for another kind of record ({new.subject})"
    if _keeps_event(new, uses_event):
        if not _keeps_event(old, uses_event):
            return "the new version reads the event that began the run, and the old one did not keep it"
        if not {t.event for t in old.triggers} <= {t.event for t in new.triggers}:
            return "the new version reads the event that began the run, and begins with other events"
    before, after = _names(old), _names(new)
    for name in before.keys() & after.keys():
        if not before[name] <= after[name]:
            return f"the name `{name}` has another meaning in the new version"
    return ""


def _names(plan: Plan) -> dict[str, set[bytes]]:
    """What gives each name its value."""
    found: dict[str, set[bytes]] = {}
    for name, type_ in plan.params.items():
        found.setdefault(name, set()).add(f"takes {type_}".encode())
    for step in all_steps(plan):
        for name, source in _given(step):
            if name:
                found.setdefault(name, set()).add(source)
    return found


def _given(step: Step) -> Iterator[tuple[str, bytes]]:
    match step:
        case LetStep():
            yield step.name, b"let " + meaning(step.value)
        case ActionStep():
            yield step.bind, f"action {step.action}".encode()
    for awaited in _awaited(step):
        yield awaited.bind, f"event {awaited.event}".encode()


def _awaited(step: Step) -> Iterator[Awaited]:
    match step:
        case WaitStep():
            yield from step.restart
        case GoalStep():
            yield from step.awaited
        case ListenStep():
            for arm in step.arms:
                yield from arm.awaited


def _keeps_event(plan: Plan, uses_event: frozenset[str]) -> bool:
    """Whether something that is looked at after the start reads the event that began the run."""
    if plan.enrolment.running == "queue":
        return True
    if any(isinstance(step, ActionStep) and step.action in uses_event for step in all_steps(plan)):
        return True
    parts = [plan.steps, plan.on_exit, plan.exits, plan.goals, plan.exit_on]
    return any(_mentions(part, "event") for part in parts)


def _mentions(part: object, root: str) -> bool:
    match part:
        case Get():
            return part.p[0] == root
        case Op():
            return any(_mentions(arg, root) for arg in part.a)
        case Lit() | str() | int() | None:
            return False
        case dict():
            return any(_mentions(item, root) for item in part.values())
        case tuple():
            return any(_mentions(item, root) for item in part)
    names = getattr(part, "__struct_fields__", ())
    return any(_mentions(getattr(part, name), root) for name in names)


__all__ = ["STANDING", "START", "PlaceMap", "map_places", "pair_steps"]
