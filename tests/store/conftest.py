"""The stores under test: the one in memory, and SQLite on real files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from runtime.store.memory import MemoryStore
from runtime.store.open import open_store
from runtime.store.protocol import ReadStore, WriteStore


class MemoryHarness:
    """The store in memory; a crash leaves what is committed."""

    name = "memory"

    def __init__(self) -> None:
        self.store = MemoryStore()

    @property
    def writer(self) -> WriteStore:
        return self.store

    def reader(self) -> ReadStore:
        return self.store.reader()

    def survivor(self) -> MemoryStore:
        """A store as it would be after a crash at this moment."""
        other = MemoryStore()
        other.restore(self.store.snapshot())
        return other

    def close(self) -> None:
        self.store.close()


class SqliteHarness:
    """SQLite on a file; a crash leaves the database and its log as they lie on disk."""

    name = "sqlite"

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._others: list[Any] = []
        self.path = directory / "store.db"
        self.path.write_bytes(empty_database())
        self.writer, self.reader = open_store(self.path)

    def survivor(self) -> WriteStore:
        """A store as it would be after a crash at this moment."""
        path = self._directory / f"survivor-{len(self._others)}.db"
        for suffix in ("", "-wal"):
            if (source := Path(f"{self.path}{suffix}")).exists():
                shutil.copyfile(source, f"{path}{suffix}")
        writer, _ = open_store(path)
        self._others.append(writer)
        return writer

    def close(self) -> None:
        for store in (*self._others, self.writer):
            store.close()


@cache
def empty_database() -> bytes:
    """A migrated database without rows: migrating takes longer than most tests."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "empty.db"
        open_store(path)[0].close()
        return path.read_bytes()


@pytest.fixture(params=["memory", "sqlite"])
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MemoryHarness | SqliteHarness]:
    made = MemoryHarness() if request.param == "memory" else SqliteHarness(tmp_path)
    yield made
    made.close()


@pytest.fixture
def store(harness: MemoryHarness | SqliteHarness) -> WriteStore:
    return harness.writer


@pytest.fixture
async def reader(harness: MemoryHarness | SqliteHarness) -> Any:
    made = harness.reader()
    yield made
    await made.close()
