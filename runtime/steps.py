"""The steps of one run: forward from where it stands until it rests, ends or fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from rulelang.plan.interpret import first_false
from runtime.actions import ActionError, EffectAction, Facts, LocalAction
from runtime.consent import needs_consent, refusal
from runtime.model import JSON, Effect, EffectInput, EffectStatus, EntryKind, Run, RunStatus
from runtime.program import Act, Halt, Jump, JumpUnless, Program, Sleep
from runtime.timing import WaitError, wake_at

if TYPE_CHECKING:
    from runtime.turn import Turn


class Steps:
    """Runs the steps of runs within a turn."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    def proceed(self, run: Run, program: Program, at: int) -> None:
        """Carry on with a run at instruction `at`."""
        code = program.code
        while at < len(code):
            instruction = code[at]
            at += 1
            match instruction:
                case Jump():
                    at = instruction.target
                case JumpUnless():
                    if not instruction.when(self._turn.run_scope(run)):
                        at = instruction.target
                case Halt():
                    if self._wanted(run, instruction):
                        run = replace(run, position=instruction.id)
                        break
                case Sleep():
                    parked = self._sleep(run, instruction)
                    if parked:
                        return
                case Act():
                    following = self._act(run, instruction)
                    if following is None:
                        return
                    run = following
        self._turn.end(run, RunStatus.COMPLETED, EntryKind.COMPLETED)

    def answered(self, run: Run, program: Program, input: EffectInput) -> None:
        """The outbox has an answer for the effect that a run is parked at."""
        step = run.position
        action = program.code[program.at[step]]
        name = action.action.name if isinstance(action, Act) else ""
        match input.status:
            case EffectStatus.DEAD | EffectStatus.UNKNOWN:
                self._turn.update(replace(run, status=RunStatus.BLOCKED, reason=input.reason))
                self._turn.note(EntryKind.FAILED, run, step=step, action=name, reason=input.reason)
                return
            case EffectStatus.SUPPRESSED:
                self._turn.note(EntryKind.SUPPRESSED, run, step=step, action=name, reason=input.reason)
            case EffectStatus.CANCELLED:
                self._turn.note(
                    EntryKind.RESUMED, run, step=step, action=name, reason=input.reason or "skipped by hand"
                )
        run = replace(run, status=RunStatus.WAITING, effect="", reason="")
        self._turn.update(run)
        self.proceed(run, program, program.at[step] + 1)

    # --- single steps ---

    def _wanted(self, run: Run, step: Act | Sleep | Halt) -> bool:
        if step.when is None:
            return True
        scope = self._turn.run_scope(run)
        if step.when(scope):
            return True
        assert step.when_ir is not None
        self._turn.note(EntryKind.NOT_MATCHED, run, step=step.id, reason=first_false(step.when_ir, scope))
        return False

    def _sleep(self, run: Run, step: Sleep) -> bool:
        """Park the run at a wait; False when there is nothing to wait for."""
        if not self._wanted(run, step):
            return False
        turn = self._turn
        try:
            due = wake_at(step, turn.run_scope(run))
        except WaitError as error:
            turn.fail(run, step.id, str(error))
            return True
        if step.mode != "for" and due <= turn.now:
            turn.note(
                EntryKind.RESUMED, run, step=step.id, reason="the time to wait for has already come", due=due
            )
            return False
        counted = self._count(replace(run, position=step.id))
        if counted is not None:
            parked = replace(counted, status=RunStatus.WAITING, due=max(due, turn.now))
            turn.update(parked)
            turn.note(EntryKind.WAITING, parked, step=step.id, due=parked.due)
        return True

    def _act(self, run: Run, step: Act) -> Run | None:
        """Perform an action; the run to go on with, or None when it rests or has ended."""
        if not self._wanted(run, step):
            return run
        counted = self._count(replace(run, position=step.id))
        if counted is None:
            return None
        scope = self._turn.run_scope(run)
        args = {name: value(scope) for name, value in step.args.items()}
        try:
            if step.local is not None:
                return self._change(counted, step, step.local, args)
            assert step.effect is not None
            return self._hand_over(counted, step, step.effect, args)
        except ActionError as error:
            self._turn.fail(counted, step.id, str(error))
            return None

    def _change(self, run: Run, step: Act, action: LocalAction, args: dict[str, JSON]) -> Run | None:
        turn = self._turn
        action(_Context(turn, run), args)
        changes = turn.working.take_changes()
        turn.note(
            EntryKind.ACTION,
            run,
            step=step.id,
            action=step.action.name,
            input=args,
            changes={c.name: [c.before, c.after] for c in changes},
        )
        if not changes:
            return run
        turn.update(run)
        turn.settle(changes, False, run)
        return turn.working.runs.get(run.id)

    def _hand_over(self, run: Run, step: Act, action: EffectAction, args: dict[str, JSON]) -> Run | None:
        turn = self._turn
        facts = turn.facts(run)
        reason = _no_consent(step, args, facts)
        if reason:
            turn.note(
                EntryKind.SUPPRESSED, run, step=step.id, action=step.action.name, input=args, reason=reason
            )
            return run
        intent = action.intend(turn.machine.schema, facts, args)
        key = f"{run.id}:{step.id}:0"
        turn.effects.append(
            Effect(
                key=key,
                run=run.id,
                rule=run.rule,
                step=step.id,
                action=step.action.name,
                subject=run.subject,
                destination=intent.destination,
                args=intent.args,
                created_at=turn.now,
                event=run.data if step.action.uses_event else {},
            )
        )
        turn.note(EntryKind.ACTION, run, step=step.id, action=step.action.name, input=intent.args)
        turn.update(replace(run, status=RunStatus.EFFECT, effect=key, due=None))
        return None

    def _count(self, run: Run) -> Run | None:
        """The run with one more step made; None when that is one too many."""
        bound = self._turn.machine.bounds.steps
        if run.steps >= bound:
            self._turn.fail(run, run.position, f"a run may make {bound} steps; this one wants more")
            return None
        return replace(run, steps=run.steps + 1, due=None)


def _no_consent(step: Act, args: Mapping[str, JSON], facts: Facts) -> str | None:
    channel = step.action.channel
    if not channel or not needs_consent(args, facts.contact):
        return None
    return refusal(channel, facts.contact, transactional=bool(args.get("transactional")))


class _Context:
    """What a local action may do (runtime.actions.LocalContext): the working copy, on behalf of one run."""

    def __init__(self, turn: Turn, run: Run) -> None:
        working = turn.working
        self.subject = working.key
        self.schema = working.schema
        self.now = working.now
        self.get = working.get
        self.set = working.set
        self.add_tag = working.add_tag
        self.remove_tag = working.remove_tag
        self.move_stage = working.move_stage
        self.next_turn = working.next_turn
        self._turn = turn
        self._run = run

    def start_rule(self, rule: str) -> None:
        """Start another rule for the same subject."""
        self._turn.start_rule(rule, self._run)
