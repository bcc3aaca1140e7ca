"""The writing half of MemoryStore's transaction: every change goes through an undo log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile

import msgspec

from runtime.desk import merged
from runtime.model import LIVE, EffectRow, EffectStatus, Item, Millis, Run, SubjectKey, SubjectState
from runtime.store.identity import Identity, settle, wanted
from runtime.store.memory_tables import (
    EffectRecord,
    EventRecord,
    ItemRecord,
    RunRecord,
    SegmentRecord,
    Tables,
    decode_subject,
    due_of,
    encode,
)
from runtime.store.protocol import AcceptedEvent, Batch, IdentityConflict, JournalRow
from runtime.store.undo import UndoLog


class MemoryWrites:
    """The verbs that change something."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._undo = UndoLog()

    def rollback(self) -> None:
        """Take back everything that this transaction wrote."""
        self._undo.rollback()

    def write(self, batch: Batch) -> list[IdentityConflict]:
        """See Transaction."""
        states = {state.key: state for state in batch.subjects}
        conflicts = self._write_subjects(list(states.values()))
        for accepted in batch.events:
            self._write_event(accepted)
        for id, runs in batch.handled:
            self._handled(id, runs)
        for run in batch.runs:
            self._write_run(run)
        for effect in batch.effects:
            self._write_effect(effect)
        for row in batch.journal:
            self._write_segment(row)
        for item in batch.items:
            self._write_item(item)
        for name, value in batch.counters.items():
            self._undo.put(self._tables.counters, name, value)
        for version in batch.versions:
            key = (version.kind, version.name, version.number)
            if key not in self._tables.versions:
                self._undo.put(self._tables.versions, key, (self._next("versions"), version))
        for counted, added in batch.statistics.items():
            before = self._tables.statistics.get(counted, 0)
            self._undo.put(self._tables.statistics, counted, before + added)
        return conflicts

    def _next(self, table: str) -> int:
        seq = self._tables.last.get(table, 0) + 1
        self._undo.put(self._tables.last, table, seq)
        return seq

    def _write_subjects(self, states: Sequence[SubjectState]) -> list[IdentityConflict]:
        identities = self._tables.identities
        asked = [identity for state in states for identity in wanted(state)]
        claims = settle(states, {i: identities[i] for i in asked if i in identities})
        for state in states:
            self._release(state.key)
            self._set_alarm(state.key, state.alarm)
            body = encode(msgspec.structs.replace(state, runs={}, exists=True))
            self._undo.put(self._tables.subjects, state.key, body)
        for state in states:
            self._claim(state.key, [i for i in wanted(state) if claims.holders[i] == state.key.id])
        return claims.conflicts

    def _set_alarm(self, key: SubjectKey, alarm: Millis | None) -> None:
        before = self._tables.subjects.get(key)
        due = decode_subject(before).alarm if before is not None else None
        if due == alarm:
            return
        if due is not None:
            self._undo.remove(self._tables.alarms, (due, key.id, key.kind))
        if alarm is not None:
            self._undo.insert(self._tables.alarms, (alarm, key.id, key.kind))

    def _release(self, key: SubjectKey) -> None:
        for identity in self._tables.claims.get(key, ()):
            self._undo.drop(self._tables.identities, identity)
        self._undo.drop(self._tables.claims, key)

    def _claim(self, key: SubjectKey, identities: list[Identity]) -> None:
        self._release(key)
        self._undo.put(self._tables.claims, key, tuple(identities))
        for identity in identities:
            self._undo.put(self._tables.identities, identity, key.id)

    def _write_event(self, accepted: AcceptedEvent) -> None:
        event = accepted.event
        if event.id in self._tables.events:
            return
        record = EventRecord(
            seq=self._next("events"),
            hash=accepted.hash,
            runs=accepted.runs,
            pending=accepted.pending,
            subject=event.subject,
            received_at=event.received_at,
            body=encode(event),
        )
        self._undo.put(self._tables.events, event.id, record)
        if accepted.pending:
            self._undo.insert(self._tables.pending_events, (record.seq, event.id))

    def _handled(self, id: str, runs: tuple[str, ...]) -> None:
        record = self._tables.events.get(id)
        if record is None:
            return
        self._undo.remove(self._tables.pending_events, (record.seq, id))
        self._undo.put(self._tables.events, id, record._replace(pending=False, runs=runs))

    def _write_run(self, run: Run) -> None:
        known = self._tables.runs.get(run.id)
        record = RunRecord(
            seq=known.seq if known else self._next("runs"),
            subject=run.subject,
            rule=run.rule,
            status=str(run.status),
            due=due_of(run),
            ended_at=run.ended_at,
            body=encode(run),
        )
        if known is not None:
            self._unindex_run(run.id, known)
        self._undo.put(self._tables.runs, run.id, record)
        if record.due is not None:
            self._undo.insert(self._tables.due, (record.due, record.seq, run.id))
        if run.status in LIVE:
            others = self._tables.live.get(run.subject, ())
            self._undo.put(self._tables.live, run.subject, (*others, run.id))

    def _unindex_run(self, id: str, record: RunRecord) -> None:
        if record.due is not None:
            self._undo.remove(self._tables.due, (record.due, record.seq, id))
        others = tuple(other for other in self._tables.live.get(record.subject, ()) if other != id)
        if others:
            self._undo.put(self._tables.live, record.subject, others)
        else:
            self._undo.drop(self._tables.live, record.subject)

    def _write_effect(self, row: EffectRow) -> None:
        effect = row.effect
        if effect.run not in self._tables.runs:
            return
        known = self._tables.effects.get(effect.key)
        seq = known.seq if known else self._next("effects")
        self._undo.remove(self._tables.pending_effects, effect.key)
        record = EffectRecord(seq, effect.run, effect.subject, str(row.status), encode(row))
        self._undo.put(self._tables.effects, effect.key, record)
        if row.status == EffectStatus.PENDING:
            self._undo.insert(self._tables.pending_effects, effect.key)

    def _write_segment(self, row: JournalRow) -> None:
        if row.run and row.run not in self._tables.runs:
            return
        seq = self._next("journal")
        at = row.entries[0].at if row.entries else 0
        body = encode(msgspec.structs.replace(row, seq=seq))
        self._undo.put(self._tables.journal, seq, SegmentRecord(row.subject, row.run, at, body))

    def _write_item(self, change: Item) -> None:
        known = self._tables.items.get(change.id)
        after = merged(known.item if known else None, change)
        if after is not None:
            seq = known.seq if known else self._next("items")
            self._undo.put(self._tables.items, change.id, ItemRecord(seq, after))

    def erase(self, key: SubjectKey) -> int:
        """See Transaction."""
        tables = self._tables
        runs = [id for id, run in tables.runs.items() if run.subject == key]
        events = [id for id, event in tables.events.items() if event.subject == key]
        effects = [id for id, effect in tables.effects.items() if effect.run in runs]
        segments = [seq for seq, row in tables.journal.items() if row.subject == key or row.run in runs]
        items = [id for id, record in tables.items.items() if record.item.subject == key]
        self._drop_items(items)
        self._drop_runs(runs)
        self._drop_events(events)
        self._drop_effects(effects)
        self._drop_segments(segments)
        known = key in tables.subjects
        self._release(key)
        self._set_alarm(key, None)
        self._undo.drop(tables.subjects, key)
        return len(runs) + len(events) + len(effects) + len(segments) + len(items) + known

    def prune(self, before: Millis, limit: int) -> int:
        """See Transaction."""
        tables = self._tables
        ended = sorted((run.ended_at, run.seq, id) for id, run in tables.runs.items() if _ended(run, before))
        runs = [id for _, _, id in ended[:limit]]
        oldest = takewhile(lambda item: item[1].received_at < before, _by_seq(tables.events))
        events = [id for id, event in oldest if not event.pending][:limit]
        old = sorted((row.at, seq) for seq, row in tables.journal.items() if not row.run and row.at < before)
        loose = [seq for _, seq in old[:limit]]
        of_runs = frozenset(runs)
        self._drop_effects([key for key, effect in tables.effects.items() if effect.run in of_runs])
        self._drop_segments([*loose, *(seq for seq, row in tables.journal.items() if row.run in of_runs)])
        self._drop_runs(runs)
        self._drop_events(events)
        closed = sorted((r.item.closed_at, r.seq, id) for id, r in tables.items.items() if _closed(r, before))
        items = [id for _, _, id in closed[:limit]]
        self._drop_items(items)
        return len(runs) + len(events) + len(loose) + len(items)

    def _drop_items(self, ids: Sequence[str]) -> None:
        for id in ids:
            self._undo.drop(self._tables.items, id)

    def _drop_runs(self, ids: Sequence[str]) -> None:
        for id in ids:
            self._unindex_run(id, self._tables.runs[id])
            self._undo.drop(self._tables.runs, id)

    def _drop_events(self, ids: Sequence[str]) -> None:
        for id in ids:
            self._undo.remove(self._tables.pending_events, (self._tables.events[id].seq, id))
            self._undo.drop(self._tables.events, id)

    def _drop_effects(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._undo.remove(self._tables.pending_effects, key)
            self._undo.drop(self._tables.effects, key)

    def _drop_segments(self, seqs: Sequence[int]) -> None:
        for seq in seqs:
            self._undo.drop(self._tables.journal, seq)

    def save_plans(self, plans: Mapping[str, bytes]) -> None:
        """See Transaction."""
        for hash, plan in plans.items():
            if hash not in self._tables.plans:
                self._undo.put(self._tables.plans, hash, plan)


def _by_seq(events: Mapping[str, EventRecord]) -> list[tuple[str, EventRecord]]:
    return sorted(events.items(), key=lambda item: item[1].seq)


def _closed(record: ItemRecord, before: Millis) -> bool:
    return record.item.closed_at is not None and record.item.closed_at < before


def _ended(run: RunRecord, before: Millis) -> bool:
    return run.status not in LIVE and run.ended_at is not None and run.ended_at < before
