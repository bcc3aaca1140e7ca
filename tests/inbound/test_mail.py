"""Answers, bounces and complaints of a mail server, matched to the message and the run that they are about."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.support.live import SCHEMA, LiveServer, make_files, problem, wait_for

RULES = """
rule "Ask" for contact
  on tag added "ask"
  exit on contact replied where run = run.id
do
  send email template("hello")
  wait 9d
end
"""
SETTINGS = """
[mail]
from = "Acme <hello@acme.test>"

[in.mail]
sender = "mail"
secret_env = "MAIL_TOKEN"
"""
HELLO = "---\nsubject: Hello\n---\nHow are you?\n"
BOUNCE = """From: MAILER-DAEMON@mx.test
To: hello@acme.test
Message-ID: <b{n}@mx.test>
MIME-Version: 1.0
Content-Type: multipart/report; report-type={report}; boundary="x"

--x
Content-Type: text/plain

It did not work.
--x
Content-Type: message/{report}

{fields}
--x
Content-Type: message/rfc822

Message-ID: {ours}
From: hello@acme.test
Subject: Hello

How are you?
--x--
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    files = {
        "schema.rules": SCHEMA,
        "rules/ask.rules": RULES,
        "rulelang.toml": SETTINGS,
        "templates/hello.liquid": HELLO,
    }
    with LiveServer(make_files(tmp_path_factory.mktemp("mail"), files), {"MAIL_TOKEN": "t0ken"}) as running:
        yield running


def asked(server: LiveServer, contact: str) -> tuple[str, str]:
    """Have a contact asked; the run, and the Message-ID of what went out."""
    with server.client() as api:
        api.put(f"/v1/contacts/{contact}", json={"email": f"{contact}@x.test"}).raise_for_status()
        event = {"type": "contact.tag_added", "contact_id": contact, "data": {"tag": "ask"}}
        (run,) = api.post("/v1/events", json=event).json()["runs"]

        def sent() -> str:
            for item in api.get("/v1/mailbox").json()["items"]:
                if item["to"].startswith(contact):
                    return str(api.get(f"/v1/mailbox/{item['id']}").json()["message_id"])
            return ""

        return run, wait_for(sent)


def hand_on(server: LiveServer, message: str, token: str = "t0ken") -> httpx.Response:
    with server.stranger() as client:
        headers = {"X-Webhook-Token": token, "Content-Type": "message/rfc822"}
        return client.post("/in/mail", content=message.replace("\n", "\r\n").encode(), headers=headers)


def event_of(server: LiveServer, answer: httpx.Response) -> dict[str, object]:
    (receipt,) = answer.json()["events"]
    event = server.run(server.parts.reader.event(receipt["id"]))
    assert event is not None
    return {"type": event.type, "contact": event.subject.id, **event.data}


def state(server: LiveServer, run: str) -> str:
    found = server.run(server.parts.reader.run(run))
    assert found is not None
    return str(found.status)


def test_an_answer_ends_the_run_that_it_answers(server: LiveServer) -> None:
    run, ours = asked(server, "c_1")
    text = (
        f"From: Lea <other@y.test>\nMessage-ID: <a1@y.test>\nIn-Reply-To: {ours}\nSubject: Re: Hello\n\n"
        "Fine, thanks!\n\nOn Monday Acme wrote:\n> How are you?\n"
    )
    found = event_of(server, hand_on(server, text))
    assert found["type"] == "message.replied"
    assert found["contact"] == "c_1"
    assert found["text"] == "Fine, thanks!"
    assert found["rule"] == "Ask"
    assert state(server, run) == "exited"


def test_an_answer_after_a_person_wrote_in_between(server: LiveServer) -> None:
    run, ours = asked(server, "c_2")
    text = (
        f"From: c_2@x.test\nMessage-ID: <a2@y.test>\nIn-Reply-To: <person@acme.test>\n"
        f"References: {ours} <person@acme.test>\n\nyes\n"
    )
    assert event_of(server, hand_on(server, text))["run"] == run
    assert state(server, run) == "exited"


def test_a_message_that_answers_nothing_of_ours_ends_nothing(server: LiveServer) -> None:
    run, _ = asked(server, "c_3")
    found = event_of(server, hand_on(server, "From: c_3@x.test\nMessage-ID: <a3@y.test>\n\nhello\n"))
    assert found["contact"] == "c_3"
    assert "run" not in found
    assert state(server, run) == "waiting"


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: auto-replied", "Precedence: bulk", "X-Autoreply: yes", "List-Id: <l.x.test>"]
)
def test_programs_that_answer_are_no_people(server: LiveServer, header: str) -> None:
    contact = f"c_{header[0]}".lower()
    run, ours = asked(server, contact)
    text = f"From: {contact}@x.test\nMessage-ID: <a4@y.test>\nIn-Reply-To: {ours}\n{header}\n\nI am away\n"
    assert hand_on(server, text).json() == {"events": [], "ignored": ["an automatic answer"]}
    assert state(server, run) == "waiting"


@pytest.mark.parametrize(("status", "expected"), [("5.1.1", "hard"), ("4.2.2", "soft")])
def test_bounces(server: LiveServer, status: str, expected: str) -> None:
    contact = f"c_{expected}"
    _, ours = asked(server, contact)
    fields = f"Reporting-MTA: dns; mx.test\n\nFinal-Recipient: rfc822; {contact}@x.test\nAction: failed\nStatus: {status}"
    report = BOUNCE.format(n=status, report="delivery-status", fields=fields, ours=ours)
    found = event_of(server, hand_on(server, report))
    assert found["type"] == "email.bounced"
    assert found["contact"] == contact
    assert found["bounce_class"] == expected
    assert found["message_id"] == ours.strip("<>")
    assert found["rule"] == "Ask"


def test_complaints(server: LiveServer) -> None:
    _, ours = asked(server, "c_6")
    fields = "Feedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: c_6@x.test"
    found = event_of(
        server, hand_on(server, BOUNCE.format(n=9, report="feedback-report", fields=fields, ours=ours))
    )
    assert found["type"] == "email.complained"
    assert found["contact"] == "c_6"


def test_what_is_no_mail_or_from_nobody(server: LiveServer) -> None:
    problem(hand_on(server, "From: a@b.test\n\nhi", token="wrong"), 401)
    problem(hand_on(server, "  "), 400)
    assert hand_on(server, "no header at all").json()["events"] == []
