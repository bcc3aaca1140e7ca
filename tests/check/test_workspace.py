"""Whole workspaces: order, keys, names across files, and edits that give what a fresh check gives."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulelang.diagnostics.model import Diagnostic
from rulelang.workspace import CheckedWorkspace, collector_paused, load_workspace
from tests.check.golden import catalogue

SCHEMA = "status for contact: lead, client\n"
WELCOME = 'rule "Welcome"\n  on contact created\ndo\n  add tag new\nend\n'
CLIENT = 'rule "Client"\n  on status becomes client\ndo\n  add tag client\n  start rule("Welcome")\nend\n'
LONE = "on contact created do stop\n"


def load(**files: str) -> CheckedWorkspace:
    return load_workspace({f"{name}.rules": text for name, text in files.items()}, catalogue())


def facts(found: tuple[Diagnostic, ...]) -> list[tuple[object, ...]]:
    """Everything that a reader of the mistakes would see."""
    return [
        (
            d.code,
            d.source.path,
            d.span,
            d.message,
            d.help,
            d.fixes,
            tuple((each.span, each.text, (each.source or d.source).path) for each in d.labels),
        )
        for d in found
    ]


def assert_same(one: CheckedWorkspace, other: CheckedWorkspace) -> None:
    assert one.plans == other.plans
    assert facts(one.diagnostics) == facts(other.diagnostics)
    assert one.schema == other.schema
    assert list(one.modules) == list(other.modules)
    assert one.modules == other.modules


def test_rules_come_in_the_order_of_files_and_lines() -> None:
    workspace = load(b=WELCOME + LONE, a=LONE + LONE, c=CLIENT + SCHEMA)
    assert [plan.key for plan in workspace.plans] == ["a#1", "a#2", "Welcome", "b#2", "Client"]
    assert [plan.file for plan in workspace.plans] == ["a.rules"] * 2 + ["b.rules"] * 2 + ["c.rules"]
    assert workspace.diagnostics == ()


def test_the_schema_of_one_file_serves_all() -> None:
    workspace = load(a=CLIENT, b=WELCOME, z=SCHEMA)
    assert workspace.schema.fields["contact"]["status"].type.values == ("lead", "client")
    assert workspace.diagnostics == ()


def test_names_are_unique_across_files() -> None:
    workspace = load(a=WELCOME, b=LONE + WELCOME)
    (found,) = workspace.diagnostics
    assert (found.code, found.source.path) == ("E0215", "b.rules")
    assert found.source.slice(found.span) == '"Welcome"'
    assert found.labels[0].source is workspace.sources["a.rules"]
    assert [plan.key for plan in workspace.plans] == ["Welcome", "b#1"]


def test_rules_with_mistakes_keep_their_neighbours_going() -> None:
    workspace = load(a=LONE + "on contact created when scor > 5 do stop\n" + WELCOME)
    assert [d.code for d in workspace.diagnostics] == ["E0201"]
    assert [plan.key for plan in workspace.plans] == ["a#1", "Welcome"]


def test_rules_with_syntax_errors_are_not_planned() -> None:
    workspace = load(a="on contact created when created_at > 2026-02-31 do stop\n" + WELCOME)
    assert [d.code for d in workspace.diagnostics] == ["E0040"]
    assert [plan.key for plan in workspace.plans] == ["Welcome"]


def test_templates_are_checked_and_known() -> None:
    rule = 'on contact created do send email template("hello")\n'
    assert load_workspace({"a.rules": rule}, catalogue()).diagnostics == ()
    (unknown,) = load_workspace({"a.rules": rule}, catalogue(), {}).diagnostics
    assert unknown.code == "E0211"
    (inside,) = load_workspace(
        {"a.rules": rule}, catalogue(), {"hello": "{{ contact.frist_name }}"}
    ).diagnostics
    assert (inside.source.path, inside.source.slice(inside.span)) == ("templates/hello", "frist_name")


EDITS = [
    ("a", "# a remark\n" + LONE + WELCOME),
    ("a", WELCOME + LONE),
    ("a", LONE),
    ("a", ""),
    ("a", LONE + "on contact created when scor > 5 do stop\n" + WELCOME),
    ("a", "\n\n\n" + LONE + "on contact created when status = trial do stop\n" + WELCOME),
    ("a", LONE + WELCOME.replace("Welcome", "Hello")),
    ("a", "on contact created do wait ;; (\n" + WELCOME),
    ("b", CLIENT),
    ("b", CLIENT.replace("client", "customer")),
    ("c", SCHEMA),
    ("c", "# moved down\n\n" + SCHEMA),
    ("c", "status for contact: trial, customer, client\n"),
    ("c", "tags: vip\n" + SCHEMA),
    ("c", ""),
    ("d", WELCOME),
]


@pytest.mark.parametrize("edit", EDITS, ids=str)
@pytest.mark.parametrize("schema", ["", SCHEMA])
def test_an_edit_gives_what_a_fresh_check_gives(edit: tuple[str, str], schema: str) -> None:
    files = {"a.rules": LONE + WELCOME, "b.rules": CLIENT, "c.rules": schema}
    name, text = edit
    before = load_workspace(files, catalogue())
    after = before.with_file(f"{name}.rules", text)
    assert_same(after, load_workspace({**files, f"{name}.rules": text}, catalogue()))
    assert_same(before, load_workspace(files, catalogue()))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(EDITS), min_size=2, max_size=5))
def test_edits_in_a_row_give_what_a_fresh_check_gives(edits: list[tuple[str, str]]) -> None:
    files = {"a.rules": LONE + WELCOME, "b.rules": CLIENT, "c.rules": SCHEMA}
    workspace = load_workspace(files, catalogue())
    for name, text in edits:
        files[f"{name}.rules"] = text
        workspace = workspace.with_file(f"{name}.rules", text)
    assert_same(workspace, load_workspace(files, catalogue()))


@pytest.mark.parametrize("name", ["a", "b", "c", "none"])
def test_without_a_file(name: str) -> None:
    files = {"a.rules": WELCOME, "b.rules": CLIENT, "c.rules": SCHEMA}
    after = load_workspace(files, catalogue()).without_file(f"{name}.rules")
    files.pop(f"{name}.rules", None)
    assert_same(after, load_workspace(files, catalogue()))


def test_an_edit_shares_what_did_not_change() -> None:
    before = load(a=LONE + WELCOME, b=WELCOME.replace("Welcome", "Other"))
    after = before.with_file("a.rules", "# a remark\n" + LONE.replace("stop", "wait 1d") + WELCOME)
    assert after.files["b.rules"] is before.files["b.rules"]
    assert after.files["a.rules"].rules[1].checked is before.files["a.rules"].rules[1].checked
    assert after.files["a.rules"].rules[1].offset == len("# a remark\n") + len("wait 1d") - len("stop")


def test_keys_find_rules() -> None:
    workspace = load(a=LONE + WELCOME)
    assert workspace.keys["Welcome"].node.name is not None
    assert set(workspace.keys) == {"a#1", "Welcome"}


def test_the_collector_is_as_it_was_before() -> None:
    assert gc.isenabled()
    with collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
