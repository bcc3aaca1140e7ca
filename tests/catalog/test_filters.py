"""Each filter of each trigger row fires on an event that fits and not on one that differs only there.

One run of the public `rulelang simulate` over a workspace with all the rules, and two records for each of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rulelang.catalog.build import build_catalogue
from rulelang.plan.model import Plan
from rulelang.workspace import load_workspace
from stdlib_actions.library import declarations
from tests.catalog.filters import beyond, records, signals, trade
from tests.catalog.filters.case import START, Case
from tests.support.process import command

CASES = (*records.CASES, *signals.CASES, *trade.CASES, *beyond.CASES)
ROWS: Mapping[str, list[str]] = json.loads((Path(__file__).parent / "filters" / "rows.json").read_text())
CATALOGUE = build_catalogue(declarations())
SCHEMA = """
workspace
  time_zone: "Europe/Berlin"
  currency: EUR
end
status for contact: trial, customer, inactive, churned
pipeline "Sales" for contact: MQL, SQL, "Proposal Sent", Won, Lost
pipeline "Customer Success" for account: Onboarding, Active, "At Risk", Churned
pipeline "Deals" for opportunity: Qualified, Proposal, Negotiation, Won, Lost
pipeline "Partners" for opportunity: Talks, Signed
person "ana@acme.test": "Ana Ruiz"
person "bo@acme.test": "Bo Lund"
fields for contact
  plan: one of free, pro, team
  renewal_date: date
  trial_ends: date
  interests: text
end
event "demo.requested" for contact
  seats: number
end
event "free.form" for contact
status for account: dormant, active when health_score > 95
segment "Eager" for contact: score > 95
"""
SIDES = (True, False)

Timeline = dict[str, list[dict[str, Any]]]


def subject(case: Case, matching: bool) -> str:
    """The id of the record that a side of a case is about."""
    return f"{CASES.index(case)}-{'fits' if matching else 'differs'}"


def sample(plan: Plan) -> Mapping[str, Any]:
    """The sample event of the trigger that a rule listens to; none of a rule that begins by its condition."""
    if not plan.triggers:
        return {}
    return CATALOGUE.triggers[plan.triggers[0].trigger].sample


def records_of(kind: str) -> list[dict[str, Any]]:
    """All records of a kind, as the file that the command reads."""
    return [
        {"id": subject(case, side), **{k: v for k, v in case.record(side).items() if v is not None}}
        for case in CASES
        if case.kind == kind
        for side in SIDES
    ]


def sent(case: Case, matching: bool, plan: Plan) -> dict[str, Any] | None:
    """The event of one side, or None when time alone brings it about."""
    if case.sends == "":
        return None
    base = sample(plan) if case.sends is None else {}
    data = {k: v for k, v in case.event_data(base, matching).items() if v is not None or case.sends}
    return {
        "type": (not matching and case.otherwise) or case.sends or plan.triggers[0].event,
        "occurred_at": START,
        "subject": {"kind": case.kind, "id": subject(case, matching)},
        "data": data,
    }


@pytest.fixture(scope="module")
def plans() -> Mapping[str, Plan]:
    """The plans of all cases, by the rule's name."""
    text = "\n".join(case.rule for case in CASES)
    templates = {"welcome": "---\nsubject: Hi\n---\nHi"}
    checked = load_workspace({"schema.rules": SCHEMA, "rules.rules": text}, CATALOGUE, templates)
    assert [d.message for d in checked.diagnostics if d.is_error] == []
    return {plan.key: plan for plan in checked.plans}


@pytest.fixture(scope="module")
def timeline(plans: Mapping[str, Plan], tmp_path_factory: pytest.TempPathFactory) -> Timeline:
    """What `rulelang simulate` says about each record."""
    root = tmp_path_factory.mktemp("filters")
    (root / "rules").mkdir()
    (root / "templates").mkdir()
    (root / "schema.rules").write_text(SCHEMA, "utf-8")
    (root / "templates" / "welcome.liquid").write_text("---\nsubject: Hi\n---\nHi", "utf-8")
    (root / "rules" / "all.rules").write_text("\n".join(case.rule for case in CASES), "utf-8")
    options: list[str | Path] = []
    for kind, name in (("contact", "contacts"), ("account", "accounts"), ("opportunity", "opportunities")):
        (root / f"{name}.json").write_text(json.dumps(records_of(kind)), "utf-8")
        options += [f"--{name}", root / f"{name}.json"]
    events = [event for case in CASES for side in SIDES if (event := sent(case, side, plans[case.name]))]
    (root / "events.json").write_text(json.dumps(events), "utf-8")
    options += ["--events", root / "events.json", "--from", START, "--for", "40d", "--format", "jsonl"]
    done = command("simulate", root, *options)
    assert done.returncode == 0, done.stderr
    found: Timeline = {}
    for line in done.stdout.splitlines():
        entry = json.loads(line)
        found.setdefault(entry["subject"]["id"], []).append(entry)
    return found


def matches(timeline: Timeline, case: Case, matching: bool) -> list[str]:
    """When the rule of a case was set off for one of its records."""
    entries = timeline.get(subject(case, matching), [])
    return [e["at"] for e in entries if e["kind"] == "matched" and e["rule"] == case.name]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_filter_lets_through_what_fits_and_nothing_else(case: Case, timeline: Timeline) -> None:
    at = matches(timeline, case, True)
    assert len(at) == 1, timeline.get(subject(case, True))
    assert at[0] == case.at or not case.at
    assert matches(timeline, case, False) == []


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_both_sides_of_a_filter_did_happen(case: Case, timeline: Timeline) -> None:
    for matching in SIDES if case.sends != "" else ():
        kinds = [entry["kind"] for entry in timeline[subject(case, matching)]]
        assert "event" in kinds


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_filter_is_one_of_a_trigger_of_its_row(case: Case, plans: Mapping[str, Plan]) -> None:
    assert case.row == 0 or case.row in CATALOGUE.triggers[plans[case.name].triggers[0].trigger].rows


def test_every_filter_of_every_row_is_proven() -> None:
    assert list(map(int, ROWS)) == list(range(1, 77))
    proven: dict[int, list[str]] = {}
    for case in CASES:
        proven.setdefault(case.row, []).append(case.filter)
    for row, filters in ROWS.items():
        assert sorted(proven.get(int(row), [])) == sorted(filters), row
    assert sorted(proven[0]) == sorted(beyond.WAYS)
