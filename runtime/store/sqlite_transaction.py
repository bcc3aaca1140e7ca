"""The reading verbs of a SQLite transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runtime.model import EffectRow, Event, Millis, Run, SubjectKey, SubjectState
from runtime.store import statements as st
from runtime.store.codec import (
    RUN_CODE,
    EffectCells,
    EventCells,
    RunCells,
    SegmentCells,
    decode_texts,
    unpack_effect,
    unpack_event,
    unpack_run,
    unpack_segment,
    unpack_subject,
    unpack_version,
)
from runtime.store.identity import IDENTIFYING
from runtime.store.protocol import DueAlarm, DueRun, StoredEvent, Version
from runtime.store.sqlite_clearing import ClearingVerbs
from runtime.store.sqlite_writes import WritingVerbs
from runtime.store.waits import last_waits


class SqliteTransaction(WritingVerbs, ClearingVerbs):
    """All verbs of Transaction."""

    def known_events(self, ids: Sequence[str]) -> Mapping[str, StoredEvent]:
        """See Transaction."""
        rows = st.KNOWN_EVENTS.rows(self._connection, ids)
        return {id: StoredEvent(hash, decode_texts(runs) if runs else ()) for id, hash, runs in rows}

    def subjects(self, keys: Iterable[SubjectKey]) -> dict[SubjectKey, SubjectState]:
        """See Transaction."""
        states = {key: SubjectState(key, {}, exists=False) for key in keys}
        known: dict[int, SubjectState] = {}
        for seq, key, version, body in self._caches.load_subjects(states):
            if body is not None:
                states[key] = unpack_subject(key.kind, key.id, version, body)
                states[key].alarm = self._caches.subjects[key].alarm
            known[seq] = states[key]
        for row in st.LIVE_RUNS.rows(self._connection, list(known)):
            state = known[row[4]]
            self._caches.runs[row[1]] = row[0]
            state.runs[row[1]] = self._run(row[:4], state.key, row[5:])
        return states

    def _run(self, head: tuple[Any, ...], subject: SubjectKey, state: tuple[Any, ...]) -> Run:
        seq, id, rule, plan = head
        return unpack_run(
            RunCells(seq, id, self._caches.name(rule), self._caches.name(plan), *subject, *state)
        )

    def find_subject(self, kind: str, field: str, value: str) -> str | None:
        """See Transaction."""
        if field not in IDENTIFYING:
            return None
        rows = st.IDENTITIES[field].rows(self._connection, [value], self._caches.name_id(kind))
        return next((id for _, id in rows), None)

    def dependents(self, key: SubjectKey, limit: int, after: str = "") -> list[SubjectKey]:
        """See Transaction."""
        statement = st.DEPENDENTS.get(key.kind)
        if statement is None:
            return []
        rows = self._connection.execute(statement, (key.id, after, limit)).fetchall()
        return [SubjectKey(kind, id) for kind, id in rows]

    def linked(self, key: SubjectKey, limit: int, after: str = "") -> list[SubjectKey]:
        """See Transaction."""
        statement = st.LINKED.get(key.kind)
        if statement is None:
            return []
        rows = self._connection.execute(statement, (key.id, after, limit)).fetchall()
        return [SubjectKey(kind, id) for kind, id in rows]

    def subjects_of(self, kind: str, limit: int, after: str = "") -> list[SubjectKey]:
        """See Transaction."""
        parameters = (self._caches.name_id(kind), after, limit)
        return [SubjectKey(kind, id) for (id,) in self._connection.execute(st.SUBJECTS_OF, parameters)]

    def events_of(self, key: SubjectKey, limit: int) -> list[Event]:
        """See Transaction."""
        parameters = (self._caches.name_id(key.kind), key.id, limit)
        rows = self._connection.execute(st.EVENTS_OF, parameters)
        return [unpack_event(EventCells._make(row)) for row in rows]

    def runs(self, ids: Sequence[str]) -> dict[str, Run]:
        """See Transaction."""
        runs = {}
        for row in st.RUNS_BY_ID.rows(self._connection, ids):
            subject = SubjectKey(self._caches.name(row[4]), row[5])
            self._caches.runs[row[1]] = row[0]
            runs[row[1]] = self._run(row[:4], subject, row[6:])
        return runs

    def runs_of(self, rule: str, status: str, limit: int, after: int = 0) -> list[tuple[int, Run]]:
        """See Transaction."""
        parameters = (self._caches.name_id(rule), RUN_CODE[status], after, limit)
        found = []
        for row in self._connection.execute(st.RUNS_OF, parameters).fetchall():
            subject = SubjectKey(self._caches.name(row[4]), row[5])
            found.append((row[0], self._run(row[:4], subject, row[6:])))
        return found

    def waiting_since(self, runs: Sequence[str]) -> dict[str, Millis]:
        """See Transaction."""
        rows = st.SEGMENTS_OF_RUNS.rows(self._connection, runs) if runs else ()
        return last_waits(unpack_segment(SegmentCells(0, "", "", run, body)) for run, body in rows)

    def effects(self, keys: Sequence[str]) -> dict[str, EffectRow]:
        """See Transaction."""
        rows = map(self._effect, st.EFFECTS_BY_KEY.rows(self._connection, keys))
        return {row.effect.key: row for row in rows}

    def pending_effects(self, limit: int, after: str = "") -> list[EffectRow]:
        """See Transaction."""
        return list(
            map(self._effect, self._connection.execute(st.PENDING_EFFECTS, (after, limit)).fetchall())
        )

    def _effect(self, row: tuple[Any, ...]) -> EffectRow:
        seq, key, run, rule, kind, subject, status, body = row
        name = self._caches.name
        return unpack_effect(EffectCells(seq, key, run, name(rule), name(kind), subject, status, body))

    def pending_events(self, limit: int) -> list[Event]:
        """See Transaction."""
        rows = self._connection.execute(st.PENDING_EVENTS, (limit,)).fetchall()
        return [unpack_event(EventCells._make(row)) for row in rows]

    def due_runs(self, until: Millis, limit: int) -> list[DueRun]:
        """See Transaction."""
        rows = self._connection.execute(st.DUE_RUNS, (until, limit)).fetchall()
        return [DueRun(due, run, SubjectKey(kind, id)) for due, run, kind, id in rows]

    def next_due(self) -> Millis | None:
        """See Transaction."""
        due: Millis | None = self._connection.execute(st.NEXT_DUE).fetchone()[0]
        return due

    def due_alarms(self, until: Millis, limit: int) -> list[DueAlarm]:
        """See Transaction."""
        rows = self._connection.execute(st.DUE_ALARMS, (until, limit)).fetchall()
        return [DueAlarm(due, SubjectKey(kind, id)) for due, kind, id in rows]

    def next_alarm(self) -> Millis | None:
        """See Transaction."""
        due: Millis | None = self._connection.execute(st.NEXT_ALARM).fetchone()[0]
        return due

    def counters(self) -> dict[str, int]:
        """See Transaction."""
        return dict(self._connection.execute(st.COUNTERS).fetchall())

    def latest_versions(self) -> list[Version]:
        """See Transaction."""
        return [unpack_version(*row) for row in self._connection.execute(st.LATEST_VERSIONS).fetchall()]

    def plan(self, hash: str) -> bytes | None:
        """See Transaction."""
        row = self._connection.execute(st.PLAN, (hash,)).fetchone()
        return row[0] if row else None
