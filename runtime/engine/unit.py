"""One transaction's working set: the subjects it touches, advanced in memory, and the one batch it will write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from runtime.actions import Facts
from runtime.engine.work import Fault
from runtime.machine import RELATED_CHANGED, related_keys
from runtime.model import (
    JSON,
    LIVE,
    AlarmInput,
    CancelInput,
    EffectRow,
    EffectStatus,
    Entry,
    EntryKind,
    Event,
    EventInput,
    Input,
    Item,
    Millis,
    Run,
    RunStatus,
    SubjectKey,
    SubjectState,
    Transition,
)
from runtime.outbox import Ready
from runtime.statistics import Tally, count
from runtime.store.protocol import AcceptedEvent, Batch, JournalRow, Transaction

if TYPE_CHECKING:
    from runtime.engine.rules import Rules

Fields: TypeAlias = Mapping[str, JSON]
_NOTHING: Fields = {}
_NO_INPUT = CancelInput("", "")


def linked(state: SubjectState) -> dict[str, SubjectKey]:
    """The records that a subject names as its own, by kind."""
    return related_keys(state, _NO_INPUT)


class Unit:
    """Collects what the inputs of one transaction bring about. Lives as long as the transaction."""

    def __init__(
        self,
        tx: Transaction,
        rules: Rules,
        cache: Mapping[SubjectKey, SubjectState],
        rows: Mapping[str, EffectRow],
        counters: dict[str, int],
        now: Millis,
    ) -> None:
        self.tx = tx
        self.rules = rules
        self.now = now
        self.states: dict[SubjectKey, SubjectState] = {}
        self.dirty: dict[SubjectKey, None] = {}
        self.runs: dict[str, Run] = {}
        self.effects: dict[str, EffectRow] = {}
        self.fresh: dict[str, None] = {}
        self.again: list[Ready] = []
        self.events: list[AcceptedEvent] = []
        self.handled: list[tuple[str, tuple[str, ...]]] = []
        self.journal: list[JournalRow] = []
        self.items: list[Item] = []
        self.counters: dict[str, int] = {}
        self.tally: Tally = {}
        self.statistics: dict[tuple[str, str, int], int] = {}
        self.dropped: list[str] = []
        self.faults: list[Fault] = []
        self.started = 0
        self.fleeting: set[SubjectKey] = set()
        self.armed = False
        self.left = False
        self.error: Exception | None = None
        self._rows: dict[str, EffectRow] = {}
        self._subjects: dict[str, SubjectKey] = {}
        self._cache = cache
        self._cached_rows = rows
        self._all_counters = counters
        self._advance = rules.machine.advance

    # --- reading ---

    def load(self, keys: Iterable[SubjectKey]) -> None:
        """Make sure that these subjects are in memory, with the plans of their live runs."""
        states, cache = self.states, self._cache
        wanted: dict[SubjectKey, None] = {}
        for key in keys:
            if key in states:
                continue
            known = cache.get(key)
            if known is None:
                wanted[key] = None
            else:
                states[key] = known
        if wanted:
            found = self.tx.subjects(wanted)
            states.update(found)
            self._load_plans(found)

    def _load_plans(self, found: Mapping[SubjectKey, SubjectState]) -> None:
        runs = [run for state in found.values() for run in state.runs.values()]
        if not runs:
            return
        lost = self.rules.ensure(runs, self.tx)
        for run in runs:
            if run.plan in lost:
                self.fail_run(run.subject, run.id, lost[run.plan])

    def load_related(self, inputs: Iterable[tuple[SubjectKey, Input]]) -> None:
        """Bring in, all at once, the records that handling these inputs will look at."""
        states = self.states
        self.load([other for key, input in inputs for other in related_keys(states[key], input).values()])

    def pass_by(self, keys: Sequence[SubjectKey]) -> None:
        """Bring in subjects that need not be remembered after this transaction."""
        self.fleeting.update(key for key in keys if key not in self._cache)
        self.load(keys)

    def load_rows(self, keys: Iterable[str]) -> None:
        """Make sure that these effects are in memory."""
        cached = self._cached_rows
        missing = [key for key in keys if key not in cached and key not in self._rows]
        if missing:
            self._rows.update(self.tx.effects(missing))

    def row(self, key: str) -> EffectRow | None:
        """An effect, as this transaction has left it."""
        found = self.effects.get(key) or self._rows.get(key) or self._cached_rows.get(key)
        if found is None:
            self.load_rows((key,))
            found = self._rows.get(key)
        return found

    def load_runs(self, ids: Sequence[str]) -> None:
        """Bring in the subjects of these runs."""
        for id, run in self.tx.runs(ids).items():
            self._subjects[id] = run.subject
        self.load(self._subjects.values())

    def run(self, id: str) -> Run | None:
        """A live run that `load_runs` was asked for, as this transaction has left it."""
        subject = self._subjects.get(id)
        return self.states[subject].runs.get(id) if subject is not None else None

    def _related(self, state: SubjectState, input: Input) -> dict[str, Fields]:
        keys = related_keys(state, input)
        if not keys:
            return {}
        self.load(keys.values())
        return {kind: self.states[key].fields for kind, key in keys.items()}

    @property
    def all_counters(self) -> Mapping[str, int]:
        """The shared counters, as this transaction has left them."""
        return self._all_counters

    def set_counters(self, news: dict[str, int]) -> None:
        """Give shared counters new values."""
        self._all_counters.update(news)
        self.counters.update(news)

    def counter(self, name: str) -> int:
        """A shared counter, as this transaction has left it."""
        return self._all_counters.get(name, 0)

    # --- advancing ---

    def advance(self, key: SubjectKey, input: Input, event: str = "") -> Transition | None:
        """Let the machine handle one input, and keep what follows; None when it broke on it.

        An error that nobody expected harms this input alone: a `Fault` is noted and what led to it is marked.
        """
        if self.error is not None:
            self.isolate(key, input, self.error)
            return None
        state = self.states[key]
        try:
            transition = self._advance(
                state, self._related(state, input), input, self.now, self._all_counters
            )
        except Exception as error:
            self.isolate(key, input, error)
            return None
        self._absorb(state, transition, event)
        return transition

    def _absorb(self, before: SubjectState, transition: Transition, event: str) -> None:
        after = transition.state
        key = before.key
        self.states[key] = after
        if transition.changed or after.memory != before.memory:
            self.dirty[key] = None
        for run in transition.runs:
            self.runs[run.id] = run
        self.started += len(transition.started)
        if transition.entries:
            self._record(key, event, transition.entries)
        for effect in transition.effects:
            begun = self.rules.idempotent(effect.action)
            self.effects[effect.key] = EffectRow(effect, attempts=1 if begun else 0)
            self.fresh[effect.key] = None
        for cancelled in transition.cancelled:
            self.call_off(cancelled)
        self.items += transition.items
        for emitted in transition.emitted:
            self.events.append(AcceptedEvent(emitted, b"", (), pending=True))
        if transition.counters:
            self.set_counters(transition.counters)
        if transition.changed and self.rules.watches(key.kind):
            self._tell_dependents(after)

    def _record(self, key: SubjectKey, event: str, entries: list[Entry]) -> None:
        """Keep entries in rows of one run each, in the order in which things happened."""
        count(self.tally, entries, key.kind)
        runs = {entry.run for entry in entries}
        runs.discard("")
        if len(runs) < 2:
            # Most inputs concern one run: what belongs to none then tells how that run came about.
            self.journal.append(JournalRow(key, next(iter(runs), ""), event, tuple(entries)))
            return
        start = 0
        for end in range(1, len(entries) + 1):
            if end == len(entries) or entries[end].run != entries[start].run:
                self.journal.append(JournalRow(key, entries[start].run, event, tuple(entries[start:end])))
                start = end

    def _tell_dependents(self, state: SubjectState) -> None:
        key = state.key
        id = f"{RELATED_CHANGED}:{key.kind}:{key.id}:{state.version}"
        event = Event(id=id, type=RELATED_CHANGED, occurred_at=self.now, received_at=self.now, subject=key)
        self.events.append(AcceptedEvent(event, b"", (), pending=True))

    def call_off(self, key: str) -> None:
        """An effect need not be performed any more. One that has come to an end keeps it."""
        row = self.row(key)
        if row is None or row.status != EffectStatus.PENDING:
            return
        error = "its run ended after an attempt had begun" if row.attempts and key not in self.fresh else ""
        self.effects[key] = replace(
            row, status=EffectStatus.CANCELLED, next_at=0, error=error, finished_at=self.now
        )
        self.dropped.append(key)

    # --- what cannot be handled ---

    def isolate(self, key: SubjectKey, input: Input, error: BaseException) -> None:
        """Mark what an input belongs to as failed, so that everything else goes on."""
        what = _what(key, input)
        self.faults.append(Fault(key, what, error))
        reason = str(error) if error is self.error else _internal(error)
        if isinstance(input, EventInput):
            entry = Entry(self.now, EntryKind.FAILED, event=what, reason=reason)
            self.journal.append(JournalRow(key, "", what, (entry,)))
        elif isinstance(input, AlarmInput):
            self._silence(key, reason)
        else:
            self.fail_run(key, what, reason)

    def _silence(self, key: SubjectKey, reason: str) -> None:
        """Give up the alarms of a subject until it changes, without the machine."""
        state = self.states[key]
        memory = {name: value for name, value in state.memory.items() if name != "alarms"}
        self.states[key] = replace(state, memory=memory, alarm=None)
        self.dirty[key] = None
        entry = Entry(self.now, EntryKind.FAILED, reason=f"what its alarms bring about failed: {reason}")
        self.journal.append(JournalRow(key, "", "", (entry,)))

    def fail_run(self, key: SubjectKey, id: str, reason: str) -> None:
        """End a live run as failed, without the machine."""
        state = self.states[key]
        run = state.runs.get(id)
        if run is None:
            return
        if run.effect:
            self.call_off(run.effect)
        ended = replace(
            run,
            status=RunStatus.FAILED,
            due=None,
            effect="",
            ended_at=self.now,
            reason=reason,
            data={},
            locals={},
        )
        self.keep_run(key, ended)
        entry = Entry(self.now, EntryKind.FAILED, rule=run.rule, run=id, step=run.position, reason=reason)
        self.journal.append(JournalRow(key, id, "", (entry,)))

    def keep_run(self, key: SubjectKey, run: Run) -> None:
        """Replace a run of a subject by its new state, without the machine."""
        state = self.states[key]
        runs = dict(state.runs)
        if run.status in LIVE:
            runs[run.id] = run
        else:
            runs.pop(run.id, None)
        self.states[key] = replace(state, runs=runs)
        self.runs[run.id] = run

    # --- handing over ---

    def lasting(self) -> Mapping[SubjectKey, SubjectState]:
        """The subjects to remember: all but those that were only passed by, who would drive out the busy ones."""
        if not self.fleeting:
            return self.states
        return {key: state for key, state in self.states.items() if key not in self.fleeting}

    def batch(self) -> Batch:
        """Everything to write."""
        states = self.states
        return Batch(
            events=self.events,
            handled=self.handled,
            subjects=[states[key] for key in self.dirty],
            runs=list(self.runs.values()),
            effects=list(self.effects.values()),
            journal=self.journal,
            counters=self.counters,
            statistics=self.statistics,
            items=self.items,
        )

    def ready(self) -> list[Ready]:
        """The new effects that wait for an attempt, with facts as of the end of this transaction."""
        rows = [self.effects[key] for key in self.fresh]
        rows = [row for row in rows if row.status == EffectStatus.PENDING]
        self.load_linked(row.effect.subject for row in rows)
        return [Ready(row, 1, self.facts(row), begun=row.attempts > 0) for row in rows]

    def load_linked(self, subjects: Iterable[SubjectKey]) -> None:
        """Bring in the records that these subjects are linked to, all at once."""
        states = self.states
        self.load([other for key in subjects for other in linked(states[key]).values()])

    def facts(self, row: EffectRow) -> Facts:
        """What an effect may know, as of the end of this transaction; its subject must be loaded."""
        key = row.effect.subject
        state = self.states[key]
        others = linked(state)
        self.load(others.values())
        records = {kind: self.states[other].fields for kind, other in others.items()}
        records[key.kind] = state.fields
        return Facts(
            key=key,
            contact=records.get("contact", _NOTHING),
            account=records.get("account", _NOTHING),
            opportunity=records.get("opportunity", _NOTHING),
            event=row.effect.event,
            names=row.effect.names,
        )


def _what(key: SubjectKey, input: Input) -> str:
    match input:
        case EventInput():
            return input.event.id
        case AlarmInput():
            return f"alarm:{key.kind}:{key.id}"
    return input.run


def _internal(error: BaseException) -> str:
    return f"an internal error stopped this ({type(error).__name__}); the server's log has the details"
