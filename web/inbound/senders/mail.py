"""E-mail that comes in, as a mail server hands it on: answers, bounces (RFC 3464), complaints (RFC 5965)."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr

from stdlib_actions.mail.compose import run_of
from stdlib_actions.mail.html_text import text_of
from web.inbound.delivery import Delivery, Raw, Read, contact_by, given
from web.inbound.signatures import same
from web.problems import Problem

_IDS = re.compile(r"<[^<>\s]{1,300}>")
_QUOTED = re.compile(r"^(>.*|On .{1,200} wrote:|-----Original Message-----.*)$")
MAX_TEXT = 20_000
"""How much of an answer is kept, in characters."""


class Mail:
    """A mailbox, as messages handed on one by one (`message/rfc822`) with the secret as a token."""

    def verify(self, delivery: Delivery, secret: str) -> bool:
        """See Sender."""
        bearer = delivery.headers.get("authorization", "").removeprefix("Bearer ")
        found = delivery.headers.get("x-webhook-token", "") or bearer
        return bool(found) and same(secret, found)

    def read(self, delivery: Delivery) -> Read:
        """See Sender. `event.run` names the run whose message it is about; that run's contact is whom it is from."""
        if not delivery.body.strip():
            raise Problem(400, "the body is an e-mail, as it came (message/rfc822)")
        message = message_from_bytes(delivery.body, policy=default)
        assert isinstance(message, EmailMessage)
        reported = _report(message)
        if reported is not None:
            return reported
        if _is_automatic(message):
            return Read(ignored=["an automatic answer"])
        return _answer(message, delivery)


def _answer(message: EmailMessage, delivery: Delivery) -> Read:
    asked = _ids(message, "In-Reply-To", "References")
    ours = next((id for id in asked if run_of(id)), "")
    subject = contact_by(parseaddr(str(message.get("From", "")))[1])
    if subject is None:
        return Read(ignored=["a message from nobody"])
    data = given(
        channel="email",
        text=_words(message),
        in_reply_to=(ours or (asked[0] if asked else "")).strip("<>"),
        thread=(asked[-1] if asked else str(message.get("Message-ID", ""))).strip("<>"),
    )
    event: Raw = {"id": _id(message, delivery), "type": "message.replied", "subject": subject, "data": data}
    return Read([_with_run(event, ours)])


def _report(message: EmailMessage) -> Read | None:
    """What a report of a mail server means; None when the message is none."""
    if message.get_content_type() != "multipart/report":
        return None
    kind = str(message.get_param("report-type", ""))
    ours = next((id for part in message.walk() for id in _ids(part, "Message-ID") if run_of(id)), "")
    if kind == "feedback-report":
        return _about(message, "email.complained", _field(message, "Original-Rcpt-To"), ours, {})
    action, status = _field(message, "Action").lower(), _field(message, "Status")
    if kind != "delivery-status" or action not in ("failed", "delayed"):
        return Read(ignored=[f"a report: {action or kind}"])
    to = _field(message, "Final-Recipient").rpartition(";")[2]
    hard = action == "failed" and status.startswith("5")
    return _about(message, "email.bounced", to, ours, {"bounce_class": "hard" if hard else "soft"})


def _about(message: EmailMessage, type_: str, to: str, ours: str, data: Raw) -> Read:
    subject = contact_by(parseaddr(to.strip())[1])
    if subject is None:
        return Read(ignored=[f"{type_} of nobody"])
    event: Raw = {
        "id": str(message.get("Message-ID", "")).strip("<> ")[:150],
        "type": type_,
        "subject": subject,
        "data": {**data, **given(message_id=ours.strip("<>"))},
    }
    return Read([_with_run(event, ours)])


def _with_run(event: Raw, ours: str) -> Raw:
    """The event with what says whose run it answers; the server looks the run up."""
    run = run_of(ours) if ours else ""
    return {**event, "data": {**event["data"], "run": run}} if run else event


def _field(message: EmailMessage, name: str) -> str:
    """A field of the machine-readable part of a report."""
    for part in message.walk():
        if part.get_content_type() in ("message/delivery-status", "message/feedback-report"):
            found = re.search(rf"^{name}:[ \t]*(.+)$", part.as_string(), re.I | re.M)
            return found[1].strip() if found else ""
    return ""


def _is_automatic(message: EmailMessage) -> bool:
    """Whether a program wrote it (RFC 3834): out of office, lists."""
    automatic = str(message.get("Auto-Submitted", "no")).lower()
    return (
        automatic != "no"
        or str(message.get("Precedence", "")).lower() in ("bulk", "list", "junk")
        or "X-Autoreply" in message
        or "List-Id" in message
    )


def _words(message: EmailMessage) -> str:
    """What was written, without what it quotes."""
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    content = str(part.get_content())
    text = text_of(content) if part.get_content_type() == "text/html" else content
    lines = [line for line in text.splitlines() if not _QUOTED.match(line.strip())]
    return "\n".join(lines).strip()[:MAX_TEXT]


def _ids(message: EmailMessage, *names: str) -> list[str]:
    return [id for name in names for id in _IDS.findall(str(message.get(name, "")))]


def _id(message: EmailMessage, delivery: Delivery) -> str:
    return "".join(str(message.get("Message-ID", "")).split()).strip("<>")[:150] or delivery.digest()
