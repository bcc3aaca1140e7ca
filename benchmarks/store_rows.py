"""How fast the store alone takes whole batches, and how many bytes a finished and a sleeping run need on disk.

    python -m benchmarks.store_rows [--runs 40000] [--batch 200] [--tables]

A finished run here: its event, its subject twice, the run twice, one effect twice, two journal rows of eight entries
in all; written in one transaction for each batch (synchronous=FULL), after reading known events and subjects. Beside
it, in the same run, plain rows through the standard library: the ratio counts, the machine's absolute figures wander.
"""

from __future__ import annotations

import argparse
import gc
import platform
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from hashlib import blake2b, sha256
from pathlib import Path
from statistics import median

from runtime.model import Effect, EffectRow, Entry, Event, Run, RunStatus, SubjectKey, SubjectState
from runtime.store.open import open_store
from runtime.store.protocol import AcceptedEvent, Batch, JournalRow
from runtime.store.sqlite import SqliteWriter

NOW = 1_764_000_000_000
PLAN = sha256(b"plan").hexdigest()
ROUNDS = 3


def id_of(kind: str, n: int) -> str:
    return f"{kind}_{blake2b(f'{kind}{n}'.encode(), digest_size=10).hexdigest()}"


def subject(n: int) -> SubjectState:
    fields = {
        "email": f"person{n}@example.com",
        "first_name": "Ana",
        "last_name": "Lovelace",
        "status": "trial",
        "score": n % 100,
        "tags": ["vip"],
        "created_at": NOW,
        "updated_at": NOW + n,
    }
    return SubjectState(
        SubjectKey("contact", id_of("c", n)), fields, {"once": {"hot_lead": id_of("run", n)}}, {}, 1
    )


def event(n: int, key: SubjectKey) -> AcceptedEvent:
    changes = {"score": {"before": 1, "after": n % 100}}
    made = Event(
        id_of("evt", n), "contact.updated", NOW + n, NOW + n, key, {"score": n % 100}, changes, source="crm"
    )
    return AcceptedEvent(made, sha256(made.id.encode()).digest(), (id_of("run", n),))


def run(n: int, key: SubjectKey, status: str, **more: object) -> Run:
    made = Run(
        id_of("run", n),
        "hot_lead",
        PLAN,
        key,
        status,
        "do.3",
        NOW + n,
        id_of("evt", n),
        steps=4,
        root=id_of("evt", n),
    )
    return Run(**{**{f: getattr(made, f) for f in made.__struct_fields__}, **more})


def entries(n: int) -> tuple[Entry, ...]:
    at, of, id = NOW + n, id_of("evt", n), id_of("run", n)
    return (
        Entry(at, "event", input={"score": n % 100}, event=of),
        Entry(at, "matched", "hot_lead", event=of),
        Entry(at, "enrolled", "hot_lead", id, event=of),
        Entry(at, "action", "hot_lead", id, "do.0", "set", {"value": 5}, changes={"score": [1, 5]}, event=of),
        Entry(
            at,
            "action",
            "hot_lead",
            id,
            "do.1",
            "set",
            {"value": "Berlin"},
            changes={"city": [None, "Berlin"]},
            event=of,
        ),
        Entry(at, "waiting", "hot_lead", id, "do.2", due=at + 1_000, event=of),
        Entry(at, "action", "hot_lead", id, "do.3", "send email", {"template": "welcome"}, event=of),
        Entry(at + 5, "completed", "hot_lead", id, event=of),
    )


def finished(numbers: Sequence[int], people: int) -> Batch:
    batch = Batch()
    for n in numbers:
        state = subject(n % people)
        key, id = state.key, id_of("run", n)
        effect = Effect(
            id_of("eff", n),
            id,
            "hot_lead",
            "do.3",
            "send email",
            key,
            "smtp",
            {"to": "a@b.test", "template": "w"},
            NOW + n,
        )
        batch.events.append(event(n, key))
        batch.subjects += [state, state]
        batch.runs += [
            run(n, key, RunStatus.EFFECT, effect=effect.key),
            run(n, key, RunStatus.COMPLETED, ended_at=NOW + n + 5),
        ]
        batch.effects += [
            EffectRow(effect),
            EffectRow(effect, "done", 1, result={"id": "x"}, finished_at=NOW + n + 5),
        ]
        all = entries(n)
        batch.journal += [JournalRow(key, id, id_of("evt", n), all[:-1]), JournalRow(key, id, "", all[-1:])]
    return batch


