"""Rules started by hand: a run for a record, and backfills; over HTTP and from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.live import SCHEMA, LiveServer, make_files, problem, wait_for
from tests.support.process import command

RULES = """\
rule "Offer" for contact
  on manual start
  takes discount: number, reason: text
  when status = trial
do
  set city = reason
  set score = discount
end

rule "Vips"
  on tag added vip
do
  add tag "seen"
  wait 30d
end

rule "Silent"
  on email opened
do
  add tag "seen"
end

rule "Later" draft
  on tag added vip
do
  add tag "seen"
end
"""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveServer]:
    """A server with a few contacts, of whom the odd ones are vip."""
    files = {"rulelang.toml": "", "schema.rules": SCHEMA, "rules/main.rules": RULES}
    with LiveServer(make_files(tmp_path / "workspace", files)) as server, server.client() as api:
        for n in range(9):
            fields: dict[str, Any] = {"status": "trial" if n % 2 else "customer"}
            body = {"fields": {**fields, **({"tags": ["vip"]} if n % 2 else {})}, "quiet": True}
            event = {"type": "record.updated", "contact_id": f"c{n}", "data": body, "id": f"make-{n}"}
            assert api.post("/v1/events", json=event).status_code == 200
        yield server


def start(api: httpx.Client, rule: str, contact: str, **more: Any) -> httpx.Response:
    return api.post(f"/v1/rules/{rule}/runs", json={"subject": {"kind": "contact", "id": contact}} | more)


def test_a_rule_is_started_for_a_record_with_what_it_takes(live: LiveServer) -> None:
    with live.client() as api:
        answer = start(api, "Offer", "c1", **{"with": {"discount": "12.5", "reason": "loyal"}})
        assert answer.status_code == 200
        body = answer.json()
        assert (body["status"], body["subject"]) == ("started", {"kind": "contact", "id": "c1"})
        assert api.get(f"/v1/runs/{body['run']}").json()["rule"] == "Offer"
        fields = api.get("/v1/contacts/c1").json()["fields"]
        assert (fields["city"], fields["score"]) == ("loyal", 12.5)


def test_a_repeat_starts_nothing_and_gets_the_first_answer(live: LiveServer) -> None:
    with live.client() as api:
        body = {"with": {"discount": 1, "reason": "x"}, "id": "once"}
        first, second = (start(api, "Offer", "c3", **body).json() for _ in range(2))
        assert first == second
        problem(start(api, "Offer", "c5", **body), 409)


def test_starting_a_rule_makes_no_record(live: LiveServer) -> None:
    with live.client() as api:
        given = {"with": {"discount": 1, "reason": "x"}}
        detail = problem(start(api, "Offer", "nobody", **given), 404)["detail"]
        assert detail == "the database knows no contact with the id `nobody`; starting a rule makes none"
        subject = {"kind": "contact", "email": "nobody@acme.test"}
        detail = problem(start(api, "Offer", "", subject=subject, **given), 404)["detail"]
        assert "with the email `nobody@acme.test`" in detail
        problem(api.get("/v1/contacts/nobody"), 404)
        assert api.get("/v1/contacts").json()["items"][0]["id"] == "c0"
        assert api.put("/v1/contacts/c1", json={"email": "one@acme.test"}).status_code < 300
        subject = {"kind": "contact", "email": "one@acme.test"}
        assert start(api, "Offer", "", subject=subject, **given).json()["subject"]["id"] == "c1"


def test_a_start_that_is_refused_says_why(live: LiveServer) -> None:
    with live.client() as api:
        answer = start(api, "Offer", "c2", **{"with": {"discount": 1, "reason": "x"}})
        assert answer.status_code == 409
        assert (answer.json()["status"], answer.json()["run"]) == ("refused", None)
        assert answer.json()["reason"] == 'status is "customer", not "trial"'


@pytest.mark.parametrize(
    ("rule", "body", "status", "detail"),
    [
        ("Ofer", {}, 404, "did you mean `Offer`?"),
        ("Later", {}, 409, "the rule is draft"),
        ("Offer", {"with": {"discount": 1}}, 422, "misses `reason`; it takes discount: number, reason: text"),
        ("Offer", {"with": {"discount": 1, "reason": "x", "more": 2}}, 422, "does not take `more`"),
        ("Offer", {"with": {"discount": "much", "reason": "x"}}, 422, "a parameter is of another type"),
        ("Offer", {"with": [1]}, 422, "`with` is an object"),
        ("Offer", {"wiht": {}}, 400, "`wiht`"),
        ("Vips", {"subject": {"kind": "account", "id": "a"}}, 422, "the rule is for contact records"),
        ("Vips", {"subject": "c1"}, 422, "`subject` is an object"),
    ],
)
def test_what_is_wrong_with_a_start_is_said(
    live: LiveServer, rule: str, body: dict[str, Any], status: int, detail: str
) -> None:
    with live.client() as api:
        found = problem(start(api, rule, "c1", **body), status)
        assert detail in found["detail"]


def test_the_key_needs_the_scopes(live: LiveServer) -> None:
    with live.stranger() as stranger:
        problem(start(stranger, "Offer", "c1"), 401)
        problem(stranger.post("/v1/rules/Vips/backfill"), 401)
        problem(stranger.delete("/v1/rules/Vips/backfill"), 401)


# --- backfills ---------------------------------------------------------------------------------------


def test_a_backfill_is_previewed_made_at_a_rate_seen_and_cancelled(live: LiveServer) -> None:
    with live.client() as api:
        path = "/v1/rules/Vips/backfill"
        problem(api.get(path), 404)
        seen = api.post(path, json={"dry_run": True, "rate": "1/1h"}).json()
        assert (seen["examined"], seen["matches"]) == (9, 4)
        assert [key["id"] for key in seen["first"]] == ["c1", "c3", "c5", "c7"]
        assert api.get("/v1/runs", params={"rule": "Vips"}).json()["items"] == []
        answer = api.post(path, json={"rate": "1/1h"})
        assert answer.status_code == 202
        done = wait_for(lambda: (now := api.get(path).json())["state"] == "done" and now)
        assert (done["examined"], done["enrolled"], done["rate"]) == (9, 4, {"count": 1, "seconds": 3600})
        runs = api.get("/v1/runs", params={"rule": "Vips"}).json()["items"]
        assert sorted((run["subject"]["id"], run["step"]) for run in runs) == [
            ("c1", "do.1"),
            ("c3", ""),
            ("c5", ""),
            ("c7", ""),
        ]
        assert api.delete(path).json()["state"] == "cancelled"
        wait_for(
            lambda: (
                len(api.get("/v1/runs", params={"rule": "Vips", "status": "waiting"}).json()["items"]) == 1
            )
        )
        problem(api.delete(path), 409)


def test_a_backfill_goes_on_after_a_restart(tmp_path: Path) -> None:
    files = {"rulelang.toml": "", "schema.rules": SCHEMA, "rules/main.rules": RULES}
    root = make_files(tmp_path / "workspace", files)
    with LiveServer(root) as server, server.client() as api:
        lines = "\n".join(["id,tags", *(f"k{n},vip" for n in range(300))])
        headers = {"Content-Type": "text/csv"}
        assert api.post("/v1/contacts/import?rules=skip", content=lines, headers=headers).status_code == 200
        assert api.post("/v1/rules/Vips/backfill").status_code == 202
    with LiveServer(root) as server, server.client() as api:
        done = wait_for(lambda: (now := api.get("/v1/rules/Vips/backfill").json())["state"] == "done" and now)
        assert (done["examined"], done["enrolled"]) == (300, 300)


@pytest.mark.parametrize(
    ("rule", "body", "status", "detail"),
    [
        ("Silent", {}, 422, "nothing in the records tells for whom this rule would have begun"),
        ("Later", {}, 409, "only a live rule"),
        ("Nobody", {}, 404, "the workspace has no rule `Nobody`"),
        ("Vips", {"rate": "soon"}, 422, "a rate is a number and a duration"),
        ("Vips", {"limit": -1}, 422, "`limit` is a whole number"),
        ("Vips", {"dry_run": "yes"}, 422, "`dry_run` is true or false"),
        ("Vips", {"dryrun": True}, 400, "`dryrun`"),
    ],
)
def test_what_is_wrong_with_a_backfill_is_said(
    live: LiveServer, rule: str, body: dict[str, Any], status: int, detail: str
) -> None:
    with live.client() as api:
        assert detail in problem(api.post(f"/v1/rules/{rule}/backfill", json=body), status)["detail"]


# --- the command line --------------------------------------------------------------------------------


def options(live: LiveServer) -> tuple[str, ...]:
    with live.client() as api:
        key = api.headers["Authorization"].removeprefix("Bearer ")
    return "--server", live.url, "--key", key


def test_the_commands_do_the_same(live: LiveServer) -> None:
    more = options(live)
    done = command(
        "start", "Offer", "--subject", "contact:c1", "--with", "discount=3", "--with", "reason=x y", *more
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("started run_")
    done = command(
        "start", "Offer", "--subject", "contact:c2", "--with", "discount=3", "--with", "reason=x", *more
    )
    assert (done.returncode, done.stderr) == (1, 'refused: status is "customer", not "trial"\n')
    done = command("backfill", "Vips", "--dry-run", "--rate", "2/1h", "--limit", "3", *more)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3 of 6 records match\n  contact c1\n  contact c3\n  contact c5\n")
    done = command("backfill", "Vips", "--rate", "2/1h", *more)
    assert done.returncode == 0, done.stderr
    assert "runs begun or in line" in done.stdout
    assert "at most 2 in 1h" in done.stdout
    assert command("backfill", "Vips", "--status", *more).returncode == 0
    assert command("backfill", "Vips", "--cancel", *more).stdout.startswith("cancelled: ")
    done = command("backfill", "Silent", *more)
    assert done.returncode == 3
    assert "nothing in the records tells" in done.stderr


def test_a_backfill_without_a_server_begins_when_it_runs(tmp_path: Path) -> None:
    files = {"rulelang.toml": "", "schema.rules": SCHEMA, "rules/main.rules": RULES}
    root = make_files(tmp_path / "workspace", files)
    assert "no server has run" in command("backfill", "Vips", "--workspace", root).stderr
    with LiveServer(root) as server, server.client() as api:
        event = {
            "type": "record.updated",
            "contact_id": "k",
            "data": {"fields": {"tags": ["vip"]}, "quiet": True},
        }
        assert api.post("/v1/events", json=event).status_code == 200
        busy = command("backfill", "Vips", "--workspace", root)
        assert busy.returncode == 2
        assert "ask a running server with --server" in busy.stderr
    done = command("backfill", "Vips", "--workspace", root, "--dry-run")
    assert done.stdout == "1 of 1 records match\n  contact k\nall would begin at once\n"
    assert command("backfill", "Vips", "--workspace", root).returncode == 0
    with LiveServer(root) as server, server.client() as api:
        wait_for(lambda: api.get("/v1/rules/Vips/backfill").json()["state"] == "done")
        assert api.get("/v1/contacts/k").json()["fields"]["tags"] == ["vip", "seen"]
