"""Subjects: states with their live runs, identities, links, listings."""

from __future__ import annotations

import pytest

from runtime.model import RunStatus, SubjectKey, SubjectState
from runtime.store.protocol import BadCursor, Batch, IdentityConflict, ReadStore, WriteStore
from tests.store.rows import ACME, ANA, BO, NOW, accepted, ended, run, segment, state, write


async def test_unknown_subjects(store: WriteStore, reader: ReadStore) -> None:
    with store.transaction() as tx:
        assert tx.subjects([ANA, BO, ANA]) == {key: SubjectState(key, {}, exists=False) for key in (ANA, BO)}
        assert tx.subjects([]) == {}
    assert await reader.subject(ANA) is None


async def test_a_state_comes_back_with_its_live_runs(store: WriteStore, reader: ReadStore) -> None:
    fields = {"name": "Ana 🎈", "tags": ["a", "b"], "stages": {"sales": "won"}, "n": 1.5, "none": None}
    written = SubjectState(ANA, fields, {"once": {"r": "x"}}, {"ignored": run("ignored")}, 7, exists=False)
    live = [run("r3"), run("r1", status=RunStatus.EFFECT, effect="k"), run("r2", status=RunStatus.BLOCKED)]
    write(store, subjects=[written, state(BO)], runs=[*live, ended("r4"), run("r5", BO)])
    expected = SubjectState(ANA, fields, {"once": {"r": "x"}}, {r.id: r for r in live}, 7)
    with store.transaction() as tx:
        found = tx.subjects([BO, ANA])
    assert found[ANA] == expected
    assert list(found[ANA].runs) == ["r3", "r1", "r2"]
    assert found[BO].runs == {"r5": run("r5", BO)}
    assert await reader.subject(ANA) == expected


async def test_equal_ids_of_other_kinds(store: WriteStore, reader: ReadStore) -> None:
    same = [SubjectKey(kind, "1") for kind in ("contact", "account", "opportunity")]
    write(store, subjects=[state(key, kind=key.kind) for key in same], runs=[run("r", same[1])])
    with store.transaction() as tx:
        found = tx.subjects(same)
    assert [found[key].fields["kind"] for key in same] == [key.kind for key in same]
    assert [len(found[key].runs) for key in same] == [0, 1, 0]
    assert [s.key for s in (await reader.list_subjects("account", 9))[0]] == [same[1]]


async def test_runs_before_their_subject(store: WriteStore, reader: ReadStore) -> None:
    write(store, runs=[run()], journal=[segment()], events=[accepted()])
    with store.transaction() as tx:
        assert tx.subjects([ANA])[ANA] == SubjectState(ANA, {}, runs={"r1": run()}, exists=False)
    assert await reader.subject(ANA) is None
    assert (await reader.list_subjects("contact", 9)) == ([], "")
    write(store, subjects=[state(email="a@b.test")])
    with store.transaction() as tx:
        assert tx.subjects([ANA])[ANA] == SubjectState(ANA, {"email": "a@b.test"}, runs={"r1": run()})
        assert tx.find_subject("contact", "email", "a@b.test") == "ana"


def test_hundreds_of_subjects(store: WriteStore) -> None:
    keys = [SubjectKey("contact", f"c{n}") for n in range(1_500)]
    write(
        store,
        subjects=[state(key, n=n) for n, key in enumerate(keys)],
        runs=[run(f"r{k.id}", k) for k in keys],
    )
    with store.transaction() as tx:
        found = tx.subjects(keys)
    assert [found[key].fields["n"] for key in keys] == list(range(1_500))
    assert all(list(found[key].runs) == [f"r{key.id}"] for key in keys)


@pytest.mark.parametrize("id", ["a\x00b", "ünï", "🎈", "' OR 1=1 --", "a" * 5_000, " ", "%", "A"])
async def test_ids_are_exact(store: WriteStore, reader: ReadStore, id: str) -> None:
    odd = SubjectKey("contact", id)
    others = [
        SubjectKey("contact", other) for other in ("a", "uni", id[:-1] + "?", id + " ", id.swapcase() + "x")
    ]
    write(
        store, subjects=[state(key, email=f"{key.id}@x") for key in [odd, *others]], runs=[run(subject=odd)]
    )
    with store.transaction() as tx:
        found = tx.subjects([*others, odd])
        assert found[odd] == SubjectState(odd, {"email": f"{id}@x"}, runs={"r1": run(subject=odd)})
        assert all(found[other].fields["email"] == f"{other.id}@x" for other in others)
        assert tx.find_subject("contact", "email", f"{id}@x") == id
    assert (await reader.subject(odd)) == found[odd]
    assert await reader.find_subject("contact", "email", f"{id}@x") == id
    write(store, subjects=[state(odd, email="new")])
    with store.transaction() as tx:
        assert tx.subjects([odd])[odd].fields == {"email": "new"}


def test_the_last_of_equal_keys_counts(store: WriteStore) -> None:
    write(store, subjects=[state(n=1), state(BO), state(n=2)], runs=[run(steps=1), run(steps=2)])
    with store.transaction() as tx:
        assert tx.subjects([ANA])[ANA] == SubjectState(ANA, {"n": 2}, runs={"r1": run(steps=2)})


