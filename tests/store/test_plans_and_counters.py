"""Plans by hash, and shared counters."""

from __future__ import annotations

from runtime.store.protocol import Batch, ReadStore, WriteStore
from tests.store.rows import write


async def test_plans(store: WriteStore, reader: ReadStore) -> None:
    with store.transaction() as tx:
        assert tx.plan("h1") is None
        tx.save_plans({})
        tx.save_plans({"h1": b"\x00plan", "h2": b""})
        tx.save_plans({"h1": b"other", "h3": b"three"})
        assert [tx.plan(hash) for hash in ("h1", "h2", "h3", "h4")] == [b"\x00plan", b"", b"three", None]
    assert await reader.plan("h1") == b"\x00plan"
    assert await reader.plan("h4") is None


def test_counters(store: WriteStore) -> None:
    write(store, counters={"a": 1, "ü": -2})
    write(store, counters={"a": 2**62})
    with store.transaction() as tx:
        assert tx.counters() == {"a": 2**62, "ü": -2}
        tx.write(Batch(counters={"b": 0}))
        assert tx.counters() == {"a": 2**62, "ü": -2, "b": 0}
