"""`rulelang catalog`: every trigger, action and function, in text and JSON, with examples that hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rulelang.catalog.build import build_catalogue
from rulelang.workspace import load_workspace
from stdlib_actions.library import declarations
from tests.support.process import command


@pytest.fixture(scope="module")
def listed() -> dict[str, list[dict[str, Any]]]:
    done = command("catalog", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return found


def test_everything_is_listed(listed: dict[str, list[dict[str, Any]]]) -> None:
    catalogue = build_catalogue(declarations())
    assert [t["name"] for t in listed["triggers"]] == list(catalogue.triggers)
    assert [a["name"] for a in listed["actions"]] == list(catalogue.actions)
    assert [f["name"] for f in listed["functions"]] == list(catalogue.functions)


def test_every_entry_says_what_it_is(listed: dict[str, list[dict[str, Any]]]) -> None:
    for kind, entries in listed.items():
        for entry in entries:
            assert entry["summary"], entry["name"]
            assert entry["phrase"], entry["name"]
            assert isinstance(entry["rows"], list)
            assert entry["example"], entry["name"]
            for parameter in entry.get("params", entry.get("filters", [])):
                assert parameter.keys() >= {"name", "type", "doc", "required"}, (kind, entry["name"])
    assert all(t["subjects"] for t in listed["triggers"])
    assert [t["name"] for t in listed["triggers"] if not t["event"]] == ["event"]
    assert {row for a in listed["actions"] for row in a["rows"]} >= {"A1", "A2", "A5", "A18"}


def test_every_action_example_checks(listed: dict[str, list[dict[str, Any]]]) -> None:
    catalogue = build_catalogue(declarations())
    for entry in listed["actions"]:
        checked = load_workspace({"example.rules": entry["example"]}, catalogue, None)
        errors = [d.message for d in checked.diagnostics if d.is_error and d.code != "E0215"]
        assert not [e for e in errors if "template" not in e], (entry["name"], errors)


@pytest.mark.parametrize("what", ["triggers", "actions", "functions"])
def test_one_kind_alone(listed: dict[str, list[dict[str, Any]]], what: str) -> None:
    assert json.loads(command("catalog", what, "--format", "json").stdout) == listed[what]
    text = command("catalog", what).stdout
    assert text.startswith(what.capitalize())
    for entry in listed[what]:
        assert entry["phrase"] in text
        assert entry["summary"] in text