async def test_finding_by_identity(store: WriteStore, reader: ReadStore) -> None:
    write(store, subjects=[state(email="a@b.test", external_id="7"), state(ACME, email="a@b.test")])
    with store.transaction() as tx:
        assert tx.find_subject("contact", "email", "a@b.test") == "ana"
        assert tx.find_subject("account", "email", "a@b.test") == "acme"
        assert tx.find_subject("contact", "external_id", "7") == "ana"
        assert tx.find_subject("contact", "email", "A@B.test") is None
        assert tx.find_subject("contact", "external_id", "a@b.test") is None
        assert tx.find_subject("opportunity", "email", "a@b.test") is None
        assert tx.find_subject("contact", "first_name", "Ana") is None
    assert await reader.find_subject("contact", "external_id", "7") == "ana"
    assert await reader.find_subject("contact", "external_id", "8") is None
    assert await reader.find_subject("contact", "first_name", "Ana") is None


async def test_an_identity_belongs_to_the_first(store: WriteStore, reader: ReadStore) -> None:
    write(store, subjects=[state(email="x", external_id="1")])
    with store.transaction() as tx:
        conflicts = tx.write(Batch(subjects=[state(BO, email="x", external_id="2")]))
    assert conflicts == [IdentityConflict("contact", "email", "x", holder="ana", claimant="bo")]
    with store.transaction() as tx:
        assert tx.find_subject("contact", "email", "x") == "ana"
        assert tx.find_subject("contact", "external_id", "2") == "bo"
        assert tx.subjects([BO])[BO].fields == {"email": "x", "external_id": "2"}
        assert tx.write(Batch(subjects=[state(email="y", external_id="1")])) == []
        assert tx.find_subject("contact", "email", "x") is None
        assert tx.write(Batch(subjects=[state(BO, email="x")])) == []
        assert tx.find_subject("contact", "email", "x") == "bo"
        assert tx.find_subject("contact", "external_id", "2") is None
    assert await reader.find_subject("contact", "email", "y") == "ana"


@pytest.mark.parametrize("order", [1, -1])
def test_identities_pass_on_within_a_batch(store: WriteStore, order: int) -> None:
    write(store, subjects=[state(email="x"), state(BO, email="y")])
    swapped = [state(email="y"), state(BO, email="x")][::order]
    with store.transaction() as tx:
        assert tx.write(Batch(subjects=swapped)) == []
        assert tx.find_subject("contact", "email", "x") == "bo"
        assert tx.find_subject("contact", "email", "y") == "ana"


def test_two_newcomers_with_one_identity(store: WriteStore) -> None:
    with store.transaction() as tx:
        conflicts = tx.write(Batch(subjects=[state(BO, email="x"), state(email="x")]))
        assert conflicts == [IdentityConflict("contact", "email", "x", holder="bo", claimant="ana")]
        assert tx.find_subject("contact", "email", "x") == "bo"


@pytest.mark.parametrize("nothing", [None, "", 7, ["x"]])
def test_only_texts_identify(store: WriteStore, nothing: object) -> None:
    with store.transaction() as tx:
        assert tx.write(Batch(subjects=[state(email=nothing), state(BO, email=nothing)])) == []
        assert tx.subjects([ANA])[ANA].fields == {"email": nothing}


def test_dependents(store: WriteStore) -> None:
    def linked(id: str, kind: str = "contact", **links: str) -> SubjectState:
        return state(SubjectKey(kind, id), **links)

    subjects = [linked(id, account_id="acme") for id in ("d", "a", "c", "b")]
    subjects += [
        linked("o", "opportunity", account_id="acme", contact_id="ana"),
        linked("x", account_id="other"),
    ]
    write(store, subjects=[*subjects, state(ACME)], runs=[run(s.key.id, s.key, due=NOW) for s in subjects])
    with store.transaction() as tx:
        found = tx.dependents(ACME, 3)
        assert found == [SubjectKey("contact", id) for id in ("a", "b", "c")]
        assert [key.id for key in tx.dependents(ACME, 3, "c")] == ["d", "o"]
        assert tx.dependents(ANA, 9) == [SubjectKey("opportunity", "o")]
        assert tx.dependents(SubjectKey("opportunity", "o"), 9) == []
        tx.write(
            Batch(
                runs=[ended("b", subject=SubjectKey("contact", "b"))],
                subjects=[linked("c", account_id="new")],
            )
        )
        assert [key.id for key in tx.dependents(ACME, 9)] == ["a", "d", "o"]
        assert [key.id for key in tx.dependents(SubjectKey("account", "new"), 9)] == ["c"]


async def test_listing_by_id(store: WriteStore, reader: ReadStore) -> None:
    ids = ["b", "ä", "B", "a", "10", "9", "🎈", "z"]
    write(
        store,
        subjects=[state(SubjectKey("contact", id)) for id in ids],
        runs=[run(subject=ANA._replace(id="a"))],
    )
    seen, cursor = [], ""
    for _ in range(len(ids)):
        page, cursor = await reader.list_subjects("contact", 3, cursor)
        seen += [s.key.id for s in page]
        assert all(s.runs == {} for s in page)
        if not cursor:
            break
    assert seen == sorted(ids)
    assert await reader.list_subjects("account", 3) == ([], "")
    assert (await reader.list_subjects("contact", 8))[1] == ""


@pytest.mark.parametrize("cursor", ["x", "!!!", "é", "bjEyMw", "A", "dA=="])
async def test_foreign_cursors(store: WriteStore, reader: ReadStore, cursor: str) -> None:
    write(store, subjects=[state()], runs=[run()], events=[accepted()])
    if cursor != "bjEyMw":
        for listing in (reader.list_runs, reader.list_events):
            with pytest.raises(BadCursor):
                await listing(3, cursor)
        with pytest.raises(BadCursor):
            await reader.effects(cursor=cursor)
    if cursor != "dA==":
        with pytest.raises(BadCursor):
            await reader.list_subjects("contact", 3, cursor)
