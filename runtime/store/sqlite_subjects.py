"""Writing subjects to SQLite. What they are found by is touched only where it changes: indexes are dear."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from sqlite3 import Connection
from typing import NamedTuple

from runtime.model import SubjectState
from runtime.store import statements as st
from runtime.store.codec import pack_subject
from runtime.store.identity import Claims, Identity, settle, text_of, wanted
from runtime.store.protocol import IdentityConflict
from runtime.store.sqlite_caches import Caches, Searched, SubjectRef


def write_subjects(
    connection: Connection, caches: Caches, states: Iterable[SubjectState]
) -> list[IdentityConflict]:
    """Store subjects, whose refs are loaded where they are known; see Transaction.write for identities."""
    same: list[SubjectState] = []
    changed: list[SubjectState] = []
    alarmed: list[SubjectState] = []
    for state in states:
        ref = caches.subjects.get(state.key)
        (same if _is_found_as_before(state, ref) else changed).append(state)
        if state.alarm is not None or (ref is not None and ref.alarm is not None):
            alarmed.append(state)
    if same:
        rows = [(state.version, pack_subject(state), caches.subjects[state.key].seq) for state in same]
        connection.executemany(st.KEEP_SEARCHED, rows)
    conflicts = _Change(connection, caches).write(changed) if changed else []
    if alarmed:
        _set_alarms(connection, caches, alarmed)
    return conflicts


def _set_alarms(connection: Connection, caches: Caches, states: Sequence[SubjectState]) -> None:
    moved = [state for state in states if caches.subjects[state.key].alarm != state.alarm]
    rows = [(state.alarm, caches.subjects[state.key].seq) for state in moved]
    connection.executemany(st.SET_ALARM, rows)
    for state in moved:
        caches.subjects[state.key] = caches.subjects[state.key]._replace(alarm=state.alarm)


def _is_found_as_before(state: SubjectState, ref: SubjectRef | None) -> bool:
    get = state.fields.get
    return (
        ref is not None
        and ref.exists
        and ref.searched
        == (
            get("email") or None,
            get("external_id") or None,
            get("account_id") or None,
            get("contact_id") or None,
        )
    )


class _Change(NamedTuple):
    """Writes new subjects and those whose identities or links change."""

    connection: Connection
    caches: Caches

    def write(self, states: Sequence[SubjectState]) -> list[IdentityConflict]:
        claims = settle(states, self._holders(states))
        self._release(states)
        self._store([(state, _searched(state, claims)) for state in states])
        return claims.conflicts

    def _holders(self, states: Sequence[SubjectState]) -> dict[Identity, str]:
        asked = sorted({identity for state in states for identity in wanted(state)})
        holders = {}
        for (kind, field), identities in groupby(asked, lambda identity: identity[:2]):
            values = [identity.value for identity in identities]
            rows = st.IDENTITIES[field].rows(self.connection, values, self.caches.name_id(kind))
            holders.update({Identity(kind, field, value): id for value, id in rows})
        return holders

    def _release(self, states: Sequence[SubjectState]) -> None:
        # First of all, so that a value can pass from one subject to another in the same batch.
        refs = (self.caches.subjects.get(state.key) for state in states)
        seqs = [(ref.seq,) for ref in refs if ref is not None and any(ref.searched[:2])]
        self.connection.executemany(st.RELEASE_IDENTITY, seqs)

    def _store(self, found: Sequence[tuple[SubjectState, Searched]]) -> None:
        added, changed = [], []
        for state, searched in found:
            key = state.key
            ref = self.caches.subjects.get(key)
            rest = (*searched, state.version, pack_subject(state))
            if ref is None:
                seq = self.caches.next("subjects")
                added.append((seq, self.caches.name_id(key.kind), key.id, *rest, None))
            else:
                seq = ref.seq
                changed.append((*rest, seq))
            self.caches.subjects[key] = SubjectRef(seq, searched, True, ref.alarm if ref else None)
        self.connection.executemany(st.ADD_SUBJECT, added)
        self.connection.executemany(st.CHANGE_SUBJECT, changed)


def _searched(state: SubjectState, claims: Claims) -> Searched:
    mine = {i.field: i.value for i in wanted(state) if claims.holders[i] == state.key.id}
    return (
        mine.get("email"),
        mine.get("external_id"),
        text_of(state, "account_id"),
        text_of(state, "contact_id"),
    )
