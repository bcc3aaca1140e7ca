"""Effects: the outbox with its history."""

from __future__ import annotations

from itertools import product
from typing import Any

from msgspec.structs import replace

from runtime.model import Effect, EffectRow, EffectStatus
from runtime.store.protocol import Batch, ReadStore, WriteStore
from tests.store.rows import ANA, BO, NOW, assert_complete, effect, ended, run, write

FULL = EffectRow(
    Effect(
        key="k ü\x00",
        run="r2",
        rule="other rule",
        step="do.1.then.0",
        action="send email",
        subject=BO,
        destination="https://hooks.example.com",
        args={"body": {"x": [1, "ö"]}},
        created_at=NOW,
        event={"type": "t", "data": {}},
        tries=3,
        names={"n": 1},
    ),
    status=EffectStatus.DEAD,
    attempts=8,
    next_at=NOW + 1,
    prepared={"subject": "Hi 🎈", "parts": []},
    result={"status": 500},
    error="refused",
    finished_at=NOW + 2,
)


async def test_every_field_comes_back(store: WriteStore, reader: ReadStore) -> None:
    assert_complete(FULL)
    assert_complete(FULL.effect)
    write(store, runs=[run("r1"), run("r2", BO)], effects=[FULL, effect()])
    with store.transaction() as tx:
        assert tx.effects([FULL.effect.key, "k1", "none"]) == {FULL.effect.key: FULL, "k1": effect()}
    assert await reader.effects() == ([effect(), FULL], "")


def test_pending_ones_in_key_order(store: WriteStore) -> None:
    write(store, runs=[run()], effects=[effect(key) for key in ("c", "a", "ä", "B", "b")])
    with store.transaction() as tx:
        assert [row.effect.key for row in tx.pending_effects(3)] == ["B", "a", "b"]
        assert [row.effect.key for row in tx.pending_effects(3, "b")] == ["c", "ä"]
        tx.write(
            Batch(
                effects=[effect("a", status="done"), effect("c", status="unknown"), effect("b", attempts=2)]
            )
        )
        assert tx.pending_effects(9) == [effect("B"), effect("b", attempts=2), effect("ä")]
        tx.write(Batch(effects=[effect("a")]))
        assert [row.effect.key for row in tx.pending_effects(9)] == ["B", "a", "b", "ä"]


async def test_listing(store: WriteStore, reader: ReadStore) -> None:
    rows = []
    for n, (of_run, status) in enumerate(product(("r1", "r2"), EffectStatus)):
        rows += [effect(f"k{n}-{copy}", of_run, status=status) for copy in range(2)]
    write(store, runs=[run("r1"), ended("r2")])
    for row in rows:
        write(store, effects=[row])
    write(store, effects=[replace(row, attempts=1) for row in rows])
    rows = [replace(row, attempts=1) for row in rows]
    for of_run, status in product(("", "r2", "none"), ("", *EffectStatus, "none")):
        expected = [
            row
            for row in reversed(rows)
            if (not of_run or row.effect.run == of_run) and (not status or row.status == status)
        ]
        assert await _all(reader, 3, run=of_run, status=status) == expected
        assert await reader.effects(of_run, status) == (expected, "")


async def _all(reader: ReadStore, limit: int, **filters: Any) -> list[EffectRow]:
    found, cursor = await reader.effects(limit=limit, **filters)
    while cursor:
        page, cursor = await reader.effects(limit=limit, cursor=cursor, **filters)
        assert page
        found += page
    return found


def test_effects_of_unknown_runs_are_dropped(store: WriteStore) -> None:
    write(store, effects=[effect("k1", "erased")])
    write(store, runs=[run("r1")], effects=[effect("k1", "erased"), effect("k2", "r1")])
    with store.transaction() as tx:
        assert tx.effects(["k1", "k2"]) == {"k2": effect("k2")}
        tx.erase(ANA)
        tx.write(Batch(effects=[effect("k2", "r1", status="done")]))
        assert tx.effects(["k2"]) == {}
