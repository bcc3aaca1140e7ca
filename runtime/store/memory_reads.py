"""The read side of MemoryStore, for pages, the API and tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from runtime.model import LIVE, EffectRow, EffectStatus, Event, Item, Run, RunStatus, SubjectKey, SubjectState
from runtime.store.cursors import after_seq, after_text, seq_before, text_after
from runtime.store.memory_tables import (
    Tables,
    decode_effect,
    decode_event,
    decode_item,
    decode_run,
    decode_segment,
    decode_subject,
    due_of,
    read_subject,
)
from runtime.store.protocol import Backlog, Flight, ItemFilter, JournalRow, Version

T = TypeVar("T")


class _Record(Protocol):
    @property
    def seq(self) -> int: ...
    @property
    def body(self) -> bytes: ...


class MemoryReads:
    """The verbs of ReadStore over the tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def subject(self, key: SubjectKey) -> SubjectState | None:
        """See ReadStore."""
        state = read_subject(self._tables, key)
        return state if state.exists else None

    async def find_subject(self, kind: str, field: str, value: str) -> str | None:
        """See ReadStore."""
        return self._tables.find(kind, field, value)

    async def list_subjects(self, kind: str, limit: int, cursor: str = "") -> tuple[list[SubjectState], str]:
        """See ReadStore."""
        after = text_after(cursor)
        ids = sorted(key.id for key in self._tables.subjects if key.kind == kind and key.id > after)
        page = [decode_subject(self._tables.subjects[SubjectKey(kind, id)]) for id in ids[:limit]]
        return page, after_text(ids[limit - 1]) if len(ids) > limit else ""

    async def run(self, id: str) -> Run | None:
        """See ReadStore."""
        record = self._tables.runs.get(id)
        return decode_run(record.body) if record else None

    async def list_runs(
        self,
        limit: int,
        cursor: str = "",
        rule: str = "",
        status: str = "",
        subject: SubjectKey | None = None,
    ) -> tuple[list[Run], str]:
        """See ReadStore."""
        found = (
            run
            for run in self._tables.runs.values()
            if (not rule or run.rule == rule)
            and (not status or run.status == status)
            and (subject is None or run.subject == subject)
        )
        return _newest(found, limit, cursor, decode_run)

    async def journal(
        self, run: str = "", subject: SubjectKey | None = None, limit: int = 1000, after: int = 0
    ) -> list[JournalRow]:
        """See ReadStore."""
        found = (
            row.body
            for seq, row in sorted(self._tables.journal.items())
            if seq > after and (not run or row.run == run) and (subject is None or row.subject == subject)
        )
        return [decode_segment(body) for body, _ in zip(found, range(limit), strict=False)]

    async def effects(
        self, run: str = "", status: str = "", limit: int = 100, cursor: str = ""
    ) -> tuple[list[EffectRow], str]:
        """See ReadStore."""
        found = (
            effect
            for effect in self._tables.effects.values()
            if (not run or effect.run == run) and (not status or effect.status == status)
        )
        return _newest(found, limit, cursor, decode_effect)

    async def event(self, id: str) -> Event | None:
        """See ReadStore."""
        record = self._tables.events.get(id)
        return decode_event(record.body) if record else None

    async def list_events(
        self, limit: int, cursor: str = "", subject: SubjectKey | None = None
    ) -> tuple[list[Event], str]:
        """See ReadStore."""
        events = self._tables.events.values()
        found = (event for event in events if subject is None or event.subject == subject)
        return _newest(found, limit, cursor, decode_event)

    async def item(self, id: str) -> Item | None:
        """See ReadStore."""
        record = self._tables.items.get(id)
        return decode_item(record.body) if record else None

    async def list_items(self, wanted: ItemFilter, limit: int, cursor: str = "") -> tuple[list[Item], str]:
        """See ReadStore."""
        found = (record for record in self._tables.items.values() if _wanted(record.item, wanted))
        return _newest(found, limit, cursor, decode_item)

    async def count_runs(self) -> dict[tuple[str, str], int]:
        """See ReadStore."""
        return dict(Counter((run.rule, run.status) for run in self._tables.runs.values()))

    async def flights(self) -> list[Flight]:
        """See ReadStore."""
        found: dict[tuple[str, str, str, int], list[Run]] = {}
        for record in self._tables.runs.values():
            if record.status in LIVE:
                run = decode_run(record.body)
                order = list(RunStatus).index(RunStatus(run.status))
                found.setdefault((run.rule, run.plan, run.position, order), []).append(run)
        return [_flight(found[key]) for key in sorted(found)]

    async def versions(self, kind: str, name: str, limit: int, cursor: str = "") -> tuple[list[Version], str]:
        """See ReadStore."""
        before = seq_before(cursor)
        every = self._tables.versions.values()
        found = [(s, v) for s, v in every if v.kind == kind and name in ("", v.name) and s < before]
        found.sort(key=lambda item: -item[0])
        page = [version for _, version in found[:limit]]
        return page, after_seq(found[limit - 1][0]) if len(found) > limit else ""

    async def statistics(self, rule: str = "", since: int = 0) -> dict[tuple[str, str], int]:
        """See ReadStore."""
        sums: Counter[tuple[str, str]] = Counter()
        for (name, what, day), count in self._tables.statistics.items():
            if day >= since and rule in ("", name):
                sums[name, what] += count
        return dict(sums)

    async def backlog(self) -> Backlog:
        """See ReadStore."""
        tables = self._tables
        effects = Counter(e.status for e in tables.effects.values() if e.status != EffectStatus.DONE)
        return Backlog(
            pending_events=len(tables.pending_events),
            live_runs=dict(Counter(run.status for run in tables.runs.values() if run.status in LIVE)),
            effects=dict(effects),
            next_due=tables.due[0][0] if tables.due else None,
        )

    async def plan(self, hash: str) -> bytes | None:
        """See ReadStore."""
        return self._tables.plans.get(hash)


def _flight(runs: list[Run]) -> Flight:
    first = runs[0]
    due = [moment for moment in map(due_of, runs) if moment is not None]
    return Flight(
        first.rule,
        first.plan,
        first.position,
        str(first.status),
        len(runs),
        min(due, default=None),
        max(due, default=None),
    )


def _wanted(item: Item, wanted: ItemFilter) -> bool:
    return (
        item.kind == wanted.kind
        and (item.closed_at is None) == wanted.open
        and wanted.person in ("", item.person)
        and wanted.team in ("", item.team)
        and wanted.subject in (None, item.subject)
    )


def _newest(
    records: Iterable[_Record], limit: int, cursor: str, decode: Callable[[bytes], T]
) -> tuple[list[T], str]:
    before = seq_before(cursor)
    page = sorted((r for r in records if r.seq < before), key=lambda record: -record.seq)[: limit + 1]
    rest = after_seq(page[limit - 1].seq) if len(page) > limit else ""
    return [decode(record.body) for record in page[:limit]], rest
