"""Erasing a person and pruning what is over."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from runtime.model import RunStatus, SubjectState
from runtime.store.protocol import Backlog, Batch, ReadStore, WriteStore
from tests.store.rows import ANA, BO, NOW, accepted, effect, ended, run, segment, state, write


def two_people(store: WriteStore) -> None:
    write(
        store,
        subjects=[state(email="ana@acme.test"), state(BO, email="bo@acme.test")],
        events=[accepted("e1", ("r1",)), accepted("e2", pending=True), accepted("e3", subject=BO)],
        runs=[run("r1", due=NOW), ended("r2"), run("r3", BO, due=NOW)],
        effects=[effect("k1", "r1"), effect("k2", "r2", status="dead"), effect("k3", "r3", BO)],
        journal=[segment("r1"), segment("r2"), segment(""), segment("r3", BO), segment("", BO)],
    )


async def test_erasing_removes_everything_of_one_person(store: WriteStore, reader: ReadStore) -> None:
    two_people(store)
    with store.transaction() as tx:
        assert tx.erase(ANA) == 1 + 2 + 2 + 2 + 3
        assert tx.erase(ANA) == 0
        assert tx.erase(ANA._replace(id="nobody")) == 0
        assert tx.subjects([ANA])[ANA] == SubjectState(ANA, {}, exists=False)
        assert tx.find_subject("contact", "email", "ana@acme.test") is None
        assert set(tx.known_events(["e1", "e2", "e3"])) == {"e3"}
        assert set(tx.runs(["r1", "r2", "r3"])) == {"r3"}
        assert set(tx.effects(["k1", "k2", "k3"])) == {"k3"}
        assert tx.pending_events(9) == []
        assert [d.run for d in tx.due_runs(NOW, 9)] == ["r3"]
    assert [row.seq for row in await reader.journal()] == [4, 5]
    assert await reader.journal(subject=ANA) == []
    assert (await reader.subject(BO)) == SubjectState(
        BO, {"email": "bo@acme.test"}, runs={"r3": run("r3", BO, due=NOW)}
    )
    assert await reader.backlog() == Backlog(0, {"waiting": 1}, {"pending": 1}, NOW)
    assert await reader.count_runs() == {("hot_lead", "waiting"): 1}


async def test_an_erased_person_may_come_back(store: WriteStore, reader: ReadStore) -> None:
    two_people(store)
    with store.transaction() as tx:
        tx.erase(ANA)
        tx.write(Batch(runs=[ended("r3", subject=BO)]))
        assert tx.write(Batch(subjects=[state(BO, email="ana@acme.test"), state()], runs=[run("r1")])) == []
        assert tx.subjects([ANA])[ANA] == SubjectState(ANA, {}, runs={"r1": run("r1")})
    assert await reader.list_runs(9) == ([run("r1"), ended("r3", subject=BO)], "")


@pytest.mark.parametrize("text", ["ana-lovelace@acme.test", "Lovelace"])
def test_nothing_of_an_erased_person_stays_in_the_files(harness: Any, text: str) -> None:
    if harness.name == "memory":
        pytest.skip("the store in memory has no files")
    two_people(harness.writer)
    data = {"note": text * 500}
    write(
        harness.writer,
        subjects=[state(email=text, note=text)],
        events=[accepted("e9", data=data)],
        runs=[run("r1", data=data)],
    )
    with harness.writer.transaction() as tx:
        tx.erase(ANA)
    assert harness.writer.checkpoint(whole=True)
    files = list(harness.path.parent.glob("store.db*"))
    assert len(files) >= 3
    assert [file.name for file in files if text.encode() in file.read_bytes()] == []


async def test_a_reader_that_holds_on_delays_the_whole_checkpoint(harness: Any) -> None:
    if harness.name == "memory":
        pytest.skip("the store in memory has no files")
    two_people(harness.writer)
    reader = sqlite3.connect(harness.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM subjects").fetchone()
    with harness.writer.transaction() as tx:
        tx.erase(ANA)
    assert not harness.writer.checkpoint(whole=True)
    reader.execute("COMMIT")
    assert harness.writer.checkpoint(whole=True)
    reader.close()


async def test_pruning(store: WriteStore, reader: ReadStore) -> None:
    write(
        store,
        events=[accepted(f"e{n}", at=n) for n in (1, 2)]
        + [accepted("e3", at=3, pending=True), accepted("e4", at=4)],
        runs=[
            ended("a", 1),
            ended("b", 4),
            run("c", started_at=1),
            ended("d", 2, RunStatus.FAILED, subject=BO),
        ],
        effects=[effect("ka", "a", status="done"), effect("kb", "b"), effect("kd", "d", BO, status="dead")],
        journal=[segment("a"), segment("", at=1), segment("c"), segment("d", BO), segment("", at=4)],
        subjects=[state()],
    )
    with store.transaction() as tx:
        assert tx.prune(4, 1) == 3
        assert set(tx.runs(["a", "b", "c", "d"])) == {"b", "c", "d"}
        assert set(tx.known_events(["e1", "e2", "e3", "e4"])) == {"e2", "e3", "e4"}
        assert set(tx.effects(["ka", "kb", "kd"])) == {"kb", "kd"}
        assert tx.prune(4, 10) == 2
        assert set(tx.runs(["a", "b", "c", "d"])) == {"b", "c"}
        assert set(tx.known_events(["e1", "e2", "e3", "e4"])) == {"e3", "e4"}
        assert tx.prune(4, 10) == 0
        tx.write(Batch(handled=[("e3", ())]))
        assert tx.prune(4, 10) == 1
        assert tx.subjects([ANA])[ANA].runs == {"c": run("c", started_at=1)}
    assert [row.seq for row in await reader.journal()] == [3, 5]


def test_events_go_up_to_the_first_young_one(store: WriteStore) -> None:
    write(store, events=[accepted("e1", at=1), accepted("e2", at=9), accepted("e3", at=1)])
    with store.transaction() as tx:
        assert tx.prune(5, 10) == 1
        assert set(tx.known_events(["e1", "e2", "e3"])) == {"e2", "e3"}


def test_pruning_much(store: WriteStore) -> None:
    runs = [ended(f"r{n}", at=n % 7) for n in range(2_100)]
    write(
        store,
        runs=runs,
        effects=[effect(f"k{r.id}", r.id) for r in runs],
        journal=[segment(r.id) for r in runs],
    )
    with store.transaction() as tx:
        assert tx.prune(7, 2_000) == 2_000
        assert tx.prune(7, 2_000) == 100
        assert tx.pending_effects(9) == []
