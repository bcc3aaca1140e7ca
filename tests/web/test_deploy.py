"""Deploying over the API: the plan first, then exactly that."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from runtime.store.open import open_store
from runtime.store.protocol import Batch
from runtime.versions import UNWRITTEN
from tests.support.live import LiveServer, make_files, problem, wait_for

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


# --- deploying -------------------------------------------------------------------------------------------


def deploy(api: httpx.Client, runs: dict[str, str] | None = None, **body: Any) -> httpx.Response:
    """Deploy what a plan says."""
    token = plan(api, **body)["token"]
    return api.post("/v1/deploy", json={**body, "token": token, "runs": runs or {}})


def run_of(api: httpx.Client, id: str) -> dict[str, Any]:
    """The one run of a contact in the rule `Book`."""
    (run,) = api.get("/v1/runs", params={"subject": f"contact:{id}", "rule": "Book"}).json()["items"]
    found: dict[str, Any] = api.get(f"/v1/runs/{run['id']}").json()
    return found


def test_what_was_shown_is_done_and_runs_are_moved(own_server: LiveServer, files: dict[str, str]) -> None:
    text = files[MAIN].replace("wait 30m", "wait 2h")
    with own_server.client() as api:
        enrol(api, "a")
        before = run_of(api, "a")
        answer = deploy(api, {"Book": "move"}, files={MAIN: text})
        assert answer.status_code == 200, answer.text
        assert answer.json()["deployed"] is True
        assert api.get(f"/v1/rules/{MAIN}").text == text
        assert (own_server.root / MAIN).read_text() == text
        moved = wait_for(lambda: (run := run_of(api, "a"))["plan"] != before["plan"] and run)
        assert moved["journal"][-1]["kind"] == "moved"
        gap = datetime.fromisoformat(moved["due"]) - datetime.fromisoformat(before["due"])
        assert gap == timedelta(minutes=90)


def test_runs_finish_on_the_old_version_unless_asked_otherwise(
    own_server: LiveServer, files: dict[str, str]
) -> None:
    with own_server.client() as api:
        enrol(api, "a")
        before = run_of(api, "a")
        assert deploy(api, files={MAIN: files[MAIN].replace("wait 30m", "wait 2h")}).status_code == 200
        enrol(api, "b")
        assert run_of(api, "a")["plan"] == before["plan"] != run_of(api, "b")["plan"]
        (book,) = plan(api, files={})["rules"]
        assert (book["change"], book["runs"], book["movable"]) == ("unchanged", 2, 2)
        assert deploy(api, {"Book": "end"}, files={MAIN: None}).status_code == 200
        wait_for(lambda: run_of(api, "a")["status"] == run_of(api, "b")["status"] == "cancelled")
        assert not (own_server.root / MAIN).exists()


def test_a_plan_that_does_not_hold_any_more_is_refused(own_server: LiveServer, files: dict[str, str]) -> None:
    body = {"files": {MAIN: files[MAIN].replace("wait 30m", "wait 2h")}}
    with own_server.client() as api:
        token = plan(api, **body)["token"]
        enrol(api, "a")
        refused = problem(api.post("/v1/deploy", json={**body, "token": token}), 409)
        assert refused["plan"]["rules"][0]["runs"] == 1
        assert api.get(f"/v1/rules/{MAIN}").text == files[MAIN]
        again = {**body, "token": refused["plan"]["token"]}
        enrol(api, "b")  # one more run on a version that was shown changes nothing
        assert api.post("/v1/deploy", json=again).status_code == 200
        problem(api.post("/v1/deploy", json=again), 409)


def test_choices_that_make_no_sense_are_refused(own_server: LiveServer, files: dict[str, str]) -> None:
    with own_server.client() as api:
        enrol(api, "a")
        gone = {"files": {MAIN: None}}
        for runs in ({"Book": "move"}, {"Book": "stop"}, {"Write": "end"}, {"Nobody": "end"}):
            problem(deploy(api, runs, **gone), 422)
        token = plan(api, **gone)["token"]
        problem(api.post("/v1/deploy", json={**gone, "token": token, "runs": ["Book"]}), 400)
        problem(api.post("/v1/deploy", json=gone), 400)
        bad = {"files": {MAIN: "rule 5"}}
        refused = problem(deploy(api, **bad), 422)
        assert refused["diagnostics"]
        assert api.get(f"/v1/rules/{MAIN}").text == files[MAIN]


def test_templates_are_deployed_with_the_rules(own_server: LiveServer, files: dict[str, str]) -> None:
    rule = '\nrule "Hi" on tag added "hi" do send email template("hi") end\n'
    body = {"files": {MAIN: files[MAIN] + rule, "templates/hi.liquid": "---\nsubject: Hi\n---\nHi"}}
    with own_server.client() as api:
        assert deploy(api, **body).status_code == 200
        assert (own_server.root / "templates/hi.liquid").exists()
        body = {"files": {MAIN: files[MAIN], "templates/hi.liquid": None}}
        assert deploy(api, **body).status_code == 200
        assert not (own_server.root / "templates/hi.liquid").exists()


def test_files_that_cannot_be_written_change_nothing(own_server: LiveServer, files: dict[str, str]) -> None:
    (own_server.root / "away").write_text("a file where a folder would have to be")
    body = {"files": {MAIN: None, "away/new.rules": files[MAIN]}}
    with own_server.client() as api:
        problem(deploy(api, **body), 507)
        assert api.get(f"/v1/rules/{MAIN}").text == files[MAIN]
    assert not list(own_server.root.rglob(".*.new"))


def test_a_crash_before_the_files_are_in_place_is_made_good_at_the_next_start(
    tmp_path: Path, files: dict[str, str]
) -> None:
    root = make_files(tmp_path, files)
    text = files[MAIN].replace("wait 30m", "wait 2h")
    with LiveServer(root) as server, server.client() as api:
        assert deploy(api, files={MAIN: text, "templates/hi.liquid": "Hi"}).status_code == 200
    # As it lies on disk when the process ends between the transaction and the files.
    (root / MAIN).write_text(files[MAIN])
    (root / "templates/hi.liquid").unlink()
    writer, _ = open_store(root / ".rulelang/rulelang.db")
    with writer.transaction() as tx:
        at = max(v.at for v in tx.latest_versions() if v.name == MAIN)
        tx.write(Batch(counters={UNWRITTEN: at}))
    writer.close()
    with LiveServer(root) as server, server.client() as api:
        assert api.get(f"/v1/rules/{MAIN}").text == text
    assert (root / MAIN).read_text() == text
    assert (root / "templates/hi.liquid").read_text() == "Hi"


def test_a_server_that_does_not_watch_its_files_deploys_them_when_asked(
    tmp_path: Path, files: dict[str, str]
) -> None:
    root = make_files(tmp_path, files)
    with LiveServer(root, {"RULELANG_SERVER_WATCH": "false"}) as server, server.client() as api:
        text = files[MAIN].replace("wait 30m", "wait 2h")
        (root / MAIN).write_text(text)
        time.sleep(1.5)
        assert api.get(f"/v1/rules/{MAIN}").text == files[MAIN]
        assert deploy(api, files={MAIN: text}).status_code == 200
        assert api.get(f"/v1/rules/{MAIN}").text == text
