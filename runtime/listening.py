"""What live runs wait for besides time: events, conditions, exits and goals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from rulelang.plan.wording import describe
from runtime.lives import GOAL, tell_run
from runtime.model import JSON, EntryKind, Event, Run, RunStatus
from runtime.pausing import Pausing, after_pauses
from runtime.program import Ear, Goal, Listen, Program, Sleep, Test
from runtime.timing import WaitError, wake_at

if TYPE_CHECKING:
    from runtime.turn import Turn

MAX_SEEN = 100
"""Events kept for waits that a run has not reached yet, one for each alternative; the oldest go first."""


class Listening:
    """Tells runs what they may be waiting for, within a turn."""

    __slots__ = ("_turn",)

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    # --- events ---

    def hear(self, event: Event, data: dict[str, JSON]) -> None:
        """Let the runs that were live before this event hear it, in the order in which they began."""
        for id in list(self._turn.working.runs):
            run = self._turn.working.runs.get(id)
            if run is None or "exiting" in run.locals:
                continue
            if event.type in self._turn.program(run).ears:
                self.hear_run(run, event, data)

    def hear_run(self, run: Run, event: Event, data: dict[str, JSON]) -> None:
        """Let one run hear an event."""
        turn = self._turn
        program = turn.program(run)
        ears = program.ears.get(event.type, ())
        if run.rule in turn.plans.paused:
            if any(ear.test is None or ear.test.holds(turn.run_scope(run, awaited=data)) for ear in ears):
                Pausing(turn).hold_event(run, event, data)
            return
        for ear in ears:
            current = turn.working.runs.get(run.id)
            if current is None or self._hear(current, program, ear, event, data):
                break

    def _hear(self, run: Run, program: Program, ear: Ear, event: Event, data: dict[str, JSON]) -> bool:
        """Whether the event was for this ear and has moved the run."""
        if ear.test is not None and not ear.test.holds(self._turn.run_scope(run, awaited=data)):
            return False
        turn = self._turn
        match ear.kind:
            case "exit" | "success":
                if "branch" in run.locals:
                    return False
                goal = ear.kind == "success"
                turn.leave(
                    run, f"the goal is reached: {event.type}" if goal else f"ended by {event.type}", goal
                )
                return True
            case "goal":
                return self._reach(run, program, ear, event, data)
            case "restart":
                return self._begin_anew(run, program, ear, event, data)
        return self._take_arm(run, program, ear, event, data)

    def _take_arm(self, run: Run, program: Program, ear: Ear, event: Event, data: dict[str, JSON]) -> bool:
        if run.position != ear.step or run.status != RunStatus.WAITING:
            if not ear.from_now:
                self._remember(run, ear, event, data)
            return False
        listen = program.code[program.at[ear.step]]
        assert isinstance(listen, Listen)
        arm = next(arm for arm in listen.arms if arm.id == ear.arm)
        self._turn.note(EntryKind.RESUMED, run, step=ear.step, event=event.id, reason=f"{event.type} came")
        run = awake(keep(_used_up(run, event.id), ear.bind, data))
        self._turn.steps.proceed(run, program, arm.target)
        return True

    def _remember(self, run: Run, ear: Ear, event: Event, data: dict[str, JSON]) -> None:
        item = {"event": event.id, "arm": ear.arm, "bind": ear.bind, "data": data}
        seen = [*run.locals.get("seen", ()), item][-MAX_SEEN:]
        self._turn.update(replace(run, locals={**run.locals, "seen": seen}))

    def heard_before(self, run: Run, step: Listen) -> tuple[Run, int] | None:
        """The first event that one of the alternatives missed because the run was not there yet; it is used up."""
        for item in run.locals.get("seen", ()):
            arm = next((arm for arm in step.arms if arm.id == item["arm"]), None)
            if arm is not None:
                run = keep(_used_up(run, item["event"]), item["bind"], item["data"])
                reason = "the event had come before the wait"
                self._turn.note(EntryKind.RESUMED, run, step=step.id, event=item["event"], reason=reason)
                return run, arm.target
        return None

    def _begin_anew(self, run: Run, program: Program, ear: Ear, event: Event, data: dict[str, JSON]) -> bool:
        if run.position != ear.step or run.status != RunStatus.WAITING:
            return False
        turn = self._turn
        if run.data.get("type") == event.type:
            run = replace(run, data={**run.data, "data": data})
        run = keep(run, ear.bind, data)
        sleep = program.code[program.at[ear.step]]
        assert isinstance(sleep, Sleep)
        try:
            due = max(wake_at(sleep, turn.run_scope(run)), turn.now)
        except WaitError as error:
            turn.fail(run, ear.step, str(error))
            return True
        turn.update(replace(run, due=due))
        turn.note(
            EntryKind.WAITING,
            run,
            step=ear.step,
            event=event.id,
            due=due,
            reason=f"begun anew by {event.type}",
        )
        return True

    def _reach(self, run: Run, program: Program, ear: Ear, event: Event, data: dict[str, JSON]) -> bool:
        place = program.at[ear.step]
        standing = program.at.get(run.position, -1)
        if standing > place or "branch" in run.locals or run.status == RunStatus.BLOCKED:
            return False
        goal = program.code[place]
        assert isinstance(goal, Goal)
        self._jump(
            keep(run, ear.bind, data), program, goal, f"the goal `{goal.name}` is reached: {event.type}"
        )
        return True

    def _jump(self, run: Run, program: Program, goal: Goal, reason: str) -> None:
        turn = self._turn
        turn.call_off_waiting(run, reason)
        turn.note(EntryKind.RESUMED, run, step=goal.id, reason=reason)
        if turn.plans.tells:
            tell_run(turn, run, GOAL, reason, goal.name)
        turn.steps.proceed(awake(replace(run, position=goal.id)), program, program.at[goal.id] + 1)

    # --- changes ---

    def revisit(self) -> None:
        """After a change: test exits, goals and conditions of all live runs, move waits on dates."""
        for id in list(self._turn.working.runs):
            run = self._turn.working.runs.get(id)
            if run is not None and "exiting" not in run.locals:
                self._revisit(run, self._turn.program(run))

    def revisit_run(self, run: Run) -> None:
        """After something changed for one run alone."""
        self._revisit(run, self._turn.program(run))

    def _revisit(self, run: Run, program: Program) -> None:
        if run.rule in self._turn.plans.paused:
            return
        if self.exit_if_due(run, program) or self._goal_if_due(run, program):
            return
        if run.status != RunStatus.WAITING:
            return
        place = program.at.get(run.position)
        match program.code[place] if place is not None else None:
            case Sleep(mode="date") as sleep:
                self._move(run, sleep)
            case Listen() as listen:
                self._listen_again(run, program, listen)

    def exit_if_due(self, run: Run, program: Program) -> bool:
        """End the run when one of its exit conditions holds; branches leave that to their parent."""
        if not program.exits or "branch" in run.locals:
            return False
        reason, goal = self.exit_reason(run, program)
        if reason:
            self._turn.leave(run, reason, goal)
        return bool(reason)

    def exit_reason(self, run: Run, program: Program) -> tuple[str, bool]:
        """Why the run should end now, as a sentence, and whether that is its goal; ("", False) otherwise."""
        if not program.exits:
            return "", False
        scope = self._turn.run_scope(run)
        for exit in program.exits:
            if exit.test.holds(scope):
                words = describe(exit.test.ir, program.plan.subject)
                return (
                    f"the goal is reached: {words}" if exit.goal else f"the exit condition holds: {words}"
                ), exit.goal
        return "", False

    def _goal_if_due(self, run: Run, program: Program) -> bool:
        if not program.goals or "branch" in run.locals or run.status == RunStatus.BLOCKED:
            return False
        standing = program.at.get(run.position, -1)
        for goal in program.goals:
            if goal.test is None or standing > program.at[goal.id]:
                continue
            if goal.test.holds(self._turn.run_scope(run)):
                words = describe(goal.test.ir, program.plan.subject)
                self._jump(run, program, goal, f"the goal `{goal.name}` is reached: {words}")
                return True
        return False

    def _move(self, run: Run, sleep: Sleep) -> None:
        turn = self._turn
        try:
            due = wake_at(sleep, turn.run_scope(run))
        except WaitError as error:
            turn.fail(run, run.position, str(error))
            return
        due = after_pauses(run, due) if "pauses" in run.locals else due
        if due != run.due:
            turn.update(replace(run, due=due))
            turn.note(
                EntryKind.WAITING, run, step=run.position, reason="the date it waits for has changed", due=due
            )

    def _listen_again(self, run: Run, program: Program, listen: Listen) -> None:
        scope = self._turn.run_scope(run)
        for arm in listen.arms:
            if arm.test is not None and arm.test.holds(scope):
                self._turn.note(EntryKind.RESUMED, run, step=listen.id, reason=_true_now(arm.test, program))
                self._turn.steps.proceed(awake(run), program, arm.target)
                return
        for arm in listen.arms:
            if arm.value is not None and arm.value.mode == "date":
                self._move(run, arm.value)


def _true_now(test: Test, program: Program) -> str:
    return f"the condition holds: {describe(test.ir, program.plan.subject)}"


def _used_up(run: Run, event: str) -> Run:
    """The run without an event that has ended a wait: each ends one."""
    seen = run.locals.get("seen")
    if not seen:
        return run
    return replace(run, locals={**run.locals, "seen": [item for item in seen if item["event"] != event]})


def awake(run: Run) -> Run:
    """The run as it is when it goes on."""
    return replace(run, status=RunStatus.WAITING, due=None, effect="")


def keep(run: Run, name: str, value: JSON) -> Run:
    """The run with a value under a name; nothing is kept under ""."""
    if not name:
        return run
    return replace(run, locals={**run.locals, "vars": {**run.locals.get("vars", {}), name: value}})
