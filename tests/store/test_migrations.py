"""Migrations: from nothing, resumed after a kill at any statement, refused where the file is not for us."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from runtime.store.migrations import WrongDatabase
from runtime.store.open import open_store
from runtime.store.schema import APPLICATION_ID, REVISION, metadata
from tests.store.rows import ANA, run, write


def script(code: str, *args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *map(str, args)],
        capture_output=True,
        text=True,
        timeout=60,
    )


def layout(path: Path) -> dict[str, str]:
    """The SQL of every table and index, without white space."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {name: "".join(sql.split()) for name, sql in rows if name != "alembic_version"}


def test_an_empty_file_gets_the_tables_that_the_code_knows(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_store(path)[0].close()
    fresh = create_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    metadata.create_all(fresh)
    fresh.dispose()
    assert layout(path) == layout(tmp_path / "fresh.db")
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.exec_driver_sql("PRAGMA application_id").scalar() == APPLICATION_ID
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == REVISION
    engine.dispose()


def test_opening_again_keeps_everything_and_needs_no_alembic(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    writer, _ = open_store(path)
    write(writer, runs=[run()])
    writer.close()
    code = """
import sys
from runtime.store.open import open_store
from runtime.model import SubjectKey
writer, _ = open_store(sys.argv[1])
with writer.transaction() as tx:
    print(sorted(tx.subjects([SubjectKey("contact", "ana")])[SubjectKey("contact", "ana")].runs))
writer.close()
print([name for name in sys.modules if name.startswith("alembic")])
"""
    result = script(code, path)
    assert (result.stdout, result.stderr) == ("['r1']\n[]\n", "")
    assert ANA.id == "ana"


def test_migrating_is_silent(tmp_path: Path) -> None:
    code = """
import logging, sys
logging.basicConfig(level=logging.WARNING)
from runtime.store.open import open_store
open_store(sys.argv[1])[0].close()
"""
    result = script(code, tmp_path / "store.db")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_kill_at_any_statement_is_made_good_by_the_next_start(tmp_path: Path) -> None:
    """A child migrates and kills itself at its n-th statement, for every n, until one gets through."""
    code = """
import os, signal, sys
from pathlib import Path
from runtime.store import migrations
from runtime.store.open import open_store
from runtime.store.sqlite import connect
import alembic.command

def killing(path, n):
    def opened():
        connection = connect(path)
        count = iter(range(n))
        def on_statement(sql):
            if next(count, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
        connection.set_trace_callback(on_statement)
        return connection
    return opened

half = 0
for n in range(200):
    path = Path(sys.argv[1]) / f"{n}.db"
    child = os.fork()
    if child == 0:
        migrations.upgrade(killing(path, n))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    connection = connect(path)
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    half += not migrations.is_current(connection, path)
    connection.close()
    writer, _ = open_store(path, check=True)
    with writer.transaction() as tx:
        tx.save_plans({"p": b"plan"})
    writer.close()
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
        break
    assert os.WTERMSIG(status) == signal.SIGKILL, status
print(n, half)
"""
    result = script(code, tmp_path)
    assert result.stderr == ""
    statements, half = map(int, result.stdout.split())
    assert statements > 30
    assert half >= 30
    expected = layout(tmp_path / f"{statements}.db")
    assert all(layout(tmp_path / f"{n}.db") == expected for n in range(statements))


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_store(path)[0].close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(WrongDatabase, match=r"newer release \(schema 9999, this one knows \d+\)"):
        open_store(path)
    assert path.read_bytes() == before
    with pytest.raises(WrongDatabase):
        open_store(path)


@pytest.mark.parametrize("revision", ["ae1027a6acf", ""])
def test_another_programs_alembic_is_refused(tmp_path: Path, revision: str) -> None:
    path = tmp_path / "store.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
    connection.commit()
    connection.close()
    with pytest.raises(WrongDatabase, match="another program"):
        open_store(path)


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE songs (id INTEGER)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(WrongDatabase, match="another program"):
        open_store(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"hello world, this is text " * 100, b"\x00" * 4096, b"SQLite format 3\x00" + b"x" * 4080]
)
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(content)
    with pytest.raises(WrongDatabase, match="not a database"):
        open_store(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("first", [10, -3])
def test_a_damaged_database_is_found_on_demand(tmp_path: Path, first: int) -> None:
    path = tmp_path / "store.db"
    writer, _ = open_store(path)
    write(writer, runs=[run(f"r{n}") for n in range(500)])
    assert writer.quick_check() == []
    writer.close()
    content = bytearray(path.read_bytes())
    for page in range(len(content) // 4096)[first:]:
        content[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    path.write_bytes(content)
    with pytest.raises(WrongDatabase, match="damaged"):
        open_store(path, check=True)
