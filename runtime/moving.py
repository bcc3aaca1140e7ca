"""Moving a run to another version of its rule: the same place there, waits as the new version wants them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace as dataclass_replace
from typing import TYPE_CHECKING

from msgspec.structs import replace

from rulelang.plan.mapping import PlaceMap
from runtime.model import JSON, EntryKind, Millis, MoveInput, Run, RunStatus
from runtime.program import Goal, Listen, Program, Sleep
from runtime.timing import WaitError, wake_at

if TYPE_CHECKING:
    from runtime.turn import Turn


class Moving:
    """Moves runs within a turn. A run goes with all of its branches, or stays with them."""

    __slots__ = ("_turn",)

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    def move(self, input: MoveInput) -> None:
        """Move a run, if each of its places has one in the other version; else nothing happens."""
        turn = self._turn
        run = turn.working.runs.get(input.run)
        if run is None or run.plan == input.plan or is_branch(run):
            return
        family = [run, *self._branches(run.id)]
        places = turn.plans.places(run.plan, input.plan)
        if any(places.place(member.position) is None for member in family):
            return
        old, new = turn.plans.program(run.plan), turn.plans.program(input.plan)
        for member in family:
            self._move(member, old, new, places, input.since.get(member.id, turn.now))
        for member in family:
            self._look_again(member.id, new)

    def _branches(self, parent: str) -> list[Run]:
        runs = self._turn.working.runs.values()
        own = [run for run in runs if run.locals.get("parent") == parent and "branch" in run.locals]
        return [member for run in own for member in (run, *self._branches(run.id))]

    def _move(self, run: Run, old: Program, new: Program, places: PlaceMap, since: Millis) -> None:
        position = places.place(run.position)
        assert position is not None
        locals_ = _carried(run.locals, places)
        moved = replace(run, plan=new.plan.hash, position=position, locals=locals_)
        if run.status == RunStatus.WAITING and position:
            moved = replace(moved, due=self._due(moved, run, old, new, since))
        self._turn.update(moved)
        reason = f"now follows version {new.plan.hash[:8]} of the rule, before {old.plan.hash[:8]}"
        self._turn.note(EntryKind.MOVED, moved, step=position, reason=reason, due=moved.due)

    def _due(self, moved: Run, run: Run, old: Program, new: Program, since: Millis) -> Millis | None:
        """When the wait ends in the new version, counted from when it began."""
        before, after = old.code[old.at[run.position]], new.code[new.at[moved.position]]
        mine, theirs = _timers(before), _timers(after)
        if [_said(timer) for timer in mine] == [_said(timer) for timer in theirs]:
            return run.due
        scope = dataclass_replace(self._turn.run_scope(moved), now=since)
        try:
            due = min((wake_at(timer, scope) for timer in theirs), default=None)
        except WaitError:
            return run.due
        return due if due is None else max(due, self._turn.now)

    def _look_again(self, id: str, program: Program) -> None:
        """Whether the run need not wait any longer by what the new version says."""
        turn = self._turn
        run = turn.working.runs.get(id)
        if run is None or run.plan != program.plan.hash or "exiting" in run.locals:
            return
        place = program.at.get(run.position)
        goal = program.code[place] if place is not None else None
        if place is not None and isinstance(goal, Goal) and goal.passes:
            turn.steps.proceed(run, program, place + 1)
            return
        turn.listening.revisit_run(run)


def is_branch(run: Run) -> bool:
    """Whether a run is one of several side by side, which go where their parent goes."""
    return "branch" in run.locals and "parent" in run.locals


def _timers(step: object) -> list[Sleep]:
    """What a step waits for by the clock."""
    match step:
        case Sleep():
            return [step]
        case Listen():
            return [arm.value for arm in step.arms if arm.value is not None]
    return []


def _said(timer: Sleep) -> tuple[str, int, object]:
    return timer.mode, timer.day, timer.value_ir


def _carried(locals_: Mapping[str, JSON], places: PlaceMap) -> dict[str, JSON]:
    """The machine's own notes about a run, with the names that steps have in the new version."""
    steps = places.steps
    carried = {**locals_, "moved": locals_.get("moved", 0) + 1}
    if "loops" in carried:
        carried["loops"] = {steps[id]: made for id, made in carried["loops"].items() if id in steps}
    if "seen" in carried:
        seen = [item for item in carried["seen"] if item["arm"] in steps]
        carried["seen"] = [{**item, "arm": steps[item["arm"]]} for item in seen]
    if "branch" in carried:
        # Steps for related records are a branch without a parent: nothing goes by its name any more.
        carried["branch"] = steps.get(carried["branch"], carried["branch"])
    return carried
