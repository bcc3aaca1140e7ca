"""Deploying over the API: the plan first, then exactly that."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.live import LiveServer, problem

MAIN = "rules/main.rules"


def enrol(api: httpx.Client, id: str) -> None:
    """Have a contact wait in the rule `Book`."""
    body = {"type": "contact.updated", "subject": {"kind": "contact", "id": id}}
    assert api.post("/v1/events", json={**body, "data": {"fields": {"status": "trial"}}}).status_code == 200
    event = {**body, "type": "stage.entered", "data": {"stage": "SQL"}}
    answer = api.post("/v1/events", json=event)
    assert answer.json()["runs"], answer.text


def plan(api: httpx.Client, **body: Any) -> dict[str, Any]:
    """The plan for these files."""
    answer = api.post("/v1/deploy/plan", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_plan_names_what_changes_and_where_runs_stand(
    own_server: LiveServer, files: dict[str, str]
) -> None:
    with own_server.client() as api:
        for id in ("a", "b"):
            enrol(api, id)
        text = files[MAIN].replace("wait 30m", "wait 2h").replace('rule "Write"', 'rule "Wrote"')
        found = plan(api, files={MAIN: text})
        assert found["deployable"] is True
        assert api.get(f"/v1/rules/{MAIN}").text == files[MAIN]
    by_rule = {rule["rule"]: rule for rule in found["rules"]}
    assert {rule: change["change"] for rule, change in by_rule.items()} == {
        "Book": "changed",
        "Wrote": "added",
        "Write": "removed",
    }
    book = by_rule["Book"]
    assert book["changes"] == [
        {"part": "step", "before": "wait 30m", "after": "wait 2h", "step": "do.1"},
    ]
    assert "-  wait 30m" in book["diff"]
    assert (book["runs"], book["movable"], book["choices"]) == (2, 2, ["finish", "move", "end"])
    (standing,) = book["standing"]
    assert (standing["step"], standing["to"], standing["runs"]) == ("do.1", "do.1", 2)
    assert standing["wait"] == {"before": "30m", "after": "2h"}
    assert standing["first_due"] <= standing["last_due"]


def test_whole_means_that_other_files_go(own_server: LiveServer, files: dict[str, str]) -> None:
    with own_server.client() as api:
        same = plan(
            api, files={name: text for name, text in files.items() if name != "rulelang.toml"}, whole=True
        )
        assert same["rules"] == []
        gone = plan(api, files={"schema.rules": files["schema.rules"]}, whole=True)
        assert {rule["change"] for rule in gone["rules"]} == {"removed"}
        assert gone["token"] != same["token"]


def test_a_plan_with_mistakes_says_so(api: httpx.Client) -> None:
    found = plan(api, files={"new.rules": 'rule "N" on tag addd "x" do stop end'})
    assert found["deployable"] is False
    assert any(d["path"] == "new.rules" for d in found["diagnostics"])


def test_what_is_no_set_of_files_is_refused(api: httpx.Client) -> None:
    for body in ({}, {"files": []}, {"files": {"a.rules": 3}}, {"files": {}, "other": 1}):
        problem(api.post("/v1/deploy/plan", json=body), 400)
    for name in ("../a.rules", "a.txt", "templates/../x.liquid", ".a.rules", "a.test.rules"):
        problem(api.post("/v1/deploy/plan", json={"files": {name: ""}}), 400)
    problem(api.post("/v1/deploy/plan", content="files"), 415)
    problem(api.post("/v1/deploy/plan", json={"files": {}, "whole": "yes"}), 400)


def test_the_plan_needs_a_scope(server: LiveServer) -> None:
    with server.client("events:write") as api:
        problem(api.post("/v1/deploy/plan", json={"files": {}}), 403)
