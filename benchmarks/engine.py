"""Durable runs a second through the whole engine on SQLite, with DBOS on SQLite beside it when that is installed.

A run: an event arrives, a rule starts, two fields change, a durable sleep of zero, one effect without work, the end.
Nothing is acknowledged before it is on disk (synchronous=FULL). Two callers submit batch after batch.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib.util
import json
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from msgspec.structs import replace

from rulelang.catalog.build import build_catalogue
from rulelang.catalog.model import Action, Performs
from rulelang.plan.codec import with_hash
from rulelang.plan.ir import Lit
from rulelang.plan.model import Plan, WaitStep
from rulelang.types.schema import Schema
from rulelang.workspace import load_workspace
from runtime.actions import Facts, Intent, Library
from runtime.collector import calm_collector
from runtime.engine.core import CoreLimits
from runtime.engine.cycle import CycleLimits
from runtime.engine.engine import Engine, EngineLimits
from runtime.engine.rules import Rules
from runtime.engine.work import Arrival
from runtime.metrics import NoMetrics
from runtime.model import JSON, Effect, Event, Outcome, OutcomeKind, SubjectKey
from runtime.outbox import OutboxLimits, Pace
from runtime.store.open import open_store
from stdlib_actions import fields
from stdlib_actions.library import standard_declarations

RULE = """
event "bench.started" for contact

rule "four steps" for contact
  on event "bench.started"
do
  set score = 5
  set city = "Berlin"
  wait 1s
  ring bell
