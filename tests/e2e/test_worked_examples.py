"""The worked examples of the example workspace, from files to what arrives at mail server, model and webhook receiver."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from standardwebhooks import Webhook

from tests.support.chat_server import ChatServer
from tests.support.evil_http import EvilServer, Received
from tests.support.process import ROOT, ServerProcess, rulelang
from tests.support.smtp_receiver import SmtpReceiver

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLE = ROOT / "examples" / "workspace"
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CRM = "https://crm.example.com"


@dataclass
class World:
    """A server with the example workspace, and those it talks to."""

    api: httpx.AsyncClient
    mail: SmtpReceiver
    hooks: EvilServer
    model: ChatServer
    server: ServerProcess

    async def send(self, type_: str, contact: str, **more: Any) -> list[str]:
        """Report an event; the ids of the runs it starts."""
        answer = await self.api.post("/v1/events", json={"type": type_, "contact_id": contact, **more})
        assert answer.status_code == 200, answer.text
        runs: list[str] = answer.json()["runs"]
        return runs

    async def contact(self, id: str) -> dict[str, Any]:
        """The fields of a contact."""
        fields: dict[str, Any] = (await self.api.get(f"/v1/contacts/{id}")).json()["fields"]
        return fields

    async def ended(self, rule: str, contact: str, seconds: float = 20) -> dict[str, Any]:
        """The run of a rule for a contact, once it is over."""
        async with asyncio.timeout(seconds):
            while True:
                query = {"rule": rule, "subject": f"contact:{contact}"}
                found = (await self.api.get("/v1/runs", params=query)).json()["items"]
                if found and "ended_at" in found[0]:
                    run: dict[str, Any] = (await self.api.get(f"/v1/runs/{found[0]['id']}")).json()
                    return run
                await asyncio.sleep(0.05)

    async def person(self, id: str, **fields: str) -> str:
        """A contact of this test alone; its address."""
        address = f"{id}@example.test"
        await self.api.put(f"/v1/contacts/{id}", json={"email": address, **fields})
        return address

    def messages(self, address: str) -> list[EmailMessage]:
        """What the mail server was given for somebody, in order."""
        found = [e for e in self.mail.envelopes if e.recipients == [address]]
        return [message_from_bytes(e.content, policy=default) for e in found]

    def requests(self, contact: str) -> list[Received]:
        """The webhooks that arrived about a contact, in order."""
        return [r for r in self.hooks.requests if f'"id":"{contact}"' in r.body.decode().replace(" ", "")]


def variant(root: Path, hooks: str) -> Path:
    """The example with the receiver on this machine, and days of waiting made seconds."""
    shutil.copytree(EXAMPLE, root)
    for name, changes in {
        "sql": {CRM: hooks},
        "onboarding": {"wait 7d": "wait 1s", "wait until 9:00": "wait 1s"},
        "first": {"wait 30m": "wait 1s"},
    }.items():
        path = root / "rules" / f"{name}.rules"
        text = path.read_text()
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        path.write_text(text)
    return root


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A server process and its receivers."""
    async with SmtpReceiver() as mail, EvilServer() as hooks, ChatServer() as model:
        hooks.script("/hooks/qualified", 200)
        root = variant(tmp_path_factory.mktemp("example") / "workspace", hooks.origin)
        assert rulelang("check", root).returncode == 0
        env = {
            "RULELANG_MAIL_TRANSPORT": "smtp",
            "RULELANG_SMTP_HOST": mail.host,
            "RULELANG_SMTP_PORT": str(mail.port),
            "RULELANG_SMTP_TLS": "none",
            "RULELANG_HYPER_BASE_URL": model.base_url,
            "RULELANG_HYPER_MODEL": "small",
            "RULELANG_EGRESS_ALLOW": f"{hooks.address},127.0.0.1:{model.port}",
            "RULELANG_ENGINE_RETRY": "1s,1s",
            "RULELANG_WEBHOOK_SECRET_ENV": "ACME_WEBHOOK_SECRET",
            "ACME_WEBHOOK_SECRET": SECRET,
        }
        server = await asyncio.to_thread(ServerProcess, "serve", "--workspace", root, "--port", "0", env=env)
        key = rulelang("key", "create", "--workspace", root).stdout.strip()
        with server:
            async with httpx.AsyncClient(
                base_url=server.url, headers={"Authorization": f"Bearer {key}"}
            ) as api:
                answer = await api.post(
                    "/v1/contacts/import",
                    content=(root / "contacts.csv").read_bytes(),
                    headers={"Content-Type": "text/csv"},
                )
                assert (answer.json()["taken"], answer.json()["refused"]) == (3, [])
                yield World(api, mail, hooks, model, server)
                assert await asyncio.to_thread(server.terminate) == 0
                assert not [line for line in server.err if '"error"' in line], server.err
                assert SECRET not in str(server.err)


# --- SQL: a meeting is booked ----------------------------------------------------------------------


