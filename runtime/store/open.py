"""Opens a database file for an engine: lock, migrations, writer, and a way to make readers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

from runtime.store import migrations
from runtime.store.lock import FileLock
from runtime.store.migrations import WrongDatabase
from runtime.store.protocol import StoreUnavailable
from runtime.store.reader import SqliteReader
from runtime.store.sqlite import SqliteWriter, connect


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
        writer = SqliteWriter(path, _migrated(path), lock)
        if check and (found := writer.quick_check()):
            writer.close()
            raise WrongDatabase(f"{path} is damaged: {found[0]}")
    except BaseException:
        lock.release()
        raise
    return writer, partial(SqliteReader, path)


def _migrated(path: Path) -> sqlite3.Connection:
    try:
        connection = connect(path)
        if not migrations.is_current(connection, path):
            connection.close()
            migrations.upgrade(partial(connect, path))
            connection = connect(path)
        return connection
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            raise WrongDatabase(f"{path} is not a database") from error
        raise StoreUnavailable(f"the database {path} cannot be opened: {error}") from error
