"""Versions of rules and files, and what is counted of rules."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from runtime.store.protocol import Batch, Version, WriteStore
from tests.store.rows import NOW, assert_complete


def version(name: str, number: int, kind: str = "rule", text: str | None = "text") -> Version:
    return Version(kind, name, number, NOW + number, "Ana", "api", text, "a.rules", f"hash {number}", "live")


async def test_versions_come_back_as_they_were(store: WriteStore, reader: Any) -> None:
    first, gone = version("R/a\x00ü", 1), version("R/a\x00ü", 2, text=None)
    assert_complete(first)
    other, file = version("S", 1), version("a.rules", 1, "file")
    with store.transaction() as tx:
        tx.write(Batch(versions=[first, other, file]))
        assert tx.latest_versions() == [first, other, file]
        tx.write(Batch(versions=[gone, replace(first, text="never twice")]))
        assert tx.latest_versions() == [gone, other, file]
    assert await reader.versions("rule", first.name, 10) == ([gone, first], "")
    assert await reader.versions("file", "", 10) == ([file], "")
    page, cursor = await reader.versions("rule", "", 2)
    rest, end = await reader.versions("rule", "", 2, cursor)
    assert [*page, *rest] == [gone, other, first]
    assert end == ""
    assert await reader.versions("rule", "unknown", 10) == ([], "")


async def test_statistics_add_up_by_rule_and_since_a_day(store: WriteStore, reader: Any) -> None:
    with store.transaction() as tx:
        tx.write(Batch(statistics={("R", "matched", 1): 2, ("R", "matched", 2): 3, ("S", "matched", 2): 1}))
    with store.transaction() as tx:
        tx.write(Batch(statistics={("R", "matched", 2): 4, ("R", "sent", 2): 1}))
    assert await reader.statistics() == {("R", "matched"): 9, ("S", "matched"): 1, ("R", "sent"): 1}
    assert await reader.statistics("R", 2) == {("R", "matched"): 7, ("R", "sent"): 1}
    assert await reader.statistics("unknown") == {}


async def test_what_is_rolled_back_is_not_there(store: WriteStore, reader: Any) -> None:
    class Stop(Exception):
        pass

    try:
        with store.transaction() as tx:
            tx.write(Batch(versions=[version("R", 1)], statistics={("R", "matched", 1): 1}))
            raise Stop
    except Stop:
        pass
    assert await reader.versions("rule", "R", 10) == ([], "")
    assert await reader.statistics() == {}
