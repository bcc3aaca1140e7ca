"""The verbs of a SQLite transaction that remove rows: a person's, and what is over."""

from __future__ import annotations

from itertools import islice, takewhile
from sqlite3 import Connection

from runtime.model import Millis, SubjectKey
from runtime.store import statements as st
from runtime.store.sqlite_caches import Caches


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
        _, seq, *_, body = found
        runs = [run for (run,) in self._connection.execute(st.SUBJECT_RUNS, (seq,)).fetchall()]
        gone = self._delete_runs(runs) + int(body is not None)
        gone += self._connection.execute(st.DELETE_SUBJECT_SEGMENTS, (seq,)).rowcount
        gone += self._connection.execute(st.DELETE_SUBJECT_EVENTS, (seq,)).rowcount
        self._connection.execute(st.DELETE_SUBJECT, (seq,))
        self._caches.subjects.pop(key, None)
        return gone

    def prune(self, before: Millis, limit: int) -> int:
        """See Transaction."""
        self._mark()
        execute = self._connection.execute
        runs = [seq for (seq,) in execute(st.ENDED_RUNS, (before, limit)).fetchall()]
        segments = [seq for (seq,) in execute(st.OLD_SEGMENTS, (before, limit)).fetchall()]
        events = self._old_events(before, limit)
        self._delete_runs(runs)
        st.DELETE_SEGMENTS.run(self._connection, segments)
        st.DELETE_EVENTS.run(self._connection, events)
        return len(runs) + len(segments) + len(events)

    def _old_events(self, before: Millis, limit: int) -> list[int]:
        # Rows come one by one, so that the scan ends with the first event that is young enough.
        rows = self._connection.execute(st.EVENTS_IN_ORDER)
        old = takewhile(lambda row: row[1] < before, rows)
        return list(islice((seq for seq, _, pending in old if not pending), limit))

    def _delete_runs(self, seqs: list[int]) -> int:
        if not seqs:
            return 0
        gone = st.DELETE_RUN_EFFECTS.run(self._connection, seqs)
        gone += st.DELETE_RUN_SEGMENTS.run(self._connection, seqs)
        gone += st.DELETE_RUNS.run(self._connection, seqs)
        self._caches.runs.clear()
        return gone

    def _mark(self) -> None:
        self._connection.executemany(st.WRITE_MARK, list(self._caches.last().items()))
