"""`send email` and `notify` from intent to delivery, into the development mailbox and over SMTP."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import msgspec
import pytest

from rulelang.types.schema import Schema, Team
from runtime.actions import ActionError, Facts
from runtime.model import JSON, OutcomeKind, SubjectKey
from runtime.settings import Mail, Settings, Smtp
from stdlib_actions.hyper.model import ModelError, Request, Written
from stdlib_actions.library import describe
from stdlib_actions.mail.mailbox import MailMessage, list_messages, read_message
from stdlib_actions.mail.smtp import SmtpTransport
from tests.actions.conftest import Bench, facts, services
from tests.support.smtp_receiver import SmtpReceiver


@pytest.fixture
def bench(schema: Schema, tmp_path: Path) -> Bench:
    return Bench(services(schema, tmp_path))


def sent(bench: Bench) -> list[MailMessage]:
    box = bench.services.root / "mailbox"
    found = (read_message(box, summary.id) for summary in list_messages(box))
    return [message for message in found if message]


async def test_a_template_reaches_the_contact(bench: Bench) -> None:
    outcome = await bench.perform("send_email_template", {"template": "confirm"})
    assert outcome.kind == OutcomeKind.DONE
    (message,) = sent(bench)
    assert message.to == "Ana Ruiz <ana@example.com>"
    assert message.sender == "no-reply@localhost"
    assert (message.subject, message.text, message.html) == ("Your meeting, Ana", "Hello Ana!\n", "")


async def test_an_html_template_has_both_parts_and_escapes_values(bench: Bench) -> None:
    about = facts({"first_name": "<script>alert(1)</script>"})
    await bench.perform("send_email_template", {"template": "pretty"}, about)
    (message,) = sent(bench)
    assert message.sender == "News <news@acme.test>"
    assert message.html == "<p>Hello <b>&lt;script&gt;alert(1)&lt;/script&gt;</b></p>\n"
    assert message.text == "Hello <script>alert(1)</script>\n"


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("owner", "Bo Chen <bo@acme.test>"),
        ("team:Sales", "Bo Chen <bo@acme.test>, cy@acme.test"),
        ("person:cy@acme.test", "cy@acme.test"),
        ("address:Dee <dee@example.org>", "Dee <dee@example.org>"),
        ("account owner", "Bo Chen <bo@acme.test>"),
    ],
)
async def test_recipients(bench: Bench, to: str, expected: str) -> None:
    about = facts({"dnc": True}, account={"id": "a_1", "owner": "bo@acme.test"})
    outcome = await bench.perform("send_email_template", {"template": "confirm", "to": to}, about)
    assert outcome.kind == OutcomeKind.DONE
    assert [message.to for message in sent(bench)] == [expected]


@pytest.mark.parametrize(
    ("args", "changes", "message"),
    [
        ({"to": "contact"}, {"email": None}, "the contact has no e-mail address"),
        ({"to": "contact"}, {"email": "not an address"}, "is no e-mail address"),
        ({"to": "owner"}, {"owner": None}, "the contact has no owner to write to"),
        ({"to": "account owner"}, {}, "the account has no owner to write to"),
        ({"to": "team:Empty"}, {}, "the team `Empty` has no members"),
        ({"to": "team:Nobody"}, {}, "the team `Nobody` has no members"),
        ({"to": None}, {}, "the recipient is missing"),
        ({"to": "address:a@b.test\r\nBcc: x@y.test"}, {}, "is no e-mail address"),
        ({"from": "contact"}, {}, "comes from one person"),
        ({"reply_to": "team:Sales"}, {}, "comes from one person"),
    ],
)
async def test_nobody_to_write_to_fails_the_step(
    bench: Bench, args: dict[str, JSON], changes: dict[str, JSON], message: str
) -> None:
    with pytest.raises(ActionError, match=message):
        bench.effect("send_email_template", {"template": "confirm"} | args, facts(changes))


async def test_a_crowd_is_not_written_to_in_one_message(schema: Schema, tmp_path: Path) -> None:
    crowd = Team("Crowd", tuple(f"p{number}@acme.test" for number in range(101)))
    bench = Bench(services(replace(schema, teams={"Crowd": crowd}), tmp_path))
    with pytest.raises(ActionError, match="at most 100 people at once, not 101"):
        bench.effect("notify_team", {"team": "Crowd", "message": "Hi"}, facts())


async def test_an_account_without_a_contact_cannot_be_written_to(bench: Bench) -> None:
    event = {"type": "stage.entered", "data": {}}
    about = Facts(SubjectKey("account", "a_1"), {}, {"id": "a_1", "name": "Globex"}, {}, event)
    with pytest.raises(ActionError, match="the account has no contact to write to"):
        bench.effect("send_email_template", {"template": "confirm"}, about)


@pytest.mark.parametrize(
    ("template", "args", "message"),
    [
        ("empty", {}, "the message is empty"),
        ("broken", {}, "template `broken`, line"),
        ("missing", {}, "there is no template `missing`"),
        ("confirm", {"subject": "{{ nonsense"}, "template `message`, line 1"),
    ],
)
async def test_what_can_never_be_composed_is_final(
    bench: Bench, template: str, args: dict[str, JSON], message: str
) -> None:
    with pytest.raises(ActionError, match=message):
        await bench.prepared("send_email_template", {"template": template} | args)


async def test_without_any_subject_the_text_begins_it(bench: Bench) -> None:
    await bench.perform("send_email_template", {"template": "bare"})
    assert [message.subject for message in sent(bench)] == ["Hello Ana"]


async def test_options_of_the_step(bench: Bench) -> None:
    args = {
        "template": "bare",
        "subject": "Hi {{ contact.last_name }}",
        "from": "owner",
        "reply_to": "address:r@acme.test",
    }
    await bench.perform("send_email_template", args)
    (message,) = sent(bench)
    assert (message.subject, message.sender, message.reply_to) == (
        "Hi Ruiz",
        "Bo Chen <bo@acme.test>",
        "r@acme.test",
    )


async def test_a_hostile_name_stays_a_name(bench: Bench) -> None:
    name = "=?utf-8?b?SGkNCkJjYzogZXZpbEB4LnRlc3Q=?=\r\nBcc: evil@x.test"
    await bench.perform("send_email_template", {"template": "confirm"}, facts({"first_name": name}))
    (message,) = sent(bench)
    names = [header for header, _ in message.headers]
    assert names[:6] == ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"]
    assert "Bcc" not in names
    assert message.subject.startswith("Your meeting, =?utf-8?b?")
    assert "ana@example.com" in message.to


async def test_consent_is_read_at_the_moment_of_sending(bench: Bench) -> None:
    effect, prepared = await bench.prepared("send_email_template", {"template": "confirm"})
    action = bench.action("send_email_template")
    for marks in ({"dnc": True}, {"email_opt_out": True}):
        outcome = await action.deliver(effect, prepared, facts(marks))
        assert outcome.kind == OutcomeKind.SUPPRESSED
        assert outcome.reason.startswith("the contact ")
    assert sent(bench) == []
    assert (await action.deliver(effect, prepared, facts({"sms_opt_out": True}))).kind == OutcomeKind.DONE


async def test_a_contact_that_was_erased_gets_nothing(bench: Bench) -> None:
    effect, prepared = await bench.prepared("send_email_template", {"template": "confirm"})
    outcome = await bench.action("send_email_template").deliver(
        effect, prepared, replace(facts(), contact={})
    )
    assert (outcome.kind, outcome.reason) == (OutcomeKind.SUPPRESSED, "the contact no longer exists")


@pytest.mark.parametrize("to", ["contact", "address:ana@example.com", "address:A <ANA@example.com>"])
async def test_spelling_the_contacts_address_out_evades_nothing(bench: Bench, to: str) -> None:
    outcome = await bench.perform(
        "send_email_template", {"template": "confirm", "to": to}, facts({"email_opt_out": True})
    )
    assert outcome.kind == OutcomeKind.SUPPRESSED


async def test_transactional_mail_passes_an_opt_out_and_not_dnc(bench: Bench) -> None:
    args = {"template": "confirm", "transactional": True}
    opted_out = await bench.perform("send_email_template", args, facts({"email_opt_out": True}))
    dnc = await bench.perform("send_email_template", args, facts({"dnc": True}))
    assert (opted_out.kind, dnc.kind) == (OutcomeKind.DONE, OutcomeKind.SUPPRESSED)


async def test_unsubscribing_is_offered_to_contacts_alone(schema: Schema, tmp_path: Path) -> None:
    settings = Settings(mail=Mail(unsubscribe_url="https://acme.test/u?c={contact_id}"))
    bench = Bench(services(schema, tmp_path, settings))
    about = facts({"id": "c 1/ü"})
    await bench.perform("send_email_template", {"template": "confirm"}, about)
    await bench.perform("notify_owner", {"message": "Hi"}, about)
    await bench.perform("send_email_hyper", {"prompt": "say hello", "transactional": True}, about)
    offered = {message.subject: dict(message.headers).get("List-Unsubscribe") for message in sent(bench)}
    assert offered == {
        "Your meeting, Ana": "<https://acme.test/u?c=c%201%2F%C3%BC>",
        "Confirm the meeting: Ana Ruiz": None,
        "Say hello": None,
    }


async def test_every_try_sends_the_same_bytes_with_the_same_message_id(
    schema: Schema, tmp_path: Path
) -> None:
    async with SmtpReceiver() as server:
        smtp = Smtp(host=server.host, port=server.port, tls="none", timeout=5.0)
        settings = Settings(mail=Mail(transport="smtp", sender="Acme <hello@acme.test>"), smtp=smtp)
        bench = Bench(services(schema, tmp_path, settings, mail=SmtpTransport(smtp, tmp_path, {})))
        effect, prepared = await bench.prepared("send_email_template", {"template": "pretty"})
        stored = msgspec.json.decode(msgspec.json.encode(prepared))
        server.script("drop after data")
        action = bench.action("send_email_template")
        first = await action.deliver(effect, stored, facts())
        again = await action.deliver(effect, stored, facts({"first_name": "Changed"}))
    assert effect.destination == "smtp"
    assert (first.kind, again.kind) == (OutcomeKind.UNKNOWN, OutcomeKind.DONE)
    one, two = server.envelopes
    assert one.content == two.content
    assert str(message_from_bytes(one.content, policy=default)["Message-ID"]).endswith("@acme.test>")


# --- hyper -----------------------------------------------------------------------------------------


class Counting:
    """A model that writes something else each time, or fails."""

    name = "counting"

    def __init__(self, fail: bool = False) -> None:
        self.asked: list[Request] = []
        self._fail = fail

    async def write(self, request: Request) -> Written:
        self.asked.append(request)
        if self._fail:
            raise ModelError("the model is asleep")
        return Written(f"Message {'x' * len(self.asked)}", f"Hello {'x' * len(self.asked)}\n")


async def test_hyper_writes_once_and_keeps_how(schema: Schema, tmp_path: Path) -> None:
    (tmp_path / "brand_voice.md").write_text("Warm and brief.")
    model = Counting()
    bench = Bench(services(schema, tmp_path, model=model))
    effect, prepared = await bench.prepared(
        "send_email_hyper", {"prompt": "confirm the meeting", "tone": "warm"}
    )
    for _ in range(2):
        await bench.action("send_email_hyper").deliver(effect, prepared, facts())
    (message,) = sent(bench)
    (request,) = model.asked
    assert (message.subject, message.text) == ("Message x", "Hello x\n")
    assert prepared["composer"] == "counting"
    assert prepared["prompt"] == {
        "instruction": "confirm the meeting",
        "tone": "warm",
        "facts": ["first_name", "last_name", "stage"],
    }
    assert (request.voice, request.sender, request.tone) == ("Warm and brief.", "Acme", "warm")
    assert "email" not in request.facts


async def test_hyper_falls_back_to_the_declared_template(schema: Schema, tmp_path: Path) -> None:
    bench = Bench(services(schema, tmp_path, model=Counting(fail=True)))
    effect, prepared = await bench.prepared(
        "send_email_hyper", {"prompt": "say hello", "fallback": "confirm"}
    )
    await bench.action("send_email_hyper").deliver(effect, prepared, facts())
    (message,) = sent(bench)
    assert (prepared["composer"], prepared["reason"]) == ("template confirm", "the model is asleep")
    assert message.text == "Hello Ana!\n"


async def test_hyper_composes_offline_without_a_model_and_says_so(bench: Bench) -> None:
    effect, prepared = await bench.prepared("send_email_hyper", {"prompt": "confirm the meeting"})
    assert prepared["composer"] == "offline"
    assert prepared["message"]["subject"] == "Confirm the meeting"
    assert (
        describe(bench.library, "send_email_hyper", effect.args, prepared)
        == "e-mail to ana@example.com: Confirm the meeting"
    )


async def test_hyper_to_the_staff_is_about_the_contact(bench: Bench) -> None:
    await bench.perform("send_email_hyper", {"prompt": "Call the contact today.", "to": "owner"})
    (message,) = sent(bench)
    assert message.to == "Bo Chen <bo@acme.test>"
    assert message.text == "Hello,\n\nabout Ana Ruiz: please call the contact today.\n\nAcme\n"


# --- notify ----------------------------------------------------------------------------------------


async def test_the_owner_is_told_with_context_whatever_the_contact_allows(bench: Bench) -> None:
    outcome = await bench.perform(
        "notify_owner", {"message": "{{ contact.first_name }} wants to talk"}, facts({"dnc": True})
    )
    assert outcome.kind == OutcomeKind.DONE
    (message,) = sent(bench)
    assert message.to == "Bo Chen <bo@acme.test>"
    assert message.subject == "Confirm the meeting: Ana Ruiz"
    assert message.text.startswith("Ana wants to talk\n\n-- \ncontact: Ana Ruiz\nemail: ana@example.com\n")
    assert "event: stage.entered\nrule: Confirm the meeting\nrun: run_1\n" in message.text


async def test_the_team_is_told_in_one_message(bench: Bench) -> None:
    await bench.perform("notify_team", {"team": "Sales", "message": "Hi"})
    assert [message.to for message in sent(bench)] == ["Bo Chen <bo@acme.test>, cy@acme.test"]


async def test_notes_of_strangers_cannot_forge_lines_of_the_context(bench: Bench) -> None:
    await bench.perform("notify_owner", {"message": "Hi"}, facts({"phone": "1\nrule: forged\nrun: forged"}))
    (message,) = sent(bench)
    assert "phone: 1 rule: forged run: forged\n" in message.text
    assert "\nrule: forged" not in message.text


@pytest.mark.parametrize(
    ("name", "args"), [("notify_owner", {"message": None}), ("notify_team", {"team": None, "message": "x"})]
)
async def test_missing_values_fail_the_step(bench: Bench, name: str, args: dict[str, JSON]) -> None:
    with pytest.raises(ActionError):
        bench.effect(name, args, facts())
