"""Whom records are given to: weights, load, the same as before, territories, linked records; fair and durable."""

from __future__ import annotations

import importlib
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulelang.types.staff import turns
from rulelang.workspace import load_workspace
from runtime.store.open import open_store
from tests.store.rows import ACME, ANA, BO, state, write
from tests.support.rules import SCHEMA, Story, catalogue

THREE = SCHEMA.replace('team "Sales": "ana@acme.test", "bo@acme.test"', "") + (
    'team "Sales": "ana@acme.test", "bo@acme.test", "cy@acme.test"\n'
)


def owners(step: str, count: int, schema: str = THREE, **fields: Any) -> list[str | None]:
    """The owners that as many new contacts get, one after the other."""
    story = Story(f'rule "R" on tag added "go" do {step} end', schema=schema)
    found = []
    for n in range(count):
        story.contact(f"c_{n}", **fields)
        story.event("contact.tag_added", f"c_{n}", tag="go")
        found.append(story.fields(f"c_{n}").get("owner"))
    return found


def test_weights_decide_how_often_a_turn_comes() -> None:
    weights = 'weights "Sales": "ana@acme.test" 3, "cy@acme.test" 0\n'
    found = owners('assign("Sales")', 8, THREE + weights)
    assert Counter(found) == {"ana@acme.test": 6, "bo@acme.test": 2}
    assert "bo@acme.test" in found[:4]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_a_round_is_fair_and_evenly_spread(weights: list[int]) -> None:
    members = tuple(f"m{n}" for n in range(len(weights)))
    order = turns(members, tuple(weights))
    assert Counter(order) == {m: w for m, w in zip(members, weights, strict=True) if w}
    for member, weight in zip(members, weights, strict=True):
        for end in range(1, len(order) + 1):
            due = end * weight / len(order)
            assert abs(order[:end].count(member) - due) < len(members)


def test_a_team_of_weight_zero_has_nobody_to_give() -> None:
    text = 'weights "Sales": "ana@acme.test" 0, "bo@acme.test" 0\n'
    for step, words in (
        ('assign("Sales")', "every member of the team `Sales` has the weight 0"),
        ('assign("Sales", by: load)', "the team `Sales` has no members to assign to"),
    ):
        story = Story(f'rule "R" on tag added "go" do {step} end', schema=SCHEMA + text)
        story.contact()
        story.event("contact.tag_added", tag="go")
        assert story.reasons("failed") == [words]


def test_the_least_loaded_member_is_taken_wherever_their_records_come_from() -> None:
    story = Story('rule "R" on tag added "go" do assign("Sales", by: load) end', schema=THREE)
    for n, owner in enumerate(("ana@acme.test", "ana@acme.test", "bo@acme.test")):
        story.contact(f"old_{n}", owner=owner)
    got = []
    for n in range(5):
        story.contact(f"c_{n}")
        story.event("contact.tag_added", f"c_{n}", tag="go")
        got.append(story.fields(f"c_{n}")["owner"][:2])
    assert got == ["cy", "bo", "cy", "an", "bo"]
    story.event("contact.updated", "old_0", fields={"owner": None})
    story.event("contact.updated", "old_1", fields={"owner": "cy@acme.test"})
    story.contact("c_9")
    story.event("contact.tag_added", "c_9", tag="go")
    assert story.fields("c_9")["owner"] == "ana@acme.test"


def test_load_is_measured_by_weight_and_by_kind() -> None:
    weights = 'weights "Sales": "ana@acme.test" 3\n'
    story = Story('rule "R" on tag added "go" do assign("Sales", by: load) end', schema=SCHEMA + weights)
    story.record("account", "a_1", owner="ana@acme.test")
    for n in range(4):
        story.contact(f"c_{n}")
        story.event("contact.tag_added", f"c_{n}", tag="go")
    assert Counter(story.fields(f"c_{n}")["owner"] for n in range(4)) == {
        "ana@acme.test": 3,
        "bo@acme.test": 1,
    }


def test_assigning_again_by_load_changes_nothing_when_nobody_has_less() -> None:
    story = Story('rule "R" on tag added "go" do assign("Sales", by: load) end', schema=THREE)
    story.contact(owner="ana@acme.test")
    story.event("contact.tag_added", tag="go")
    assert story.fields()["owner"] == "ana@acme.test"


