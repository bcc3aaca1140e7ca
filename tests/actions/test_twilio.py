"""Text messages and calls against a double of Twilio that speaks its documented protocol."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ElementTree
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rulelang.types.schema import Person, Schema, TemplateDef
from rulelang.workspace import load_workspace
from runtime.actions import ActionError
from runtime.egress.client import EgressClient
from runtime.egress.guard import EgressPolicy
from runtime.model import Outcome, OutcomeKind
from runtime.providers import Twilio
from runtime.settings import Settings
from stdlib_actions.twilio.numbers import e164
from stdlib_actions.twilio.voice import answer
from tests.actions.conftest import Bench, facts, services
from tests.support.evil_http import Answer, EvilServer
from tests.support.rules import SCHEMA, Story, catalogue
from tests.support.twilio import SID, TOKEN, created, forms, path, refused

PHONE = {"phone": "+49 (30) 1234-567"}


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
def bench(schema: Schema, tmp_path: Path, egress: EgressClient, server: EvilServer) -> Any:
    bo = Person("bo@acme.test", "Bo Chen", phone="+15005550001")
    flow = TemplateDef("welcome", "<Response><Say>{{ contact.first_name }}</Say></Response>", "t")
    broken = TemplateDef("broken", "<Response><Say>{{ contact.first_name }}</Response>", "t")
    known = replace(schema, people={"bo@acme.test": bo}, templates={"welcome": flow, "broken": broken})

    def make(**more: Any) -> Bench:
        usual = {
            "account_sid": SID,
            "token_env": "TOKEN",
            "sender": "+15005550006",
            "base_url": server.url(""),
        }
        settings = Settings(twilio=Twilio(**{**usual, **more}))
        return Bench(services(known, tmp_path, settings, egress=egress, env={"TOKEN": TOKEN}))

    return make


# --- text messages ---------------------------------------------------------------------------------


async def test_a_text_message_arrives_as_twilio_documents_it(bench: Any, server: EvilServer) -> None:
    server.script(path("Messages"), created("SM1"))
    actions = bench(status_url="https://acme.test/in/twilio")
    args = {"text": "Hello {{ contact.first_name }} & <you>", "media": "https://acme.test/a.png"}
    outcome = await actions.perform("send_sms", args, facts(PHONE))
    assert outcome == Outcome(OutcomeKind.DONE, result={"status": 201, "id": "SM1", "state": "queued"})
    (request,) = server.requests
    credentials = base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
    assert request.headers["authorization"] == f"Basic {credentials}"
    assert request.headers["i-twilio-idempotency-token"] == "run_1:send_sms:0"
    assert forms(server, "Messages") == [
        {
            "To": "+49301234567",
            "From": "+15005550006",
            "Body": "Hello Ana & <you>",
            "MediaUrl": "https://acme.test/a.png",
            "StatusCallback": "https://acme.test/in/twilio?contact=c_1",
        }
    ]


async def test_whatsapp_and_messaging_services(bench: Any, server: EvilServer) -> None:
    server.script(path("Messages"), created("SM1"), created("SM2"))
    actions = bench(sender="MG77", whatsapp_from="+15005550009")
    await actions.perform("send_whatsapp", {"text": "x"}, facts(PHONE))
    await actions.perform("send_sms", {"text": "x", "to": "owner"}, facts(PHONE))
    first, second = forms(server, "Messages")
    assert (first["To"], first["From"]) == ("whatsapp:+49301234567", "whatsapp:+15005550009")
    assert (second["To"], second["MessagingServiceSid"], "From" in second) == ("+15005550001", "MG77", False)


@pytest.mark.parametrize(
    ("answer", "kind", "reason", "after"),
    [
        (refused(429, 20429, "Too Many Requests", **{"Retry-After": "9"}), OutcomeKind.RETRY, "429", 9),
        (Answer(503, b"busy"), OutcomeKind.RETRY, "503", None),
        (Answer(500, b"oops"), OutcomeKind.UNKNOWN, "it may have been sent", None),
        (refused(401, 20003, "Authenticate"), OutcomeKind.RETRY, "Authenticate", None),
        (refused(400, 21211, "Invalid 'To' Phone Number"), OutcomeKind.FAILED, "(Twilio error 21211)", None),
        (
            refused(400, 21610, "Attempt to send to unsubscribed recipient"),
            OutcomeKind.SUPPRESSED,
            "21610",
            None,
        ),
        (Answer(201, b'{"sid": "SM'), OutcomeKind.DONE, "", None),
        (
            Answer(302, b"", {"Location": "/elsewhere"}),
            OutcomeKind.FAILED,
            "redirects are not followed",
            None,
        ),
    ],
)
async def test_what_an_answer_means(
    bench: Any, server: EvilServer, answer: Answer, kind: OutcomeKind, reason: str, after: float | None
) -> None:
    server.script(path("Messages"), answer)
    outcome = await bench().perform("send_sms", {"text": "x"}, facts(PHONE))
    assert (outcome.kind, outcome.retry_after) == (kind, after)
    assert reason in outcome.reason
    assert TOKEN not in str(outcome)
    assert len(server.requests) == 1


@pytest.mark.parametrize("way", ["never", "reset", "garbage"])
async def test_no_answer_is_not_tried_again(bench: Any, server: EvilServer, way: str) -> None:
    outcome = await bench(base_url=server.url(f"/{way}?x="), timeout=0.5).perform(
        "send_sms", {"text": "x"}, facts(PHONE)
    )
    assert outcome.kind == OutcomeKind.UNKNOWN


async def test_a_refusal_is_heard_with_its_code(bench: Any, server: EvilServer) -> None:
    server.script(path("Messages"), refused(400, 21610, "Attempt to send to unsubscribed recipient"))
    outcome = await bench().perform("send_sms", {"text": "x"}, facts(PHONE))
    failed, stopped = outcome.result["events"]
    assert failed["type"] == "sms.failed"
    assert (failed["data"]["error_code"], stopped["data"]["channels"]) == (21610, ["sms"])


def test_rules_hear_of_a_refusal_and_the_contact_is_opted_out() -> None:
    events = [
        {"type": "sms.failed", "data": {"error_code": 21610, "error_text": "x"}},
        {
            "type": "contact.dnd_changed",
            "data": {"enabled": True, "scope": "specific", "channels": ["sms"], "direction": "outbound"},
        },
    ]
    story = Story(
        'rule "R" on tag added "go" do\n  let sent = send sms "x"\n  add tag "on" when sent.ok = false\n'
        '  send sms "again"\nend\n'
        'rule "F" on sms failed with 21610 do add tag "failed" end',
        answer=lambda row: Outcome(OutcomeKind.SUPPRESSED, "stopped", {"events": events}),
    )
    story.contact(phone="+49301234567")
    story.event("contact.tag_added", tag="go")
    assert set(story.fields()["tags"]) == {"go", "on", "failed"}
    assert story.fields()["sms_opt_out"] is True


@pytest.mark.parametrize(
    ("word", "channel", "before", "after"),
    [
        ("Stop", "sms", None, True),
        (" STOP. ", "whatsapp", None, True),
        ("stop it", "sms", None, None),
        ("STOP", "email", None, None),
        ("start", "sms", True, False),
        ("start", "sms", None, None),
        ("QUIT", "sms", False, True),
    ],
)
def test_stop_and_start_are_understood(word: str, channel: str, before: Any, after: Any) -> None:
    story = Story('rule "R" on contact replied do add tag "heard" end')
    story.contact(sms_opt_out=before)
    story.event("message.replied", channel=channel, text=word)
    assert story.fields().get("sms_opt_out") is after
    assert story.fields()["tags"] == ["heard"]


@pytest.mark.parametrize("mark", [{"dnc": True}, {"sms_opt_out": True}, {"dnd": ["sms outbound"]}])
async def test_consent_is_asked_again_when_the_message_is_sent(
    bench: Any, server: EvilServer, mark: dict[str, Any]
) -> None:
    actions = bench()
    effect, prepared = await actions.prepared("send_sms", {"text": "x"}, facts(PHONE))
    outcome = await actions.action("send_sms").deliver(effect, prepared, facts(PHONE | mark))
    assert (outcome.kind, server.requests) == (OutcomeKind.SUPPRESSED, [])


async def test_spelling_out_the_contacts_number_evades_nothing(bench: Any, server: EvilServer) -> None:
    args = {"text": "x", "to": "number:0049301234567"}
    outcome = await bench().perform("send_sms", args, facts(PHONE | {"sms_opt_out": True}))
    assert (outcome.kind, server.requests) == (OutcomeKind.SUPPRESSED, [])


@pytest.mark.parametrize(
    ("number", "form"),
    [
        ("+49 30 1234-567", "+49301234567"),
        ("0049 (30) 1234567", "+49301234567"),
        ("030 1234567", None),
        ("+0301234567", None),
        ("+49", None),
        ("+4930123456789012", None),
        ("+49301234567;ext=1", None),
        ("", None),
    ],
)
def test_numbers_have_one_form(number: str, form: str | None) -> None:
    assert e164(number) == form


@pytest.mark.parametrize(
    ("args", "contact", "sentence"),
    [
        ({"text": "x"}, {"phone": None}, "the contact has no telephone number"),
        ({"text": "x"}, {"phone": "030 1"}, "the contact's number cannot be dialled"),
        ({"text": "x", "to": "owner"}, {"owner": "cy@acme.test"}, "`cy@acme.test` has no telephone number"),
        ({"text": "x" * 1601}, PHONE, "at most 1600 characters"),
        ({"text": "{{ contact.city }}"}, PHONE, "the message is empty"),
    ],
)
async def test_what_can_never_be_sent_fails_with_a_sentence(
    bench: Any, args: dict[str, Any], contact: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ActionError, match=sentence.replace("(", r"\(")):
        await bench().perform("send_sms", args, facts(contact))


async def test_without_an_account_nothing_is_sent(bench: Any) -> None:
    with pytest.raises(ActionError, match="no Twilio account is set up"):
        await bench(account_sid="").perform("send_sms", {"text": "x"}, facts(PHONE))


# --- calls -----------------------------------------------------------------------------------------


async def test_a_call_says_something_and_connects_somebody(bench: Any, server: EvilServer) -> None:
    server.script(path("Calls"), created("CA1"))
    args = {"text": "Hello {{ contact.first_name }} & co", "connect": "owner", "ring": "30s", "record": True}
    outcome = await bench().perform("call_say", args, facts(PHONE | {"first_name": "<Ana>"}))
    assert (outcome.kind, outcome.result["id"]) == (OutcomeKind.DONE, "CA1")
    (form,) = forms(server, "Calls")
    assert (form["To"], form["From"], form["Timeout"], form["Record"]) == (
        "+49301234567",
        "+15005550006",
        "30",
        "true",
    )
    root = ElementTree.fromstring(form["Twiml"])
    assert [(e.tag, "".join(e.itertext())) for e in root] == [
        ("Say", "Hello <Ana> & co"),
        ("Dial", "+15005550001"),
    ]


async def test_a_flow_is_a_template_with_fields_escaped(bench: Any, server: EvilServer) -> None:
    server.script(path("Calls"), created("CA1"))
    await bench().perform("call_flow", {"flow": "welcome"}, facts(PHONE | {"first_name": "</Say><Dial>1"}))
    root = ElementTree.fromstring(forms(server, "Calls")[0]["Twiml"])
    assert [(e.tag, e.text) for e in root] == [("Say", "</Say><Dial>1")]
    with pytest.raises(ActionError, match="the call flow is no XML"):
        await bench().perform("call_flow", {"flow": "broken"}, facts(PHONE))


async def test_what_is_decided_during_the_call_has_a_signed_address(bench: Any, server: EvilServer) -> None:
    server.script(path("Calls"), created("CA1"))
    args = {
        "text": "hello",
        "connect": "owner",
        "whisper": "It is {{ contact.first_name }}",
        "voicemail": "bye",
    }
    with pytest.raises(ActionError, match="voice_url"):
        await bench().perform("call_say", args, facts(PHONE))
    actions = bench(voice_url="https://acme.test/voice")
    effect, prepared = await actions.prepared("call_say", args, facts(PHONE))
    assert prepared["flow"] == {
        "say": "hello",
        "connect": "+15005550001",
        "whisper": "It is Ana",
        "voicemail": "bye",
    }
    await actions.action("call_say").deliver(effect, prepared, facts(PHONE))
    (form,) = forms(server, "Calls")
    assert form["Url"].startswith("https://acme.test/voice/run_1%3Acall_say%3A0?s=")
    assert (form["MachineDetection"], "Twiml" in form) == ("DetectMessageEnd", False)


LINKS = {"pressed": "https://a.test/?s=1&phase=pressed", "whisper": "https://a.test/?s=1&phase=whisper"}
FLOW = {"say": "hi & bye", "connect": "+1500", "whisper": "psst", "voicemail": "later"}


@pytest.mark.parametrize(
    ("flow", "phase", "form", "expected"),
    [
        (FLOW, "", {"AnsweredBy": "human"}, [("Say", "hi & bye"), ("Dial", "+1500")]),
        (FLOW, "", {"AnsweredBy": "machine_end_beep"}, [("Say", "later")]),
        (FLOW, "whisper", {}, [("Say", "psst")]),
        (FLOW | {"keypress": "1"}, "", {}, [("Gather", "hi & bye")]),
        (FLOW | {"keypress": "1"}, "pressed", {"Digits": "1"}, [("Dial", "+1500")]),
        (FLOW | {"keypress": "1"}, "pressed", {"Digits": "2"}, [("Hangup", "")]),
        ({"say": "x"}, "", {"AnsweredBy": "machine_start"}, [("Say", "x")]),
    ],
)
def test_the_turns_of_a_call(
    flow: dict[str, str], phase: str, form: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    root = ElementTree.fromstring(answer(flow, phase, form, LINKS))
    assert [(e.tag, "".join(e.itertext())) for e in root] == expected
    numbers = [e.get("url") for e in root.iter("Number")]
    assert numbers in ([], [LINKS["whisper"]])


# --- in rules --------------------------------------------------------------------------------------


def test_people_have_numbers_and_messages_wait_their_time() -> None:
    schema = SCHEMA.replace(
        'person "ana@acme.test": "Ana Ruiz"', 'person "ana@acme.test": "Ana Ruiz", "+15005550001"'
    )
    story = Story(
        'rule "R" on tag added "go" do\n  send sms "Hi {{ contact.first_name }}" to owner after 1h\n'
        '  send sms "direct" to "+15005550002" with transactional = true\n'
        '  call say "hello" to "ana@acme.test"\nend',
        schema=schema,
    )
    story.contact(first_name="Zoe", owner="ana@acme.test")
    story.event("contact.tag_added", tag="go")
    assert story.effects() == []
    story.after(3600)
    sms, direct, call = story.effects()
    assert (sms.prepared["To"], sms.prepared["Body"]) == ("+15005550001", "Hi Zoe")
    assert (direct.prepared["To"], call.prepared["form"]["To"]) == ("+15005550002", "+15005550001")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('on contact created do send sms "x" to "12345"', "E0412"),
        ('on contact created do send sms "x" to "Sales"', "E0412"),
        ('on contact created do send sms "x" with transactionl = true', "E0404"),
        ('person "a@b.test": "A", "+030 1"', "E0113"),
        ('person "a@b.test": "A", "B"', "E0112"),
    ],
)
def test_mistakes_are_underlined(text: str, code: str) -> None:
    checked = load_workspace({"r.rules": text}, catalogue())
    assert [d.code for d in checked.diagnostics if d.is_error] == [code]
