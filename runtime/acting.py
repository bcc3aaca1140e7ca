"""What a run does: local changes at once, effects by way of the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from rulelang.types.schema import Schema
from runtime.actions import ActionError, EffectAction, Facts, Intent, LocalAction
from runtime.consent import needs_consent, refusal
from runtime.listening import keep
from runtime.lives import SUPPRESSED, UNDELIVERED, tell_message
from runtime.model import JSON, Effect, EntryKind, Run, RunStatus, SubjectKey
from runtime.policy import Verdict, remember, stopped
from runtime.program import Act

if TYPE_CHECKING:
    from runtime.turn import Turn


class Acting:
    """Performs the actions of runs within a turn."""

    __slots__ = ("_turn",)

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    def act(self, run: Run, step: Act, at: int) -> tuple[Run, int] | None:
        """Perform an action; the run to go on with and where, or None when it rests or has ended."""
        if not self._turn.steps.wanted(run, step.id, step.when):
            return run, at
        counted = self._turn.steps.count(run, step.id)
        if counted is None:
            return None
        args = self._arguments(run, step)
        try:
            if step.local is not None:
                made = self._change(counted, step, step.local, args)
            else:
                assert step.effect is not None
                made = self._hand_over(counted, step, step.effect, args)
        except ActionError as error:
            return self._impossible(counted, step, str(error))
        return None if made is None else (made, at)

    def _impossible(self, run: Run, step: Act, reason: str) -> tuple[Run, int] | None:
        """An action that cannot even be tried: the run fails, unless the step says what to do then."""
        if self._turn.plans.tells:
            tell_message(self._turn, run, step, UNDELIVERED, reason)
        if step.on_error is None:
            self._turn.fail(run, step.id, reason)
            return None
        details = {"step": step.id, "action": step.action.name, "reason": reason}
        self._turn.note(EntryKind.FAILED, run, **details)
        return keep(run, step.bind, {"ok": False, "error": reason}), step.on_error

    def _arguments(self, run: Run, step: Act) -> dict[str, JSON]:
        named = step.params if step.action.takes_with else {}
        if step.constant is not None and not named:
            return dict(step.constant)
        scope = self._turn.run_scope(run)
        args = {name: value(scope) for name, value in step.args.items()}
        own = {param.name for param in step.action.named}
        for name, value in named.items():
            (args if name in own else args.setdefault("with", {}))[name] = value(scope)
        return args

    def _change(self, run: Run, step: Act, action: LocalAction, args: dict[str, JSON]) -> Run | None:
        turn = self._turn
        action(_Context(turn, run, step), args)
        changes = turn.working.take_changes()
        turn.note(
            EntryKind.ACTION,
            run,
            step=step.id,
            action=step.action.name,
            input=args,
            changes={c.name: [c.before, c.after] for c in changes},
        )
        if step.and_wait:
            parent = replace(run, locals={**run.locals, "children": 1})
            self._turn.steps.park(parent, step.id, None, "until the rule it started has ended")
            return None
        if not changes:
            return run
        turn.update(run)
        turn.settle(changes, False, run)
        now = turn.working.runs.get(run.id)
        return now if now is not None and now.position == run.position else None

    def _hand_over(self, run: Run, step: Act, action: EffectAction, args: dict[str, JSON]) -> Run | None:
        turn = self._turn
        facts = turn.facts(run)
        details = {"step": step.id, "action": step.action.name}
        reason = _no_consent(turn.machine.schema, step, args, facts)
        if reason:
            return self._left_out(run, step, args, reason)
        stop = self._policy(run, step, args, facts)
        if stop is not None and stop.until is not None:
            self._turn.steps.park(run, step.id, stop.until, f"held: {stop.reason}")
            return None
        if stop is not None:
            return self._left_out(run, step, args, stop.reason)
        intent = action.intend(turn.machine.schema, facts, args)
        if intent.series:
            intent = Intent(
                intent.destination, {**intent.args, "number": turn.working.next_number(intent.series)}
            )
        self._remember(run, step, args, facts)
        effect = Effect(
            key=_key(run, step),
            run=run.id,
            rule=run.rule,
            step=step.id,
            action=step.action.name,
            subject=run.subject,
            destination=intent.destination,
            args=intent.args,
            created_at=turn.now,
            event=run.data if step.action.uses_event else {},
            tries=step.tries,
            names=dict(facts.names) if step.action.uses_event else {},
        )
        turn.effects.append(effect)
        turn.note(EntryKind.ACTION, run, **details, input=intent.args)
        turn.update(replace(run, status=RunStatus.EFFECT, effect=effect.key, due=None))
        return None

    def _left_out(self, run: Run, step: Act, args: dict[str, JSON], reason: str) -> Run:
        """A message that does not go out: the run goes on without it."""
        turn = self._turn
        turn.note(EntryKind.SUPPRESSED, run, step=step.id, action=step.action.name, input=args, reason=reason)
        if turn.plans.tells:
            tell_message(turn, run, step, SUPPRESSED, reason)
        return keep(run, step.bind, {"ok": False, "error": reason})

    def _policy(self, run: Run, step: Act, args: Mapping[str, JSON], facts: Facts) -> Verdict | None:
        """What the workspace's sending policy says of a message to the contact."""
        turn = self._turn
        schema = turn.machine.schema
        policy = schema.policy
        if not (policy.quiet or policy.caps or policy.hours) or not _to_contact(step, args, facts):
            return None
        zone, sent = turn.run_scope(run).zone, turn.working.memory.get("sent", {})
        return stopped(schema, step.action.channel, turn.now, zone, sent)

    def _remember(self, run: Run, step: Act, args: Mapping[str, JSON], facts: Facts) -> None:
        """Count a message that goes out, where the sending policy has a cap."""
        turn = self._turn
        policy = turn.machine.schema.policy
        if not policy.caps or not _to_contact(step, args, facts):
            return
        memory = turn.working.memory
        zone, sent = turn.run_scope(run).zone, memory.get("sent")
        later = remember(policy, step.action.channel, turn.now, zone, sent)
        turn.working.memory = {**memory, "sent": later}
        turn.working.touched = True


