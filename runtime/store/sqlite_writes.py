"""The writing verbs of a SQLite transaction: each table of a batch is one or two statements with many rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from sqlite3 import Connection
from typing import Any

from runtime.desk import KINDS, merged
from runtime.model import LIVE, EffectRow, Item, Run, RunStatus, SubjectKey
from runtime.store import statements as st
from runtime.store.codec import (
    EFFECT_CODE,
    RUN_CODE,
    VERSION_KINDS,
    ItemCells,
    encode,
    pack_effect,
    pack_event,
    pack_item,
    pack_run,
    pack_segment,
    pack_version,
    unpack_item,
)
from runtime.store.protocol import AcceptedEvent, Batch, IdentityConflict, JournalRow, Version
from runtime.store.schema import Trail
from runtime.store.sqlite_caches import Caches, SubjectRef
from runtime.store.sqlite_subjects import write_subjects

_Row = tuple[Any, ...]


class WritingVerbs:
    """The verbs that store something."""

    def __init__(self, connection: Connection, caches: Caches) -> None:
        self._connection = connection
        self._caches = caches

    def write(self, batch: Batch) -> list[IdentityConflict]:
        """See Transaction."""
        self._load_subjects_of(batch)
        states = {state.key: state for state in batch.subjects}
        conflicts = write_subjects(self._connection, self._caches, states.values())
        trail = [
            *self._write_events(batch.events),
            *self._write_runs({run.id: run for run in batch.runs}),
        ]
        self._many(st.HANDLED, ((_texts(runs), id) for id, runs in batch.handled))
        self._load_runs_of(batch)
        self._write_effects({row.effect.key: row for row in batch.effects}.values())
        trail += self._write_journal(batch.journal)
        self._write_items(batch.items)
        trail.sort()
        self._many(st.ADD_TRAIL, trail)
        self._many(st.WRITE_COUNTER, batch.counters.items())
        if batch.versions:
            self._many(st.ADD_VERSION, map(self._version_row, batch.versions))
        if batch.statistics:
            self._add_statistics(batch.statistics)
        return conflicts

    def _many(self, statement: str, rows: Iterable[_Row]) -> int:
        """Run a statement for all rows; how many rows it touched."""
        complete = list(rows)
        return self._connection.executemany(statement, complete).rowcount if complete else 0

    def _load_subjects_of(self, batch: Batch) -> None:
        keys = chain(
            (state.key for state in batch.subjects),
            (accepted.event.subject for accepted in batch.events),
            (run.subject for run in batch.runs),
            (row.effect.subject for row in batch.effects),
            (row.subject for row in batch.journal),
            (item.subject for item in batch.items),
        )
        refs = self._caches.subjects
        for _ in self._caches.load_subjects({key for key in keys if key not in refs}):
            pass

    def _load_runs_of(self, batch: Batch) -> None:
        effects = (row.effect.run for row in batch.effects)
        self._caches.load_runs(chain(effects, (row.run for row in batch.journal if row.run)))

    def _subject(self, key: SubjectKey) -> int:
        ref = self._caches.subjects.get(key) or self._refer_to(key)
        return ref.seq

    def _refer_to(self, key: SubjectKey) -> SubjectRef:
        ref = SubjectRef(self._caches.next("subjects"))
        row = (ref.seq, self._caches.name_id(key.kind), key.id, *ref.searched, 0, None, None)
        self._connection.execute(st.ADD_SUBJECT, row)
        self._caches.subjects[key] = ref
        return ref

    def _write_events(self, events: Iterable[AcceptedEvent]) -> list[_Row]:
        rows = [self._event_row(accepted) for accepted in events]
        places = {row[0]: row[2] for row in rows}
        if self._many(st.ADD_EVENT, rows) < len(rows):
            stored = st.STORED_EVENTS.rows(self._connection, list(places))
            places = {seq: places[seq] for (seq,) in stored}
        return [(subject, int(Trail.EVENT), seq) for seq, subject in places.items()]

    def _event_row(self, accepted: AcceptedEvent) -> _Row:
        event = accepted.event
        return (
            self._caches.next("events"),
            event.id,
            self._subject(event.subject),
            event.received_at,
            int(accepted.pending),
            accepted.hash,
            _texts(accepted.runs),
            pack_event(event),
        )

    def _write_runs(self, runs: Mapping[str, Run]) -> list[_Row]:
        known = self._caches.runs
        changed = [run for run in runs.values() if run.id in known]
        new = [run for run in runs.values() if run.id not in known]
        if self._many(st.ADD_RUN, map(self._new_run, new)) < len(new):
            # Some are stored already, under numbers of their own, which were not remembered.
            given = {run.id: known.pop(run.id) for run in new}
            self._caches.load_runs(given)
            changed += [run for run in new if known[run.id] != given[run.id]]
            new = [run for run in new if known[run.id] == given[run.id]]
        states = [(self._name(run.plan), *_run_state(run), known[run.id]) for run in changed]
        self._many(st.CHANGE_RUN, states)
        self._many(st.DROP_TRAIL, (self._live(run) for run in changed if run.status not in LIVE))
        trail = [(self._subject(run.subject), int(Trail.RUN), known[run.id]) for run in new]
        return trail + [self._live(run) for run in runs.values() if run.status in LIVE]

    def _live(self, run: Run) -> _Row:
        return (self._subject(run.subject), int(Trail.LIVE), self._caches.runs[run.id])

    def _new_run(self, run: Run) -> _Row:
        seq = self._caches.runs[run.id] = self._caches.next("runs")
        subject = self._subject(run.subject)
        return (seq, run.id, self._name(run.rule), self._name(run.plan), subject, *_run_state(run))

    def _name(self, text: str) -> int:
        return self._caches.name_id(text)

    def _write_effects(self, rows: Iterable[EffectRow]) -> None:
        runs = self._caches.runs
        self._many(st.WRITE_EFFECT, (self._effect_row(row) for row in rows if row.effect.run in runs))

    def _effect_row(self, row: EffectRow) -> _Row:
        effect = row.effect
        return (
            self._caches.next("effects"),
            effect.key,
            self._caches.runs[effect.run],
            self._name(effect.rule),
            self._subject(effect.subject),
            EFFECT_CODE[row.status],
            pack_effect(row),
        )

    def _write_items(self, changes: Sequence[Item]) -> None:
        if not changes:
            return
        cells = map(ItemCells._make, st.STORED_ITEMS.rows(self._connection, [c.id for c in changes]))
        known = {item.id: item for item in map(unpack_item, cells)}
        touched: dict[str, Item] = {}
        for change in changes:
            after = merged(touched.get(change.id) or known.get(change.id), change)
            if after is not None:
                touched[change.id] = after
        self._many(st.WRITE_ITEM, map(self._item_row, touched.values()))

    def _item_row(self, item: Item) -> _Row:
        return (
            self._caches.next("items"),
            item.id,
            self._subject(item.subject),
            KINDS.index(item.kind),
            int(item.closed_at is None),
            item.person or None,
            item.team or None,
            item.closed_at,
            pack_item(item),
        )

    def _write_journal(self, rows: Iterable[JournalRow]) -> list[_Row]:
        runs = self._caches.runs
        kept = [self._segment_row(row) for row in rows if not row.run or row.run in runs]
        self._many(st.ADD_SEGMENT, kept)
        return [(row[1], int(Trail.SEGMENT), row[0]) for row in kept]

    def _segment_row(self, row: JournalRow) -> _Row:
        run = self._caches.runs[row.run] if row.run else None
        at = None if row.run else row.entries[0].at if row.entries else 0
        return (self._caches.next("journal"), self._subject(row.subject), run, at, pack_segment(row))

    def _version_row(self, version: Version) -> _Row:
        kind = VERSION_KINDS.index(version.kind)
        # No number: SQLite gives the next one, and versions are never removed.
        return (None, kind, self._name(version.name), version.number, version.at, pack_version(version))

    def _add_statistics(self, counts: Mapping[tuple[str, str, int], int]) -> None:
        rows = ((self._name(rule), self._name(what), day, n) for (rule, what, day), n in counts.items())
        self._many(st.ADD_STATISTIC, sorted(rows))

    def save_plans(self, plans: Mapping[str, bytes]) -> None:
        """See Transaction."""
        self._many(st.ADD_PLAN, plans.items())


def _run_state(run: Run) -> _Row:
    due = run.due if run.status == RunStatus.WAITING else None
    return RUN_CODE[run.status], due, run.ended_at, pack_run(run, due)


def _texts(texts: Sequence[str]) -> bytes | None:
    return encode(texts) if texts else None
