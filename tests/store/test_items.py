"""What lies on desks: changes are merged, found by whose they are, forgotten when they are over."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from runtime.model import Item
from runtime.store import queries as q
from runtime.store.protocol import ItemFilter, ReadStore, WriteStore
from tests.store.rows import ANA, BO, NOW, assert_complete, write

TASK = Item(
    "t_1", "task", ANA, NOW, "bo@acme.test", "Sales", NOW + 5, NOW + 9, {"title": "call", "priority": "high"}
)
OPEN = replace(TASK, closed_at=None)


async def test_an_item_is_read_as_it_was_written(store: WriteStore, reader: ReadStore) -> None:
    assert_complete(TASK)
    write(store, items=[TASK])
    assert await reader.item("t_1") == TASK
    assert await reader.item("t_2") is None


async def test_changes_are_merged_also_within_one_batch(store: WriteStore, reader: ReadStore) -> None:
    later = Item("t_1", "task", ANA, NOW + 50, due=NOW + 7, data={"title": "call again"})
    done = Item("t_1", "task", ANA, NOW + 60, closed_at=NOW + 60, data={"outcome": "reached"})
    write(store, items=[OPEN])
    write(store, items=[later, done])
    data = {"title": "call again", "priority": "high", "outcome": "reached"}
    assert await reader.item("t_1") == replace(OPEN, due=NOW + 7, closed_at=NOW + 60, data=data)


async def test_what_is_done_stays_done_at_its_time(store: WriteStore, reader: ReadStore) -> None:
    write(store, items=[TASK, replace(TASK, closed_at=NOW + 99)])
    assert await reader.item("t_1") == TASK


@pytest.mark.parametrize("thief", [replace(OPEN, subject=BO), replace(OPEN, kind="note")])
async def test_an_id_belongs_to_the_first(store: WriteStore, reader: ReadStore, thief: Item) -> None:
    write(store, items=[OPEN])
    write(store, items=[replace(thief, data={"title": "stolen"})])
    assert await reader.item("t_1") == OPEN


async def test_lists_are_newest_first_and_cut_by_number(store: WriteStore, reader: ReadStore) -> None:
    many = [replace(OPEN, id=f"t_{n}", person="x@y.test" if n % 2 else "") for n in range(5)]
    write(store, items=many)
    first, cursor = await reader.list_items(ItemFilter("task"), 2)
    rest, end = await reader.list_items(ItemFilter("task"), 9, cursor)
    assert ([item.id for item in first + rest], end) == (["t_4", "t_3", "t_2", "t_1", "t_0"], "")
    mine, _ = await reader.list_items(ItemFilter("task", person="x@y.test"), 9)
    assert [item.id for item in mine] == ["t_3", "t_1"]
    assert await reader.list_items(ItemFilter("task", open=False), 9) == ([], "")
    assert await reader.list_items(ItemFilter("notice"), 9) == ([], "")
    assert len((await reader.list_items(ItemFilter("task", subject=ANA, team="Sales"), 9))[0]) == 5


async def test_erasing_and_pruning_take_items_along(store: WriteStore, reader: ReadStore) -> None:
    write(store, items=[OPEN, replace(TASK, id="t_2"), replace(TASK, id="t_3", subject=BO)])
    with store.transaction() as tx:
        assert tx.prune(NOW + 9, 9) == 0
        assert tx.prune(NOW + 10, 1) == 1
        assert tx.prune(NOW + 10, 9) == 1
    assert await reader.item("t_1") == OPEN
    with store.transaction() as tx:
        assert tx.erase(ANA) == 1
    assert await reader.item("t_1") is None


@pytest.mark.parametrize(
    "wanted",
    [
        ItemFilter("task"),
        ItemFilter("task", person="x"),
        ItemFilter("task", team="x"),
        ItemFilter("task", subject=ANA),
        ItemFilter("task", person="x", team="y", subject=ANA),
    ],
)
def test_no_listing_reads_the_table_or_sorts_it(harness: Any, wanted: ItemFilter) -> None:
    if harness.name == "memory":
        pytest.skip("the store in memory has no indexes")
    import sqlite3

    from sqlalchemy.dialects.sqlite import dialect

    compiled = q.items_page(9, 9, wanted).compile(dialect=dialect(), compile_kwargs={"literal_binds": True})
    connection = sqlite3.connect(harness.path)
    steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {compiled}")]
    connection.close()
    assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step], steps
