"""Why over the API: verdicts from the journal of a real server, and the command that reads its database."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import httpx

from tests.support.live import LiveServer

NewId = Callable[[], str]


def enter(api: httpx.Client, contact: str, event: str) -> list[str]:
    body = {"type": "stage.entered", "contact_id": contact, "data": {"stage": "SQL"}, "id": event}
    runs: list[str] = api.post("/v1/events", json=body).json()["runs"]
    return runs


def test_started_and_not_started_with_the_values_of_that_time(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    api.put(f"/v1/contacts/{contact}", json={"status": "customer"})
    assert enter(api, contact, f"{contact}-1") == []
    api.put(f"/v1/contacts/{contact}", json={"status": "trial"})
    (run,) = enter(api, contact, f"{contact}-2")
    found = api.get("/v1/why", params={"rule": "Book", "subject": f"contact:{contact}"}).json()["items"]
    assert [(v["event"], v["outcome"]) for v in found] == [
        (f"{contact}-2", "started"),
        (f"{contact}-1", "not_matched"),
    ]
    assert found[0]["run"] == run
    assert found[1]["reason"] == 'status is "customer", not "trial"'
    assert found[1]["conditions"][-1] == {
        "condition": 'status = "trial"',
        "held": False,
        "values": {"status": "customer"},
    }


def test_unknown_rules_and_records_are_told(api: httpx.Client, new_id: NewId) -> None:
    assert api.get("/v1/why", params={"rule": "Nope", "subject": "contact:x"}).status_code == 404
    assert api.get("/v1/why", params={"rule": "Book", "subject": f"contact:{new_id()}"}).status_code == 404
    assert api.get("/v1/why", params={"rule": "Book", "subject": "x"}).status_code == 400


def test_the_command_reads_the_database_of_a_running_server(
    api: httpx.Client, server: LiveServer, new_id: NewId
) -> None:
    contact = new_id()
    api.put(f"/v1/contacts/{contact}", json={"status": "customer"})
    enter(api, contact, f"{contact}-1")
    command = [sys.executable, "-m", "workbench.cli", "why", "Book", "--subject", f"contact:{contact}"]
    done = subprocess.run(
        [*command, "--workspace", str(server.root)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert 'did not match: status is "customer", not "trial"' in done.stdout
    assert "failed" in done.stdout