end
"""
BATCHES = (1, 10, 100, 500)
SECONDS = 4.0
"""How long each size of batch is measured, about."""
PEER_RUNS = 150
CALLERS = 2

_RING = Action(
    name="ring_bell",
    phrase="ring bell",
    performs=Performs.EFFECT,
    summary="do nothing, outside",
    doc="An effect without work.",
    example="",
    idempotent=True,
)


class _Bell:
    """The effect without work; notes when it was asked for."""

    def __init__(self) -> None:
        self.rung: dict[str, float] = {}

    def intend(self, schema: Schema, facts: Facts, args: Mapping[str, JSON]) -> Intent:
        """See EffectAction."""
        return Intent("bell", {})

    async def prepare(self, effect: Effect, facts: Facts) -> JSON:
        """See EffectAction."""
        return None

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """See EffectAction."""
        self.rung[effect.subject.id] = time.perf_counter()
        return Outcome(OutcomeKind.DONE)


class _Ended(NoMetrics):
    """Counts the runs that have ended."""

    def __init__(self) -> None:
        self.count = 0

    def runs(self, started: int, ended: int) -> None:
        """See Metrics."""
        self.count += ended


@dataclass
class Figures:
    """What one measurement found. Times in seconds, latencies of all submissions and runs."""

    runs: int
    wall: float
    cpu: float
    bytes: int
    accepted: list[float] = field(default_factory=list)
    finished: list[float] = field(default_factory=list)


def rules(bell: _Bell) -> Rules:
    """The rule, checked and planned as any other; the planned wait is then made one of zero."""
    catalogue = build_catalogue((*standard_declarations(), _RING))
    workspace = load_workspace({"bench.rules": RULE}, catalogue)
    assert not workspace.diagnostics, workspace.diagnostics
    library = Library(catalogue, fields.LOCAL, {"ring_bell": bell})
    return Rules(library, workspace.schema, [_without_delay(plan) for plan in workspace.plans])


def _without_delay(plan: Plan) -> Plan:
    steps = tuple(replace(s, value=Lit("0s")) if isinstance(s, WaitStep) else s for s in plan.steps)
    return with_hash(replace(plan, steps=steps))


def arrivals(number: int) -> list[Arrival]:
    """Events of contacts seen for the first time."""
    now = int(time.time() * 1000)
    return [
        Arrival(
            Event(f"e{n}", "bench.started", now, now, SubjectKey("contact", f"c{n}")), n.to_bytes(16, "big")
        )
        for n in range(number)
    ]


async def measure(batch: int, seconds: float, folder: Path) -> Figures:
    """Two callers, each submitting `batch` events at a time, until about `seconds` have gone by; then to the last run."""
    bell, ended = _Bell(), _Ended()
    writer, _ = open_store(folder / "rulelang.db")
    limits = EngineLimits(
        batch=max(batch, 256),
        core=CoreLimits(),
        cycle=CycleLimits(timers=max(batch, 256)),
        outbox=OutboxLimits(held=100_000, pace=Pace(1000, float("inf"))),
    )
    engine = Engine(writer, rules(bell), limits=limits, metrics=ended)
    await engine.start()
    calm_collector()
    feed = iter(arrivals(int(seconds * 20_000)))
    figures = Figures(0, 0.0, 0.0, 0)
    sent: dict[str, float] = {}
    wall, cpu = time.perf_counter(), time.process_time()

    async def caller() -> None:
        while time.perf_counter() - wall < seconds:
            part = [arrival for _, arrival in zip(range(batch), feed, strict=False)]
            if not part:
                return
            began = time.perf_counter()
            sent.update(dict.fromkeys((a.event.subject.id for a in part), began))
            await engine.submit(part)
            figures.accepted.append(time.perf_counter() - began)

    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    while ended.count < len(sent):
        await asyncio.sleep(0.001)
    figures.wall, figures.cpu = time.perf_counter() - wall, time.process_time() - cpu
    figures.runs = len(sent)
    figures.finished = [bell.rung[id] - began for id, began in sent.items()]
    await engine.close()
    writer.close()
    gc.unfreeze()
    figures.bytes = (folder / "rulelang.db").stat().st_size
    return figures


def measure_dbos(runs: int, folder: Path) -> Figures:
    """The same run as a DBOS workflow: two steps, a sleep of zero, a step. All are started at once."""
    from dbos import DBOS

    DBOS(
        config={
            "name": "bench",
            "system_database_url": f"sqlite:///{folder / 'dbos.db'}",
            "log_level": "ERROR",
        }
    )

    @DBOS.step()
    def change(name: str, value: Any) -> Any:
        return value

    @DBOS.step()
    def ring() -> None:
        return None

    @DBOS.workflow()
    def four_steps(number: int) -> None:
        change("score", 5)
        change("city", "Berlin")
        DBOS.sleep(0)
        ring()

    DBOS.launch()
    for handle in [DBOS.start_workflow(four_steps, n) for n in range(10)]:
        handle.get_result()
    before = _size(folder)
    wall, cpu = time.perf_counter(), time.process_time()
    for handle in [DBOS.start_workflow(four_steps, n) for n in range(runs)]:
        handle.get_result()
    figures = Figures(runs, time.perf_counter() - wall, time.process_time() - cpu, _size(folder) - before)
    DBOS.destroy()
    return figures


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def dbos_in_its_own_process(runs: int) -> Figures:
    """DBOS keeps threads and handlers; a process of its own keeps them out of our figures."""
    command = [sys.executable, "-m", "benchmarks.engine", "--dbos", str(runs)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Figures(**json.loads(answer.splitlines()[-1]))


def report(batches: Sequence[int], seconds: float, peer_runs: int) -> str:
    """The table."""
    versions = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    lines = []
    ours = 0.0
    for batch in batches:
        with tempfile.TemporaryDirectory() as folder:
            figures = asyncio.run(measure(batch, seconds, Path(folder)))
        ours = max(ours, figures.runs / figures.wall)
        lines.append(
            f"| rulelang, {batch} events a submission | {figures.runs / figures.wall:,.0f} | {_ms(figures.accepted)} "
            f"| {_ms(figures.finished)} | {figures.cpu / figures.runs * 1e6:,.0f} | {figures.bytes / figures.runs:,.0f} |"
        )
    if importlib.util.find_spec("dbos") is not None:
        versions.append(f"dbos {version('dbos')}")
        figures = dbos_in_its_own_process(peer_runs)
        theirs = figures.runs / figures.wall
        lines.append(
            f"| DBOS | {theirs:,.0f} | – | – | {figures.cpu / figures.runs * 1e6:,.0f} | {figures.bytes / figures.runs:,.0f} |"
        )
        lines.append(f"\nOurs at its best is {ours / theirs:,.0f} times DBOS.")
    return "\n".join(
        [
            "## Durable runs",
            "",
            f"`{' '.join(['python -m benchmarks.engine', *sys.argv[1:]])}`: {', '.join(versions)}, {platform.machine()}",
            "",
            "| SQLite, synchronous=FULL | runs/s | accepted p50/p99, ms | effect p50/p99, ms | CPU, µs a run | bytes on disk a run |",
            "|---|---:|---:|---:|---:|---:|",
            *lines,
        ]
    )


def _ms(times: Sequence[float]) -> str:
    ordered = sorted(times)
    return f"{median(ordered) * 1e3:,.1f} / {ordered[len(ordered) * 99 // 100] * 1e3:,.1f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="a second for each size")
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES, help="events in one submission")
    parser.add_argument(
        "--dbos", type=int, metavar="RUNS", help="measure only DBOS, and print the figures as JSON"
    )
    options = parser.parse_args()
    if options.dbos:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(vars(measure_dbos(options.dbos, Path(folder)))))
        return
    print(
        report(options.batches, 1.0 if options.quick else SECONDS, PEER_RUNS // (3 if options.quick else 1))
    )


if __name__ == "__main__":
    main()
