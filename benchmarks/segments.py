"""What one event costs among many contacts and segments: it should depend on the segments it touches, and on nothing else.

    python -m benchmarks.segments [--quick]

The engine's core on a SQLite file (synchronous=FULL), events in transactions of a hundred, about a thousand contacts
drawn from all. Each segment reads a field, or counts an event, of its own; all read the same tier. CPU time, medians.
"""

from __future__ import annotations

import argparse
import gc
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from rulelang.calendar import parse_instant
from rulelang.catalog.build import build_catalogue
from rulelang.workspace import CheckedWorkspace, load_workspace
from runtime.actions import Library
from runtime.engine.core import EngineCore
from runtime.engine.rules import Rules
from runtime.engine.work import Arrival
from runtime.model import Event, SubjectKey, SubjectState
from runtime.store.open import open_store
from runtime.store.protocol import Batch

NOW = parse_instant("2026-03-02T09:00:00Z")
BATCH, BATCHES, ROUNDS, BUSY = 100, 10, 5, 1_000
CASES = ("none", "one field", "one count", "ten fields")
"""What an event touches: no segment, one by a field, one by an event that it counts, ten by a field they share."""


def workspace_of(segments: int) -> CheckedWorkspace:
    """A workspace with so many segments: most by a field each, each fifth by a count, ten by one field."""
    names = [f"f{n}" for n in range(segments)]
    parts = ["fields for contact", "  tier: one of free, pro", "  shared: number", "  idle: number"]
    parts += [f"  {name}: number" for name in names] + ["end"]
    parts += [f'event "bench.e{n}" for contact\n  size: number\nend' for n in range(0, segments, 5)]
    for n, name in enumerate(names):
        test = f"{name} >= 50"
        if n % 5 == 0:
            test = f'count(event "bench.e{n}" in 30d where size >= 1) >= 3'
        elif n < segments and n % 5 == 1 and n < 50:
            test = f"shared >= {n}"
        parts.append(f'segment "S{n}" for contact: tier = pro and {test}')
    return load_workspace({"bench.rules": "\n".join(parts)}, build_catalogue(()))


@dataclass
class World:
    """An engine with contacts; `brought` is how many a second a deploy of all segments brings up to date."""

    core: EngineCore
    contacts: int
    brought: float
    number: int = 0

    def events(self, case: str, random: Random) -> list[Arrival]:
        """A transaction of events that touch what the case says."""
        return [self._arrival(case, random) for _ in range(BATCH)]

    def _arrival(self, case: str, random: Random) -> Arrival:
        self.number += 1
        step = max(1, self.contacts // BUSY)
        key = SubjectKey("contact", f"c{random.randrange(0, self.contacts, step)}")
        data: dict[str, Any] = (
            {"fields": {_FIELDS[case]: random.randint(0, 100)}} if case in _FIELDS else {"size": 5}
        )
        type_ = "record.updated" if case in _FIELDS else "bench.e0"
        event = Event(f"e{self.number}", type_, NOW, NOW, key, data)
        return Arrival(event, event.id.encode())


_FIELDS = {"none": "idle", "one field": "f2", "ten fields": "shared"}


def world(path: Path, contacts: int, segments: int) -> World:
    """Contacts that are there before the segments are declared, and then the segments."""
    writer, _ = open_store(path)
    empty, full = workspace_of(0), workspace_of(segments)
    library = Library(build_catalogue(()), {}, {})
    core = EngineCore(writer, Rules(library, empty.schema, empty.plans))
    core.start(NOW)
    for start in range(0, contacts, 5_000):
        states = [_contact(n) for n in range(start, min(start + 5_000, contacts))]
        core.administer(lambda tx, states=states: tx.write(Batch(subjects=states)))  # type: ignore[misc]
    core.install(core.rules.deployed(full.schema, full.plans), NOW)
    started = time.process_time()
    while segments and core.process([], NOW, 256, 256).pending:
        pass
    return World(core, contacts, contacts / (time.process_time() - started))


def _contact(n: int) -> SubjectState:
    fields = {
        "id": f"c{n}",
        "email": f"c{n}@bench.test",
        "tier": "pro" if n % 2 else "free",
        "shared": n % 100,
    }
    return SubjectState(SubjectKey("contact", f"c{n}"), fields, version=1)


def measure(subject: World) -> dict[str, float]:
    """Microseconds an event, by case: the median of all transactions, the cases in turns."""
    random = Random(7)
    times: dict[str, list[float]] = {case: [] for case in CASES}
    for round_ in range(ROUNDS):
        for case in CASES:
            for _ in range(BATCHES):
                works = subject.events(case, random)
                started = time.process_time()
                subject.core.process(works, NOW)
                if round_:
                    times[case].append((time.process_time() - started) / BATCH * 1e6)
    return {case: median(found) for case, found in times.items()}


def table(sizes: Sequence[int], counts: Sequence[int]) -> list[str]:
    """A line for each number of contacts and segments."""
    lines = [
        f"| contacts | segments | brought up to date, contacts/s | {' | '.join(f'{c}, µs' for c in CASES)} |",
        f"|---:|---:|---:|{'---:|' * len(CASES)}",
    ]
    for contacts in sizes:
        for segments in counts:
            with tempfile.TemporaryDirectory() as folder:
                subject = world(Path(folder) / "bench.db", contacts, segments)
                gc.collect()
                found = measure(subject)
                subject.core.store.close()
            brought = f"{subject.brought:,.0f}" if segments else "–"
            cells = [f"{contacts:,}", str(segments), brought, *(f"{found[case]:.0f}" for case in CASES)]
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def report(sizes: Sequence[int], counts: Sequence[int]) -> str:
    """The whole report."""
    versions = [f"Python {platform.python_version()}", f"rulelang {version('rulelang')}"]
    versions.append(f"SQLite {sqlite3.sqlite_version}")
    parts = [
        "## Segments",
        f"`python -m benchmarks.segments {' '.join(sys.argv[1:])}`: {', '.join(versions)}, {platform.machine()}",
        "One event, by what it touches; without segments the same events for comparison.",
        "\n".join(table(sizes, counts)),
    ]
    return "\n\n".join(parts)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="up to 10,000 contacts, a few seconds")
    options = parser.parse_args()
    print(report((1_000, 10_000) if options.quick else (1_000, 100_000), (0, 10, 200)))


if __name__ == "__main__":
    main()