def _key(run: Run, step: Act) -> str:
    return f"{run.id}:{step.id}:{_round(run, step)}"


def _round(run: Run, step: Act) -> str:
    """Which time round: part of the key of an effect, so that a repetition is another effect."""
    loops: dict[str, int] = run.locals.get("loops", {})
    rounds = ".".join(str(loops.get(id, 0)) for id in step.loops) or "0"
    # In another version of the rule the same id is another step.
    moved = run.locals.get("moved")
    return f"{rounds}@{moved}" if moved else rounds


def _no_consent(schema: Schema, step: Act, args: Mapping[str, JSON], facts: Facts) -> str | None:
    channel = step.action.channel
    if not channel or not needs_consent(args, facts.contact):
        return None
    topic = schema.topics.get(str(args.get("topic", "")))
    return refusal(channel, facts.contact, transactional=bool(args.get("transactional")), topic=topic)


def _to_contact(step: Act, args: Mapping[str, JSON], facts: Facts) -> bool:
    """Whether the sending policy has a say: the message is for the contact, and not transactional."""
    return bool(step.action.channel) and needs_consent(args, facts.contact) and not args.get("transactional")


class _Context:
    """What a local action may do (runtime.actions.LocalContext): the working copy, on behalf of one run."""

    def __init__(self, turn: Turn, run: Run, step: Act) -> None:
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
        self.load = working.load
        self.recall = working.recall
        self.remember = working.remember
        self._turn = turn
        self._run = run
        self._step = step

    @property
    def key(self) -> str:
        """What this step is known by."""
        return _key(self._run, self._step)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the subject's times of day."""
        return self._turn.run_scope(self._run).zone

    @property
    def facts(self) -> Facts:
        """What the action may know."""
        return self._turn.facts(self._run)

    def raise_event(self, type_: str, data: dict[str, JSON]) -> None:
        """Let an event happen to the subject."""
        self._turn.queue_event(type_, data, {}, self._run)

    def tell(self, to: SubjectKey, type_: str, data: dict[str, JSON], links: Mapping[str, str] = {}) -> None:
        """Let an event happen to another record."""
        self._turn.emit(to, type_, data, self._run, self.key, links)

    def start_rule(self, rule: str) -> None:
        """Start another rule for the same subject, with the step's parameters."""
        data: dict[str, JSON] = {"rule": rule}
        scope = self._turn.run_scope(self._run)
        if self._step.params:
            data["params"] = {name: value(scope) for name, value in self._step.params.items()}
        if self._step.and_wait:
            data["parent"] = self._run.id
        self._turn.queue_event("rule.start", data, {}, self._run)
