"""Triggers of calls, e-mail, replies, links, text messages and telephone numbers."""

from __future__ import annotations

from rulelang.catalog.model import Effect, Trigger
from rulelang.catalog.triggers.parts import choice, enum, slot, trigger
from rulelang.types.model import BOOL, NUMBER, TEXT, Type

_CALL_STATUS = enum("call status", "busy", "cancelled", "completed", "no_answer", "voicemail", "failed")
_DIRECTION = enum("direction", "incoming", "outgoing")
_RESULT = enum("result", "valid", "invalid", "mobile", "landline", "voip", "unknown")
_INTENT = enum("intent", "positive", "negative", "neutral")

_CALL: dict[str, Type] = {
    "direction": _DIRECTION,
    "status": _CALL_STATUS,
    "duration": NUMBER,
    "number": TEXT,
    "recording": TEXT,
    "rule": TEXT,
}
_CALL_SAMPLE = {"direction": "incoming", "status": "no_answer", "duration": 0, "number": "+49301234567"}
_CALL_DOC = (
    "The status is busy, cancelled, completed, no_answer, voicemail or failed; `event.direction` is incoming or "
    "outgoing, `event.duration` the seconds talked, `event.rule` the rule that made the call, if one did."
)

_EMAIL: dict[str, Type] = {
    "message_id": TEXT,
    "template": TEXT,
    "rule": TEXT,
    "step": TEXT,
    "url": TEXT,
    "bounce_class": enum("bounce class", "hard", "soft"),
    "is_bot": BOOL,
}


def _email(
    what: str, summary: str, more: str, condition: str, sample: dict[str, object], opt_out: bool = False
) -> Trigger:
    return trigger(
        f"email.{what}",
        f"email {what} [of {{template}}]",
        summary,
        doc=f"{more} `of` narrows it to one template; `event.rule` and `event.step` say which rule sent the message.",
        example=f'on email {what} of "welcome" when {condition} do add tag "email {what}"',
        slots=(slot("template", "the template that the message was made from", role="template"),),
        payload=_EMAIL,
        sample={"message_id": "m_1", "template": "welcome", "rule": "Welcome"} | sample,
        rows=(18,),
        effect=Effect.FLAG if opt_out else Effect.NONE,
        field="email_opt_out" if opt_out else "",
    )


_EMAILS = (
    _email(
        "opened",
        "a contact opens an e-mail",
        "Mail programs and scanners open messages too: `event.is_bot` is true when that is likely.",
        "event.is_bot != true",
        {"is_bot": False},
    ),
    _email(
        "clicked",
        "a contact follows a link in an e-mail",
        "`event.url` is the address of the link; `event.is_bot` is true when a scanner probably followed it.",
        'event.url contains "pricing"',
        {"url": "https://acme.test/pricing", "is_bot": False},
    ),
    _email(
        "bounced",
        "an e-mail could not be delivered",
        "`event.bounce_class` is hard when the address does not exist, soft when it may work later.",
        "event.bounce_class = hard",
        {"bounce_class": "hard"},
    ),
    _email(
        "unsubscribed",
        "a contact unsubscribes from e-mail",
        "The contact's `email_opt_out` is set before any rule runs.",
        "status = customer",
        {},
        opt_out=True,
    ),
    _email(
        "complained",
        "a contact reports an e-mail as spam",
        "The contact's `email_opt_out` is set before any rule runs.",
        "owner is set",
        {},
        opt_out=True,
    ),
    _email("sent", "an e-mail was handed over", "The provider has taken the message.", "status = trial", {}),
    _email(
        "delivered",
        "an e-mail was delivered",
        "The receiving server has taken the message.",
        "status = trial",
        {},
    ),
)

TRIGGERS = (
    trigger(
        "call.status_changed",
        "call status {status}",
        "a call with a contact comes to a status",
        doc=_CALL_DOC,
        example='on call status no_answer when event.direction = incoming do notify owner "please call back"',
        slots=(choice("status", "the status", _CALL_STATUS),),
        payload=_CALL,
        sample=_CALL_SAMPLE,
        rows=(17,),
    ),
    trigger(
        "call.any_status",
        "call status changed",
        "a call with a contact comes to any status",
        doc=_CALL_DOC,
        example='on call status changed when event.status in [busy, no_answer] do add tag "call again"',
        event="call.status_changed",
        payload=_CALL,
        sample=_CALL_SAMPLE,
        rows=(17,),
    ),
    *_EMAILS,
    trigger(
        "message.replied",
        "contact replied [via {channel}]",
        "a contact answers or writes",
        doc="Fires for each message that comes in; `via` narrows it to one channel, such as `email`, `sms`, "
        "`whatsapp` or `facebook`. `event.intent` is positive, negative or neutral when the sender has judged it; "
        "`event.rule` is the rule that the message answers.",
        example='on contact replied via "sms" when event.text contains "yes" do add tag "interested"',
        slots=(slot("channel", "how the message came"),),
        payload={
            "channel": TEXT,
            "text": TEXT,
            "in_reply_to": TEXT,
            "thread": TEXT,
            "intent": _INTENT,
            "rule": TEXT,
            "run": TEXT,
        },
        sample={"channel": "sms", "text": "yes please", "in_reply_to": "m_1", "intent": "positive"},
        rows=(19,),
    ),
    trigger(
        "link.clicked",
        "link clicked {link}",
        "a contact follows a trigger link",
        doc="Fires when the link with this id is followed, wherever it stood.",
        example='on link clicked "pricing" when status = trial do set score = score + 10',
        slots=(slot("link", "the id of the link", path="link_id"),),
        payload={"link_id": TEXT, "url": TEXT, "message_id": TEXT},
        sample={"link_id": "pricing", "url": "https://acme.test/pricing", "message_id": "m_1"},
        rows=(22,),
    ),
    trigger(
        "phone.validated",
        "phone validated [as {result}]",
        "a telephone number was looked up",
        doc="Fires when a number has been checked; the result is valid, invalid, mobile, landline, voip or unknown.",
        example='on phone validated as landline do add tag "no text messages"',
        slots=(choice("result", "what the check found", _RESULT),),
        payload={"number": TEXT, "result": _RESULT},
        sample={"number": "+49301234567", "result": "landline"},
        rows=(27,),
    ),
    trigger(
        "sms.failed",
        "sms failed [with {code}]",
        "a text message could not be delivered",
        doc="Fires for each failure; `with` narrows it to one error code of the provider, such as 30003 (not "
        "reachable) or 21610 (the contact has answered STOP).",
        example='on sms failed when event.error_code in [21610, 30007] do notify owner "text message failed"',
        slots=(slot("code", "the provider's error code", NUMBER, path="error_code"),),
        payload={"message_id": TEXT, "error_code": NUMBER, "error_text": TEXT},
        sample={"message_id": "m_2", "error_code": 30007, "error_text": "message filtered"},
        rows=(28,),
    ),
)
