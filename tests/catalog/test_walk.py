"""The catalogue as `rulelang catalog` prints it: each example checks, simulates, and fires on the sample event."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from rulelang.catalog.build import build_catalogue
from rulelang.lint.doing import equalities
from rulelang.plan.model import Plan
from rulelang.workspace import load_workspace
from stdlib_actions.library import declarations
from tests.support.process import command

_COMMON = {"tags": ["vip", "newsletter"], "owner": "ana@acme.test"}
RECORDS: dict[str, dict[str, Any]] = {
    "contact": {**_COMMON, "status": "trial", "email": "lea@acme.test", "score": 85, "phone": "+4930123"},
    "account": {**_COMMON, "status": "trial", "score": 85},
    "opportunity": {**_COMMON, "status": "open", "value": 9_000},
}
"""What the records of the samples are like, where the examples ask."""

LIKE: dict[str, dict[str, Any]] = {
    "assign_by_territory": {"country": "DE"},
    "assign_account": {"account_id": "a_1"},
    "assign_contact": {"contact_id": "c_1", "owner": "ana@acme.test"},
    "assign_opportunity": {"opportunity_id": "o_1"},
    "update_opportunity": {"opportunity_id": "o_1"},
    "move_opportunity": {"opportunity_id": "o_1"},
    "opportunity.lost": {"lost_reason": "price"},
    "date.reminder": {"status": "customer"},
    "schedule.numbered": {"status": "customer"},
    "email.unsubscribed": {"status": "customer"},
    "ivr.started": {"status": "customer"},
    "assign": {"owner": None},
    "mark_dnc": {"score": 5},
    "unmark_dnc": {"dnc": True},
    "clear": {"source": "form"},
    "remove_tag": {"tags": ["hot lead"]},
    "move_to_stage": {"status": "customer"},
}
"""What else they must be like for single examples."""


CONNECTIONS = "".join(
    f'[connections.{name}]\nurl = "https://{name}.example.com"\n' for name in ("crm", "salesforce", "hubspot")
)


def listed(what: str) -> list[dict[str, Any]]:
    done = command("catalog", what, "--format", "json")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


TRIGGERS = listed("triggers")
ACTIONS = listed("actions")
CATALOGUE = build_catalogue(declarations())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with the templates that examples name, and room for their rules."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "templates").mkdir()
    teams = "".join(
        f'team "{name}": "ana@acme.test", "bo@acme.test"\n' for name in ("Sales", "Customer Success")
    )
    (tmp_path / "schema.rules").write_text(teams, "utf-8")
    (tmp_path / "rulelang.toml").write_text(CONNECTIONS, "utf-8")
    return tmp_path


def simulated(root: Path, entry: dict[str, Any], span: str) -> list[dict[str, Any]]:
    """What an example does about the sample event of its trigger, as the public commands say."""
    example = entry["example"]
    for name in re.findall(r'(?:template\(|flow\(|of |fallback: )"(\w+)"', example):
        (root / "templates" / f"{name}.liquid").write_text("---\nsubject: Hi\n---\nHi", "utf-8")
    (root / "rules" / "example.rules").write_text(example, "utf-8")
    checked = command("check", root)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    plans = load_workspace({"e.rules": example}, CATALOGUE).plans
    plan = next((plan for plan in plans if f"action='{entry['name']}'" in repr(plan.steps)), plans[0])
    kind = plan.subject
    values = RECORDS[kind] | LIKE.get(entry["name"], {})
    record = {"id": "x_1", **{name: value for name, value in values.items() if value is not None}}
    event = {
        "type": plan.triggers[0].event,
        "occurred_at": "2026-03-02T12:34:56Z",
        "subject": {"kind": kind, "id": "x_1"},
        "data": fitting(plan),
    }
    (root / "records.json").write_text(json.dumps([record]), "utf-8")
    (root / "events.json").write_text(json.dumps([event]), "utf-8")
    option = {"contact": "--contacts", "account": "--accounts", "opportunity": "--opportunities"}[kind]
    records = [option, root / "records.json"]
    done = command(
        "simulate", root, *records, "--events", root / "events.json", "--for", span, "--format", "json"
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def fitting(plan: Plan) -> dict[str, Any]:
    """The sample event of a rule's trigger with the values that its phrase asks for."""
    trigger = plan.triggers[0]
    sample = CATALOGUE.triggers[trigger.trigger].sample
    data = {**sample, **{get.p[1]: value for get, value in equalities(trigger.when) if value is not None}}
    if data.get("stage") != sample.get("stage"):
        del data["pipeline"]
    return data or {"seats": 6}


def test_the_command_lists_every_row() -> None:
    assert {row for trigger in TRIGGERS for row in trigger["rows"]} == set(range(1, 77))
    assert {row for action in ACTIONS for row in action["rows"]} <= {f"A{n}" for n in range(1, 30)}


@pytest.mark.parametrize("trigger", TRIGGERS, ids=[t["name"] for t in TRIGGERS])
def test_the_example_of_a_trigger_fires_on_its_sample(trigger: dict[str, Any], root: Path) -> None:
    entries = simulated(root, trigger, "1m")
    happened = [e["action"] for e in entries if e["kind"] == "event"]
    assert happened == [trigger["event"] or "demo.requested"]
    assert [e["kind"] for e in entries if e["kind"] in ("matched", "enrolled")] == ["matched", "enrolled"]


@pytest.mark.parametrize("action", ACTIONS, ids=[a["name"] for a in ACTIONS])
def test_the_example_of_an_action_carries_it_out(action: dict[str, Any], root: Path) -> None:
    entries = simulated(root, action, "60d")
    assert action["name"] in [e["action"] for e in entries if e["kind"] == "action"], entries
