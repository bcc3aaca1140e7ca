"""The journal: segments in commit order, as they were written."""

from __future__ import annotations

from typing import Any

import msgspec

from runtime.model import Entry
from runtime.store.protocol import JournalRow, ReadStore, WriteStore
from tests.store.rows import ANA, BO, NOW, assert_complete, run, segment, write


async def test_every_field_comes_back(store: WriteStore, reader: ReadStore) -> None:
    full = Entry(
        at=NOW,
        kind="action",
        rule="hot_lead",
        run="r1",
        step="do.1",
        action="set",
        input={"value": [1, {"x": None}]},
        reason="ünïcode 🎈",
        changes={"score": [None, 3]},
        event="e1",
        due=NOW + 7,
    )
    assert_complete(full)
    varied = [
        msgspec.structs.replace(full, **{name: Entry(0, "").__getattribute__(name)})
        for name in full.__struct_fields__
    ]
    entries = (
        Entry(5, "event"),
        full,
        *varied,
        full,
        Entry(1, "matched", event="e2", run="r2", rule="x"),
        Entry(1, ""),
    )
    rows = [
        JournalRow(ANA, "r1", "e1", entries),
        JournalRow(ANA, "", "e1", entries),
        JournalRow(BO, "r1", "", entries),
        JournalRow(ANA, "r1", "e1", ()),
        JournalRow(ANA, "", "", ()),
    ]
    write(store, runs=[run()], journal=rows)
    expected = [msgspec.structs.replace(row, seq=n) for n, row in enumerate(rows, 1)]
    assert await reader.journal() == expected


async def test_by_run_and_by_subject(store: WriteStore, reader: ReadStore) -> None:
    rows = [
        segment("r1"),
        segment("r2", BO),
        segment("", ANA),
        segment("", BO),
        segment("r1", BO),
        segment("r1"),
    ]
    write(store, runs=[run("r1"), run("r2", BO)])
    for row in rows:
        write(store, journal=[row])

    async def seqs(**filters: Any) -> list[int]:
        return [row.seq for row in await reader.journal(**filters)]

    assert await seqs() == [1, 2, 3, 4, 5, 6]
    assert await seqs(run="r1") == [1, 5, 6]
    assert await seqs(run="none") == []
    assert await seqs(subject=BO) == [2, 4, 5]
    assert await seqs(run="r1", subject=ANA) == [1, 6]
    assert await seqs(limit=2) == [1, 2]
    assert await seqs(limit=2, after=2) == [3, 4]
    assert await seqs(run="r1", limit=1, after=1) == [5]
    assert await seqs(after=6) == []


async def test_numbers_follow_the_commits(store: WriteStore, reader: ReadStore) -> None:
    write(store, runs=[run()], journal=[segment(at=n) for n in (3, 1, 2)])
    write(store, journal=[segment(at=0)])
    found = await reader.journal()
    assert [row.seq for row in found] == [1, 2, 3, 4]
    assert [row.entries[0].at for row in found] == [3, 1, 2, 0]


async def test_segments_of_unknown_runs_are_dropped(store: WriteStore, reader: ReadStore) -> None:
    write(store, journal=[segment("erased"), segment(""), segment("r1")], runs=[run("r1")])
    assert [row.run for row in await reader.journal()] == ["", "r1"]


async def test_numbers_are_never_given_twice(harness: Any, reader: ReadStore) -> None:
    store = harness.writer
    write(store, runs=[run()], journal=[segment(), segment("", BO), segment()])
    with store.transaction() as tx:
        tx.erase(ANA)
        tx.erase(BO)
    survivor = harness.survivor()
    for other in (store, survivor):
        write(other, runs=[run()], journal=[segment()])
    assert [row.seq for row in await reader.journal()] == [4]


async def test_a_long_journal(store: WriteStore, reader: ReadStore) -> None:
    write(store, runs=[run()], journal=[segment(at=n) for n in range(2_500)])
    found: list[JournalRow] = []
    while page := await reader.journal(run="r1", after=found[-1].seq if found else 0):
        found += page
    assert [row.entries[0].at for row in found] == list(range(2_500))
