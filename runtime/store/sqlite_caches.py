"""What the writer remembers between transactions: numbers of names, subjects and runs, and the next ones to give.

All of it can be read again: after a rollback everything is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from sqlite3 import Connection
from typing import NamedTuple, TypeAlias

from runtime.model import SubjectKey
from runtime.store import statements as st

_MOST = 50_000


Searched: TypeAlias = tuple[str | None, str | None, str | None, str | None]
"""What a subject is found by: email and external id as far as it holds them, account id and contact id."""


class SubjectRef(NamedTuple):
    """A subject's number, what it is found by, whether it exists or is only referred to, and its alarm."""

    seq: int
    searched: Searched = (None, None, None, None)
    exists: bool = False
    alarm: int | None = None


class Caches:
    """Numbers by key. Entries of subjects and runs are bounded and go all at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.forget()

    def forget(self) -> None:
        """Start anew, as after a rollback."""
        self._ids: dict[str, int] = {}
        self._texts: dict[int, str] = {}
        self.subjects: dict[SubjectKey, SubjectRef] = {}
        self.runs: dict[str, int] = {}
        self._last: dict[str, int] = {}

    def begin(self) -> None:
        """At the beginning of a transaction: keep memory bounded, know the last numbers."""
        if len(self.subjects) > _MOST:
            self.subjects.clear()
        if len(self.runs) > _MOST:
            self.runs.clear()
        if not self._last:
            marks: dict[str, int] = dict(self._connection.execute(st.MARKS).fetchall())
            for name, statement in st.SEQUENCES.items():
                self._last[name] = max(self._connection.execute(statement).fetchone()[0], marks.get(name, 0))

    def next(self, table: str) -> int:
        """The next sequence number of a table."""
        self._last[table] += 1
        return self._last[table]

    def last(self) -> dict[str, int]:
        """The last sequence number of every table."""
        return self._last

    def name_id(self, text: str) -> int:
        """The number of a name, which is stored when it is new."""
        id = self._ids.get(text)
        if id is None:
            row = self._connection.execute(st.NAME_ID, (text,)).fetchone()
            id = row[0] if row else self._connection.execute(st.ADD_NAME, (text,)).lastrowid
            assert id is not None
            self._ids[text] = id
        return id

    def name(self, id: int) -> str:
        """The name with this number."""
        text = self._texts.get(id)
        if text is None:
            text = str(self._connection.execute(st.NAME_TEXT, (id,)).fetchone()[0])
            self._texts[id] = text
        return text

    def load_subjects(
        self, keys: Iterable[SubjectKey]
    ) -> Iterator[tuple[int, SubjectKey, int, bytes | None]]:
        """Number, key, version and body of those that are stored, whose refs are known from then on."""
        for kind, of_kind in groupby(sorted(keys), attrgetter("kind")):
            ids = [key.id for key in of_kind]
            for row in st.SUBJECTS_BY_ID.rows(self._connection, ids, self.name_id(kind)):
                id, seq, *_, alarm, version, body = row
                key = SubjectKey(kind, id)
                self.subjects[key] = SubjectRef(seq, row[2:6], body is not None, alarm)
                yield seq, key, version, body

    def load_runs(self, ids: Iterable[str]) -> None:
        """Make `runs` know those of the runs that are stored."""
        missing = [id for id in dict.fromkeys(ids) if id not in self.runs]
        if missing:
            self.runs.update(st.RUN_SEQS.rows(self._connection, missing))
