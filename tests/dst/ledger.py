"""What was committed, kept by an observer beside the store, and checked with every transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from runtime.machine import RELATED_CHANGED
from runtime.model import (
    JSON,
    LIVE,
    EffectRow,
    EffectStatus,
    Entry,
    EntryKind,
    Millis,
    Run,
    RunStatus,
    SubjectKey,
)
from runtime.store.protocol import AcceptedEvent, Batch

FINAL = frozenset({EffectStatus.DONE, EffectStatus.SUPPRESSED, EffectStatus.CANCELLED})
MAX_RUNS_PER_ROOT = 40
"""More runs from one event than the bound on depth allows in the workload."""


class Violation(BaseException):
    """A promise is broken. No handler of errors may swallow it, hence the base class."""


class Ledger:
    """The committed state as its observer knows it. `now` gives the true time."""

    def __init__(self, now: Callable[[], Millis], tolerance: Millis) -> None:
        self._now = now
        self._tolerance = tolerance
        self.commits = 0
        self.events: dict[str, AcceptedEvent] = {}
        self.pending: dict[str, None] = {}
        self.runs: dict[str, Run] = {}
        self.effects: dict[str, EffectRow] = {}
        self.fields: dict[SubjectKey, Mapping[str, JSON]] = {}
        self.replays: Counter[str] = Counter()
        self.runs_of_root: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self._once: set[tuple[str, str, str]] = set()
        self._due: dict[tuple[str, str], Millis] = {}
        self._waiting: dict[str, Millis] = {}
        self._last: dict[SubjectKey, int] = {}

    def commit(self, batches: Iterable[Batch]) -> None:
        """A transaction was kept.

        Raises:
            Violation: it breaks a promise.
        """
        self.commits += 1
        for batch in batches:
            self._events(batch)
            self._entries(batch)
            self._runs(batch)
            self._effects(batch)
            for state in batch.subjects:
                self.fields[state.key] = state.fields

    def check(self, condition: bool, promise: str, *details: object) -> None:
        """Raises Violation unless the condition holds."""
        if not condition:
            raise Violation(f"{promise}: {' '.join(map(str, details))}")

    # --- one table each ---

    def _events(self, batch: Batch) -> None:
        new = {run.id: run for run in batch.runs}
        for accepted in batch.events:
            id = accepted.event.id
            self.check(id not in self.events, "an event is recorded once", id)
            self.events[id] = accepted
            self.seen["related record changed"] += accepted.event.type == RELATED_CHANGED
            if accepted.pending:
                self.pending[id] = None
            for run in accepted.runs:
                self.check(run in new, "an event and its runs are committed together", id, run)
        for id, _ in batch.handled:
            self.pending.pop(id, None)
        roots = {accepted.event.id for accepted in batch.events} | {id for id, _ in batch.handled}
        for run in new.values():
            if run.id not in self.runs and run.depth == 0:
                self.check(run.event in roots, "a run begins with its event", run.id, run.event)

    def _entries(self, batch: Batch) -> None:
        latest: Millis = 0
        for row in batch.journal:
            for entry in row.entries:
                if entry.kind == EntryKind.EVENT and "n" in entry.input:
                    self._in_order(row.subject, int(entry.input["n"]))
                if entry.kind == EntryKind.REFUSED and "deep" in entry.reason:
                    self.seen["cascade stopped"] += 1
                if entry.run:
                    latest = self._run_entry(entry, latest)

    def _in_order(self, subject: SubjectKey, number: int) -> None:
        last = self._last.get(subject, -1)
        self.check(
            number > last, "events of a subject are handled in order, once", subject, number, "after", last
        )
        self._last[subject] = number

    def _run_entry(self, entry: Entry, latest: Millis) -> Millis:
        place = (entry.run, entry.step)
        if entry.kind in (EntryKind.ENROLLED, EntryKind.ACTION):
            mark = (*place, entry.kind)
            self.check(mark not in self._once, "a completed step never runs again", *mark)
            self._once.add(mark)
        elif entry.kind == EntryKind.WAITING:
            assert entry.due is not None
            self._due[place] = entry.due
        elif entry.kind == EntryKind.MOVED:
            self.seen["moved"] += 1
            self._due = {other: due for other, due in self._due.items() if other[0] != entry.run}
            if entry.due is not None:
                self._due[place] = entry.due
        elif entry.kind == EntryKind.RESUMED and place in self._due:
            due = self._due.pop(place)
            self.check(entry.at >= due, "a wait is never early", *place, entry.at, due)
            self.check(entry.at <= self._now() + self._tolerance, "time is not ahead of the clock", entry.at)
            if due < entry.at:
                self.check(due >= latest, "timers fire in the order they are due", *place, due, latest)
                latest = due
        return latest

    def _runs(self, batch: Batch) -> None:
        fired = [self._waiting[run.id] for run in batch.runs if self._moved_on(run)]
        for run in batch.runs:
            before = self.runs.get(run.id)
            if before is None:
                self.runs_of_root[run.root] += 1
                self.check(
                    self.runs_of_root[run.root] <= MAX_RUNS_PER_ROOT, "cascades stop", run.root, run.depth
                )
            else:
                self.check(before.status in LIVE, "a run that has ended stays ended", run.id, before.status)
                self.check(
                    before.depth == run.depth, "a run keeps its depth", run.id, before.depth, run.depth
                )
            self.runs[run.id] = run
            if run.status == RunStatus.WAITING and run.due is not None:
                self._waiting[run.id] = run.due
            else:
                self._waiting.pop(run.id, None)
            self.seen[f"run {run.status}"] += 1
        if fired and len(fired) > 1:
            self.seen["timers together"] += 1

    def _moved_on(self, run: Run) -> bool:
        return run.id in self._waiting and not (
            run.status == RunStatus.WAITING and run.due == self._waiting[run.id]
        )

    def _effects(self, batch: Batch) -> None:
        for row in batch.effects:
            key = row.effect.key
            before = self.effects.get(key)
            if before is not None and before.status != row.status:
                late = before.status == EffectStatus.CANCELLED and row.status == EffectStatus.DONE
                self.check(
                    before.status not in FINAL or late, "what is settled stays settled", key, before, row
                )
                if row.status == EffectStatus.PENDING:
                    self.check(self.replays[key] > 0, "only a person has a dead letter tried again", key)
            if before is not None and before.prepared is not None:
                self.check(before.prepared == row.prepared, "a message is composed once", key)
            self.effects[key] = row
            self.seen[f"effect {row.status}"] += 1

    # --- at rest ---

    def waiting_effects(self) -> list[EffectRow]:
        """Effects that are neither settled nor given up."""
        return [row for row in self.effects.values() if row.status == EffectStatus.PENDING]

    def given_up(self) -> list[EffectRow]:
        """Effects that somebody has to decide on."""
        return [
            row for row in self.effects.values() if row.status in (EffectStatus.DEAD, EffectStatus.UNKNOWN)
        ]
