"""One input of one subject, from its arrival until every run rests again."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING

from msgspec.structs import replace

from rulelang.plan.interpret import first_false
from rulelang.plan.scope import Scope
from rulelang.plan.wording import describe
from runtime.actions import Facts
from runtime.model import (
    JSON,
    RELATED_CHANGED,
    CancelInput,
    Cause,
    Effect,
    EffectInput,
    Entry,
    EntryKind,
    Event,
    EventInput,
    Input,
    Millis,
    Run,
    RunStatus,
    SubjectState,
    TimerInput,
    Transition,
)
from runtime.events import QUIET, RECORD_UPDATED
from runtime.program import Program, Sleep
from runtime.steps import Steps
from runtime.timing import WaitError, wake_at
from runtime.working import Change, Working
from runtime.zones import zone_of

if TYPE_CHECKING:
    from runtime.machine import Machine


class Turn:
    """The state of one `advance`. Events that come up are handled first in, first out."""

    def __init__(
        self,
        machine: Machine,
        state: SubjectState,
        related: Mapping[str, Mapping[str, JSON]],
        now: Millis,
        counters: Mapping[str, int],
    ) -> None:
        self.machine = machine
        self.plans = machine.plans
        self.now = now
        self.working = Working(state, machine.schema, now, counters)
        self.entries: list[Entry] = []
        self.changed_runs: dict[str, Run] = {}
        self.started: list[str] = []
        self.effects: list[Effect] = []
        self.cancelled: list[str] = []
        self._related = related
        self._queue: deque[tuple[Event, bool]] = deque()
        self._derived = 0
        self._steps = Steps(self)
        self._records: dict[str, Mapping[str, JSON]] = {
            "contact": related.get("contact", {}),
            "account": related.get("account", {}),
            "opportunity": {},
        }

    # --- inputs ---

    def handle(self, input: Input) -> None:
        """Handle the input and all that follows from it."""
        match input:
            case EventInput():
                self._queue.append((input.event, False))
            case TimerInput():
                self._on_timer(input)
            case EffectInput():
                self._on_effect(input)
            case CancelInput():
                run = self.working.runs.get(input.run)
                if run is not None:
                    self.end(run, RunStatus.CANCELLED, EntryKind.EXITED, input.reason)
        while self._queue:
            self._on_event(*self._queue.popleft())

    def transition(self) -> Transition:
        """Everything that happened, as one value."""
        return Transition(
            state=self.working.state(),
            entries=self.entries,
            runs=list(self.changed_runs.values()),
            started=self.started,
            effects=self.effects,
            emitted=[],
            counters=self.working.new_counters,
            cancelled=self.cancelled,
            changed=self.working.touched,
        )

    def _on_timer(self, input: TimerInput) -> None:
        run = self.working.runs.get(input.run)
        if run is None or run.status != RunStatus.WAITING or run.due != input.due:
            return
        program = self.plans.program(run.plan)
        self.note(EntryKind.RESUMED, run, step=run.position)
        self._steps.proceed(run, program, program.at[run.position] + 1)

    def _on_effect(self, input: EffectInput) -> None:
        run = self.working.runs.get(input.run)
        if run is None or run.effect != input.key:
            return
        program = self.plans.program(run.plan)
        self._steps.answered(run, program, input)

    # --- events ---

    def _on_event(self, event: Event, derived: bool) -> None:
        if event.type == RELATED_CHANGED:
            self.revisit()
            return
        created = not self.working.exists
        if created:
            self.working.create()
        data = self.machine.derivations.apply(event, self.working)
        changes = self.working.take_changes()
        kind = EntryKind.DERIVED if derived else EntryKind.EVENT
        self.entries.append(
            Entry(
                at=self.now,
                kind=kind,
                action=event.type,
                input=data,
                event=event.id,
                rule=event.cause.rule if event.cause else "",
                changes={c.name: [c.before, c.after] for c in changes},
            )
        )
        if changes and event.type in self.machine.derivations.updates:
            data["changes"] = {c.name: {"before": c.before, "after": c.after} for c in changes}
        if event.type == RECORD_UPDATED and data.get(QUIET) is True:
            self.revisit()
            return
        self.settle(changes, created, event)
        self._enrol_matches(event, data)

    def settle(self, changes: list[Change], created: bool, origin: Event | Run) -> None:
        """After the subject changed: queue the events this means, end runs whose exit holds, move waits."""
        if not changes and not created:
            return
        type_ = origin.type if isinstance(origin, Event) else ""
        derive = self.machine.derivations.derive
        for name, data, news in derive(changes, created, self.working, type_, self.plans.listens):
            self._queue.append((self._derive(name, data, news, origin), True))
        self.revisit()

    def start_rule(self, key: str, origin: Run) -> None:
        """Queue the start of another rule for this subject."""
        self._queue.append((self._derive("rule.start", {"rule": key}, {}, origin), True))

    def _derive(
        self, type_: str, data: dict[str, JSON], changes: dict[str, dict[str, JSON]], origin: Event | Run
    ) -> Event:
        self._derived += 1
        cause = _cause(origin)
        root = origin.id if isinstance(origin, Event) else f"{origin.id}.{origin.steps}"
        return Event(
            id=f"{root}~{self._derived}",
            type=type_,
            occurred_at=self.now,
            received_at=self.now,
            subject=self.working.key,
            data=data,
            changes=changes,
            cause=cause,
        )

    def revisit(self) -> None:
        """Test the exits of all live runs, and move waits on dates that changed."""
        for run in list(self.working.runs.values()):
            program = self.plans.program(run.plan)
            if program.exits:
                reason = self._exit_reason(program, self.run_scope(run))
                if reason:
                    self.end(run, RunStatus.EXITED, EntryKind.EXITED, reason)
                    continue
            if run.status == RunStatus.WAITING:
                self._move_wait(run, program)

    def _exit_reason(self, program: Program, scope: Scope) -> str:
        for exit in program.exits:
            if exit.when(scope):
                return f"the exit condition holds: {describe(exit.ir, program.plan.subject)}"
        return ""

    def _move_wait(self, run: Run, program: Program) -> None:
        sleep = program.code[program.at[run.position]]
        if not isinstance(sleep, Sleep) or sleep.mode != "date":
            return
        try:
            due = wake_at(sleep, self.run_scope(run))
        except WaitError as error:
            self.fail(run, run.position, str(error))
            return
        if due != run.due:
            self.update(replace(run, due=due))
            self.note(
                EntryKind.WAITING, run, step=run.position, reason="the date it waits for has changed", due=due
            )

    # --- enrolment ---

    def _enrol_matches(self, event: Event, data: dict[str, JSON]) -> None:
        scope = self.scope(data)
        kind = self.working.key.kind
        if event.type == "rule.start":
            self._start_named(event, data, scope)
            return
        matched = self.plans.match(event.type, kind, scope)
        if self.machine.explain:
            for program, condition in self.plans.misses(event.type, kind, matched):
                self._entry(EntryKind.NOT_MATCHED, program.plan.key, event, first_false(condition, scope))
        for program in matched:
            self._entry(EntryKind.MATCHED, program.plan.key, event, "")
        for program in matched:
            self._enrol(program, event, data)

    def _start_named(self, event: Event, data: dict[str, JSON], scope: Scope) -> None:
        key = str(data.get("rule", ""))
        program = self.plans.live.get(key)
        if program is None:
            state = self.plans.all[key].state if key in self.plans.all else "unknown"
            self._entry(
                EntryKind.REFUSED, key, event, f"the rule is {state}, only a live rule can be started"
            )
        elif program.plan.subject != self.working.key.kind:
            self._entry(EntryKind.REFUSED, key, event, f"the rule is for {program.plan.subject} records")
        elif program.when is not None and not program.when(scope):
            self._entry(EntryKind.NOT_MATCHED, key, event, first_false(program.plan.when, scope))
        else:
            self._entry(
                EntryKind.MATCHED, key, event, "started by another rule" if event.cause else "started by hand"
            )
            self._enrol(program, event, data)

    def _enrol(self, program: Program, event: Event, data: dict[str, JSON]) -> None:
        refusal = self._refusal(program, event, data)
        if refusal:
            self._entry(EntryKind.REFUSED, program.plan.key, event, refusal)
            return
        run = self._new_run(program, event, data)
        if program.plan.enrol == "once":
            self.working.memory = {
                **self.working.memory,
                "once": {**self.working.memory.get("once", {}), run.rule: run.id},
            }
        self.working.touched = True
        self.started.append(run.id)
        self.note(EntryKind.ENROLLED, run, event=event.id)
        self._steps.proceed(run, program, 0)

    def _refusal(self, program: Program, event: Event, data: dict[str, JSON]) -> str:
        key = program.plan.key
        bounds = self.machine.bounds
        cause = event.cause
        if cause is not None and cause.depth > bounds.depth:
            return f"rules set each other off more than {bounds.depth} deep: {' → '.join((*cause.path, key))}"
        if len(self.started) >= bounds.runs_per_event:
            return f"one event may start {bounds.runs_per_event} runs; more were due"
        if any(run.rule == key for run in self.working.runs.values()):
            return "a run of this rule is already under way for this subject"
        if program.plan.enrol == "once" and key in self.working.memory.get("once", {}):
            return "the rule enrols each subject once, and this one has been enrolled"
        reason = self._exit_reason(program, self.scope(data))
        return reason or self._rate_refusal()

    def _rate_refusal(self) -> str:
        bounds = self.machine.bounds
        minute = self.now // bounds.minute
        last, count = self.working.memory.get("rate", (0, 0))
        count = count + 1 if last == minute else 1
        self.working.memory = {**self.working.memory, "rate": (minute, count)}
        if count > bounds.runs_per_minute:
            return f"more than {bounds.runs_per_minute} runs were started for this subject within a minute"
        return ""

    def _new_run(self, program: Program, event: Event, data: dict[str, JSON]) -> Run:
        plan = program.plan
        cause = event.cause
        kept: dict[str, JSON] = {}
        if program.keeps_event:
            kept = {"type": event.type, "id": event.id, "data": data, "changes": event.changes}
        run = Run(
            id=run_id(plan.key, self.working.key, event.id),
            rule=plan.key,
            plan=plan.hash,
            subject=self.working.key,
            status=RunStatus.WAITING,
            position="",
            started_at=self.now,
            event=event.id,
            data=kept,
            depth=cause.depth if cause else 0,
            root=cause.root if cause else event.id,
            path=cause.path if cause else (),
        )
        self.update(run)
        return run

    # --- runs and the journal ---

    def update(self, run: Run) -> None:
        """Keep a run's new state."""
        self.changed_runs[run.id] = run
        self.working.runs[run.id] = run

    def end(self, run: Run, status: RunStatus, kind: EntryKind, reason: str = "") -> None:
        """End a run; an effect it still waits for is called off."""
        if run.effect and run.status in (RunStatus.EFFECT, RunStatus.BLOCKED):
            self.cancelled.append(run.effect)
        self.effects = [e for e in self.effects if e.run != run.id or e.key not in self.cancelled]
        ended = replace(
            run, status=status, due=None, effect="", ended_at=self.now, reason=reason, data={}, locals={}
        )
        self.changed_runs[run.id] = ended
        self.working.runs.pop(run.id, None)
        self.note(kind, run, step=run.position, reason=reason)

    def fail(self, run: Run, step: str, reason: str) -> None:
        """End a run that cannot go on."""
        self.end(replace(run, position=step), RunStatus.FAILED, EntryKind.FAILED, reason)

    def note(self, kind: EntryKind, run: Run, **details: JSON) -> None:
        """Write a journal entry of a run."""
        self.entries.append(Entry(at=self.now, kind=kind, rule=run.rule, run=run.id, **details))

    def _entry(self, kind: EntryKind, rule: str, event: Event, reason: str) -> None:
        self.entries.append(Entry(at=self.now, kind=kind, rule=rule, event=event.id, reason=reason))

    # --- scope ---

    def run_scope(self, run: Run) -> Scope:
        """What the conditions of a run can see now: the event is the one that started it."""
        return self.scope(run.data.get("data", {}))

    def facts(self, run: Run) -> Facts:
        """What an effect of this run may know."""
        self._records[self.working.key.kind] = self.working.fields
        return Facts(key=self.working.key, event=run.data, **self._records)

    def scope(self, event: Mapping[str, JSON]) -> Scope:
        """What conditions can see now, with the data of an event."""
        self._records[self.working.key.kind] = self.working.fields
        return Scope(
            values={**self._records, "event": event},
            now=self.now,
            zone=zone_of(self._records, self.machine.schema.time_zone),
            people=self.machine.people,
            subject=self.working.key.kind,
        )


def run_id(rule: str, subject: tuple[str, str], event: str) -> str:
    """The id of the run that an event starts: the same event never starts a second one."""
    text = "\0".join((rule, *subject, event))
    return f"run_{blake2b(text.encode(), digest_size=10).hexdigest()}"


def _cause(origin: Event | Run) -> Cause | None:
    if isinstance(origin, Event):
        return origin.cause
    return Cause(origin.rule, origin.id, origin.depth + 1, origin.root, (*origin.path, origin.rule)[-32:])
