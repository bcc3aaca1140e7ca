"""Drafts for a person over a real server and real SMTP receivers: approved, changed, refused, too late, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from itertools import count
from typing import Any

import httpx
import pytest

from tests.support.live import SCHEMA, LiveServer, make_files, problem, wait_for
from tests.support.smtp_receiver import SmtpReceiver, message_to, receiving

RULES = """
rule "Draft" for contact
  on tag added "draft"
  exit when status = customer
do
  let answer = draft email template("hello") for owner within 2d
  if answer.ok then
    add tag "sent"
  else
    add tag "not sent"
  end
end

rule "Own" for contact
  on tag added "own"
do
  draft email template("hello", via: own) for owner
end

rule "Short" for contact
  on tag added "short"
do
  draft email template("hello") for "bo@acme.test" within 1s
  add tag "gone on"
end
"""
HELLO = """---
subject: Hello {{ contact.first_name }}
format: html
---
<p>Hello <b>{{ contact.first_name }}</b></p>
"""
_number = count(1)


@pytest.fixture(scope="module")
def receivers() -> Iterator[tuple[SmtpReceiver, SmtpReceiver]]:
    with receiving() as company, receiving() as own:
        yield company, own


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, receivers: tuple[SmtpReceiver, SmtpReceiver]
) -> Iterator[LiveServer]:
    company, own = receivers
    settings = f"""
[mail]
transport = "smtp"
from = "Acme <hello@acme.test>"

[smtp]
host = "127.0.0.1"
port = {company.port}
tls = "none"

