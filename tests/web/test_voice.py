"""Texts and calls from a rule to the provider's double and back: a real server, real sockets, real SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.evil_http import EvilServer
from tests.support.live import SCHEMA, LiveServer, LoopThread, make_files, problem, wait_for
from tests.support.twilio import SID, TOKEN, created, forms, path, refused

RULES = """\
event "call.key_pressed" for contact
  digits: text
end

rule "Call" on tag added "call"
do
  call say "Press 1, {{ contact.first_name }}" with keypress = "1", connect = "+15005550002", whisper = "a lead"
  add tag "called"
end

rule "Text" on tag added "text"
do
  let sent = send sms "Hello {{ contact.first_name }}" on error continue
  set source = sent.id
end

rule "Pressed" on event "call.key_pressed" when event.digits = "1" do add tag "pressed" end
rule "Failed" on sms failed with 21211 do add tag "failed" end
"""
SETTINGS = f"""\
[twilio]
account_sid = "{SID}"
token_env = "TWILIO_TOKEN_OF_TEST"
from = "+15005550006"
voice_url = "https://acme.test/voice"
base_url = "http://{{address}}"

[egress]
allow = ["{{address}}"]

[engine]
retry = []
"""


@pytest.fixture
def provider() -> Iterator[EvilServer]:
    with LoopThread() as loop:
        double = EvilServer()
        loop.run(double.start())
        yield double
        loop.run(double.stop())


@pytest.fixture
def live(tmp_path: Any, provider: EvilServer) -> Iterator[tuple[LiveServer, httpx.Client]]:
    files = {
        "schema.rules": SCHEMA,
        "rules/calls.rules": RULES,
        "rulelang.toml": SETTINGS.replace("{address}", provider.address),
    }
    env = {"TWILIO_TOKEN_OF_TEST": TOKEN}
    with LiveServer(make_files(tmp_path, files), env) as server, server.client() as api:
        yield server, api


def tags(api: httpx.Client) -> list[str]:
    found: list[str] = api.get("/v1/contacts/c_1").json()["fields"]["tags"]
    return found


def test_a_call_goes_on_by_the_key_that_is_pressed(
    live: tuple[LiveServer, httpx.Client], provider: EvilServer
) -> None:
    server, api = live
    provider.script(path("Calls"), created("CA1"))
    api.put("/v1/contacts/c_1", json={"first_name": "Zoe & Co", "phone": "+49301234567", "tags": ["call"]})
    wait_for(lambda: "called" in tags(api))
    (form,) = forms(provider, "Calls")
    parts = urlsplit(form["Url"])
    assert parts.netloc == "acme.test"
    here = f"{parts.path}?{parts.query}"
    with server.stranger() as twilio:
        asked = twilio.post(here, data={"CallSid": "CA1"})
        assert asked.headers["content-type"].startswith("text/xml")
        assert "<Say>Press 1, Zoe &amp; Co</Say></Gather>" in asked.text
        pressed = twilio.post(f"{here}&phase=pressed", data={"CallSid": "CA1", "Digits": "1"})
        assert ">+15005550002</Number>" in pressed.text
        whisper = twilio.post(f"{here}&phase=whisper")
        assert "<Say>a lead</Say>" in whisper.text
        problem(twilio.post(f"{parts.path}?s={'0' * 32}"), 403)
        problem(twilio.post(f"/voice/other?{parts.query}"), 403)
        problem(twilio.post(f"{here}&phase=nothing"), 404)
    wait_for(lambda: "pressed" in tags(api))


def test_a_text_is_journaled_with_the_providers_id(
    live: tuple[LiveServer, httpx.Client], provider: EvilServer
) -> None:
    _, api = live
    provider.script(path("Messages"), created("SM77"), refused(400, 21211, "Invalid 'To' Phone Number"))
    (run,) = api.put(
        "/v1/contacts/c_1", json={"first_name": "Zoe", "phone": "+49301234567", "tags": ["text"]}
    ).json()["runs"]
    wait_for(lambda: api.get("/v1/contacts/c_1").json()["fields"].get("source") == "SM77")
    (effect,) = api.get(f"/v1/runs/{run}").json()["effects"]
    assert (effect["status"], effect["result"]["id"], effect["attempts"]) == ("done", "SM77", 1)
    assert TOKEN not in api.get(f"/v1/runs/{run}").text
    api.put("/v1/contacts/c_1", json={"tags": []})
    api.put("/v1/contacts/c_1", json={"tags": ["text"]})
    wait_for(lambda: "failed" in tags(api))
    assert len(forms(provider, "Messages")) == 2
