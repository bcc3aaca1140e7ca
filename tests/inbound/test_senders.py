"""Requests of other systems over real HTTP: signed ones become events, all others are refused and leave no trace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest

from tests.inbound.senders import CASES, ENV, SETTINGS, Case, now
from tests.support.live import SCHEMA, LiveServer, make_files, problem

RULES = """
rule "Seen" for contact
  on invoice paid
  or on order placed
  or on contact replied
  or on email bounced
  or on appointment new
  or on lead form submitted
  or on form submitted
  or on document signed
  or on webhook received "plain"
do
  add tag "seen"
end
"""
_number = count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    files = {"schema.rules": SCHEMA, "rules/seen.rules": RULES, "rulelang.toml": SETTINGS}
    with LiveServer(make_files(tmp_path_factory.mktemp("inbound"), files), ENV) as running:
        yield running


@pytest.fixture
def stranger(server: LiveServer) -> Iterator[httpx.Client]:
    with server.stranger() as client:
        yield client


def send(
    client: httpx.Client, case: Case, body: bytes | None = None, at: int | None = None, **headers: str
) -> httpx.Response:
    """The request of a case; `body` is what arrives in the place of what was signed."""
    whole = case.encoded()
    url = f"{client.base_url}/in/{case.name}".replace("//in", "/in")
    signed = case.sign(whole, now() if at is None else at, url)
    media = "application/x-www-form-urlencoded" if case.form else "application/json"
    sent = {"Content-Type": media, **case.headers, **signed, **headers}
    return client.post(f"/in/{case.name}", content=whole if body is None else body, headers=sent)


def fresh(case: Case) -> Case:
    """The case with a body that no other test sends."""
    written = json.dumps(case.body)
    for id in ("evt_1", "sg_1", "77", "l1", "tf_1", "Ev1"):
        written = written.replace(f'"{id}"', f'"{id}{next(_number)}"')
    body: Any = json.loads(written)
    if isinstance(body, dict):
        body["n"] = f"n{next(_number)}"
    return Case(case.name, body, case.sign, case.type, case.data, case.timed, case.form, case.headers)


def recorded(server: LiveServer, id: str) -> Any:
    event = server.run(server.parts.reader.event(id))
    assert event is not None
    return event


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_signed_request_becomes_an_event(server: LiveServer, stranger: httpx.Client, case: Case) -> None:
    case = fresh(case)
    answer = send(stranger, case)
    assert answer.status_code == 200, answer.text
    (receipt,) = answer.json()["events"]
    assert receipt["status"] == "accepted"
    event = recorded(server, receipt["id"])
    assert event.type == case.type
    assert event.data | case.data == event.data
    assert event.source.startswith("integration:")
    assert send(stranger, case).json()["events"][0]["status"] in ("duplicate", "conflict")


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.name not in ("standard", "basic")], ids=lambda case: case.name
)
def test_a_rule_hears_it(stranger: httpx.Client, case: Case) -> None:
    assert len(send(stranger, fresh(case)).json()["events"][0]["runs"]) == 1


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.name not in ("plain", "basic")], ids=lambda case: case.name
)
def test_another_body_than_was_signed_is_refused(stranger: httpx.Client, case: Case) -> None:
    problem(send(stranger, case, body=case.encoded().replace(b"a", b"b", 1)), 401)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_without_a_signature_or_with_an_empty_one_nothing_is_taken(
    stranger: httpx.Client, case: Case
) -> None:
    names = case.sign(case.encoded(), now(), "")
    bare = httpx.Request("POST", f"{stranger.base_url}/in/{case.name}", content=case.encoded())
    problem(stranger.send(bare), 401)
    for value in ("", "x", "v1", "sha256=", "t=,v1=", "v0=", "t=9999999999999999,v1=00", "Basic", "Basic !!"):
        problem(send(stranger, case, **dict.fromkeys(names, value)), 401)


@pytest.mark.parametrize("case", [c for c in CASES if c.timed], ids=lambda case: case.name)
@pytest.mark.parametrize("seconds", [-301, 301])
def test_an_old_signature_is_not_taken_again(stranger: httpx.Client, case: Case, seconds: int) -> None:
    problem(send(stranger, case, at=now() + seconds), 401)


def test_an_address_without_its_secret_takes_nothing(stranger: httpx.Client) -> None:
    stripe = next(case for case in CASES if case.name == "stripe")
    signed = stripe.sign(stripe.encoded(), now(), "")
    answer = stranger.post("/in/without", content=stripe.encoded(), headers=signed)
    assert "NOBODY_SET_THIS" not in problem(answer, 503)["detail"]


def test_an_unknown_address_is_told_apart(stranger: httpx.Client) -> None:
    problem(stranger.post("/in/nothing", json={}), 404)


def test_handshakes(stranger: httpx.Client) -> None:
    meta = {"hub.mode": "subscribe", "hub.challenge": "42", "hub.verify_token": "the handshake word"}
    assert stranger.get("/in/meta", params=meta).text == "42"
    problem(stranger.get("/in/meta", params=meta | {"hub.verify_token": "another"}), 401)
    code = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
    assert stranger.get("/in/linkedin", params={"challengeCode": code}).json()["challengeCode"] == code
    forged = 'hmacsha256={"leadGenForm":"forged","formResponse":{}}'
    problem(stranger.get("/in/linkedin", params={"challengeCode": forged}), 401)
    slack = next(case for case in CASES if case.name == "slack")
    hello = Case("slack", {"type": "url_verification", "challenge": "abc"}, slack.sign, "", {})
    assert send(stranger, hello).text == "abc"


def test_what_means_nothing_to_rules_is_answered_and_named(stranger: httpx.Client) -> None:
    stripe = next(case for case in CASES if case.name == "stripe")
    other = Case("stripe", {**stripe.body, "type": "file.created"}, stripe.sign, "", {})
    assert send(stranger, other).json() == {"events": [], "ignored": ["file.created"]}


def test_what_cannot_be_mapped_says_where(stranger: httpx.Client) -> None:
    mapped = next(case for case in CASES if case.name == "mapped")
    answer = send(stranger, Case("mapped", {"person": {}}, mapped.sign, "", {}))
    assert "body.person.mail" in problem(answer, 422)["detail"]


def test_samples_and_attempts_for_who_writes_the_mapping(server: LiveServer, stranger: httpx.Client) -> None:
    mapped = fresh(next(case for case in CASES if case.name == "mapped"))
    send(stranger, mapped)
    with server.client("rules:read", "records:read", "events:write") as api:
        assert {"name": "mapped", "sender": "generic"} in api.get("/v1/in").json()["items"]
        shown = api.get("/v1/in/mapped").json()
        assert shown["samples"][-1]["body"] == mapped.encoded().decode()
        assert shown["samples"][-1]["events"][0]["type"] == "form.submitted"
        tried = api.post("/v1/in/mapped/try", json={"person": {"mail": "bo@x.test"}, "form": "f"}).json()
        assert tried["events"][0]["subject"] == {"kind": "contact", "email": "bo@x.test"}
    problem(stranger.get("/v1/in/mapped"), 401)
    problem(stranger.post("/v1/in/mapped/try", json={}), 401)


def test_fields_of_a_mapping_are_set(server: LiveServer, stranger: httpx.Client) -> None:
    send(stranger, fresh(next(case for case in CASES if case.name == "mapped")))
    with server.client() as api:
        found = api.get("/v1/contacts", params={"email": "ana@x.test"}).json()["items"][0]
    assert found["fields"]["city"] == "Rome"
    assert "seen" in found["fields"]["tags"]
