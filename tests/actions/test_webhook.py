"""Requests of every method: bodies built in the rule, headers, connections with each way to prove who we are."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from standardwebhooks import Webhook as Receiver

from rulelang.lint.rules import lint
from rulelang.types.schema import Schema
from rulelang.workspace import load_workspace
from runtime.actions import ActionError
from runtime.egress.client import EgressClient
from runtime.egress.guard import EgressPolicy
from runtime.model import OutcomeKind
from runtime.providers import Connection
from runtime.settings import Settings, Webhook
from runtime.signing import new_secret
from tests.actions.conftest import Bench, facts, services
from tests.support.evil_http import Answer, EvilServer
from tests.support.rules import Story, catalogue


@pytest.fixture
async def server() -> AsyncIterator[EvilServer]:
    async with EvilServer() as running:
        yield running


@pytest.fixture
async def egress(server: EvilServer) -> AsyncIterator[EgressClient]:
    client = EgressClient(EgressPolicy(allow=(server.address,)))
    yield client
    await client.aclose()


SECRET = new_secret()
ENV = {"HOOK": SECRET, "CRM": "s3cr3t"}


@pytest.fixture
def bench(schema: Schema, tmp_path: Path, egress: EgressClient, server: EvilServer) -> Any:
    def make(**connection: Any) -> Bench:
        crm = Connection(url=server.url("/api"), **connection)
        settings = Settings(
            webhook=Webhook(secret_env="HOOK", timeout=2.0), connections={"crm": crm} if connection else {}
        )
        return Bench(services(schema, tmp_path, settings, egress=egress, env=ENV))

    return make


async def test_a_body_built_in_the_rule_is_all_that_is_sent(bench: Any, server: EvilServer) -> None:
    values = {"total": 5, "list": ["a", "b"], "name": "Zoë", "missing": None, "open": True}
    outcome = await bench().perform("webhook_post", {"url": server.url("/ok"), "with": values})
    assert (outcome.kind, outcome.result) == (OutcomeKind.DONE, {"status": 200, "body": "ok"})
    (request,) = server.requests
    assert Receiver(SECRET).verify(request.body, request.headers) == values
    assert request.body == json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


async def test_a_form_holds_lists_as_repeated_names(bench: Any, server: EvilServer) -> None:
    values = {"a": 5, "b": ["x", "y z"], "c": None, "d": "ü&="}
    await bench().perform("webhook_post", {"url": server.url("/ok"), "with": values, "format": "form"})
    (request,) = server.requests
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.body.decode()) == {"a": ["5"], "b": ["x", "y z"], "d": ["ü&="]}


async def test_the_documented_body_as_a_form(bench: Any, server: EvilServer) -> None:
    await bench().perform("webhook_post", {"url": server.url("/ok"), "format": "form"})
    form = parse_qs(server.requests[0].body.decode())
    assert (form["data.contact.email"], form["type"]) == (["ana@example.com"], ["stage.entered"])


@pytest.mark.parametrize("method", ["put", "patch", "delete", "get"])
async def test_each_method_arrives_with_its_key(bench: Any, server: EvilServer, method: str) -> None:
    url = server.url("/ok?x=1")
    outcome = await bench().perform(f"webhook_{method}", {"url": url, "with": {"q": "a b"}})
    (request,) = server.requests
    assert (outcome.kind, request.method) == (OutcomeKind.DONE, method.upper())
    assert request.headers["idempotency-key"] == f"run_1:webhook_{method}:0"
    asks = method in ("delete", "get")
    assert request.query == ({"x": "1", "q": "a b"} if asks else {"x": "1"})
    assert request.body == (b"" if asks else b'{"q":"a b"}')


async def test_fields_in_the_path_are_escaped_and_cannot_leave_their_place(
    bench: Any, server: EvilServer
) -> None:
    about = facts({"external_id": "../admin?x=1#y"})
    url = server.url("/status/200") + "?id={{ contact.external_id }}"
    await bench().perform("webhook_get", {"url": url}, about)
    assert server.requests[0].query == {"id": "../admin?x=1#y"}
    url = server.url("/u/{{ contact.external_id }}/end")
    await bench().perform("webhook_get", {"url": url}, about)
    assert server.requests[1].path in ("/u/..%2Fadmin%3Fx%3D1%23y/end", "/u/../admin?x=1#y/end")


async def test_headers_are_rendered_on_one_line(bench: Any, server: EvilServer) -> None:
    about = facts({"first_name": "Ana\r\nX-Evil: 1"})
    headers = ["X-Name: {{ contact.first_name }}", "Content-Type: application/vnd.acme+json"]
    await bench().perform("webhook_post", {"url": server.url("/ok"), "headers": headers, "with": {}}, about)
    (request,) = server.requests
    assert request.headers["x-name"] == "Ana X-Evil: 1"
    assert request.headers["content-type"] == "application/vnd.acme+json"
    assert "x-evil" not in request.headers


@pytest.mark.parametrize(
    ("connection", "header", "value"),
    [
        ({"auth": "none"}, "authorization", None),
        (
            {"auth": "basic", "username": "robot", "secret_env": "CRM"},
            "authorization",
            "Basic " + base64.b64encode(b"robot:s3cr3t").decode(),
        ),
        ({"auth": "bearer", "secret_env": "CRM"}, "authorization", "Bearer s3cr3t"),
        ({"auth": "header", "header": "X-Token", "secret_env": "CRM"}, "x-token", "s3cr3t"),
    ],
)
async def test_a_connection_proves_who_we_are(
    bench: Any, server: EvilServer, connection: dict[str, Any], header: str, value: str | None
) -> None:
    server.script("/api/customers", 201)
    actions = bench(**connection, headers={"X-Tenant": "acme"})
    args = {"url": "/{{ contact.company }}", "connection": "crm", "with": {"x": 1}}
    effect, prepared = await actions.prepared("webhook_post", args, facts({"company": "customers"}))
    assert "s3cr3t" not in json.dumps([effect.args, prepared])
    outcome = await actions.action("webhook_post").deliver(effect, prepared, facts())
    (request,) = server.requests
    assert (outcome.kind, request.path) == (OutcomeKind.DONE, "/api/customers")
    assert (request.headers.get(header), request.headers["x-tenant"]) == (value, "acme")
    assert "webhook-signature" not in request.headers


OAUTH = {"auth": "oauth2", "client_id": "me", "secret_env": "CRM", "scope": "tasks"}


def token(text: str, **more: Any) -> Answer:
    return Answer(200, json.dumps({"access_token": text, "token_type": "Bearer", **more}).encode())


async def test_a_token_is_fetched_once_and_anew_when_it_is_refused(bench: Any, server: EvilServer) -> None:
    server.script("/token", token("one", expires_in=3600), token("two", expires_in=3600))
    server.script("/api/x", 200, 200, 401, 200)
    actions = bench(**OAUTH, token_url=server.url("/token"))
    for _ in range(3):
        outcome = await actions.perform("webhook_get", {"url": "/x", "connection": "crm"})
        assert outcome.kind == OutcomeKind.DONE
    asked = [r for r in server.requests if r.path == "/token"]
    assert len(asked) == 2
    assert parse_qs(asked[0].body.decode()) == {"grant_type": ["client_credentials"], "scope": ["tasks"]}
    assert asked[0].headers["authorization"] == "Basic " + base64.b64encode(b"me:s3cr3t").decode()
    used = [r.headers["authorization"] for r in server.requests if r.path == "/api/x"]
    assert used == ["Bearer one", "Bearer one", "Bearer one", "Bearer two"]


async def test_a_token_is_not_used_beyond_its_end(bench: Any, server: EvilServer) -> None:
    server.script("/token", token("one", expires_in=0), token("two"))
    server.script("/api/x", 200, 200)
    actions = bench(**OAUTH, token_url=server.url("/token"))
    for _ in range(2):
        await actions.perform("webhook_get", {"url": "/x", "connection": "crm"})
    used = [r.headers["authorization"] for r in server.requests if r.path == "/api/x"]
    assert used == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize(
    "answer", [Answer(400, b"{}"), Answer(200, b"no json"), Answer(200, b'{"access_token": 5}'), "/never"]
)
async def test_without_a_token_nothing_is_sent_and_it_is_tried_again(
    bench: Any, server: EvilServer, answer: Answer | str
) -> None:
    if isinstance(answer, Answer):
        server.script("/token", answer)
        actions = bench(**OAUTH, token_url=server.url("/token"), timeout=0.5)
    else:
        actions = bench(**OAUTH, token_url=server.url(answer), timeout=0.5)
    outcome = await actions.perform("webhook_get", {"url": "/x", "connection": "crm"})
    assert outcome.kind == OutcomeKind.RETRY
    assert "s3cr3t" not in outcome.reason
    assert [r.path for r in server.requests if r.path == "/api/x"] == []


async def test_a_secret_goes_to_its_own_host_alone(bench: Any, server: EvilServer) -> None:
    actions = bench(auth="bearer", secret_env="CRM")
    for url in ("https://evil.test/x", server.url("/ok").replace("127.0.0.1", "localhost")):
        with pytest.raises(ActionError, match="not for another host"):
            await actions.perform("webhook_post", {"url": url, "connection": "crm"})
    with pytest.raises(ActionError, match="there is no connection `erp`"):
        await actions.perform("webhook_post", {"url": "/x", "connection": "erp"})


async def test_a_missing_secret_is_waited_for(bench: Any, server: EvilServer) -> None:
    actions = bench(auth="bearer", secret_env="NOT_THERE")
    outcome = await actions.perform("webhook_post", {"url": "/ok", "connection": "crm"})
    assert outcome.kind == OutcomeKind.RETRY
    assert "NOT_THERE is not set" in outcome.reason
    assert server.requests == []


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (Answer(200, b'{"id": 7}'), {"id": 7}),
        (Answer(200, b"plain\x00text"), "plain text"),
        (Answer(200, b'"' + b"x" * 9000 + b'"'), None),
        (Answer(200, b""), None),
    ],
)
async def test_a_small_answer_is_kept_for_later_steps(
    bench: Any, server: EvilServer, answer: Answer, body: Any
) -> None:
    server.script("/hook", answer)
    outcome = await bench().perform("webhook_get", {"url": server.url("/hook")})
    assert outcome.result.get("body") == body


# --- in rules --------------------------------------------------------------------------------------


def test_a_rule_builds_the_body_and_uses_the_answer() -> None:
    from runtime.model import Outcome

    story = Story(
        'rule "R" on tag added "go" do\n'
        '  let answer = webhook put "https://api.test/c/{{ contact.id }}" with total = score * 2, tag = event.tag\n'
        "  set score = 99 when answer.status = 200 and answer.body.id = 7\nend",
        answer=lambda row: Outcome(OutcomeKind.DONE, result={"status": 200, "body": {"id": 7}}),
    )
    story.contact(score=4)
    story.event("contact.tag_added", tag="go")
    (row,) = story.effects()
    assert row.prepared["body"] == '{"total":8,"tag":"go"}'
    assert (row.effect.args["url"], story.fields()["score"]) == ("https://api.test/c/c_1", 99)


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ('webhook post "/x"', "E0413"),
        ('webhook post "https://{{ contact.city }}/x"', "E0413"),
        ('webhook post "https://a.test{{ contact.city }}"', "E0413"),
        ('webhook post "https://a.test/{{ contact.ctiy }}"', "E0721"),
        ('webhook post "https://a.test/" as xml', "E0402"),
        ('webhook post "https://a.test/" headers ["Authorization: x"]', "E0418"),
        ('webhook post "https://a.test/" headers ["no colon"]', "E0418"),
        ('webhook post "https://a.test/" with contact = contact', "E0317"),
    ],
)
def test_mistakes_are_found_before_anything_is_sent(step: str, code: str) -> None:
    checked = load_workspace({"r.rules": f"on contact created do {step}"}, catalogue())
    assert [d.code for d in checked.diagnostics if d.is_error] == [code]


@pytest.mark.parametrize(
    ("step", "found"),
    [
        (
            'webhook post "https://a.test/" with mail = email',
            ["`email` says who the contact is and goes to a webhook"],
        ),
        (
            'webhook get "https://a.test/{{ contact.phone }}"',
            ["`phone` says who the contact is and goes in the address of a webhook"],
        ),
        (
            'webhook delete "https://a.test/" with n = contact.name',
            ["`name` says who the contact is and goes in the address of a webhook"],
        ),
        ('webhook post "https://a.test/" with id = contact.id, plan = score', []),
        ('webhook post "https://a.test/{{ contact.id }}"', []),
    ],
)
def test_personal_fields_that_leave_are_pointed_out(step: str, found: list[str]) -> None:
    checked = load_workspace({"r.rules": f"on contact created do {step}"}, catalogue())
    assert [d.message for d in lint(checked) if d.code == "W0809"] == found
