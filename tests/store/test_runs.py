"""Runs: every field, due order, listings by any filter, counts."""

from __future__ import annotations

from itertools import product
from typing import Any

from runtime.model import Run, RunStatus
from runtime.store.protocol import Backlog, Batch, DueRun, ReadStore, WriteStore
from tests.store.rows import ANA, BO, NOW, accepted, assert_complete, effect, ended, run, write

FULL = Run(
    id="r ü\x00",
    rule="règle",
    plan="plan-9",
    subject=BO,
    status=RunStatus.WAITING,
    position="do.2.then.0",
    started_at=NOW,
    event="e9",
    due=NOW + 5,
    ended_at=NOW + 9,
    effect="k9",
    reason="because",
    data={"type": "t", "data": {"x": [1, None]}},
    locals={"n": 1.5},
    steps=12,
    depth=3,
    root="e0",
    path=("a", "b"),
)


async def test_every_field_comes_back(store: WriteStore, reader: ReadStore) -> None:
    assert_complete(FULL)
    write(store, runs=[FULL])
    with store.transaction() as tx:
        assert tx.runs([FULL.id, "none"]) == {FULL.id: FULL}
        assert tx.subjects([BO])[BO].runs == {FULL.id: FULL}
    assert await reader.run(FULL.id) == FULL
    assert await reader.run("none") is None


async def test_every_status_with_and_without_due(store: WriteStore, reader: ReadStore) -> None:
    dues, roots = (None, 0, NOW), ("", "e1", "other")
    runs = [
        run(f"{status}-{due}-{root}-{end}", status=status, due=due, root=root, ended_at=end)
        for status, due, root, end in product(RunStatus, dues, roots, (None, NOW))
    ]
    write(store, runs=runs)
    with store.transaction() as tx:
        assert tx.runs([r.id for r in runs]) == {r.id: r for r in runs}
        assert tx.next_due() == 0
        assert {d.run for d in tx.due_runs(NOW, 100)} == {
            r.id for r in runs if r.status == RunStatus.WAITING and r.due is not None
        }
    for status in RunStatus:
        listed, _ = await reader.list_runs(100, status=status)
        assert listed == [r for r in reversed(runs) if r.status == status]


async def test_a_run_changes_its_state(store: WriteStore, reader: ReadStore) -> None:
    steps = [
        run(due=NOW + 9),
        run(status=RunStatus.EFFECT, effect="k1", plan="plan-2"),
        run(status=RunStatus.BLOCKED, effect="k1", reason="look"),
        run(due=NOW + 1, locals={"x": 1}),
        ended(reason="done"),
        run(due=NOW + 3),
    ]
    for step in steps:
        write(store, runs=[step])
        assert await reader.run("r1") == step
        assert await reader.list_runs(9) == ([step], "")
        with store.transaction() as tx:
            assert tx.subjects([ANA])[ANA].runs == (
                {} if step.status == RunStatus.COMPLETED else {"r1": step}
            )
            assert tx.next_due() == (step.due if step.status == RunStatus.WAITING else None)


def test_due_order(store: WriteStore) -> None:
    write(store, runs=[run("z", due=30), run("b", due=10), run("a", due=20), run("y", BO, due=10), run("n")])
    write(store, runs=[run("x", due=40), run("c", due=10), run("w", status=RunStatus.EFFECT, due=1)])
    with store.transaction() as tx:
        assert tx.due_runs(30, 99) == [
            DueRun(10, "b", ANA),
            DueRun(10, "y", BO),
            DueRun(10, "c", ANA),
            DueRun(20, "a", ANA),
            DueRun(30, "z", ANA),
        ]
        assert [d.run for d in tx.due_runs(99, 2)] == ["b", "y"]
        assert tx.due_runs(9, 99) == []
        assert tx.next_due() == 10
        tx.write(Batch(runs=[ended("b"), run("y", BO, due=50), run("c", due=10, steps=2)]))
        assert [d.run for d in tx.due_runs(99, 9)] == ["c", "a", "z", "x", "y"]


async def test_listing_by_all_filters(store: WriteStore, reader: ReadStore) -> None:
    runs = []
    for n, (rule, status, subject) in enumerate(
        product(("hot", "cold"), ("waiting", "completed", "failed"), (ANA, BO))
    ):
        runs += [run(f"r{n}-{copy}", subject, status, rule=rule) for copy in range(3)]
    for one in runs:
        write(store, runs=[one])
    for rule, status, of in product(("", "hot", "none"), ("", "failed", "none"), (None, BO)):
        filters: dict[str, Any] = {"rule": rule, "status": status, "subject": of}
        expected = [
            one
            for one in reversed(runs)
            if (not rule or one.rule == rule)
            and (not status or one.status == status)
            and (of is None or one.subject == of)
        ]
        assert await _all(reader, 4, **filters) == expected
        assert await reader.list_runs(100, **filters) == (expected, "")


async def _all(reader: ReadStore, limit: int, **filters: Any) -> list[Run]:
    found, cursor = await reader.list_runs(limit, **filters)
    while cursor:
        page, cursor = await reader.list_runs(limit, cursor, **filters)
        assert page
        found += page
    return found


async def test_a_listing_goes_on_while_runs_are_added(store: WriteStore, reader: ReadStore) -> None:
    write(store, runs=[run(f"r{n}") for n in range(4)])
    page, cursor = await reader.list_runs(2)
    write(store, runs=[run(f"new{n}") for n in range(3)])
    rest, _ = await reader.list_runs(9, cursor)
    assert [r.id for r in page + rest] == ["r3", "r2", "r1", "r0"]


async def test_counts(store: WriteStore, reader: ReadStore) -> None:
    assert await reader.count_runs() == {}
    assert await reader.backlog() == Backlog()
    write(
        store,
        events=[accepted("e1"), accepted("e2", pending=True), accepted("e3", pending=True)],
        runs=[
            run("a", due=7),
            run("b", BO, due=5),
            ended("c"),
            run("d", rule="other"),
            run("e", status="blocked"),
        ],
        effects=[effect("k1", "a"), effect("k2", "a", status="done"), effect("k3", "b", status="dead")],
    )
    assert await reader.count_runs() == {
        ("hot_lead", "waiting"): 2,
        ("hot_lead", "completed"): 1,
        ("hot_lead", "blocked"): 1,
        ("other", "waiting"): 1,
    }
    assert await reader.backlog() == Backlog(
        pending_events=2,
        live_runs={"waiting": 3, "blocked": 1},
        effects={"pending": 1, "dead": 1},
        next_due=5,
    )
