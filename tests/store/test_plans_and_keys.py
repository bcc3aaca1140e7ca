"""Plans by hash, shared counters, API keys."""

from __future__ import annotations

from runtime.store.protocol import ApiKey, Batch, ReadStore, WriteStore
from tests.store.rows import NOW, write


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


async def test_api_keys(store: WriteStore, reader: ReadStore) -> None:
    first = ApiKey("k1", b"\x00\xff", "CI ü", ("read", "write"), NOW)
    second = ApiKey("k0", b"h", "", (), NOW + 1)
    with store.transaction() as tx:
        assert tx.keys() == []
        for key in (second, first):
            tx.save_key(key.id, key.hash, key.name, key.scopes, key.created_at)
        assert tx.keys() == [first, second]
        assert tx.revoke_key("k1")
        assert not tx.revoke_key("none")
    revoked = ApiKey("k1", b"\x00\xff", "CI ü", ("read", "write"), NOW, revoked=True)
    assert await reader.key("k1") == revoked
    assert await reader.key("none") is None
    assert await reader.keys() == [revoked, second]
    with store.transaction() as tx:
        assert tx.revoke_key("k1")
        tx.save_key("k1", b"new", "again", ["read"], NOW)
        assert tx.keys()[0] == ApiKey("k1", b"new", "again", ("read",), NOW)
