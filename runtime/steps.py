"""The steps of one run: forward from where it stands until it rests, ends or fails."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from msgspec.structs import replace

from rulelang.plan.interpret import first_false
from rulelang.plan.wording import describe
from runtime.acting import Acting
from runtime.enrolment import run_id
from runtime.listening import awake, keep
from runtime.lives import GOAL, SUPPRESSED, UNDELIVERED, tell_message, tell_run
from runtime.model import BRANCH_OF, EffectInput, EffectStatus, EntryKind, Millis, Run, RunStatus
from runtime.pausing import Pausing, after_pauses
from runtime.program import (
    Act,
    BranchEnd,
    Draw,
    Each,
    Fork,
    Goal,
    Halt,
    Jump,
    JumpUnless,
    Let,
    Listen,
    Loop,
    LoopStart,
    Program,
    Sleep,
    Test,
)
from runtime.related import steps_for_related
from runtime.timing import WaitError, wake_at

if TYPE_CHECKING:
    from runtime.turn import Turn


class Steps:
    """Runs the steps of runs within a turn."""

    __slots__ = ("_acting", "_turn")

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._acting = Acting(turn)

    def proceed(self, run: Run, program: Program, at: int) -> None:
        """Carry on with a run at instruction `at` until it rests or ends."""
        code = program.code
        while at < len(code):
            instruction = code[at]
            at += 1
            match instruction:
                case Act():
                    made = self._acting.act(run, instruction, at)
                    if made is None:
                        return
                    run, at = made
                case Jump():
                    if self._holds(run, instruction.when):
                        at = instruction.target
                case JumpUnless():
                    if not instruction.when(self._turn.run_scope(run)):
                        at = instruction.target
                case Sleep():
                    following_at = self._sleep(run, instruction, at)
                    if following_at is None:
                        return
                    at = following_at
                case Halt():
                    if self.wanted(run, instruction.id, instruction.when):
                        self._halt(run, instruction)
                        return
                case Listen():
                    heard = self._listen(run, program, instruction)
                    if heard is None:
                        return
                    run, at = heard
                case Goal():
                    reached = self._goal(run, instruction)
                    if reached is None:
                        return
                    run = reached
                case Draw():
                    at = self._draw(run, instruction)
                case LoopStart():
                    run = _without_rounds(run, instruction.id)
                case Loop():
                    run, at = self._loop(run, instruction, at)
                case Let():
                    run = keep(run, instruction.name, instruction.value(self._turn.run_scope(run)))
                case Fork():
                    self._fork(run, program, instruction)
                    return
                case Each():
                    asked = self._each(run, instruction)
                    if asked is None:
                        return
                    run, at = asked, instruction.join
                case BranchEnd():
                    self._turn.end(run, RunStatus.COMPLETED, EntryKind.COMPLETED)
                    return
        self._turn.end(run, RunStatus.EXITED, EntryKind.EXITED, str(run.locals.get("exiting", "")))

    # --- going on ---

    def woken(self, run: Run, program: Program) -> None:
        """The time that a run waited for has come."""
        place = program.at.get(run.position)
        if place is None:
            self.proceed(awake(run), program, 0)
            return
        instruction = program.code[place]
        if isinstance(instruction, Act):
            # A message that was held: the step is made now, and judged again.
            self.proceed(awake(run), program, place)
            return
        if isinstance(instruction, Listen):
            timeout = next(arm for arm in instruction.arms if arm.kind == "timeout")
            self.proceed(awake(run), program, timeout.target)
            return
        self.proceed(awake(run), program, place + 1)

    def answered(self, run: Run, program: Program, input: EffectInput) -> None:
        """The outbox has an answer for the effect that a run is parked at."""
        place = program.at[run.position]
        act = program.code[place]
        assert isinstance(act, Act)
        details = {"step": run.position, "action": act.action.name, "reason": input.reason}
        for event in input.result.get("events", ()):
            self._turn.queue_event(event["type"], dict(event["data"]), {}, run)
        following: int | None = place + 1
        match input.status:
            case EffectStatus.DEAD | EffectStatus.UNKNOWN:
                self._turn.note(EntryKind.FAILED, run, **details)
                if self._turn.plans.tells:
                    tell_message(self._turn, run, act, UNDELIVERED, input.reason)
                following = act.on_error if input.status == EffectStatus.DEAD else None
            case EffectStatus.SUPPRESSED:
                self._turn.note(EntryKind.SUPPRESSED, run, **details)
                if self._turn.plans.tells:
                    tell_message(self._turn, run, act, SUPPRESSED, input.reason)
            case EffectStatus.DONE if "composer" in input.result:
                details["reason"] = f"the text was written by: {input.result['composer']}"
                self._turn.note(EntryKind.RESUMED, run, **details)
            case EffectStatus.CANCELLED:
                details["reason"] = input.reason or "skipped by hand"
                self._turn.note(EntryKind.RESUMED, run, **details)
        if following is None:
            self._turn.update(replace(run, status=RunStatus.BLOCKED, reason=input.reason))
            return
        told = {name: value for name, value in input.result.items() if name != "events"}
        result = {"ok": input.status == EffectStatus.DONE, "error": input.reason, **told}
        run = keep(replace(awake(run), reason=""), act.bind, result)
        self._turn.update(run)
        self.proceed(run, program, following)

    def child_ended(self, parent: str) -> None:
        """A child run, or a rule that was waited for, has ended: its parent goes on when it was the last."""
        run = self._turn.working.runs.get(parent)
        if run is None or not run.locals.get("children"):
            return
        left = run.locals["children"] - 1
        run = replace(run, locals={**run.locals, "children": left})
        self._turn.update(run)
        program = self._turn.program(run)
        if left == 0 and run.rule in self._turn.plans.paused:
            Pausing(self._turn).hold_join(run)
        elif left == 0:
            self._turn.note(EntryKind.RESUMED, run, step=run.position)
            fork = program.code[program.at[run.position]]
            self.proceed(run, program, fork.join if isinstance(fork, Fork) else program.at[run.position] + 1)

    def park(self, run: Run, step: str, due: Millis | None, reason: str = "") -> None:
        """Let a run rest at a step until `due`, or (None) until something else wakes it."""
        parked = replace(run, status=RunStatus.WAITING, position=step, due=due)
        if due is not None and not reason:
            reason = self._turn.zone_trouble()
        self._turn.update(parked)
        self._turn.note(EntryKind.WAITING, parked, step=step, due=due, reason=reason)

    # --- conditions of steps ---

    def _holds(self, run: Run, test: Test | None) -> bool:
        return test is None or test.holds(self._turn.run_scope(run))

    def wanted(self, run: Run, step: str, test: Test | None) -> bool:
        """Whether a step's own condition holds; when not, the journal says why."""
        if test is None:
            return True
        scope = self._turn.run_scope(run)
        if test.holds(scope):
            return True
        self._turn.note(EntryKind.NOT_MATCHED, run, step=step, reason=first_false(test.ir, scope))
        return False

    def count(self, run: Run, step: str) -> Run | None:
        """The run with one more step made; None when that is one too many."""
        bound = self._turn.machine.bounds.steps
        if run.steps >= bound:
            self._turn.fail(run, step, f"a run may make {bound} steps; this one wants more")
            return None
        return replace(run, steps=run.steps + 1, position=step, due=None)

    # --- waits ---

    def _sleep(self, run: Run, step: Sleep, at: int) -> int | None:
        """Where to go on at once, or None when the run rests or has failed."""
        if not self.wanted(run, step.id, step.when):
            return at
        turn = self._turn
        try:
            due = wake_at(step, turn.run_scope(run))
        except WaitError as error:
            turn.fail(run, step.id, str(error))
            return None
        if step.mode == "date" and "pauses" in run.locals:
            due = after_pauses(run, due)
        if step.mode != "for" and due <= turn.now:
            skipped = step.skip_to is not None
            reason = "the time to wait for has already come" + (
                "; the next step is left out" if skipped else ""
            )
            turn.note(EntryKind.RESUMED, run, step=step.id, reason=reason, due=due)
            return step.skip_to if step.skip_to is not None else at
        counted = self.count(run, step.id)
        if counted is not None:
            self.park(counted, step.id, max(due, turn.now))
        return None

    def _listen(self, run: Run, program: Program, step: Listen) -> tuple[Run, int] | None:
        if not self.wanted(run, step.id, step.when):
            return run, step.skip
        counted = self.count(run, step.id)
        if counted is None:
            return None
        run = counted
        at_once = self._turn.listening.heard_before(run, step) or self._true_arm(run, program, step)
        if at_once is not None:
            return at_once
        try:
            due = self._timeout(run, step)
        except WaitError as error:
            self._turn.fail(run, step.id, str(error))
            return None
        self.park(run, step.id, due)
        return None

    def _true_arm(self, run: Run, program: Program, step: Listen) -> tuple[Run, int] | None:
        scope = self._turn.run_scope(run)
        for arm in step.arms:
            if arm.test is not None and arm.test.holds(scope):
                words = describe(arm.test.ir, program.plan.subject)
                self._turn.note(EntryKind.RESUMED, run, step=step.id, reason=f"the condition holds: {words}")
                return run, arm.target
        return None

    def _timeout(self, run: Run, step: Listen) -> Millis | None:
        timers = [arm.value for arm in step.arms if arm.value is not None]
        moments = [wake_at(timer, self._turn.run_scope(run)) for timer in timers]
        if "pauses" in run.locals:
            dated = zip(timers, moments, strict=True)
            moments = [after_pauses(run, at) if timer.mode == "date" else at for timer, at in dated]
        return max(min(moments), self._turn.now) if moments else None

    def _goal(self, run: Run, step: Goal) -> Run | None:
        reached = step.test is not None and self._holds(run, step.test)
        if reached and self._turn.plans.tells:
            tell_run(self._turn, run, GOAL, "the goal holds already", step.name)
        if step.passes or reached:
            return run
        counted = self.count(run, step.id)
        if counted is not None:
            self.park(counted, step.id, None, f"until the goal `{step.name}` is reached")
        return None

    # --- branches and loops ---

    def _draw(self, run: Run, step: Draw) -> int:
        """Where the subject's branch begins. The choice is remembered, so that shares may change later."""
        working = self._turn.working
        splits = working.memory.get("splits", {})
        mark = f"{run.rule}\0{step.name}"
        name = splits.get(mark)
        known = {branch: target for branch, _, target in step.branches} | {"": step.otherwise}
        if name not in known:
            name = _drawn(step, run)
            working.memory = {**working.memory, "splits": {**splits, mark: name}}
            working.touched = True
        return known[name]

    def _loop(self, run: Run, step: Loop, at: int) -> tuple[Run, int]:
        loops: dict[str, int] = run.locals.get("loops", {})
        made = loops.get(step.id, 0)
        scope = self._turn.run_scope(run)
        times = step.most if step.times is None else min(int(step.times(scope) or 0), step.most)
        if made >= times or (step.condition is not None and not step.condition.holds(scope)):
            return _without_rounds(run, step.id), step.end
        counted = {**loops, step.id: made + 1}
        return replace(run, locals={**run.locals, "loops": counted}), at

    def _fork(self, run: Run, program: Program, step: Fork) -> None:
        counted = self.count(run, step.id)
        if counted is None:
            return
        parent = replace(counted, locals={**counted.locals, "children": len(step.branches)})
        self.park(parent, step.id, None, f"until {len(step.branches)} branches have ended")
        own = {k: v for k, v in run.locals.items() if k in ("vars", "loops", "key", "moved")}
        for branch, target in step.branches:
            if run.id not in self._turn.working.runs:
                return
            id = run_id(self._turn.now, run.id, branch, str(counted.steps))
            locals_ = {**own, "parent": run.id, "branch": branch}
            child = replace(counted, id=id, position=branch, locals=locals_, started_at=self._turn.now)
            self._turn.update(child)
            self._turn.note(EntryKind.ENROLLED, child, step=branch, reason=f"{BRANCH_OF}{run.id}")
            self.proceed(child, program, target)

    def _each(self, run: Run, step: Each) -> Run | None:
        """Ask for steps for related records, and go on; they are made in their own time, one subject after another."""
        turn = self._turn
        if not self.wanted(run, step.id, step.when):
            return run
        counted = self.count(run, step.id)
        if counted is None:
            return None
        asked = steps_for_related(counted, step, turn.working, turn.now)
        words = {"kind": step.kind, **({"most": step.most} if step.many else {})}
        reason = "" if asked is not None else f"there is no {step.kind} that it is linked to"
        turn.note(EntryKind.ACTION, run, step=step.id, action="for_each", input=words, reason=reason)
        if asked is not None:
            turn.emitted.append(asked)
        return counted

    def _halt(self, run: Run, step: Halt) -> None:
        """End the run; `stop` in a branch ends the run that the branch belongs to."""
        if step.id:
            run = replace(run, position=step.id)
        parent = self._turn.working.runs.get(str(run.locals.get("parent", "")))
        if "branch" in run.locals and parent is not None:
            self._turn.end(parent, RunStatus.COMPLETED, EntryKind.COMPLETED, "stopped by a branch")
            return
        if "exiting" in run.locals:
            self._turn.end(run, RunStatus.EXITED, EntryKind.EXITED, str(run.locals["exiting"]))
            return
        self._turn.end(run, RunStatus.COMPLETED, EntryKind.COMPLETED)


def _without_rounds(run: Run, loop: str) -> Run:
    """The run as if it had made no round of a loop."""
    loops: dict[str, int] = run.locals.get("loops", {})
    if loop not in loops:
        return run
    return replace(run, locals={**run.locals, "loops": {k: v for k, v in loops.items() if k != loop}})


def _drawn(step: Draw, run: Run) -> str:
    """The branch that a hash of rule, split and subject falls into; "" for the rest."""
    text = "\0".join((run.rule, step.name, *run.subject))
    point = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") % 10_000
    for name, share, _ in step.branches:
        if point < share:
            return name
        point -= share
    return ""
