"""Transactions: all or nothing, seen by themselves, durable, one at a time."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from runtime.store.protocol import Batch, ReadStore, WriteStore
from tests.store.rows import ANA, NOW, accepted, effect, ended, run, segment, state, write


def full(n: int = 1) -> dict[str, Any]:
    """A batch with a row in every list."""
    return {
        "events": [accepted(f"e{n}", (f"r{n}",))],
        "subjects": [state(email="ana@acme.test", score=n)],
        "runs": [run(f"r{n}", due=NOW + n)],
        "effects": [effect(f"k{n}", f"r{n}")],
        "journal": [segment(f"r{n}")],
        "counters": {"turn": n},
    }


def everything(store: WriteStore, n: int) -> list[object]:
    with store.transaction() as tx:
        return [
            dict(tx.known_events([f"e{n}"])),
            tx.subjects([ANA]),
            tx.find_subject("contact", "email", "ana@acme.test"),
            tx.runs([f"r{n}"]),
            tx.effects([f"k{n}"]),
            tx.pending_effects(10),
            tx.due_runs(NOW + 100, 10),
            tx.next_due(),
            tx.counters(),
            tx.plan("p"),
        ]


def test_a_transaction_sees_what_it_wrote(store: WriteStore) -> None:
    with store.transaction() as tx:
        tx.write(Batch(**full()))
        assert tx.known_events(["e1"])["e1"].runs == ("r1",)
        assert tx.subjects([ANA])[ANA].runs["r1"] == run(due=NOW + 1)
        assert tx.find_subject("contact", "email", "ana@acme.test") == "ana"
        assert tx.effects(["k1"]) == {"k1": effect()}
        assert tx.next_due() == NOW + 1
        assert tx.counters() == {"turn": 1}
        tx.write(Batch(runs=[ended()], counters={"turn": 2}))
        assert tx.subjects([ANA])[ANA].runs == {}
        assert tx.next_due() is None
        assert tx.counters() == {"turn": 2}


async def test_an_exception_undoes_everything(store: WriteStore, reader: ReadStore) -> None:
    write(store, **full(1))
    before = everything(store, 1)
    with pytest.raises(KeyError):
        with store.transaction() as tx:
            tx.write(Batch(**full(2)))
            tx.write(Batch(runs=[ended("r1")], effects=[effect(status="done")], handled=[("e1", ("x",))]))
            tx.save_plans({"p": b"plan"})
            tx.erase(ANA)
            raise KeyError
    assert everything(store, 1) == before
    with store.transaction() as tx:
        assert tx.known_events(["e2"]) == {}
        assert tx.runs(["r2"]) == {}
    assert [row.seq for row in await reader.journal()] == [1]
    write(store, **full(2))
    assert (await reader.run("r2")) == run("r2", due=NOW + 2)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_interrupts_undo_too(store: WriteStore, error: type[BaseException]) -> None:
    with pytest.raises(error):
        with store.transaction() as tx:
            tx.write(Batch(**full()))
            raise error
    with store.transaction() as tx:
        assert tx.runs(["r1"]) == {}


def test_transactions_do_not_nest(store: WriteStore) -> None:
    with store.transaction() as tx:
        with pytest.raises(RuntimeError):
            with store.transaction():
                pass
        tx.write(Batch(counters={"turn": 7}))
    with store.transaction() as tx:
        assert tx.counters() == {"turn": 7}


def test_what_is_committed_survives_a_crash(harness: Any) -> None:
    write(harness.writer, **full(1))
    assert everything(harness.survivor(), 1) == everything(harness.writer, 1)


def test_what_is_not_committed_vanishes_in_a_crash(harness: Any) -> None:
    write(harness.writer, **full(1))
    before = everything(harness.writer, 1)
    if harness.name == "memory":
        committed = harness.store.snapshot()
        with harness.writer.transaction() as tx:
            tx.write(Batch(**full(2)))
            harness.store.restore(committed)
        survivor = harness.store
    else:
        with harness.writer.transaction() as tx:
            tx.write(Batch(**full(2)))
            survivor = harness.survivor()
    assert everything(survivor, 1) == before
    with survivor.transaction() as tx:
        assert tx.runs(["r2"]) == {}
        assert tx.counters() == {"turn": 1}


def test_a_snapshot_stays_as_it_is(harness: Any) -> None:
    if harness.name != "memory":
        pytest.skip("only the store in memory has snapshots")
    write(harness.writer, **full(1))
    snapshot = harness.store.snapshot()
    for _ in range(2):
        write(harness.writer, runs=[ended("r1")])
        harness.store.restore(snapshot)
        assert everything(harness.store, 1)[3] == {"r1": run("r1", due=NOW + 1)}


async def test_readers_see_committed_states_only(harness: Any, reader: ReadStore) -> None:
    if harness.name == "memory":
        pytest.skip("the store in memory has one thread")
    write(harness.writer, **full(1))
    with harness.writer.transaction() as tx:
        tx.write(Batch(**full(2)))
        assert await reader.run("r2") is None
        found = await reader.subject(ANA)
        assert found is not None
        assert found.fields["score"] == 1
    assert (await reader.run("r2")) is not None


async def test_readers_and_the_writer_go_on_together(harness: Any, reader: ReadStore) -> None:
    """While a thread writes, every read is of one state: a run's score and its subject's score agree."""
    if harness.name == "memory":
        pytest.skip("the store in memory has one thread")
    write(harness.writer, subjects=[state(score=0)], runs=[run(locals={"score": 0})])
    stop = threading.Event()

    def keep_writing() -> None:
        score = 0
        while not stop.is_set():
            score += 1
            write(harness.writer, subjects=[state(score=score)], runs=[run(locals={"score": score})])
            harness.writer.checkpoint()

    thread = threading.Thread(target=keep_writing)
    thread.start()
    try:
        seen = set()
        for _ in range(60):
            found = await asyncio.gather(*(reader.subject(ANA) for _ in range(8)))
            for subject in found:
                assert subject is not None
                assert subject.runs["r1"].locals["score"] == subject.fields["score"]
                seen.add(subject.fields["score"])
    finally:
        stop.set()
        thread.join()
    assert len(seen) > 3


def test_an_empty_batch_writes_nothing(store: WriteStore) -> None:
    before = everything(store, 1)
    write(store)
    store.checkpoint()
    assert everything(store, 1) == before
