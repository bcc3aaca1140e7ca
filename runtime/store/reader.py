"""The read side on SQLite: a few read-only connections of their own, through SQLAlchemy and aiosqlite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Select, event
from sqlalchemy.exc import DBAPIError, TimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from runtime.model import EffectRow, Event, Item, Run, SubjectKey, SubjectState
from runtime.store import queries as q
from runtime.store.codec import (
    EffectCells,
    EventCells,
    ItemCells,
    RunCells,
    SegmentCells,
    unpack_effect,
    unpack_event,
    unpack_item,
    unpack_run,
    unpack_segment,
    unpack_subject,
    unpack_version,
)
from runtime.store.cursors import after_seq, after_text, seq_before, text_after
from runtime.store.identity import IDENTIFYING
from runtime.store.protocol import Backlog, Flight, ItemFilter, JournalRow, StoreUnavailable, Version
from runtime.store.schema import EFFECT_STATUSES, RUN_STATUSES, events, items, runs

_Rows = Sequence[Sequence[Any]]
T = TypeVar("T")

_CONNECTIONS = 4


class SqliteReader:
    """ReadStore on a SQLite file, for one event loop. Every verb reads one consistent state.

    Raises from every verb:
        StoreUnavailable: the database cannot be read now.
    """

    def __init__(self, path: Path) -> None:
        self._engine = _engine(path)

    async def _read(self, *statements: Select[Any]) -> list[_Rows]:
        """The rows of all statements, from one transaction."""
        try:
            async with self._engine.begin() as connection:
                return [(await connection.execute(statement)).all() for statement in statements]
        except (DBAPIError, TimeoutError) as error:
            raise StoreUnavailable(f"the database cannot be read: {error.__cause__ or error}") from error

    async def subject(self, key: SubjectKey) -> SubjectState | None:
        """See ReadStore."""
        found, live = await self._read(q.subject(key), q.live_runs(key))
        if not found:
            return None
        _, _, id, version, body = found[0]
        state = unpack_subject(key.kind, id, version, body)
        state.runs = {run.id: run for run in map(_run, live)}
        return state

    async def find_subject(self, kind: str, field: str, value: str) -> str | None:
        """See ReadStore."""
        if field not in IDENTIFYING:
            return None
        (found,) = await self._read(q.holder(kind, field, value))
        return found[0][0] if found else None

    async def list_subjects(self, kind: str, limit: int, cursor: str = "") -> tuple[list[SubjectState], str]:
        """See ReadStore."""
        (rows,) = await self._read(q.subjects_of(kind, text_after(cursor)).limit(limit + 1))
        page = [unpack_subject(kind, id, version, body) for _, _, id, version, body in rows[:limit]]
        return page, after_text(page[-1].key.id) if len(rows) > limit else ""

    async def run(self, id: str) -> Run | None:
        """See ReadStore."""
        (rows,) = await self._read(q.RUNS.where(runs.c.id == id))
        return _run(rows[0]) if rows else None

    async def list_runs(
        self,
        limit: int,
        cursor: str = "",
        rule: str = "",
        status: str = "",
        subject: SubjectKey | None = None,
    ) -> tuple[list[Run], str]:
        """See ReadStore."""
        statement = q.runs_page(seq_before(cursor), limit + 1, rule, status, subject)
        return await self._page(statement, limit, _run)

    async def _page(
        self, statement: Select[Any], limit: int, decode: Callable[[Sequence[Any]], T]
    ) -> tuple[list[T], str]:
        (rows,) = await self._read(statement)
        page = list(map(decode, rows[:limit]))
        return page, after_seq(rows[limit - 1][0]) if len(rows) > limit else ""

    async def journal(
        self, run: str = "", subject: SubjectKey | None = None, limit: int = 1000, after: int = 0
    ) -> list[JournalRow]:
        """See ReadStore."""
        (rows,) = await self._read(q.segments_page(after, limit, run, subject))
        return [unpack_segment(SegmentCells._make(row)) for row in rows]

    async def effects(
        self, run: str = "", status: str = "", limit: int = 100, cursor: str = ""
    ) -> tuple[list[EffectRow], str]:
        """See ReadStore."""
        statement = q.effects_page(seq_before(cursor), limit + 1, run, status)
        return await self._page(statement, limit, lambda row: unpack_effect(EffectCells._make(row)))

    async def event(self, id: str) -> Event | None:
        """See ReadStore."""
        (rows,) = await self._read(q.EVENTS.where(events.c.id == id))
        return unpack_event(EventCells._make(rows[0])) if rows else None

    async def list_events(
        self, limit: int, cursor: str = "", subject: SubjectKey | None = None
    ) -> tuple[list[Event], str]:
        """See ReadStore."""
        statement = q.events_page(seq_before(cursor), limit + 1, subject)
        return await self._page(statement, limit, lambda row: unpack_event(EventCells._make(row)))

    async def item(self, id: str) -> Item | None:
        """See ReadStore."""
        (rows,) = await self._read(q.ITEMS.where(items.c.id == id))
        return _item(rows[0]) if rows else None

    async def list_items(self, wanted: ItemFilter, limit: int, cursor: str = "") -> tuple[list[Item], str]:
        """See ReadStore."""
        (rows,) = await self._read(q.items_page(seq_before(cursor), limit + 1, wanted))
        page = [_item(row) for row in rows[:limit]]
        return page, after_seq(rows[limit - 1][1]) if len(rows) > limit else ""

    async def count_runs(self) -> dict[tuple[str, str], int]:
        """See ReadStore."""
        (rows,) = await self._read(q.RUN_COUNTS)
        return {(rule, str(RUN_STATUSES[status])): count for rule, status, count in rows}

    async def flights(self) -> list[Flight]:
        """See ReadStore."""
        (rows,) = await self._read(q.FLIGHTS)
        return [
            Flight(rule, plan, position, str(RUN_STATUSES[status]), *rest)
            for rule, plan, position, status, *rest in rows
        ]

    async def versions(self, kind: str, name: str, limit: int, cursor: str = "") -> tuple[list[Version], str]:
        """See ReadStore."""
        statement = q.versions_page(kind, name, seq_before(cursor), limit + 1)
        return await self._page(statement, limit, lambda row: unpack_version(*row[1:]))

    async def statistics(self, rule: str = "", since: int = 0) -> dict[tuple[str, str], int]:
        """See ReadStore."""
        (rows,) = await self._read(q.statistics_since(rule, since))
        return {(name, what): count for name, what, count in rows}

    async def backlog(self) -> Backlog:
        """See ReadStore."""
        pending, live, waiting, due = await self._read(q.PENDING, q.LIVE_COUNTS, q.EFFECT_COUNTS, q.NEXT_DUE)
        return Backlog(
            pending_events=pending[0][0],
            live_runs={str(RUN_STATUSES[status]): count for status, count in live},
            effects={str(EFFECT_STATUSES[status]): count for status, count in waiting},
            next_due=due[0][0],
        )

    async def plan(self, hash: str) -> bytes | None:
        """See ReadStore."""
        (rows,) = await self._read(q.plan(hash))
        return rows[0][0] if rows else None

    async def close(self) -> None:
        """See ReadStore."""
        await self._engine.dispose()


def _run(row: Sequence[Any]) -> Run:
    return unpack_run(RunCells._make(row))


def _item(row: Sequence[Any]) -> Item:
    return unpack_item(ItemCells._make(row))


def _engine(path: Path) -> AsyncEngine:
    url = URL.create("sqlite+aiosqlite", database=str(path))
    engine = create_async_engine(
        url, pool_size=_CONNECTIONS, max_overflow=0, connect_args={"isolation_level": None}
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        cursor = connection.cursor()
        # Read-only, and never checkpointing: the writer alone touches the file and its log.
        for pragma in ("query_only = ON", "busy_timeout = 2000", "wal_autocheckpoint = 0"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        # The driver begins nothing before a SELECT; this makes one snapshot of all statements of a verb.
        connection.exec_driver_sql("BEGIN")

    return engine
