"""Runs, their journal and effects over the API: filters, pages, cancelling, and what to do with a dead letter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.evil_http import EvilServer
from tests.support.live import LiveServer, problem, wait_for

NewId = Callable[[], str]


def book(api: httpx.Client, contact: str) -> str:
    """Start a run that sleeps, and give its id."""
    api.put(f"/v1/contacts/{contact}", json={"status": "trial", "email": f"{contact}@x.test"})
    event = {
        "type": "stage.entered",
        "contact_id": contact,
        "data": {"stage": "SQL"},
        "id": f"book-{contact}",
    }
    (run,) = api.post("/v1/events", json=event).json()["runs"]
    return str(run)


def write(api: httpx.Client, contact: str, tag: str = "write") -> str:
    """Start a run that sends at once, and give its id."""
    fields = {"status": "trial", "email": f"{contact}@x.test", "tags": [tag]}
    (run,) = api.put(f"/v1/contacts/{contact}", json=fields).json()["runs"]
    return str(run)


def run_of(api: httpx.Client, run: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/v1/runs/{run}").json()
    return found


def ended(api: httpx.Client, run: str) -> dict[str, Any]:
    return wait_for(lambda: found if "ended_at" in (found := run_of(api, run)) else None)


def effect(api: httpx.Client, run: str, status: str) -> dict[str, Any]:
    """The only effect of a run, once it has this status."""

    def look() -> dict[str, Any] | None:
        effects: list[dict[str, Any]] = api.get("/v1/effects", params={"run": run, "status": status}).json()[
            "items"
        ]
        return effects[0] if effects else None

    return wait_for(look)


def test_a_run_in_full(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    run = run_of(api, book(api, contact))
    assert run.items() >= {"rule": "Book", "status": "waiting", "event": run["event"]}.items()
    assert run["subject"] == {"kind": "contact", "id": contact}
    assert run["event"]["id"] == f"book-{contact}"
    assert run["event"]["type"] == "stage.entered"
    assert run["due"] > run["started_at"]
    journal = {entry["kind"]: entry for entry in run["journal"]}
    assert list(journal)[-3:] == ["enrolled", "action", "waiting"]
    assert journal["action"]["changes"]["owner"] == [None, "ana@acme.test"]
    assert {entry["run"] for entry in run["journal"] if "run" in entry} == {run["id"]}
    assert run["effects"] == []


def test_a_run_that_has_sent_a_mail(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    run = ended(api, write(api, contact))
    assert run["status"] == "completed"
    (sent,) = run["effects"]
    assert sent.items() >= {"action": "send_email_template", "status": "done", "attempts": 1}.items()
    assert sent["key"].startswith(run["id"])
    mail = api.get(f"/v1/mailbox/{sent['result']['mailbox']}").json()
    assert mail["to"] == f"{contact}@x.test"
    assert mail["sender"] == "Acme <hello@acme.test>"
    assert mail["subject"] == "Hello there"
    assert "this is Acme." in mail["text"]
    assert mail["id"] in [m["id"] for m in api.get("/v1/mailbox", params={"limit": 5}).json()["items"]]


# --- listing ---------------------------------------------------------------------------------------


def test_filters(api: httpx.Client, new_id: NewId) -> None:
    one, two = new_id(), new_id()
    sleeping, done = book(api, one), write(api, two)
    ended(api, done)

    def found(**filters: str) -> set[str]:
        return {run["id"] for run in api.get("/v1/runs", params={"limit": "500", **filters}).json()["items"]}

    assert found(subject=f"contact:{one}") == {sleeping}
    assert {sleeping, done} <= found()
    assert sleeping in found(rule="Book")
    assert done not in found(rule="Book")
    assert sleeping in found(status="waiting")
    assert done in found(status="completed", rule="Write", subject=f"contact:{two}")
    assert found(rule="Nobody's") == set()
    assert found(subject=f"account:{one}") == set()


def test_pages_have_every_run_once_newest_first(own_server: LiveServer) -> None:
    with own_server.client() as api:
        runs = [book(api, f"c_{n}") for n in range(7)]
        seen, cursor = [], ""
        while True:
            page = api.get("/v1/runs", params={"limit": 3, "cursor": cursor}).json()
            seen += [run["id"] for run in page["items"]]
            cursor = page["next"]
            if not cursor:
                break
    assert seen == runs[::-1]


@pytest.mark.parametrize("listing", ["/v1/runs", "/v1/effects"])
@pytest.mark.parametrize(
    "query",
    [
        "cursor=garbage",
        "cursor=dGFiYw",
        "cursor=bi0x",
        "cursor=bjk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk",
        "cursor=%ff",
        "status=sleeping",
        "limit=1.5",
        "order=asc",
    ],
)
def test_parameters_that_make_no_sense(api: httpx.Client, listing: str, query: str) -> None:
    problem(api.get(f"{listing}?{query}"), 400)


@pytest.mark.parametrize("subject", ["c_1", "horse:c_1", "contact:", ":c_1", "contact/c_1"])
def test_subjects_that_are_none(api: httpx.Client, subject: str) -> None:
    problem(api.get("/v1/runs", params={"subject": subject}), 400)


# --- cancelling ------------------------------------------------------------------------------------


def test_a_sleeping_run_is_ended_by_hand(api: httpx.Client, new_id: NewId) -> None:
    run = book(api, new_id())
    answer = api.post(f"/v1/runs/{run}/cancel", json={"reason": "the meeting is off"})
    assert answer.status_code == 200
    assert answer.json().items() >= {"status": "cancelled", "reason": "the meeting is off"}.items()
    assert run_of(api, run)["journal"][-1]["kind"] == "exited"
    problem(api.post(f"/v1/runs/{run}/cancel"), 409)


def test_without_a_body_there_is_a_reason_too(api: httpx.Client, new_id: NewId) -> None:
    run = book(api, new_id())
    assert api.post(f"/v1/runs/{run}/cancel").json()["reason"] == "cancelled by hand"


@pytest.mark.parametrize("body", [{"reason": ""}, {"reason": 5}, {"reason": "x" * 501}, {"why": "x"}, []])
def test_reasons_that_are_none(api: httpx.Client, new_id: NewId, body: Any) -> None:
    run = book(api, new_id())
    problem(api.post(f"/v1/runs/{run}/cancel", json=body), 400)
    assert run_of(api, run)["status"] == "waiting"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/runs/nobody"),
        ("POST", "/v1/runs/nobody/cancel"),
        ("POST", "/v1/effects/nobody/replay"),
        ("POST", "/v1/effects/nobody:do.0:0/skip"),
        ("GET", "/v1/mailbox/nobody"),
        ("GET", "/v1/mailbox/..%2Frulelang.db"),
    ],
)
def test_what_there_is_not(api: httpx.Client, method: str, path: str) -> None:
    problem(api.request(method, path), 404)


# --- dead letters ----------------------------------------------------------------------------------


def test_a_dead_letter_is_tried_again_under_its_key(
    api: httpx.Client, hooks: EvilServer, new_id: NewId
) -> None:
    hooks.script("/hook", 500, 200)
    run = write(api, new_id(), "hook")
    dead = effect(api, run, "dead")
    assert dead["attempts"] == 1
    assert "500" in dead["error"]
    answer = api.post(f"/v1/effects/{dead['key']}/replay")
    assert answer.status_code == 200
    assert answer.json()["key"] == dead["key"]
    found = ended(api, run)
    assert found["status"] == "completed"
    assert found["effects"][0]["status"] == "done"
    assert "asked by the API" in str(found["journal"])
    keys = [
        r.headers["idempotency-key"] for r in hooks.requests if r.headers.get("webhook-id") == dead["key"]
    ]
    assert keys == [dead["key"]] * 2
    problem(api.post(f"/v1/effects/{dead['key']}/replay"), 409)
    problem(api.post(f"/v1/effects/{dead['key']}/skip"), 409)


def test_a_run_goes_on_without_a_dead_letter(api: httpx.Client, hooks: EvilServer, new_id: NewId) -> None:
    hooks.script("/hook", 400)
    contact = new_id()
    run = write(api, contact, "hook")
    dead = effect(api, run, "dead")
    assert api.post(f"/v1/effects/{dead['key']}/skip").json()["status"] == "cancelled"
    assert ended(api, run)["status"] == "completed"
    assert "hooked" in api.get(f"/v1/contacts/{contact}").json()["fields"]["tags"]


def test_an_unknown_outcome_waits_for_somebody_or_is_repeated_under_its_key(
    api: httpx.Client, hooks: EvilServer, new_id: NewId
) -> None:
    hooks.script("/hook", "/reset")
    run = write(api, new_id(), "hook")
    standing = wait_for(
        lambda: next((e for e in run_of(api, run)["effects"] if e["status"] in ("dead", "unknown")), None)
    )
    assert standing["error"]
    hooks.script("/hook", 200)
    api.post(f"/v1/effects/{standing['key']}/replay").raise_for_status()
    assert ended(api, run)["status"] == "completed"


def test_pages_of_effects_have_each_once(api: httpx.Client, new_id: NewId) -> None:
    for _ in range(3):
        ended(api, write(api, new_id()))
    whole = [
        e["key"] for e in api.get("/v1/effects", params={"limit": 500, "status": "done"}).json()["items"]
    ]
    seen, cursor = [], ""
    while True:
        page = api.get("/v1/effects", params={"limit": 2, "status": "done", "cursor": cursor}).json()
        seen += [e["key"] for e in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert seen == whole
    assert len(seen) >= 3