def asleep(numbers: Sequence[int]) -> Batch:
    batch = Batch()
    for n in numbers:
        key = SubjectKey("contact", id_of("c", n % 1_000))
        batch.runs.append(run(n, key, RunStatus.WAITING, due=NOW + n * 1_000))
    return batch


def write_all(writer: SqliteWriter, batches: Sequence[Batch]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    for batch in batches:
        with writer.transaction() as tx:
            tx.known_events([accepted.event.id for accepted in batch.events])
            tx.subjects([state.key for state in batch.subjects])
            tx.write(batch)
        writer.checkpoint()
    return time.perf_counter() - wall, time.process_time() - cpu


def plain_rows(directory: Path, count: int) -> float:
    """Rows a second of 120 bytes through the standard library, 1,000 a transaction, synchronous=FULL."""
    connection = sqlite3.connect(directory / "plain.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, name TEXT, body BLOB)")
    rows = [("x" * 20, b"y" * 100)] * 1_000
    start = time.perf_counter()
    for _ in range(count // 1_000):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO rows (name, body) VALUES (?, ?)", rows)
        connection.execute("COMMIT")
    rate = count / (time.perf_counter() - start)
    connection.close()
    return rate


def size(path: Path) -> int:
    return path.stat().st_size


def one_round(runs: int, batch: int, tables: bool) -> tuple[float, float, float, float, float]:
    """Runs a second, CPU microseconds a run, bytes a finished run, bytes a sleeping run, plain rows a second."""
    batches = [finished(range(n, n + batch), runs // 4) for n in range(0, runs, batch)]
    gc.collect()
    gc.freeze()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        plain = plain_rows(directory, 100_000)
        writer, _ = open_store(directory / "finished.db")
        wall, cpu = write_all(writer, batches)
        writer.close()
        if tables:
            show_tables(directory / "finished.db", runs)
        sleeping, _ = open_store(directory / "asleep.db")
        write_all(sleeping, [asleep(range(n, n + 1_000)) for n in range(0, runs, 1_000)])
        sleeping.close()
        per_run, per_sleeper = (size(directory / f"{name}.db") / runs for name in ("finished", "asleep"))
    gc.unfreeze()
    return runs / wall, cpu / runs * 1e6, per_run, per_sleeper, plain


def show_tables(path: Path, runs: int) -> None:
    connection = sqlite3.connect(path)
    query = "SELECT name, sum(pgsize) FROM dbstat GROUP BY 1 ORDER BY 2 DESC"
    for name, total in connection.execute(query):
        print(f"  {name:28} {total / runs:8.1f} bytes a run")
    connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=40_000)
    parser.add_argument("--batch", type=int, default=200)
    parser.add_argument("--tables", action="store_true", help="bytes by table and index")
    options = parser.parse_args()
    rounds = [one_round(options.runs, options.batch, options.tables and n == 0) for n in range(ROUNDS)]
    rate, cpu, finished_bytes, asleep_bytes, plain = (median(column) for column in zip(*rounds, strict=True))
    print(
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {options.runs:,} runs, median of {ROUNDS}"
    )
    print(
        f"batches of {options.batch}: {rate:,.0f} runs/s, {cpu:.0f} µs CPU a run; best {max(r[0] for r in rounds):,.0f}"
    )
    print(
        f"bytes: {finished_bytes:,.0f} a finished run (with a quarter of a subject), {asleep_bytes:,.0f} a sleeping run"
    )
    print(f"plain rows through the standard library, 1,000 a transaction: {plain:,.0f}/s")


if __name__ == "__main__":
    main()
