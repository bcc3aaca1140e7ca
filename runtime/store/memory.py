"""A store in memory with the same verbs and the same answers as the one on disk, for simulation and tests.

Rows are kept encoded, so that nobody can change what is stored through a value read from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from runtime.model import EffectRow, Event, Millis, Run, SubjectKey, SubjectState
from runtime.store.codec import VERSION_KINDS
from runtime.store.memory_reads import MemoryReads
from runtime.store.memory_tables import (
    Tables,
    decode_effect,
    decode_event,
    decode_run,
    decode_segment,
    read_subject,
)
from runtime.store.memory_writes import MemoryWrites
from runtime.store.protocol import DueAlarm, DueRun, StoredEvent, Version
from runtime.store.waits import last_waits


class MemoryTransaction(MemoryWrites):
    """The verbs of a transaction over the tables, with an undo log."""

    def known_events(self, ids: Sequence[str]) -> Mapping[str, StoredEvent]:
        """See Transaction."""
        found = ((id, self._tables.events.get(id)) for id in ids)
        return {id: StoredEvent(record.hash, record.runs) for id, record in found if record is not None}

    def subjects(self, keys: Iterable[SubjectKey]) -> dict[SubjectKey, SubjectState]:
        """See Transaction."""
        return {key: read_subject(self._tables, key) for key in keys}

    def find_subject(self, kind: str, field: str, value: str) -> str | None:
        """See Transaction."""
        return self._tables.find(kind, field, value)

    def dependents(self, key: SubjectKey, limit: int, after: str = "") -> list[SubjectKey]:
        """See Transaction."""
        return self._tables.dependents(key, after)[:limit]

    def linked(self, key: SubjectKey, limit: int, after: str = "") -> list[SubjectKey]:
        """See Transaction."""
        return self._tables.linked(key, after)[:limit]

    def subjects_of(self, kind: str, limit: int, after: str = "") -> list[SubjectKey]:
        """See Transaction."""
        found = (key for key in self._tables.subjects if key.kind == kind and key.id > after)
        return sorted(found, key=lambda key: key.id)[:limit]

    def events_of(self, key: SubjectKey, limit: int) -> list[Event]:
        """See Transaction."""
        events = (r for r in self._tables.events.values() if r.subject == key and not r.pending)
        found = sorted(events, key=lambda record: record.seq, reverse=True)
        return [decode_event(record.body) for record in found[:limit]]

    def runs(self, ids: Sequence[str]) -> dict[str, Run]:
        """See Transaction."""
        runs = self._tables.runs
        return {id: decode_run(runs[id].body) for id in ids if id in runs}

    def runs_of(self, rule: str, status: str, limit: int, after: int = 0) -> list[tuple[int, Run]]:
        """See Transaction."""
        found = sorted(
            (r.seq, r.body)
            for r in self._tables.runs.values()
            if r.rule == rule and r.status == status and r.seq > after
        )
        return [(seq, decode_run(body)) for seq, body in found[:limit]]

    def waiting_since(self, runs: Sequence[str]) -> dict[str, Millis]:
        """See Transaction."""
        wanted = frozenset(runs)
        segments = (row for _, row in sorted(self._tables.journal.items()) if row.run in wanted)
        return last_waits(decode_segment(row.body) for row in segments)

    def effects(self, keys: Sequence[str]) -> dict[str, EffectRow]:
        """See Transaction."""
        effects = self._tables.effects
        return {key: decode_effect(effects[key].body) for key in keys if key in effects}

    def pending_effects(self, limit: int, after: str = "") -> list[EffectRow]:
        """See Transaction."""
        keys = [key for key in self._tables.pending_effects if key > after][:limit]
        return [decode_effect(self._tables.effects[key].body) for key in keys]

    def pending_events(self, limit: int) -> list[Event]:
        """See Transaction."""
        ids = [id for _, id in self._tables.pending_events[:limit]]
        return [decode_event(self._tables.events[id].body) for id in ids]

    def due_runs(self, until: Millis, limit: int) -> list[DueRun]:
        """See Transaction."""
        due = []
        for at, _, id in self._tables.due[:limit]:
            if at > until:
                break
            due.append(DueRun(at, id, self._tables.runs[id].subject))
        return due

    def next_due(self) -> Millis | None:
        """See Transaction."""
        return self._tables.due[0][0] if self._tables.due else None

    def due_alarms(self, until: Millis, limit: int) -> list[DueAlarm]:
        """See Transaction."""
        due = [item for item in self._tables.alarms[:limit] if item[0] <= until]
        return [DueAlarm(at, SubjectKey(kind, id)) for at, id, kind in due]

    def next_alarm(self) -> Millis | None:
        """See Transaction."""
        return self._tables.alarms[0][0] if self._tables.alarms else None

    def counters(self) -> dict[str, int]:
        """See Transaction."""
        return dict(self._tables.counters)

    def latest_versions(self) -> list[Version]:
        """See Transaction."""
        newest = {
            (VERSION_KINDS.index(kind), name): version
            for (kind, name, _), (_, version) in sorted(self._tables.versions.items())
        }
        return [newest[key] for key in sorted(newest)]

    def plan(self, hash: str) -> bytes | None:
        """See Transaction."""
        return self._tables.plans.get(hash)


class MemoryReader(MemoryReads):
    """ReadStore on the tables of a MemoryStore; while that one writes, it sees what is written."""

    async def close(self) -> None:
        """Nothing to release."""


class MemoryStore(MemoryReads):
    """WriteStore in memory. The verbs of ReadStore can be asked here, too; `reader` gives them alone."""

    def __init__(self) -> None:
        super().__init__(Tables())
        self._open = False

    def reader(self) -> MemoryReader:
        """The read side."""
        return MemoryReader(self._tables)

    @contextmanager
    def transaction(self) -> Iterator[MemoryTransaction]:
        """See WriteStore. Transactions do not nest."""
        if self._open:
            raise RuntimeError("a transaction is open already")
        transaction = MemoryTransaction(self._tables)
        self._open = True
        try:
            yield transaction
        except BaseException:
            transaction.rollback()
            raise
        finally:
            self._open = False

    def checkpoint(self, whole: bool = False) -> bool:
        """Nothing to do, whole or in part: there is no log."""
        return True

    def snapshot(self) -> Tables:
        """What is committed, to `restore` after a simulated crash.

        Raises:
            RuntimeError: a transaction is open.
        """
        if self._open:
            raise RuntimeError("a transaction is open")
        return self._tables.copy()

    def restore(self, snapshot: Tables) -> None:
        """Go back to a snapshot, which stays usable. Whatever transaction is open loses its meaning."""
        self._tables.become(snapshot)
        self._open = False

    def close(self) -> None:
        """Nothing to release."""