async def test_meeting_booked(world: World) -> None:
    world.hooks.script("/hooks/qualified", 503, 200)
    assert await world.send("stage.entered", "c_1", data={"stage": "MQL"}) == []
    runs = await world.send("stage.entered", "c_1", data={"stage": "SQL"}, id="evt-sql")
    assert len(runs) == 2, "the one-line rule and `Meeting booked`"
    run = await world.ended("Meeting booked", "c_1")
    assert run["status"] == "completed"
    assert [(e["step"], e["action"]) for e in run["journal"] if e["kind"] == "action"] == [
        ("do.0.then.0", "assign"),
        ("do.1", "send_email_hyper"),
        ("do.2", "set"),
        ("do.3", "webhook_post"),
    ]
    # 1. the territory's sales rep
    assert (await world.contact("c_1"))["owner"] == "ana@acme.test"
    # 2. the personal confirmation: the model was told the time, and what it wrote went out
    first = next(r for r in world.model.requests if "what to expect" in str(r) and "Léa" in str(r))
    facts = json.loads(first["messages"][-1]["content"].split("<facts>\n")[1].split("\n</facts>")[0])
    assert facts["meeting_at"].startswith("2026-03-04T09:30")
    assert facts["first_name"] == "Léa"
    (mail,) = [m for m in world.messages("lea@example.test") if _belongs(m, run)]
    _assert_mail(mail, "Léa Martin <lea@example.test>", "Your meeting")
    assert mail.get_content().startswith("Hello Léa,")
    # 3. the field
    assert (await world.contact("c_1"))["qualified"] is True
    # 4. the webhook: refused once, then taken, signed each time, under one key
    _assert_webhook(world.requests("c_1"), run)


def _belongs(mail: EmailMessage, run: dict[str, Any]) -> bool:
    """Whether a run has sent this mail: its Message-ID is that of a message it has stored."""
    stored = [effect.get("prepared", {}).get("message", {}) for effect in run["effects"]]
    return str(mail["Message-ID"]) in [message.get("message_id") for message in stored]


def _assert_mail(mail: EmailMessage, to: str, subject: str) -> None:
    assert str(mail["From"]) == "Acme <hello@acme.test>"
    assert str(mail["To"]) == to
    assert str(mail["Subject"]) == subject
    sent = mail["Date"].datetime.replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - sent) < timedelta(minutes=2)
    assert len(mail.get_all("Message-ID")) == 1
    assert not mail.defects
    for name in ("Cc", "Bcc"):
        assert mail[name] is None


def _assert_webhook(requests: list[Received], run: dict[str, Any]) -> None:
    first, second = requests
    effect = next(e for e in run["effects"] if e["action"] == "webhook_post")
    assert (effect["status"], effect["attempts"]) == ("done", 2)
    assert first.body == second.body
    for request in (first, second):
        assert (request.method, request.path) == ("POST", "/hooks/qualified")
        assert request.headers["idempotency-key"] == request.headers["webhook-id"] == effect["key"]
        body = Webhook(SECRET).verify(request.body, request.headers)
        assert body["type"] == "stage.entered"
        data = body["data"]
        assert data["subject"] == {"kind": "contact", "id": "c_1"}
        assert data["contact"].items() >= {"email": "lea@example.test", "qualified": True}.items()
        assert data["contact"]["owner"] == "ana@acme.test"
        assert (data["stage"], data["rule"], data["run"]) == ("SQL", "Meeting booked", run["id"])
        assert data["event"]["id"] == "evt-sql"


async def test_territories(world: World) -> None:
    owners = {}
    for id, country in (("d_gb", "GB"), ("d_be", "BE"), ("d_us1", "US"), ("d_us2", "US")):
        await world.person(id, country=country)
        await world.send("stage.entered", id, data={"stage": "MQL"})
        await world.send("stage.entered", id, data={"stage": "SQL"})
        await world.ended("Meeting booked", id)
        owners[id] = (await world.contact(id))["owner"]
    assert owners["d_gb"] == "bo@acme.test"
    assert owners["d_be"] == "ana@acme.test"
    assert {owners["d_us1"], owners["d_us2"]} == {"ana@acme.test", "bo@acme.test"}


async def test_the_one_line_rule(world: World) -> None:
    address = await world.person("o_1", status="trial", first_name="Ola")
    await world.send("stage.entered", "o_1", data={"stage": "SQL"})
    run = await world.ended("rules/first#1", "o_1")
    assert [(e["kind"], e["step"]) for e in run["journal"][-5:]] == [
        ("waiting", "do.1"),
        ("resumed", "do.1"),
        ("action", "do.2"),
        ("resumed", "do.2"),
        ("completed", "do.2"),
    ]
    assert run["journal"][-2]["reason"] == "the text was written by: small"
    assert (await world.contact("o_1"))["owner"] == "ana@acme.test"
    (mail,) = world.messages(address)
    _assert_mail(mail, f"Ola <{address}>", "Your meeting")


