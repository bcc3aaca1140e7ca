"""Killed at any moment under load: what was acknowledged is there, and nothing is there by halves."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from runtime.store.open import open_store

ROOT = Path(__file__).parents[2]

WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from runtime.model import SubjectKey
from runtime.store.open import open_store
from runtime.store.protocol import Batch
from tests.store.rows import accepted, effect, ended, run, segment, state

writer, _ = open_store(sys.argv[1])
with writer.transaction() as tx:
    n = tx.counters().get("n", 0)
while True:
    n += 1
    subject = SubjectKey("contact", f"c{n % 7}")
    with writer.transaction() as tx:
        tx.write(Batch(
            events=[accepted(f"e{n}", (f"r{n}",), subject=subject, data={"text": "x" * (n % 3_000)})],
            subjects=[state(subject, n=n)],
            runs=[run(f"r{n}", subject, due=n)],
            journal=[segment(f"r{n}", subject)],
            counters={"n": n},
        ))
    print(n, flush=True)
    with writer.transaction() as tx:
        tx.write(Batch(runs=[ended(f"r{n}", subject=subject)], effects=[effect(f"k{n}", f"r{n}", subject)]))
    writer.checkpoint()
"""


def test_kills_under_load(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    moment = random.Random(7)
    acknowledged = 0
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(ROOT)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline(), "it must have begun"
        time.sleep(moment.uniform(0.02, 0.3))
        process.send_signal(signal.SIGKILL)
        lines = process.communicate(timeout=20)[0].splitlines()
        acknowledged = max([acknowledged, *(int(line) for line in lines if line.isdigit())])
        acknowledged = check(path, acknowledged)
    assert acknowledged > 20


def check(path: Path, acknowledged: int) -> int:
    """Test the database; how many rounds it holds."""
    writer, _ = open_store(path, check=True)
    with writer.transaction() as tx:
        n = tx.counters()["n"]
        assert n >= acknowledged
        ids = range(1, n + 2)
        assert set(tx.known_events([f"e{i}" for i in ids])) == {f"e{i}" for i in range(1, n + 1)}
        runs = tx.runs([f"r{i}" for i in ids])
        assert set(runs) == {f"r{i}" for i in range(1, n + 1)}
        effects = tx.effects([f"k{i}" for i in ids])
        for i in range(1, n + 1):
            assert (f"k{i}" in effects) == (runs[f"r{i}"].status == "completed")
        live = [run for run in runs.values() if run.status == "waiting"]
        assert len(tx.due_runs(n, 100)) == len(live) <= 3
    assert writer._connection.execute("PRAGMA foreign_key_check").fetchall() == []
    writer.close()
    return n
