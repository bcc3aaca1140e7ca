"""Runs in flight, as deploys look at them."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from runtime.model import Entry, EntryKind, RunStatus
from runtime.store.protocol import Batch, Flight, JournalRow, WriteStore
from tests.store.rows import ANA, BO, NOW, ended, run


def write(store: WriteStore, **parts: Any) -> None:
    with store.transaction() as tx:
        tx.write(Batch(**parts))


async def test_live_runs_are_counted_by_rule_version_step_and_status(store: WriteStore, reader: Any) -> None:
    runs = [
        run("r1", due=NOW + 5),
        run("r2", BO, due=NOW + 1),
        replace(run("r3"), position="do.2", status=RunStatus.EFFECT),
        run("r4", plan="plan-2", due=NOW),
        run("r5", rule="other"),
        ended("r6"),
    ]
    write(store, runs=runs)
    assert await reader.flights() == [
        Flight("hot_lead", "plan-1", "do.1", "waiting", 2, NOW + 1, NOW + 5),
        Flight("hot_lead", "plan-1", "do.2", "effect", 1),
        Flight("hot_lead", "plan-2", "do.1", "waiting", 1, NOW, NOW),
        Flight("other", "plan-1", "do.1", "waiting", 1),
    ]


def test_runs_of_a_rule_come_by_status_and_in_parts(store: WriteStore) -> None:
    write(store, runs=[run("r1"), run("r2", BO), run("r3", rule="other"), ended("r4")])
    with store.transaction() as tx:
        first = tx.runs_of("hot_lead", RunStatus.WAITING, 1)
        assert [found.id for _, found in first] == ["r1"]
        rest = tx.runs_of("hot_lead", RunStatus.WAITING, 10, first[0][0])
        assert [found for _, found in rest] == [run("r2", BO)]
        assert [found.id for _, found in tx.runs_of("hot_lead", RunStatus.COMPLETED, 10)] == ["r4"]
        assert tx.runs_of("hot_lead", RunStatus.WAITING, 10, rest[0][0]) == []


def test_the_last_wait_of_a_run_is_read_from_its_journal(store: WriteStore) -> None:
    def entry(at: int, kind: str) -> Entry:
        return Entry(at, kind, rule="hot_lead", run="r1")

    first = JournalRow(ANA, "r1", "e1", (entry(NOW, EntryKind.WAITING), entry(NOW + 1, EntryKind.RESUMED)))
    second = JournalRow(ANA, "r1", "", (entry(NOW + 2, EntryKind.WAITING), entry(NOW + 3, EntryKind.ACTION)))
    write(store, runs=[run("r1"), run("r2")], journal=[first, second])
    with store.transaction() as tx:
        assert tx.waiting_since(["r1", "r2"]) == {"r1": NOW + 2}
        assert tx.waiting_since([]) == {}
