"""The verbs of a SQLite transaction that remove rows: a person's, and what is over."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, takewhile
from sqlite3 import Connection
from typing import TypeAlias

from runtime.model import Millis, SubjectKey
from runtime.store import statements as st
from runtime.store.schema import Trail
from runtime.store.sqlite_caches import Caches

_Place: TypeAlias = tuple[int, int]
"""A row by number, and its subject."""


class ClearingVerbs:
    """The verbs that delete."""

    _connection: Connection
    _caches: Caches

    def erase(self, key: SubjectKey) -> int:
        """See Transaction."""
        rows = st.SUBJECTS_BY_ID.rows(self._connection, [key.id], self._caches.name_id(key.kind))
        found = next(rows, None)
        if found is None:
            return 0
        self._mark()
        _, subject, *_, body = found
        trail: dict[int, list[int]] = {kind: [] for kind in Trail}
        for kind, seq in self._connection.execute(st.TRAIL_OF, (subject,)).fetchall():
            trail[kind].append(seq)
        gone = self._delete_runs([(seq, subject) for seq in trail[Trail.RUN]])
        gone += st.DELETE_SEGMENTS.run(self._connection, trail[Trail.SEGMENT])
        gone += st.DELETE_EVENTS.run(self._connection, trail[Trail.EVENT])
        gone += self._connection.execute(st.DELETE_ITEMS_OF, (subject,)).rowcount
        self._connection.execute(st.DELETE_TRAIL_OF, (subject,))
        self._connection.execute(st.DELETE_SUBJECT, (subject,))
        self._caches.subjects.pop(key, None)
        return gone + int(body is not None)

    def prune(self, before: Millis, limit: int) -> int:
        """See Transaction."""
        self._mark()
        execute = self._connection.execute
        runs = execute(st.ENDED_RUNS, (before, limit)).fetchall()
        segments = execute(st.OLD_SEGMENTS, (before, limit)).fetchall()
        events = self._old_events(before, limit)
        items = [seq for (seq,) in execute(st.CLOSED_ITEMS, (before, limit)).fetchall()]
        self._delete_runs(runs)
        self._delete_segments(segments)
        st.DELETE_EVENTS.run(self._connection, [seq for seq, _ in events])
        self._drop_trail(Trail.EVENT, events)
        st.DELETE_ITEMS.run(self._connection, items)
        return len(runs) + len(segments) + len(events) + len(items)

    def _old_events(self, before: Millis, limit: int) -> list[_Place]:
        # Rows come one by one, so that the scan ends with the first event that is young enough.
        rows = self._connection.execute(st.EVENTS_IN_ORDER)
        old = takewhile(lambda row: row[2] < before, rows)
        return list(islice(((seq, subject) for seq, subject, _, pending in old if not pending), limit))

    def _delete_runs(self, runs: Sequence[_Place]) -> int:
        seqs = [seq for seq, _ in runs]
        gone = self._delete_segments(list(st.RUN_SEGMENTS.rows(self._connection, seqs)))
        gone += st.DELETE_RUN_EFFECTS.run(self._connection, seqs)
        gone += st.DELETE_RUNS.run(self._connection, seqs)
        self._drop_trail(Trail.RUN, runs)
        self._drop_trail(Trail.LIVE, runs)
        self._caches.runs.clear()
        return gone

    def _delete_segments(self, segments: Sequence[_Place]) -> int:
        self._drop_trail(Trail.SEGMENT, segments)
        return st.DELETE_SEGMENTS.run(self._connection, [seq for seq, _ in segments])

    def _drop_trail(self, kind: Trail, places: Sequence[_Place]) -> None:
        rows = [(subject, int(kind), seq) for seq, subject in places]
        self._connection.executemany(st.DROP_TRAIL, rows)

    def _mark(self) -> None:
        self._connection.executemany(st.WRITE_MARK, list(self._caches.last().items()))
