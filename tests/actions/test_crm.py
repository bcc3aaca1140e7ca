"""Slack's bot, Teams, Salesforce and HubSpot against doubles that answer as their documentation has it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rulelang.types.schema import Schema
from runtime.actions import ActionError
from runtime.egress.client import EgressClient
from runtime.egress.guard import EgressPolicy
from runtime.model import Outcome, OutcomeKind
from runtime.providers import Connection, Teams
from runtime.settings import Settings, Slack
from tests.actions.conftest import Bench, facts, services
from tests.support.evil_http import Answer, EvilServer
from tests.support.rules import Story

ENV = {"BOT": "xoxb-secret", "SF": "sf-secret", "HS": "hs-token"}


@pytest.fixture
async def server() -> AsyncIterator[EvilServer]:
    async with EvilServer() as running:
        yield running


@pytest.fixture
async def egress(server: EvilServer) -> AsyncIterator[EgressClient]:
    client = EgressClient(EgressPolicy(allow=(server.address,)))
    yield client
    await client.aclose()


@pytest.fixture
def bench(schema: Schema, tmp_path: Path, egress: EgressClient, server: EvilServer) -> Bench:
    settings = Settings(
        slack=Slack(token_env="BOT", base_url=server.url(""), channels={"#own": "OWN"}),
        teams=Teams(channels={"Deals": "DEALS"}),
        connections={
            "salesforce": Connection(
                url=server.url(""),
                auth="oauth2",
                client_id="me",
                secret_env="SF",
                token_url=server.url("/services/oauth2/token"),
            ),
            "hubspot": Connection(url=server.url(""), auth="bearer", secret_env="HS"),
        },
    )
    env = {**ENV, "OWN": server.url("/own"), "DEALS": server.url("/deals")}
    zoned = replace(schema, time_zone="America/Los_Angeles")
    return Bench(services(zoned, tmp_path, settings, egress=egress, env=env))


def answer(status: int, body: Any, **headers: str) -> Answer:
    return Answer(
        status, json.dumps(body).encode(), {name.replace("_", "-"): v for name, v in headers.items()}
    )


# --- Slack -----------------------------------------------------------------------------------------

POST_MESSAGE = "/api/chat.postMessage"
SLACK = {"channel": "#cs", "message": "{{ contact.first_name }} is back"}


async def test_a_bot_posts_and_the_message_is_known_by_its_time(bench: Bench, server: EvilServer) -> None:
    server.script(POST_MESSAGE, answer(200, {"ok": True, "channel": "C1", "ts": "171.5"}))
    outcome = await bench.perform("slack", SLACK, facts({"first_name": "<!channel> & co"}))
    assert outcome == Outcome(OutcomeKind.DONE, result={"status": 200, "id": "171.5", "channel": "C1"})
    (request,) = server.requests
    assert request.headers["authorization"] == "Bearer xoxb-secret"
    assert request.json() == {
        "channel": "#cs",
        "text": "&lt;!channel&gt; &amp; co is back",
        "unfurl_links": False,
        "unfurl_media": False,
    }


async def test_a_channel_with_a_webhook_of_its_own_keeps_it(bench: Bench, server: EvilServer) -> None:
    server.script("/own", 200)
    outcome = await bench.perform("slack", {"channel": "#own", "message": "x"})
    assert (outcome.kind, [r.path for r in server.requests]) == (OutcomeKind.DONE, ["/own"])


@pytest.mark.parametrize(
    ("said", "kind", "after"),
    [
        (answer(200, {"ok": False, "error": "channel_not_found"}), OutcomeKind.FAILED, None),
        (answer(200, {"ok": False, "error": "not_in_channel"}), OutcomeKind.FAILED, None),
        (answer(200, {"ok": False, "error": "invalid_auth"}), OutcomeKind.RETRY, None),
        (answer(200, {"ok": False, "error": "internal_error"}), OutcomeKind.RETRY, None),
        (answer(429, {"ok": False, "error": "ratelimited"}, Retry_After="30"), OutcomeKind.RETRY, 30),
        (Answer(200, b'{"ok": tr'), OutcomeKind.UNKNOWN, None),
        (Answer(503, b"down"), OutcomeKind.RETRY, None),
    ],
)
async def test_what_slack_says(
    bench: Bench, server: EvilServer, said: Answer, kind: OutcomeKind, after: float | None
) -> None:
    server.script(POST_MESSAGE, said)
    outcome = await bench.perform("slack", SLACK)
    assert (outcome.kind, outcome.retry_after) == (kind, after)
    assert "xoxb" not in str(outcome)


# --- Teams -----------------------------------------------------------------------------------------


async def test_teams_gets_a_card_in_which_nothing_is_markdown(bench: Bench, server: EvilServer) -> None:
    server.script("/deals", 202)
    args = {"channel": "Deals", "message": "{{ contact.first_name }} signed\nat last"}
    outcome = await bench.perform("teams", args, facts({"first_name": "[x](http://evil.test)"}))
    assert outcome.kind == OutcomeKind.DONE
    body: Any = server.requests[0].json()
    (attachment,) = body["attachments"]
    assert (body["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    lines = [block["inlines"][0] for block in attachment["content"]["body"]]
    assert lines == [
        {"type": "TextRun", "text": "[x](http://evil.test) signed"},
        {"type": "TextRun", "text": "at last"},
    ]


async def test_a_channel_that_is_not_set_up_is_waited_for(bench: Bench, server: EvilServer) -> None:
    outcome = await bench.perform("teams", {"channel": "Nowhere", "message": "x"})
    assert (outcome.kind, server.requests) == (OutcomeKind.RETRY, [])
    assert "add it to `[teams.channels]`" in outcome.reason


@pytest.mark.parametrize(
    ("status", "kind"), [(200, OutcomeKind.DONE), (400, OutcomeKind.FAILED), (429, OutcomeKind.RETRY)]
)
async def test_what_teams_says(bench: Bench, server: EvilServer, status: int, kind: OutcomeKind) -> None:
    server.script("/deals", status)
    assert (await bench.perform("teams", {"channel": "Deals", "message": "x"})).kind == kind


# --- Salesforce ------------------------------------------------------------------------------------

SF = "/services/data/v60.0/sobjects/Task"
TOKEN = answer(200, {"access_token": "sf-token", "instance_url": "x", "token_type": "Bearer"})
TASK = {
    "title": "Call {{ contact.first_name }}",
    "due": "2025-12-01",
    "description": "at {{ contact.company }}",
    "priority": "high",
    "owner": "005U",
    "about": "003C",
    "with": {"Status": "In Progress", "Type": None},
}


async def test_a_task_is_created_in_salesforce(bench: Bench, server: EvilServer) -> None:
    server.script("/services/oauth2/token", TOKEN)
    server.script(SF, answer(201, {"id": "00T1", "success": True, "errors": []}))
    outcome = await bench.perform("task_salesforce", TASK, facts({"company": "Acme"}))
    assert outcome == Outcome(OutcomeKind.DONE, result={"status": 201, "id": "00T1"})
    request = server.requests[-1]
    assert request.headers["authorization"] == "Bearer sf-token"
    assert request.json() == {
        "Subject": "Call Ana",
        "Status": "In Progress",
        "Description": "at Acme",
        "Priority": "High",
        "OwnerId": "005U",
        "WhoId": "003C",
        "ActivityDate": "2025-12-01",
    }


async def test_an_expired_session_is_renewed_within_the_attempt(bench: Bench, server: EvilServer) -> None:
    expired = answer(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
    server.script("/services/oauth2/token", TOKEN, TOKEN)
    server.script(SF, expired, answer(201, {"id": "00T1"}), expired, expired)
    assert (await bench.perform("task_salesforce", TASK)).kind == OutcomeKind.DONE
    server.script("/services/oauth2/token", TOKEN)
    assert (await bench.perform("task_salesforce", TASK)).kind == OutcomeKind.RETRY


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (
            answer(400, [{"errorCode": "MALFORMED_ID", "message": "bad id"}]),
            OutcomeKind.FAILED,
            "MALFORMED_ID: bad id",
        ),
        (answer(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "x"}]), OutcomeKind.RETRY, "LIMIT"),
        (
            answer(503, [{"errorCode": "SERVER_UNAVAILABLE", "message": "x"}]),
            OutcomeKind.RETRY,
            "UNAVAILABLE",
        ),
        (Answer(500, b"oops"), OutcomeKind.UNKNOWN, "500"),
    ],
)
async def test_what_salesforce_says(
    bench: Bench, server: EvilServer, said: Answer, kind: OutcomeKind, words: str
) -> None:
    server.script("/services/oauth2/token", TOKEN)
    server.script(SF, said)
    outcome = await bench.perform("task_salesforce", TASK)
    assert outcome.kind == kind
    assert words in outcome.reason


# --- HubSpot ---------------------------------------------------------------------------------------

HS = "/crm/v3/objects/tasks"


async def test_a_task_is_created_in_hubspot(bench: Bench, server: EvilServer) -> None:
    server.script(HS, answer(201, {"id": "512", "properties": {}}))
    args = TASK | {"with": {"hs_task_type": "CALL"}}
    outcome = await bench.perform("task_hubspot", args, facts({"company": "Acme"}))
    assert outcome == Outcome(OutcomeKind.DONE, result={"status": 201, "id": "512"})
    (request,) = server.requests
    assert request.headers["authorization"] == "Bearer hs-token"
    assert request.json() == {
        "properties": {
            "hs_task_subject": "Call Ana",
            "hs_task_status": "NOT_STARTED",
            "hs_timestamp": "2025-12-02T01:00:00.000Z",
            "hs_task_body": "at Acme",
            "hs_task_priority": "HIGH",
            "hubspot_owner_id": "005U",
            "hs_task_type": "CALL",
        },
        "associations": [
            {
                "to": {"id": "003C"},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}],
            }
        ],
    }


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (
            answer(400, {"status": "error", "message": "bad", "category": "VALIDATION_ERROR"}),
            OutcomeKind.FAILED,
        ),
        (
            answer(401, {"status": "error", "message": "x", "category": "INVALID_AUTHENTICATION"}),
            OutcomeKind.RETRY,
        ),
        (answer(429, {"status": "error", "message": "x", "category": "RATE_LIMITS"}), OutcomeKind.RETRY),
        (Answer(502, b"<html>"), OutcomeKind.UNKNOWN),
    ],
)
async def test_what_hubspot_says(bench: Bench, server: EvilServer, said: Answer, kind: OutcomeKind) -> None:
    server.script(HS, said)
    outcome = await bench.perform("task_hubspot", {"title": "x"})
    assert outcome.kind == kind
    assert "hs-token" not in str(outcome)


@pytest.mark.parametrize("action", ["task_salesforce", "task_hubspot"])
async def test_no_answer_waits_for_somebody(bench: Bench, server: EvilServer, action: str) -> None:
    server.script("/services/oauth2/token", TOKEN)
    path = SF if action == "task_salesforce" else HS
    server.script(path, "reset")
    assert (await bench.perform(action, {"title": "x"})).kind == OutcomeKind.UNKNOWN


async def test_what_can_never_be_created_fails_with_a_sentence(bench: Bench) -> None:
    with pytest.raises(ActionError, match="there is no connection `erp`"):
        await bench.perform("task_hubspot", {"title": "x", "connection": "erp"})
    with pytest.raises(ActionError, match="the task has no title"):
        await bench.perform("task_hubspot", {"title": "{{ contact.city }}"})
    with pytest.raises(ActionError, match="cannot be due"):
        await bench.perform("task_hubspot", {"title": "x", "due": "soon"})


def test_a_rule_names_what_the_crm_knows() -> None:
    story = Story('rule "R" on tag added "go" do teams "Deals" "{{ contact.name }} signed" end')
    story.contact(name="Ana Ruiz")
    story.event("contact.tag_added", tag="go")
    (row,) = story.effects()
    assert (row.effect.destination, row.prepared) == ("teams:Deals", {"text": "Ana Ruiz signed"})
