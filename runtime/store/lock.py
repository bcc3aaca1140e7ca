"""One engine for each database: an advisory lock on a file beside it, gone with the process that holds it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class StoreInUse(Exception):
    """Another engine works on this database."""


class FileLock:
    """The lock of one database file. The lock file stays; only the lock on it counts."""

    def __init__(self, database: Path) -> None:
        """Take the lock or fail at once.

        Raises:
            StoreInUse: another process, or another store of this one, holds it.
        """
        path = database.with_name(f"{database.name}.lock")
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._fd, 32).decode("ascii", "replace").strip()
            os.close(self._fd)
            raise StoreInUse(_sentence(database, holder)) from None
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the lock back. May be called again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _sentence(database: Path, holder: str) -> str:
    by = f"process {holder}" if holder.isdigit() else "another process"
    return f"the database {database} is in use by {by}; only one engine may work on it"
