"""One engine for each database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.store.lock import StoreInUse
from runtime.store.open import open_store
from runtime.store.protocol import StoreUnavailable

HOLD = """
import sys, time
from runtime.store.open import open_store
store = open_store(sys.argv[1])
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_engine_in_another_process_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreInUse, match=f"in use by process {holder.pid}; only one engine"):
            open_store(path)
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate(timeout=10)
    writer, _ = open_store(path)
    writer.close()


def test_a_second_engine_in_this_process_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    writer, _ = open_store(path)
    with pytest.raises(StoreInUse, match=f"in use by process {os.getpid()}"):
        open_store(str(path))
    writer.close()
    writer.close()
    open_store(path)[0].close()


def test_a_refused_file_is_not_kept_locked(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"text" * 1000)
    for _ in range(2):
        with pytest.raises(Exception, match="not a database"):
            open_store(path)
    path.unlink()
    open_store(path)[0].close()


def test_readers_need_no_lock(tmp_path: Path) -> None:
    writer, reader = open_store(tmp_path / "store.db")
    reader()
    reader()
    writer.close()


def test_a_directory_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be opened: No such file or directory"):
        open_store(tmp_path / "none" / "store.db")
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        open_store(tmp_path)
