"""A full disk or a locked file: a clear error, nothing half-written, and no restart needed afterwards."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.model import SubjectKey
from runtime.store.open import open_store
from runtime.store.protocol import StoreUnavailable
from runtime.store.sqlite import SqliteWriter
from tests.store.rows import ANA, accepted, effect, run, segment, state, write


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[SqliteWriter, Callable[[], object]]]:
    writer, reader = open_store(tmp_path / "store.db")
    yield writer, reader
    writer.close()


def fill(writer: SqliteWriter, start: int) -> int:
    """Write until the store refuses; how many batches were acknowledged."""
    for n in range(start, start + 10_000):
        subject = SubjectKey("contact", f"c{n}")
        try:
            write(
                writer,
                events=[accepted(f"e{n}", (f"r{n}",), subject=subject, data={"text": "x" * 3_000})],
                subjects=[state(subject, email=f"{n}@b.test")],
                runs=[run(f"r{n}", subject, due=n)],
                effects=[effect(f"k{n}", f"r{n}", subject)],
                journal=[segment(f"r{n}", subject)],
                counters={"n": n},
            )
        except StoreUnavailable:
            return n
    raise AssertionError("the store never got full")


def assert_whole(writer: SqliteWriter, n: int) -> None:
    """Batches up to n are there, and nothing of any other."""
    ids = range(n + 5)
    with writer.transaction() as tx:
        assert set(tx.known_events([f"e{i}" for i in ids])) == {f"e{i}" for i in range(n)}
        assert set(tx.runs([f"r{i}" for i in ids])) == {f"r{i}" for i in range(n)}
        assert set(tx.effects([f"k{i}" for i in ids])) == {f"k{i}" for i in range(n)}
        assert tx.counters() == ({"n": n - 1} if n else {})
    assert writer.quick_check() == []
    assert writer._connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert writer._connection.execute("SELECT count(*), max(seq) FROM journal").fetchone() == (n, n or None)


async def test_a_full_database(opened: tuple[SqliteWriter, Callable[[], object]]) -> None:
    writer, reader = opened
    done = 0
    for pages in (100, 200, 300):
        writer._connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()
        before = done
        done = fill(writer, done)
        assert done > before
        with pytest.raises(StoreUnavailable, match="cannot be written: database or disk is full"):
            write(writer, events=[accepted("big", data={"text": "x" * 500_000})])
        assert_whole(writer, done)
    found = await (reading := reader()).run("r0")  # type: ignore[attr-defined]
    assert found is not None
    await reading.close()  # type: ignore[attr-defined]
    writer._connection.execute("PRAGMA max_page_count = 100000").fetchall()
    write(writer, subjects=[state()])
    with writer.transaction() as tx:
        assert tx.subjects([ANA])[ANA].exists


LIMITED = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from runtime.store.open import open_store
from tests.store.test_unavailable import assert_whole, fill

path = Path(sys.argv[1])
writer, _ = open_store(path)
done = 0
for size in (200_000, 400_000, 3_000_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    before = done
    done = fill(writer, done)
    assert done > before, (done, size)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert_whole(writer, done)
    writer.checkpoint()
writer.close()
writer, _ = open_store(path, check=True)
assert_whole(writer, done)
writer.close()
print("ok", done)
"""


def test_a_full_disk(tmp_path: Path) -> None:
    """With a limit on the size of files writes fail as input/output errors, in the log as well as in the file."""
    root = Path(__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / "store.db"), str(root)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.stderr == ""
    assert result.stdout.startswith("ok ")


def test_a_locked_file(tmp_path: Path, opened: tuple[SqliteWriter, Callable[[], object]]) -> None:
    writer, _ = opened
    writer._connection.execute("PRAGMA busy_timeout = 50").fetchall()
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        write(writer, counters={"n": 1})
    other.execute("ROLLBACK")
    other.close()
    write(writer, counters={"n": 2})
    with writer.transaction() as tx:
        assert tx.counters() == {"n": 2}


def test_mistakes_of_ours_are_not_called_unavailability(
    opened: tuple[SqliteWriter, Callable[[], object]],
) -> None:
    writer, _ = opened
    with pytest.raises(UnicodeEncodeError):
        write(writer, subjects=[state(SubjectKey("contact", "\ud800"))])
    with pytest.raises(KeyError):
        write(writer, runs=[run(status="sleeping")])
    with writer.transaction() as tx:
        assert tx.subjects([ANA])[ANA].exists is False


async def test_reading_fails_clearly(tmp_path: Path) -> None:
    writer, make_reader = open_store(tmp_path / "store.db")
    writer.close()
    (tmp_path / "store.db").write_bytes(b"no longer a database" * 1000)
    reader = make_reader()
    with pytest.raises(StoreUnavailable, match="cannot be read"):
        await reader.run("r1")
    await reader.close()


def test_the_log_stays_small(opened: tuple[SqliteWriter, Callable[[], object]], tmp_path: Path) -> None:
    writer, _ = opened
    sizes = []
    for n in range(30):
        write(writer, events=[accepted(f"e{n}-{i}", data={"text": "x" * 2_000}) for i in range(500)])
        writer.checkpoint()
        sizes.append((tmp_path / "store.db-wal").stat().st_size)
    assert max(sizes) < 26 << 20
    assert (tmp_path / "store.db").stat().st_size > 28 << 20
    writer.close()
    assert not (tmp_path / "store.db-wal").exists()
