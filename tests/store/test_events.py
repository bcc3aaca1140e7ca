"""Recorded events: known ids, events that wait, listings."""

from __future__ import annotations

from runtime.model import Cause
from runtime.store.protocol import AcceptedEvent, Batch, ReadStore, StoredEvent, WriteStore
from tests.store.rows import ANA, BO, accepted, assert_complete, event, run, write


def test_known_events(store: WriteStore) -> None:
    write(store, events=[accepted("e1", ("r1", "r2")), accepted("e2")])
    with store.transaction() as tx:
        assert tx.known_events([]) == {}
        assert dict(tx.known_events(["e1", "e2", "e3"])) == {
            "e1": StoredEvent(b"hash of e1", ("r1", "r2")),
            "e2": StoredEvent(b"hash of e2", ()),
        }


def test_many_ids_at_once(store: WriteStore) -> None:
    ids = [f"event-{n}" for n in range(2_000)]
    write(store, events=[accepted(id) for id in ids])
    with store.transaction() as tx:
        for count in (1, 7, 8, 9, 200, 201, 901, 2_000):
            assert set(tx.known_events([*ids[:count], "none"])) == set(ids[:count])


async def test_a_known_event_stays_as_it_is(store: WriteStore, reader: ReadStore) -> None:
    write(store, events=[accepted("e1", ("r1",), data={"first": 1}), accepted("e1", data={"second": 2})])
    write(store, events=[accepted("e1", ("r9",), data={"third": 3}, subject=BO)])
    with store.transaction() as tx:
        assert tx.known_events(["e1"])["e1"].runs == ("r1",)
    assert await reader.event("e1") == event(data={"first": 1})


async def test_every_field_comes_back(store: WriteStore, reader: ReadStore) -> None:
    full = event(
        "ünïcode 🎈 \x00 \" '",
        data={"a": [1, 2.5, None, True, {"b": "ö"}], "": "", "big": 2**60},
        changes={"score": {"before": None, "after": 3}},
        actor={"type": "user", "id": "u1"},
        source="crm",
        account_id="acme",
        contact_id="ana",
        cause=Cause("hot_lead", "r1", 2, "e0", ("a", "b")),
        identity=("email", "a@b.test"),
    )
    assert_complete(full)
    write(store, events=[AcceptedEvent(full, b"\x00\xff", ("r ü",), pending=True)])
    assert await reader.event(full.id) == full
    assert await reader.event("none") is None
    with store.transaction() as tx:
        assert tx.known_events([full.id]) == {full.id: StoredEvent(b"\x00\xff", ("r ü",))}
        assert tx.pending_events(9) == [full]


def test_events_that_wait(store: WriteStore) -> None:
    write(store, events=[accepted(id, pending=True, subject=BO) for id in ("z", "y", "x")], runs=[run()])
    with store.transaction() as tx:
        assert [waiting.id for waiting in tx.pending_events(2)] == ["z", "y"]
        tx.write(Batch(handled=[("z", ("r1",)), ("x", ()), ("unknown", ())]))
        assert [waiting.id for waiting in tx.pending_events(9)] == ["y"]
        assert tx.pending_events(9)[0] == event("y", BO)
        assert tx.known_events(["z"])["z"].runs == ("r1",)


async def test_listing(store: WriteStore, reader: ReadStore) -> None:
    for n in range(7):
        write(store, events=[accepted(f"e{n}", subject=ANA if n % 2 else BO, at=100 - n)])
    assert [e.id for e in (await reader.list_events(3))[0]] == ["e6", "e5", "e4"]
    assert await _all(reader, 2) == [f"e{n}" for n in reversed(range(7))]
    assert await _all(reader, 2, subject=ANA) == ["e5", "e3", "e1"]
    assert await _all(reader, 3, subject=ANA) == ["e5", "e3", "e1"]
    assert await reader.list_events(5, subject=ANA._replace(id="nobody")) == ([], "")


async def _all(reader: ReadStore, limit: int, **filters: object) -> list[str]:
    found, cursor = await reader.list_events(limit, **filters)  # type: ignore[arg-type]
    ids = [event.id for event in found]
    while cursor:
        found, cursor = await reader.list_events(limit, cursor, **filters)  # type: ignore[arg-type]
        assert found, "a cursor promises more"
        ids += [event.id for event in found]
    return ids


def test_the_handled_events_of_one_subject_newest_first(store: WriteStore) -> None:
    write(store, events=[accepted(f"e{n}", subject=ANA if n % 2 else BO) for n in range(6)])
    write(store, events=[AcceptedEvent(event("waits", subject=ANA), b"", (), pending=True)])
    with store.transaction() as tx:
        assert [each.id for each in tx.events_of(ANA, 10)] == ["e5", "e3", "e1"]
        assert [each.id for each in tx.events_of(BO, 2)] == ["e4", "e2"]
        assert tx.events_of(ANA._replace(id="nobody"), 10) == []
        assert tx.events_of(ANA, 1) == [event("e5", subject=ANA)]
