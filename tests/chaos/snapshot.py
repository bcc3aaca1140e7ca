"""Everything that a database holds once its server has ended, read through the product's own reader."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from runtime.model import EffectRow, Entry, Event, Run, SubjectState
from runtime.store.reader import SqliteReader

T = TypeVar("T")
_PAGE = 1000


@dataclass
class Snapshot:
    """The rows by their ids, and the journal of each run in order."""

    events: dict[str, Event]
    runs: dict[str, Run]
    effects: dict[str, EffectRow]
    journal: dict[str, list[Entry]]
    contacts: dict[str, SubjectState]
    damage: list[str]


def snapshot(database: Path) -> Snapshot:
    """Read all of a database that nobody writes."""
    return asyncio.run(_read(database))


async def _read(database: Path) -> Snapshot:
    reader = SqliteReader(database)
    try:
        events = await _all(lambda cursor: reader.list_events(_PAGE, cursor))
        runs = await _all(lambda cursor: reader.list_runs(_PAGE, cursor))
        effects = await _all(lambda cursor: reader.effects(limit=_PAGE, cursor=cursor))
        contacts = await _all(lambda cursor: reader.list_subjects("contact", _PAGE, cursor))
        return Snapshot(
            {event.id: event for event in events},
            {run.id: run for run in runs},
            {row.effect.key: row for row in effects},
            await _journal(reader),
            {state.key.id: state for state in contacts},
            damage(database),
        )
    finally:
        await reader.close()


async def _all(page: Callable[[str], Awaitable[tuple[list[T], str]]]) -> list[T]:
    items, cursor = await page("")
    while cursor:
        more, cursor = await page(cursor)
        items += more
    return items


async def _journal(reader: SqliteReader) -> dict[str, list[Entry]]:
    entries: dict[str, list[Entry]] = {}
    after = 0
    while rows := await reader.journal(limit=_PAGE, after=after):
        for row in rows:
            entries.setdefault(row.run, []).extend(row.entries)
        after = rows[-1].seq
    return entries


def damage(database: Path) -> list[str]:
    """What SQLite finds wrong with the file, and references that lead nowhere."""
    connection = sqlite3.connect(database)
    try:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        lost = connection.execute("PRAGMA foreign_key_check").fetchall()
        return found + [f"reference {row}" for row in lost]
    finally:
        connection.close()
