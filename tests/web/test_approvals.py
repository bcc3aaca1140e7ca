"""Approvals and callbacks over a real server: who waits is listed, a decision is made once, a token answers one run."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.evil_http import EvilServer
from tests.support.live import SCHEMA, LiveServer, LoopThread, make_files, problem, wait_for

RULES = """
rule "Ask" for contact
  on tag added "ask"
do
  wait for approval from "Sales" as answer timeout 2d do
    add tag "approved"
  else
    add tag "not approved"
  end
end

rule "Call" for contact
  on tag added "call"
do
  webhook post "http://{hooks}/start"
  wait for callback as reply timeout 1d do
    set plan_name = reply.body.plan
  else
    add tag "silent"
  end
end
"""


@pytest.fixture(scope="module")
def hooks() -> Iterator[EvilServer]:
    with LoopThread() as loop:
        receiver = EvilServer()
        loop.run(receiver.start())
        receiver.script("/start", 200)
        yield receiver
        loop.run(receiver.stop())


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory, hooks: EvilServer) -> Iterator[LiveServer]:
    files = {
        "schema.rules": SCHEMA,
        "rules/all.rules": RULES.replace("{hooks}", hooks.address),
        "rulelang.toml": f'[egress]\nallow = ["{hooks.address}"]\n',
    }
    with LiveServer(make_files(tmp_path_factory.mktemp("approvals"), files)) as running:
        yield running


@pytest.fixture
def asker(asking: LiveServer) -> Iterator[httpx.Client]:
    with asking.client() as client:
        yield client


def started(api: httpx.Client, contact: str, tag: str) -> str:
    event = {"type": "contact.tag_added", "contact_id": contact, "data": {"tag": tag}}
    (run,) = api.post("/v1/events", json=event).json()["runs"]
    return str(run)


def tags(api: httpx.Client, contact: str) -> list[str]:
    return list(api.get(f"/v1/contacts/{contact}").json()["fields"].get("tags", []))


def test_a_run_is_approved_once(asker: httpx.Client) -> None:
    run = started(asker, "a_1", "ask")
    (item,) = [i for i in asker.get("/v1/approvals").json()["items"] if i["run"] == run]
    assert item["from"] == "Sales"
    assert item["until"]
    said = {"by": "ana@acme.test", "note": "fine"}
    assert asker.post(f"/v1/approvals/{run}/approve", json=said).json()["decision"] == "approved"
    assert tags(asker, "a_1") == ["ask", "approved"]
    assert run not in asker.get("/v1/approvals").text
    problem(asker.post(f"/v1/approvals/{run}/refuse"), 409)


def test_a_run_is_refused(asker: httpx.Client) -> None:
    run = started(asker, "a_2", "ask")
    asker.post(f"/v1/approvals/{run}/refuse", json={"note": "no"}).raise_for_status()
    assert tags(asker, "a_2") == ["ask", "not approved"]


def test_the_page(asking: LiveServer, asker: httpx.Client) -> None:
    run = started(asker, "a_3", "ask")
    with asking.browser() as browser:
        assert run in browser.get("/approvals").text
        form = {"decision": "approve", "by": "ana@acme.test"}
        assert browser.post(f"/approvals/{run}", data=form).status_code == 303
    assert tags(asker, "a_3") == ["ask", "approved"]


def test_what_cannot_be_decided(asker: httpx.Client) -> None:
    problem(asker.post("/v1/approvals/run_nothing/approve"), 404)
    run = started(asker, "a_4", "ask")
    problem(asker.post(f"/v1/approvals/{run}/approve", json={"vote": "yes"}), 422)
    problem(asker.post(f"/v1/approvals/{run}/approve", json={"by": 1}), 422)
    problem(asker.post(f"/v1/approvals/{run}/approve", json={"by": "nobody"}), 422)


def test_a_system_answers_a_run_by_its_token(
    asking: LiveServer, asker: httpx.Client, hooks: EvilServer
) -> None:
    run = started(asker, "c_9", "call")
    (request,) = wait_for(lambda: [r for r in hooks.requests if r.path == "/start"])
    path = urlsplit(request.headers["rulelang-callback"]).path
    assert path.startswith("/v1/callbacks/")
    wait_for(lambda: asker.get(f"/v1/runs/{run}").json()["status"] == "waiting")
    with asking.stranger() as stranger:
        problem(stranger.post(f"{path}x", json={}), 404)
        assert stranger.post(path, json={"plan": "gold"}).json() == {"run": run}
        assert asker.get("/v1/contacts/c_9").json()["fields"]["plan_name"] == "gold"
        problem(stranger.post(path, json={"plan": "other"}), 409)