def test_sticky_gives_a_record_back_to_whom_it_had_before() -> None:
    story = Story(
        'rule "R" on tag added "go" do assign("Sales", by: sticky) end\n'
        'rule "U" on tag added "off" do unassign end',
        schema=THREE,
    )
    for id in ("c_1", "c_2"):
        story.contact(id)
        story.event("contact.tag_added", id, tag="go")
    assert story.fields("c_2")["owner"] == "bo@acme.test"
    story.event("contact.tag_added", "c_2", tag="off")
    assert story.fields("c_2").get("owner") is None
    story.event("contact.tag_removed", "c_2", tag="go")
    story.event("contact.tag_added", "c_2", tag="go")
    assert story.fields("c_2")["owner"] == "bo@acme.test"


def test_only_unassigned_leaves_an_owner_and_uses_up_no_turn() -> None:
    step = 'assign("Sales", only_unassigned: true)'
    assert owners(step, 3, owner="bo@acme.test") == ["bo@acme.test"] * 3
    assert owners(step, 2) == ["ana@acme.test", "bo@acme.test"]


TERRITORIES = """
territory "South"
  country: DE
  region: Bayern, "Baden-Württemberg"
  owner: "bo@acme.test"
end
territory "EMEA"
  country: DE, FR
  owner: "Sales"
end
"""


@pytest.mark.parametrize(
    ("fields", "owner"),
    [
        ({"country": "de", "region": "bayern"}, "bo@acme.test"),
        ({"country": "DE", "region": "Hessen"}, "ana@acme.test"),
        ({"country": "FR"}, "ana@acme.test"),
        ({"country": "US"}, "cy@acme.test"),
        ({}, "cy@acme.test"),
    ],
)
def test_the_first_territory_that_fits_decides(fields: dict[str, str], owner: str) -> None:
    assert owners('assign by territory fallback "cy@acme.test"', 1, THREE + TERRITORIES, **fields) == [owner]


def test_an_account_says_where_a_contact_belongs_that_does_not() -> None:
    story = Story('rule "R" on tag added "go" do assign by territory end', schema=THREE + TERRITORIES)
    story.record("account", "a_1", country="FR")
    story.contact(account_id="a_1")
    story.event("contact.tag_added", tag="go")
    assert story.fields()["owner"] == "ana@acme.test"
    story.contact("c_2", country="US", account_id="a_1")
    story.event("contact.tag_added", "c_2", tag="go")
    assert story.reasons("failed") == ["the contact is in no territory"]


def test_the_account_gets_an_owner_and_its_rules_run() -> None:
    story = Story(
        'rule "R" on tag added "go" do assign account to "Sales" end\n'
        'rule "A" for account on field changed owner do add tag "given" end',
        schema=THREE,
    )
    story.record("account", "a_1")
    story.contact(account_id="a_1")
    story.event("contact.tag_added", tag="go")
    story.after(1)
    account = story.fields("a_1", "account")
    assert (account["owner"], account["tags"]) == ("ana@acme.test", ["given"])
    story.contact("c_2")
    story.event("contact.tag_added", "c_2", tag="go")
    assert story.reasons("failed") == ["the contact has no account"]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('weights "Sales": "ana@acme.test"', "E0113", '"Sales"'),
        ('weights "Sales": "ana@acme.test" 101', "E0113", '"Sales"'),
        ('territory "X"\n  country: DE\nend', "E0113", '"X"'),
        ('territory "X"\n  owner: "ana@acme.test"\nend', "E0113", '"X"'),
        ('territory "X"\n  country: DE\n  owner: "Nobody"\nend', "E0209", '"Nobody"'),
        ('territory "X"\n  contry: DE\n  owner: "Sales"\nend', "E0201", "contry"),
        ('topic "news": maybe', "E0113", '"news"'),
        ('topic "news": consent\ntopic "news": consent', "E0101", '"news"'),
    ],
)
def test_mistakes_of_declarations_are_underlined(text: str, code: str, words: str) -> None:
    checked = load_workspace({"s.rules": text}, catalogue())
    (found,) = [d for d in checked.diagnostics if d.is_error]
    assert (found.code, found.source.slice(found.span)) == (code, words)


def test_what_people_own_is_counted_when_an_older_database_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    writer, _ = open_store(path)
    write(
        writer,
        subjects=[
            state(ANA, owner="bo@acme.test"),
            state(BO, owner="bo@acme.test"),
            state(ACME, owner="bo@acme.test"),
            state(ANA._replace(id="x"), owner=None),
        ],
    )
    writer.close()
    migration = importlib.import_module("runtime.store.migrations.versions.r0005_loads")
    connection = sqlite3.connect(path)
    connection.execute(migration.COUNT)
    assert dict(connection.execute("SELECT name, value FROM counters")) == {
        "load:contact:bo@acme.test": 2,
        "load:account:bo@acme.test": 1,
    }
    connection.close()
