"""Every action that talks to a provider, from a rule through a real server and SQLite to a double of the provider."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook as Receiver

from runtime.signing import new_secret
from tests.support.evil_http import Answer, EvilServer
from tests.support.live import SCHEMA, LiveServer, LoopThread, make_files, wait_for
from tests.support.twilio import SID, TOKEN, created, forms, path

HOOK = new_secret()
ENV = {"T_TWILIO": TOKEN, "T_BOT": "xoxb-1", "T_CRM": "crm-secret", "T_HOOK": HOOK}
STEPS = {
    "sms": 'send sms "Hello {{ contact.first_name }}"',
    "whatsapp": 'send whatsapp "Hello {{ contact.first_name }}"',
    "call": 'call say "Hello {{ contact.first_name }}" with ring = 20s',
    "slack": 'slack "#cs" "{{ contact.first_name }}"',
    "teams": 'teams "Deals" "{{ contact.first_name }}"',
    "salesforce": 'task salesforce "Call {{ contact.first_name }}" due 2d',
    "hubspot": 'task hubspot "Call {{ contact.first_name }}" due 2d',
    "post": 'webhook post "http://{address}/ok" with name = first_name, twice = score * 2',
    "put": 'webhook put "/customers/{{ contact.external_id }}" through "crm" as form with score = score',
    "get": 'webhook get "/customers" through "crm" headers ["X-Plan: {{ contact.source }}"] with q = source',
}
SETTINGS = f"""\
[twilio]
account_sid = "{SID}"
token_env = "T_TWILIO"
from = "+15005550006"
whatsapp_from = "+15005550007"
base_url = "http://{{address}}"

[slack]
token_env = "T_BOT"
base_url = "http://{{address}}"

[teams]
default = "T_TEAMS"

[webhook]
secret_env = "T_HOOK"

[connections.crm]
url = "http://{{address}}/crm"
auth = "oauth2"
client_id = "me"
secret_env = "T_CRM"
token_url = "http://{{address}}/token"

[connections.salesforce]
url = "http://{{address}}"
auth = "bearer"
secret_env = "T_CRM"

[connections.hubspot]
url = "http://{{address}}"
auth = "header"
header = "X-Key"
secret_env = "T_CRM"

[egress]
allow = ["{{address}}"]
"""


@pytest.fixture(scope="module")
def double() -> Iterator[EvilServer]:
    with LoopThread() as loop:
        server = EvilServer()
        loop.run(server.start())
        yield server
        loop.run(server.stop())


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, double: EvilServer) -> Iterator[httpx.Client]:
    rules = "\n".join(
        f'rule "{name}" on tag added "{name}" do\n  let answer = {step}\n  set source = answer.id\nend'
        for name, step in STEPS.items()
    )
    files = {
        "schema.rules": SCHEMA,
        "rules/all.rules": rules.replace("{address}", double.address),
        "rulelang.toml": SETTINGS.replace("{address}", double.address),
    }
    env = ENV | {"T_TEAMS": f"http://{double.address}/teams"}
    root = make_files(tmp_path_factory.mktemp("providers"), files)
    with LiveServer(root, env) as server, server.client() as client:
        yield client


def answer(status: int, body: Any) -> Answer:
    return Answer(status, json.dumps(body).encode())


@pytest.fixture
def done(api: httpx.Client, double: EvilServer) -> Any:
    def make(name: str) -> dict[str, Any]:
        """Carry out one step; its effect when it is done."""
        double.requests.clear()
        fields = {
            "first_name": "Zoë & Co",
            "phone": "+49 30 1234567",
            "score": 4,
            "external_id": f"x/{name}",
            "source": "a b",
        }
        api.put(f"/v1/contacts/{name}", json={**fields, "tags": []})
        (run,) = api.put(f"/v1/contacts/{name}", json={"tags": [name]}).json()["runs"]
        found = wait_for(lambda: _over(api.get(f"/v1/runs/{run}").json()))
        (effect,) = found["effects"]
        assert effect["status"] == "done", effect
        for secret in ENV.values():
            assert secret not in api.get(f"/v1/runs/{run}").text
        assert api.get(f"/v1/contacts/{name}").json()["fields"].get("source") == effect["result"].get("id")
        return effect

    return make


def _over(run: dict[str, Any]) -> dict[str, Any] | None:
    return run if run["status"] not in ("effect", "waiting") else None


@pytest.mark.parametrize(
    ("name", "resource", "to"),
    [
        ("sms", "Messages", "+49301234567"),
        ("whatsapp", "Messages", "whatsapp:+49301234567"),
        ("call", "Calls", "+49301234567"),
    ],
)
def test_texts_and_calls(done: Any, double: EvilServer, name: str, resource: str, to: str) -> None:
    double.script(path(resource), created(f"id-{name}"))
    assert done(name)["result"]["id"] == f"id-{name}"
    (form,) = forms(double, resource)
    assert form["To"] == to
    said = form.get("Body") or form["Twiml"]
    assert "Zoë & Co" in said or "Zoë &amp; Co" in said


def test_chat(done: Any, double: EvilServer) -> None:
    double.script("/api/chat.postMessage", answer(200, {"ok": True, "ts": "1.5", "channel": "C"}))
    double.script("/teams", 202)
    assert done("slack")["result"]["id"] == "1.5"
    posted: Any = double.requests[0].json()
    assert posted["text"] == "Zoë &amp; Co"
    done("teams")
    body: Any = double.requests[0].json()
    assert body["attachments"][0]["content"]["body"][0]["inlines"][0]["text"] == "Zoë & Co"


def test_tasks_in_the_crm(done: Any, double: EvilServer) -> None:
    double.script("/services/data/v60.0/sobjects/Task", answer(201, {"id": "00T1", "success": True}))
    double.script("/crm/v3/objects/tasks", answer(201, {"id": "512"}))
    assert done("salesforce")["result"]["id"] == "00T1"
    assert double.requests[0].headers["authorization"] == "Bearer crm-secret"
    assert done("hubspot")["result"]["id"] == "512"
    assert double.requests[0].headers["x-key"] == "crm-secret"


def test_webhooks(done: Any, double: EvilServer) -> None:
    double.script("/token", answer(200, {"access_token": "t-1", "expires_in": 3600}))
    done("post")
    (request,) = double.requests
    assert Receiver(HOOK).verify(request.body, request.headers) == {"name": "Zoë & Co", "twice": 8}
    for name in ("put", "get"):
        double.script("/crm/customers", answer(200, {"id": 7}))
        double.script("/crm/customers/x%2Fput", 200)
        effect = done(name)
        request = double.requests[-1]
        assert request.headers["authorization"] == "Bearer t-1"
        assert request.headers["idempotency-key"] == effect["key"]
    assert (request.headers["x-plan"], request.query) == ("a b", {"q": "a b"})
