"""One input of one subject, from its arrival until every run rests again."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from rulelang.plan.scope import Scope
from runtime.actions import Facts
from runtime.alarms import Alarms, zone_changed
from runtime.bounds import MAX_PATH
from runtime.consent import keyword, muted
from runtime.desk import items_of
from runtime.enrolment import Enrolments
from runtime.events import QUIET, RECORD_UPDATED
from runtime.listening import Listening
from runtime.lives import GOAL, tell_end, tell_run
from runtime.model import (
    ALARMS_CHANGED,
    BACKFILL,
    CONDITIONS_DUE,
    CONTACT_HEARD,
    JSON,
    RELATED_CHANGED,
    STEPS_STARTED,
    AlarmInput,
    CancelInput,
    Cause,
    Effect,
    EffectInput,
    Entry,
    EntryKind,
    Event,
    EventInput,
    Input,
    Item,
    Millis,
    MoveInput,
    ResumeInput,
    Run,
    RunStatus,
    SubjectKey,
    SubjectState,
    TimerInput,
    Transition,
)
from runtime.moving import Moving
from runtime.pausing import Pausing
from runtime.program import Program
from runtime.related import start_steps
from runtime.steps import Steps
from runtime.telling import passed_on, told_elsewhere
from runtime.tracking import CONDITIONS_CHANGED, Tracking, clear
from runtime.working import Change, Working
from runtime.zones import no_zone, zone_of

_NEWS_OF_ALARMS = frozenset({RELATED_CHANGED, ALARMS_CHANGED})
_INTERNAL = _NEWS_OF_ALARMS | {CONDITIONS_DUE, CONTACT_HEARD, STEPS_STARTED, BACKFILL}
_PLACES = frozenset({"time_zone", "account_id", "contact_id"})
"""Fields that decide whose time of day it is."""

if TYPE_CHECKING:
    from runtime.machine import Machine


class Turn:
    """The state of one `advance`. Events that come up are handled first in, first out."""

    __slots__ = (
        "_alarms",
        "_derived",
        "_queue",
        "_records",
        "_tracking",
        "_was",
        "_zone",
        "cancelled",
        "changed_runs",
        "effects",
        "emitted",
        "enrolments",
        "entries",
        "items",
        "listening",
        "machine",
        "now",
        "plans",
        "started",
        "steps",
        "working",
    )

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
        self.steps = Steps(self)
        self.listening = Listening(self)
        self.enrolments = Enrolments(self)
        self.emitted: list[Event] = []
        self.items: list[Item] = []
        watch = machine.alarms.get(state.key.kind)
        self._alarms = None if watch is None else Alarms(self, watch, state.fields)
        following = machine.following.get(state.key.kind)
        self._tracking = None if following is None else Tracking(self, following)
        self._was = state.fields
        self._zone: ZoneInfo | None = None
        self._queue: deque[tuple[Event, bool]] = deque()
        self._derived = 0
        self._records: dict[str, Mapping[str, JSON]] = {
            "contact": related.get("contact", {}),
            "account": related.get("account", {}),
            "opportunity": {},
        }

    # --- inputs ---

    def handle(self, input: Input) -> None:
        """Handle the input and all that follows from it."""
        if self.plans.resuming:
            Pausing(self).catch_up()
        if self._tracking is not None and self._tracking.catch_up():
            self.listening.revisit()
        match input:
            case EventInput():
                self._queue.append((input.event, False))
            case TimerInput():
                self._on_timer(input)
            case AlarmInput():
                self._on_alarm()
            case EffectInput():
                self._on_effect(input)
            case ResumeInput():
                pass
            case MoveInput():
                Moving(self).move(input)
            case CancelInput():
                run = self.working.runs.get(input.run)
                if run is not None:
                    self.end(run, RunStatus.CANCELLED, EntryKind.EXITED, input.reason)
        while self._queue:
            self._on_event(*self._queue.popleft())
        if self._alarms is not None:
            self._alarms.arm()
        if self._tracking is not None:
            self._tracking.finish()
        if self.machine.following:
            self.emitted += told_elsewhere(self.machine, self._was, self.working, self._records, self.emitted)

    def transition(self) -> Transition:
        """Everything that happened, as one value; the last that is asked of a turn."""
        self._untie()
        return Transition(
            state=self.working.state(),
            entries=self.entries,
            runs=list(self.changed_runs.values()),
            started=self.started,
            effects=self.effects,
            emitted=self.emitted,
            counters=self.working.new_counters,
            cancelled=self.cancelled,
            items=self.items,
            changed=self.working.touched,
        )

    def _untie(self) -> None:
        """Let reference counts free the turn's parts, which refer back to it: the collector need not look for them."""
        del self.steps, self.listening, self.enrolments
        self._alarms = self._tracking = None

    def _on_timer(self, input: TimerInput) -> None:
        run = self.working.runs.get(input.run)
        if run is None or run.status != RunStatus.WAITING or run.due != input.due:
            return
        if run.rule in self.plans.paused:
            Pausing(self).hold_timer(run)
            return
        self.note(EntryKind.RESUMED, run, step=run.position)
        self.steps.woken(run, self.plans.program(run.plan))

    def _on_alarm(self) -> None:
        self.working.alarm = None
        if self._alarms is not None:
            self._queue.extend((event, True) for event in self._alarms.ring())
        else:
            memory = self.working.memory
            self.working.memory = {name: value for name, value in memory.items() if name != "alarms"}
        if self._tracking is not None:
            self._queue.extend((event, True) for event in self._tracking.ring())
        else:
            clear(self.working)

    def _on_effect(self, input: EffectInput) -> None:
        run = self.working.runs.get(input.run)
        if run is None or run.effect != input.key:
            return
        if run.rule in self.plans.paused:
            Pausing(self).hold_answer(run, input)
            return
        self.steps.answered(run, self.plans.program(run.plan), input)

    # --- events ---

    def _on_event(self, event: Event, derived: bool) -> None:
        if event.type in _INTERNAL:
            self._on_news(event)
            return
        created = not self.working.exists
        if created:
            self.working.create()
        data = self.machine.derivations.apply(event, self.working)
        said = keyword(event.type, data)
        if said is True or (said is False and self.working.get("sms_opt_out")):
            self.working.set("sms_opt_out", said)
        changes = self.working.take_changes()
        self._zone = None
        tracking, quiet = self._tracking, event.type == RECORD_UPDATED and data.get(QUIET) is True
        if tracking is not None:
            tracking.hear(event, data)
            changes = tracking.follow(changes, created, quiet)
        if self.machine.passed_on:
            self.emitted += passed_on(self.machine, event, data, self.working, self.scope)
        self.entries.append(
            Entry(
                at=self.now,
                kind=EntryKind.DERIVED if derived else EntryKind.EVENT,
                action=event.type,
                input=data,
                event=event.id,
                rule=event.cause.rule if event.cause else "",
                changes={c.name: [c.before, c.after] for c in changes},
            )
        )
        if quiet:
            self._tell_zone(changes)
            self.listening.revisit()
            return
        if changes and event.type in self.machine.derivations.updates:
            data["changes"] = {c.name: {"before": c.before, "after": c.after} for c in changes}
        self.items += items_of(event, data)
        if self._alarms is not None:
            self._alarms.observe(event, data)
        self._announce(changes, created, event)
        closed = muted(event.type, data, self.working.fields)
        if closed is not None:
            self.entries.append(Entry(self.now, EntryKind.SUPPRESSED, event=event.id, reason=closed))
            return
        self.listening.hear(event, data)
        self.enrolments.enrol(event, data)

    def _on_news(self, event: Event) -> None:
        if event.type == STEPS_STARTED:
            start_steps(self, event)
            return
        if event.type == BACKFILL:
            self.enrolments.enrol_existing(event)
            return
        if self._alarms is not None and event.type in _NEWS_OF_ALARMS:
            self._alarms.demand()
        if self._tracking is not None:
            if self._tracking.take_news(event):
                self.listening.revisit()
            self.settle([], False, event)
        elif event.type == ALARMS_CHANGED:
            clear(self.working)
        if event.type == RELATED_CHANGED:
            self.listening.revisit()

    def settle(self, changes: list[Change], created: bool, origin: Event | Run) -> None:
        """After the subject changed: what follows from it, the events this means, exits that hold, waits that move."""
        if self._tracking is not None:
            known = len(changes)
            changes = self._tracking.follow(changes, created)
            if len(changes) > known:
                self._note_conditions(changes[known:], origin)
        self._announce(changes, created, origin)

    def _note_conditions(self, changes: list[Change], origin: Event | Run) -> None:
        """Write down what follows from something that is no event of the journal."""
        event, rule = (origin.id, "") if isinstance(origin, Event) else ("", origin.rule)
        shown = {c.name: [c.before, c.after] for c in changes}
        self.entries.append(
            Entry(
                at=self.now,
                kind=EntryKind.DERIVED,
                action=CONDITIONS_CHANGED,
                changes=shown,
                event=event,
                rule=rule,
            )
        )

    def _announce(self, changes: list[Change], created: bool, origin: Event | Run) -> None:
        told = self._tracking.told() if self._tracking is not None else ()
        if not changes and not created and not told:
            return
        if any(change.name in _PLACES for change in changes):
            self._zone = None
            self._tell_zone(changes)
        type_, said = (origin.type, origin.data) if isinstance(origin, Event) else ("", {})
        source = origin.source if isinstance(origin, Event) else ""
        derived = self.machine.derivations.derive(changes, created, self.working, type_, said, source)
        for name, data, news in derived:
            self.queue_event(name, data, news, origin)
        for name, data in told:
            self.queue_event(name, data, {}, origin)
        self.listening.revisit()

    def _tell_zone(self, changes: list[Change]) -> None:
        """Subjects that go by the zone of this one have to hear of a new one."""
        working = self.working
        if any(change.name == "time_zone" for change in changes) and self.machine.is_zone_of_others(
            working.key
        ):
            news = zone_changed(working.key, working.version, self.now)
            self.emitted = [*(event for event in self.emitted if event.id != news.id), news]

    def queue_event(
        self, type_: str, data: dict[str, JSON], changes: dict[str, dict[str, JSON]], origin: Event | Run
    ) -> str:
        """Queue an event for this subject, brought about by an event or a run; its id."""
        self._derived += 1
        root = origin.id if isinstance(origin, Event) else f"{origin.id}.{origin.steps}"
        event = Event(
            id=f"{root}~{self._derived}",
            type=type_,
            occurred_at=self.now,
            received_at=self.now,
            subject=self.working.key,
            data=data,
            changes=changes,
            cause=_cause(origin),
        )
        self._queue.append((event, True))
        return event.id

    def emit(
        self,
        to: SubjectKey,
        type_: str,
        data: dict[str, JSON],
        run: Run,
        key: str,
        links: Mapping[str, str],
    ) -> None:
        """Hand an event for another record over to the shell, which lets it happen after this one is committed."""
        event = Event(
            id=f"{key}~{type_}",
            type=type_,
            occurred_at=self.now,
            received_at=self.now,
            subject=to,
            data=data,
            source="rule",
            cause=_cause(run),
            contact_id=links.get("contact_id", ""),
            account_id=links.get("account_id", ""),
        )
        self.emitted.append(event)

    # --- runs and the journal ---

    def update(self, run: Run) -> None:
        """Keep a run's new state."""
        self.changed_runs[run.id] = run
        self.working.runs[run.id] = run

    def leave(self, run: Run, reason: str, goal: bool = False) -> None:
        """End a run early: by an exit condition or event, after its last steps; or because its goal is reached."""
        if goal:
            if self.plans.tells:
                tell_run(self, run, GOAL, reason)
            self.end(run, RunStatus.COMPLETED, EntryKind.COMPLETED, reason)
            return
        program = self.plans.program(run.plan)
        if program.last is None or "branch" in run.locals:
            self.end(run, RunStatus.EXITED, EntryKind.EXITED, reason)
            return
        self.call_off_waiting(run, reason)
        self.note(EntryKind.EXITED, run, step=run.position, reason=reason)
        leaving = replace(
            run, status=RunStatus.WAITING, due=None, effect="", locals={**run.locals, "exiting": reason}
        )
        self.update(leaving)
        self.steps.proceed(leaving, program, program.last)

    def end(self, run: Run, status: RunStatus, kind: EntryKind, reason: str = "") -> None:
        """End a run; an effect it still waits for is called off, its branches end with it."""
        self._call_off(run)
        self._end_branches(run, status, reason)
        ended = replace(
            run, status=status, due=None, effect="", ended_at=self.now, reason=reason, data={}, locals={}
        )
        self.changed_runs[run.id] = ended
        self.working.runs.pop(run.id, None)
        if "exiting" not in run.locals:
            self.note(kind, run, step=run.position, reason=reason)
        if self.plans.tells:
            tell_end(self, run, status, reason)
        self.steps.child_ended(run.locals.get("parent", ""))
        self.enrolments.next_in_line(run)

    def call_off_waiting(self, run: Run, reason: str) -> None:
        """Give up what a run waits for, because it is about to go on elsewhere."""
        self._call_off(run)
        self._end_branches(run, RunStatus.EXITED, reason)

    def _call_off(self, run: Run) -> None:
        if run.effect and run.status in (RunStatus.EFFECT, RunStatus.BLOCKED):
            self.cancelled.append(run.effect)
            self.effects = [e for e in self.effects if e.key != run.effect]

    def _end_branches(self, run: Run, status: RunStatus, reason: str) -> None:
        for child in list(self.working.runs.values()):
            if child.locals.get("parent") == run.id and "branch" in child.locals:
                orphan = replace(child, locals={k: v for k, v in child.locals.items() if k != "parent"})
                self.end(orphan, status, EntryKind.EXITED, reason or "the run it belongs to has ended")

    def fail(self, run: Run, step: str, reason: str) -> None:
        """End a run that cannot go on."""
        self.end(replace(run, position=step), RunStatus.FAILED, EntryKind.FAILED, reason)

    def note(self, kind: EntryKind, run: Run, **details: Any) -> None:
        """Write a journal entry of a run."""
        self.entries.append(Entry(at=self.now, kind=kind, rule=run.rule, run=run.id, **details))

    def note_event(self, kind: EntryKind, rule: str, event: Event, reason: str) -> None:
        """Write a journal entry of what an event meant for a rule."""
        self.entries.append(Entry(at=self.now, kind=kind, rule=rule, event=event.id, reason=reason))

    # --- scope ---

    def scope(self, event: Mapping[str, JSON], **more: Mapping[str, JSON]) -> Scope:
        """What conditions can see now, with the data of an event and `more` roots."""
        kind = self.working.key.kind
        records = self._records
        records[kind] = self.working.fields
        values = {**records, "event": event, **more}
        if self._tracking is not None:
            values |= {"counts": self._tracking.counts(), "latest": self._tracking.latest()}
        return Scope(values, self.now, self.zone(), self.machine.people, kind)

    def zone(self) -> ZoneInfo:
        """The zone of the subject."""
        if self._zone is None:
            records = self._records
            records[self.working.key.kind] = self.working.fields
            self._zone = zone_of(records, self.machine.schema.time_zone)
        return self._zone

    def zone_trouble(self) -> str:
        """A sentence when times of day are those of another zone than the records say, for theirs is none."""
        name = no_zone(self._records)
        return f"`{name}` is no time zone; the time is that of `{self.scope({}).zone}`" if name else ""

    def run_scope(self, run: Run, **more: Mapping[str, JSON]) -> Scope:
        """What the conditions of a run can see now: its event, its own values, and `more` roots."""
        kept = {"id": run.id, **run.locals.get("vars", {})}
        return self.scope(run.data.get("data", {}), run=kept, **more)

    def facts(self, run: Run) -> Facts:
        """What an effect of this run may know."""
        self._records[self.working.key.kind] = self.working.fields
        names = self.names(run)
        return Facts(key=self.working.key, event=run.data, names=names, **self._records)

    def names(self, run: Run) -> dict[str, JSON]:
        """The values of all names that the rule gives; None for those that this run has not given."""
        names = self.plans.program(run.plan).names
        return {**dict.fromkeys(names), **run.locals.get("vars", {})} if names else {}

    def program(self, run: Run) -> Program:
        """The program that a run follows."""
        return self.plans.program(run.plan)


def _cause(origin: Event | Run) -> Cause | None:
    if isinstance(origin, Event):
        return origin.cause
    return Cause(
        origin.rule, origin.id, origin.depth + 1, origin.root, (*origin.path, origin.rule)[-MAX_PATH:]
    )