[accounts."ana@acme.test"]
host = "127.0.0.1"
port = {own.port}
tls = "none"
"""
    files = {
        "schema.rules": SCHEMA,
        "rules/all.rules": RULES,
        "templates/hello.liquid": HELLO,
        "rulelang.toml": settings,
    }
    with LiveServer(make_files(tmp_path_factory.mktemp("drafts"), files)) as running:
        yield running


@pytest.fixture
def api(server: LiveServer) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def drafted(api: httpx.Client, tag: str, owner: str = "ana@acme.test") -> dict[str, Any]:
    """A new contact with a draft; the draft."""
    contact = f"d_{next(_number)}"
    fields = {"email": f"{contact}@x.test", "first_name": "Lea", "owner": owner, "status": "trial"}
    api.put(f"/v1/contacts/{contact}", json=fields).raise_for_status()
    event = {"type": "contact.tag_added", "contact_id": contact, "data": {"tag": tag}}
    api.post("/v1/events", json=event).raise_for_status()

    def found() -> dict[str, Any] | None:
        items = api.get("/v1/drafts").json()["items"]
        return next((item for item in items if item["contact"]["id"] == contact), None)

    draft = wait_for(found)
    assert draft is not None
    return draft


def decide(api: httpx.Client, draft: dict[str, Any], verb: str, **said: str) -> httpx.Response:
    return api.post(f"/v1/drafts/{draft['key']}/{verb}", json=said)


def arrived(receiver: SmtpReceiver, contact: str) -> EmailMessage:
    return message_to(receiver, f"{contact}@x.test")[0]


def tags(api: httpx.Client, draft: dict[str, Any]) -> list[str]:
    return list(api.get(f"/v1/contacts/{draft['contact']['id']}").json()["fields"]["tags"])


def test_approved_it_goes_out_in_the_name_of_its_person(
    api: httpx.Client, receivers: tuple[SmtpReceiver, SmtpReceiver]
) -> None:
    draft = drafted(api, "draft")
    assert draft["person"] == "ana@acme.test"
    assert draft["subject"] == "Hello Lea"
    assert draft["until"]
    assert decide(api, draft, "approve").json()["decided_by"] == "ana@acme.test"
    message = arrived(receivers[0], draft["contact"]["id"])
    assert message["From"].addresses[0].addr_spec == "ana@acme.test"
    assert message.get_content_type() == "multipart/alternative"
    assert wait_for(lambda: "sent" in tags(api, draft))
    assert problem(decide(api, draft, "approve"), 409)
    assert draft["key"] not in api.get("/v1/drafts").text


def test_changed_words_go_out_alone(api: httpx.Client, receivers: tuple[SmtpReceiver, SmtpReceiver]) -> None:
    draft = drafted(api, "draft")
    decide(api, draft, "approve", subject="Hi", text="Other words.").raise_for_status()
    message = arrived(receivers[0], draft["contact"]["id"])
    assert message["Subject"] == "Hi"
    assert message.get_content_type() == "text/plain"
    assert message.get_content().strip() == "Other words."


def test_refused_it_is_not_sent_and_the_run_goes_on(
    api: httpx.Client, receivers: tuple[SmtpReceiver, SmtpReceiver]
) -> None:
    draft = drafted(api, "draft")
    decide(api, draft, "refuse", note="I called").raise_for_status()
    assert wait_for(lambda: "not sent" in tags(api, draft))
    run = api.get(f"/v1/runs/{draft['run']}").text
    assert "refused by ana@acme.test: I called" in run
    assert all(f"{draft['contact']['id']}@x.test" not in e.recipients for e in receivers[0].envelopes)


def test_a_persons_own_account(api: httpx.Client, receivers: tuple[SmtpReceiver, SmtpReceiver]) -> None:
    draft = drafted(api, "own")
    decide(api, draft, "approve").raise_for_status()
    assert arrived(receivers[1], draft["contact"]["id"])["From"].addresses[0].addr_spec == "ana@acme.test"


def test_without_an_account_somebody_is_told(api: httpx.Client) -> None:
    draft = drafted(api, "own", owner="bo@acme.test")
    decide(api, draft, "approve").raise_for_status()
    wait_for(lambda: api.get(f"/v1/runs/{draft['run']}").json()["status"] == "blocked")
    assert "[accounts." in api.get(f"/v1/runs/{draft['run']}").text


def test_nobody_looked_in_time(api: httpx.Client) -> None:
    contact = "d_short"
    api.put(f"/v1/contacts/{contact}", json={"email": "s@x.test"}).raise_for_status()
    event = {"type": "contact.tag_added", "contact_id": contact, "data": {"tag": "short"}}
    (run,) = api.post("/v1/events", json=event).json()["runs"]
    wait_for(lambda: api.get(f"/v1/runs/{run}").json()["status"] == "completed")
    assert "bo@acme.test did not look at it in time" in api.get(f"/v1/runs/{run}").text


def test_a_run_that_ends_takes_its_draft_back(api: httpx.Client) -> None:
    draft = drafted(api, "draft")
    api.put(f"/v1/contacts/{draft['contact']['id']}", json={"status": "customer"}).raise_for_status()
    assert draft["key"] not in [item["key"] for item in api.get("/v1/drafts").json()["items"]]
    problem(decide(api, draft, "approve"), 409)


def test_what_is_no_decision(api: httpx.Client) -> None:
    draft = drafted(api, "draft")
    problem(decide(api, draft, "approve", sender="evil@x.test"), 422)
    problem(decide(api, draft, "approve", text="  "), 422)
    problem(api.post(f"/v1/drafts/{draft['run']}:nothing/approve", json={}), 404)
    assert draft["key"] in api.get("/v1/drafts", params={"person": "ana@acme.test"}).text
    assert api.get("/v1/drafts", params={"person": "bo@acme.test"}).json()["items"] == []


def test_the_page(
    server: LiveServer, api: httpx.Client, receivers: tuple[SmtpReceiver, SmtpReceiver]
) -> None:
    draft = drafted(api, "draft")
    with server.browser() as browser:
        page = browser.get("/drafts").text
        assert "Hello Lea" in page
        form = {
            "decision": "approve",
            "subject": draft["subject"],
            "text": draft["text"].replace("\n", "\r\n"),
        }
        assert browser.post(f"/drafts/{draft['key']}", data=form).status_code == 303
    message = arrived(receivers[0], draft["contact"]["id"])
    assert message.get_content_type() == "multipart/alternative"