# --- Onboarding: the contract is signed ------------------------------------------------------------


async def test_onboarding(world: World) -> None:
    url = "https://sign.example.com/d/4711"
    await world.send("contract.signed", "c_2", data={"url": url})
    onboarding = await world.ended("Onboarding", "c_2")
    assert onboarding["status"] == "completed"
    fields = await world.contact("c_2")
    # 1. the specialist, 3. the contract, 4. since when
    assert fields["owner"] == "cem@acme.test"
    assert fields["contract_url"] == url
    assert fields["customer_since"] == onboarding["started_at"][:10]
    assert fields["status"] == "customer"
    # 2. the welcome with the checklist, and 5. the flow that goes on after it
    flow = await world.ended("Onboarding flow", "c_2")
    assert flow["cause"]["path"] == ["Contract signed", "Onboarding"]
    assert [e["action"] for e in flow["journal"] if e["kind"] == "action"] == [
        "add_tag",
        "send_email_template",
        "remove_tag",
        "move_to_stage",
    ]
    fields = await world.contact("c_2")
    assert fields["stages"]["customer_success"] == "Active"
    assert fields.get("tags", []) == []
    welcome, tips = world.messages("tom@example.test")
    _assert_mail(welcome, "Tom Okafor <tom@example.test>", "Welcome to Acme, Tom")
    for line in (
        "1. Invite your colleagues.",
        "first session with Cem Arslan.",
        f"Your signed contract: {url}",
    ):
        assert line in welcome.get_content()
    _assert_mail(tips, "Tom Okafor <tom@example.test>", "How is it going, Tom?")


async def test_onboarding_ends_when_the_customer_leaves(world: World) -> None:
    address = await world.person("l_1")
    await world.send("contract.signed", "l_1", data={"url": "https://sign.example.com/d/1"})
    await world.ended("Onboarding", "l_1")
    await world.api.put("/v1/contacts/l_1", json={"status": "churned"})
    flow = await world.ended("Onboarding flow", "l_1")
    assert flow["status"] == "exited"
    await asyncio.sleep(2.5)
    assert [str(m["Subject"]) for m in world.messages(address)] == ["Welcome to Acme, and hello"]


# --- At Risk: a person is told, the contact is left alone -------------------------------------------


async def test_at_risk(world: World) -> None:
    await world.send("contact.updated", "c_3", changes={"score": {"after": 21}})
    run = await world.ended("At risk", "c_3")
    assert run["status"] == "completed"
    assert run["cause"]["path"] == ["Losing touch"]
    fields = await world.contact("c_3")
    assert fields["stages"]["customer_success"] == "At Risk"
    assert fields["retention_priority"] == "high"
    (mail,) = world.messages("cem@acme.test")
    _assert_mail(mail, "Cem Arslan <cem@acme.test>", "At risk: Mia Sato")
    assert mail.get_content().startswith(
        "Mia Sato has been flagged as At Risk. Engagement score: 21. Recommended action: personal call."
    )
    assert world.messages("mia@example.test") == []
    assert world.requests("c_3") == []


# --- checked and simulated -------------------------------------------------------------------------


async def test_the_example_is_without_mistakes() -> None:
    checked = rulelang("check", EXAMPLE, "--format", "json")
    assert (checked.returncode, json.loads(checked.stdout)) == (0, [])


async def test_the_example_simulates_as_it_runs() -> None:
    done = rulelang(
        "simulate",
        EXAMPLE,
        "--contacts",
        EXAMPLE / "contacts.csv",
        "--events",
        EXAMPLE / "events.jsonl",
        "--format",
        "json",
    )
    assert done.returncode == 0, done.stderr
    timeline = json.loads(done.stdout)
    acted: dict[str, list[str]] = {}
    for entry in timeline:
        if entry["kind"] == "action":
            acted.setdefault(entry["rule"], []).append(entry["action"])
    assert acted == {
        "rules/first#1": ["assign", "send_email_hyper"],
        "Meeting booked": ["assign", "send_email_hyper", "set", "webhook_post"],
        "Contract signed": ["set", "move_to_stage"],
        "Onboarding": ["assign", "send_email_template", "set", "set", "start_rule"],
        "Onboarding flow": ["add_tag", "send_email_template", "remove_tag", "move_to_stage"],
        "Losing touch": ["move_to_stage"],
        "At risk": ["notify_owner", "set"],
    }
    tips = next(e for e in timeline if e.get("message", {}).get("subject") == "How is it going, Tom?")
    assert tips["at"] == "2026-03-11T10:00:00+01:00", "nine o'clock where Tom is, a week later"
    told = next(e["message"] for e in timeline if e["kind"] == "action" and e["action"] == "notify_owner")
    assert told["to"] == ["Cem Arslan <cem@acme.test>"]
    assert told["from"] == "Acme <hello@acme.test>"
