"""Opens a database file for an engine: lock, migrations, writer, and a way to make readers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from runtime.store import migrations
from runtime.store.lock import FileLock
from runtime.store.migrations import WrongDatabase
from runtime.store.protocol import StoreUnavailable
from runtime.store.reader import SqliteReader
from runtime.store.sqlite import SqliteWriter, bare, configured, connect, damage


def open_store(path: str | Path, *, check: bool = False) -> tuple[SqliteWriter, Callable[[], SqliteReader]]:
    """Open the database at `path`, made or migrated when needed, for the one engine that may work on it.

    Args:
        path: the database file; its directory must exist. Beside it come `-wal`, `-shm` and `.lock` files.
        check: read all of the file first and refuse it when SQLite finds it damaged.

    Returns:
        The writer, and a factory of readers, each for one event loop.

    Raises:
        StoreInUse: another engine works on it.
        WrongDatabase: it is from a newer release, of another program, or damaged.
        StoreUnavailable: it cannot be opened or written.
    """
    path = Path(path).absolute()
    try:
        lock = FileLock(path)
    except OSError as error:
        raise StoreUnavailable(f"the database {path} cannot be opened: {error.strerror}") from error
    try:
        writer = SqliteWriter(path, _connection(path, check), lock)
    except BaseException:
        lock.release()
        raise
    return writer, partial(SqliteReader, path)


def _connection(path: Path, check: bool) -> sqlite3.Connection:
    try:
        # A file that is not for us is refused before anything in it has changed.
        connection = bare(path)
        with _closing_on_error(connection):
            if check and (found := damage(connection)):
                raise WrongDatabase(f"{path} is damaged: {found[0]}")
            if migrations.is_current(connection, path):
                return configured(connection)
        connection.close()
        migrations.upgrade(partial(connect, path))
        return connect(path)
    except sqlite3.DatabaseError as error:
        raise _refusal(path, error) from error


def _refusal(path: Path, error: sqlite3.DatabaseError) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return WrongDatabase(f"{path} is not a database")
    if code == sqlite3.SQLITE_CORRUPT:
        return WrongDatabase(f"{path} is damaged: {error}")
    return StoreUnavailable(f"the database {path} cannot be opened: {error}")


@contextmanager
def _closing_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    """Closes the connection when the block fails."""
    try:
        yield
    except BaseException:
        connection.close()
        raise
