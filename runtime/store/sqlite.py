"""The write side on SQLite: one connection, one writer, group commit.

Commits are durable (WAL, synchronous=FULL); moving the log into the database happens between transactions, so
that its fsync never falls into a commit.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from runtime.store.lock import FileLock
from runtime.store.protocol import StoreUnavailable
from runtime.store.sqlite_caches import Caches
from runtime.store.sqlite_transaction import SqliteTransaction

# Before 3.51.3 SQLite could lose a reset of the write-ahead log when two connections write or checkpoint at the
# same moment. Here one connection does both, in one thread, and readers are read-only: it cannot happen.

_PATIENCE = 2_000
_PATIENCE_WITH_READERS = 50
"""Milliseconds to wait for a lock: of another program that writes, and of readers that stand in the log's way."""

_CHECKPOINT_ROWS = 50_000
_CHECKPOINT_BYTES = 8 << 20
_TRUNCATE_BYTES = 48 << 20

_UNAVAILABLE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
    }
)


def connect(path: Path) -> sqlite3.Connection:
    """A connection for the writer. Transactions are begun by hand; any one thread may use it."""
    return configured(bare(path))


def bare(path: Path) -> sqlite3.Connection:
    """A connection that has changed nothing in the file yet."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)


def configured(connection: sqlite3.Connection) -> sqlite3.Connection:
    """The connection, with what the writer relies on."""
    for pragma in (
        f"busy_timeout = {_PATIENCE}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "wal_autocheckpoint = 0",
        "secure_delete = ON",
        "temp_store = MEMORY",
        "cache_size = -65536",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def damage(connection: sqlite3.Connection) -> list[str]:
    """What SQLite finds wrong with the file; empty when it is sound. Reads all of it."""
    found = [str(row[0]) for row in connection.execute("PRAGMA quick_check")]
    return [] if found == ["ok"] else found


class SqliteWriter:
    """WriteStore on a migrated SQLite file. Made by `open_store`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: FileLock) -> None:
        self._path = path
        self._wal = path.with_name(f"{path.name}-wal")
        self._connection = connection
        self._lock = lock
        self._caches = Caches(connection)
        self._size_at_checkpoint = 0
        self._rows_at_checkpoint = 0

    @contextmanager
    def transaction(self) -> Iterator[SqliteTransaction]:
        """See WriteStore. Transactions do not nest."""
        if self._connection.in_transaction:
            raise RuntimeError("a transaction is open already")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._caches.begin()
            yield SqliteTransaction(self._connection, self._caches)
            self._connection.execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            if isinstance(error, sqlite3.Error) and _is_unavailable(error):
                raise StoreUnavailable(f"the database cannot be written: {error}") from error
            raise

    def _roll_back(self) -> None:
        self._caches.forget()
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def checkpoint(self, whole: bool = False) -> bool:
        """See WriteStore. Failing is no harm: the log only grows until the next time."""
        size, rows = self._wal_size(), self._connection.total_changes
        # The file keeps its size when the log is reused, hence the count of rows.
        grown = size >= self._size_at_checkpoint + _CHECKPOINT_BYTES
        if not (whole or grown or rows >= self._rows_at_checkpoint + _CHECKPOINT_ROWS):
            return True
        # A passive checkpoint waits for nobody; readers that never pause can keep the log from being used again.
        done = self._move_log("TRUNCATE" if whole or size >= _TRUNCATE_BYTES else "PASSIVE")
        self._size_at_checkpoint, self._rows_at_checkpoint = self._wal_size(), rows
        return done

    def _move_log(self, mode: str) -> bool:
        execute = self._connection.execute
        try:
            execute(f"PRAGMA busy_timeout = {_PATIENCE_WITH_READERS}")
            busy, _, _ = execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
            execute(f"PRAGMA busy_timeout = {_PATIENCE}")
        except sqlite3.Error:
            return False
        return not busy

    def _wal_size(self) -> int:
        try:
            return self._wal.stat().st_size
        except OSError:
            return 0

    def quick_check(self) -> list[str]:
        """What SQLite finds wrong with the file, see `damage`."""
        return damage(self._connection)

    def close(self) -> None:
        """Empty the log, close the file, give back the lock. May be called again."""
        self._move_log("TRUNCATE")
        self._connection.close()
        self._lock.release()


def _is_unavailable(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _UNAVAILABLE
