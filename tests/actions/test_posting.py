"""Webhooks and Slack against a misbehaving HTTP server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook as Receiver

from rulelang.types.schema import Schema
from runtime.actions import ActionError
from runtime.egress.client import EgressClient
from runtime.egress.guard import EgressPolicy
from runtime.model import JSON, OutcomeKind
from runtime.settings import OWN_SECRET, Settings, Slack, Webhook
from runtime.signing import make_secret_file, new_secret
from stdlib_actions.library import describe
from tests.actions.conftest import AT, Bench, facts, services
from tests.support.evil_http import Answer, EvilServer

HOOK = "https://hooks.slack.com/services/T0/B0/x"


@pytest.fixture
async def server() -> AsyncIterator[EvilServer]:
    async with EvilServer() as running:
        yield running


@pytest.fixture
async def egress(server: EvilServer) -> AsyncIterator[EgressClient]:
    host = server.url("/").removeprefix("http://").rstrip("/")
    client = EgressClient(EgressPolicy(allow=(host,)))
    yield client
    await client.aclose()


def bench(schema: Schema, root: Path, egress: EgressClient | None, settings: Settings, **env: str) -> Bench:
    if settings.webhook.makes_its_own:
        (root / OWN_SECRET).parent.mkdir(exist_ok=True)
        make_secret_file(root / OWN_SECRET)
    return Bench(services(schema, root, settings, egress=egress, env=env))


@pytest.fixture
def hooks(schema: Schema, tmp_path: Path, egress: EgressClient) -> Bench:
    return bench(schema, tmp_path, egress, Settings(webhook=Webhook(timeout=1.0)))


async def test_the_documented_body_arrives_signed(
    schema: Schema, tmp_path: Path, egress: EgressClient, server: EvilServer
) -> None:
    secret = new_secret()
    settings = Settings(webhook=Webhook(secret_env="HOOK_SECRET", timeout=5.0))
    actions = bench(schema, tmp_path, egress, settings, HOOK_SECRET=secret)
    outcome = await actions.perform("webhook_post", {"url": server.url("/ok?x=1")})
    assert (outcome.kind, outcome.result) == (OutcomeKind.DONE, {"status": 200, "body": "ok"})
    (request,) = server.requests
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == request.headers["webhook-id"] == "run_1:webhook_post:0"
    body = Receiver(secret).verify(request.body, request.headers)
    contact = facts().contact
    assert body == {
        "type": "stage.entered",
        "timestamp": "2025-11-24T16:00:00.000Z",
        "data": {
            "subject": {"kind": "contact", "id": "c_1"},
            "contact": contact,
            "account": None,
            "opportunity": None,
            "event": facts().event,
            "stage": "SQL",
            "rule": "Confirm the meeting",
            "run": "run_1",
            "step": "do.0",
        },
    }


async def test_every_try_carries_the_same_key_and_body(hooks: Bench, server: EvilServer) -> None:
    server.script("/hook", 500, Answer(429, headers={"Retry-After": "7"}), 200)
    effect, prepared = await hooks.prepared("webhook_post", {"url": server.url("/hook")})
    action = hooks.action("webhook_post")
    outcomes = [await action.deliver(effect, prepared, facts({"first_name": name})) for name in "abc"]
    assert [o.kind for o in outcomes] == [OutcomeKind.RETRY, OutcomeKind.RETRY, OutcomeKind.DONE]
    assert outcomes[1].retry_after == 7
    assert {r.headers["idempotency-key"] for r in server.requests} == {effect.key}
    assert {r.headers["webhook-id"] for r in server.requests} == {effect.key}
    assert len({r.body for r in server.requests}) == 1
    assert effect.destination == server.url("").rstrip("/")


@pytest.mark.parametrize(
    ("path", "kind", "reason"),
    [
        ("/status/204", OutcomeKind.DONE, ""),
        ("/status/400", OutcomeKind.FAILED, "answered 400"),
        ("/status/404", OutcomeKind.FAILED, "answered 404"),
        ("/status/410", OutcomeKind.FAILED, "answered 410"),
        ("/status/408", OutcomeKind.RETRY, "answered 408"),
        ("/status/503", OutcomeKind.RETRY, "answered 503"),
        ("/redirect?to=/ok", OutcomeKind.FAILED, "redirects are not followed"),
        ("/never", OutcomeKind.UNKNOWN, "may have acted on"),
        ("/reset", OutcomeKind.UNKNOWN, "may have acted on"),
        ("/garbage", OutcomeKind.UNKNOWN, "may have acted on"),
        ("/endless", OutcomeKind.DONE, ""),
    ],
)
async def test_what_an_answer_means(
    hooks: Bench, server: EvilServer, path: str, kind: OutcomeKind, reason: str
) -> None:
    outcome = await hooks.perform("webhook_post", {"url": server.url(path)})
    assert outcome.kind == kind
    assert reason in outcome.reason
    assert len(server.requests) == 1


async def test_a_receiver_that_is_not_there_is_tried_again(hooks: Bench, server: EvilServer) -> None:
    url = server.url("/ok")
    await server.stop()
    assert (await hooks.perform("webhook_post", {"url": url})).kind == OutcomeKind.RETRY


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "https://10.0.0.1/", "https://localhost/", "file:///etc/passwd", "", None]
)
async def test_an_address_that_may_not_be_reached_fails_the_step(hooks: Bench, url: JSON) -> None:
    with pytest.raises(ActionError, match=r"webhook cannot be sent|no address to send to"):
        hooks.effect("webhook_post", {"url": url}, facts())


async def test_a_missing_or_bad_secret_sends_nothing_and_can_be_mended(
    schema: Schema, tmp_path: Path, egress: EgressClient, server: EvilServer
) -> None:
    settings = Settings(webhook=Webhook(secret_env="HOOK_SECRET"))
    for env in ({}, {"HOOK_SECRET": "short"}):
        outcome = await bench(schema, tmp_path, egress, settings, **env).perform(
            "webhook_post", {"url": server.url("/ok")}
        )
        assert outcome.kind == OutcomeKind.RETRY
        assert "cannot be signed" in outcome.reason
    assert server.requests == []


async def test_a_body_without_end_is_refused(hooks: Bench, server: EvilServer) -> None:
    with pytest.raises(ActionError, match="larger than 256 KiB"):
        await hooks.prepared("webhook_post", {"url": server.url("/ok")}, facts({"notes": "x" * 300_000}))


async def test_odd_characters_are_posted_as_valid_json(hooks: Bench, server: EvilServer) -> None:
    await hooks.perform(
        "webhook_post", {"url": server.url("/ok")}, facts({"first_name": "\ud800\u2028</script>"})
    )
    assert json.loads(server.requests[0].body)["data"]["contact"]["first_name"].endswith("\u2028</script>")


# --- Slack -----------------------------------------------------------------------------------------


def slack(
    schema: Schema, root: Path, egress: EgressClient | None, server: EvilServer, path: str = "/ok"
) -> Bench:
    settings = Settings(slack=Slack(default="SLACK", channels={"#cs": "SLACK_CS"}))
    return bench(schema, root, egress, settings, SLACK=server.url("/default"), SLACK_CS=server.url(path))


async def test_a_message_is_posted_to_the_channels_own_webhook(
    schema: Schema, tmp_path: Path, egress: EgressClient, server: EvilServer
) -> None:
    server.script("/default", 200)
    actions = slack(schema, tmp_path, egress, server)
    assert (
        await actions.perform("slack", {"channel": "cs", "message": "{{ contact.first_name }} is *at risk*"})
    ).kind == OutcomeKind.DONE
    await actions.perform("slack", {"channel": "#sales", "message": "Hi"})
    own, other = server.requests
    assert (own.path, own.json()) == (
        "/ok",
        {"text": "Ana is *at risk*", "unfurl_links": False, "unfurl_media": False},
    )
    assert (other.path, text_of(other)) == ("/default", "#sales: Hi")


def text_of(request: Any) -> str:
    return str(request.json()["text"])


@pytest.mark.parametrize("name", ["<!channel>", "<https://evil.test|click>", "<@U123>", "&lt;!here&gt;"])
async def test_values_cannot_mention_or_link(
    schema: Schema, tmp_path: Path, egress: EgressClient, server: EvilServer, name: str
) -> None:
    await slack(schema, tmp_path, egress, server).perform(
        "slack", {"channel": "#cs", "message": "{{ contact.first_name }}"}, facts({"first_name": name})
    )
    text = text_of(server.requests[0])
    assert "<" not in text
    assert ">" not in text


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/status/429", OutcomeKind.RETRY),
        ("/status/404", OutcomeKind.FAILED),
        ("/reset", OutcomeKind.UNKNOWN),
    ],
)
async def test_what_slack_answers(
    schema: Schema, tmp_path: Path, egress: EgressClient, server: EvilServer, path: str, kind: OutcomeKind
) -> None:
    actions = slack(schema, tmp_path, egress, server, path)
    outcome = await actions.perform("slack", {"channel": "#cs", "message": "Hi"})
    assert outcome.kind == kind
    assert actions.library.catalogue.actions["slack"].idempotent is False


async def test_a_channel_without_a_webhook_waits_for_the_operator(
    schema: Schema, tmp_path: Path, egress: EgressClient
) -> None:
    outcome = await bench(schema, tmp_path, egress, Settings()).perform(
        "slack", {"channel": "#cs", "message": "Hi"}
    )
    assert (outcome.kind, outcome.reason) == (
        OutcomeKind.RETRY,
        "no webhook is set for #cs: add it to `[slack.channels]`",
    )


async def test_the_webhooks_address_is_a_secret(schema: Schema, tmp_path: Path, egress: EgressClient) -> None:
    settings = Settings(slack=Slack(default="SLACK"))
    outcome = await bench(schema, tmp_path, egress, settings, SLACK="http://10.0.0.1/T0/sk-CANARY").perform(
        "slack", {"channel": "#cs", "message": "Hi"}
    )
    assert outcome.kind == OutcomeKind.FAILED
    assert "CANARY" not in outcome.reason


@pytest.mark.parametrize("args", [{"channel": None, "message": "x"}, {"channel": "#cs", "message": None}])
async def test_missing_values_fail_the_step(schema: Schema, tmp_path: Path, args: dict[str, JSON]) -> None:
    with pytest.raises(ActionError):
        bench(schema, tmp_path, None, Settings()).effect("slack", args, facts())


async def test_simulation_shows_and_sends_nothing(schema: Schema, tmp_path: Path) -> None:
    offline = bench(schema, tmp_path, None, Settings())
    effect, prepared = await offline.prepared(
        "slack", {"channel": "#cs", "message": "Hi {{ contact.first_name }}"}
    )
    assert describe(offline.library, "slack", effect.args, prepared) == "slack #cs: Hi Ana"
    effect, prepared = await offline.prepared("webhook_post", {"url": "https://hooks.example.com/x"})
    assert describe(offline.library, "webhook_post", effect.args, prepared).startswith(
        "webhook to https://hooks.example.com/x: {"
    )
    assert (
        await offline.action("webhook_post").deliver(effect, prepared, facts())
    ).kind == OutcomeKind.FAILED
    assert effect.created_at == AT
