"""Requests as the senders make them, signed here with nothing but the standard library and the documents of each."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SECRET = "a secret of forty letters, digits and more"
_PRIVATE = ec.generate_private_key(ec.SECP256R1())
SENDGRID_KEY = base64.b64encode(
    _PRIVATE.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
).decode()
STANDARD_KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()

Sign = Callable[[bytes, int, str], dict[str, str]]
"""Header fields for a body, a time in seconds and the address."""


@dataclass(frozen=True)
class Case:
    """One request: what is sent, how it is signed, which event it means. `timed` signatures grow old."""

    name: str
    body: Any
    sign: Sign
    type: str
    data: dict[str, Any]
    timed: bool = False
    form: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """The body as it goes over the wire."""
        return urlencode(self.body).encode() if self.form else json.dumps(self.body).encode()


def _hmac(message: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.new(SECRET.encode(), message, algorithm).digest()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _timed(header: str, part: str) -> Sign:
    return lambda body, at, url: {header: f"t={at},{part}={_hmac(f'{at}.'.encode() + body).hex()}"}


def _twilio(body: bytes, at: int, url: str) -> dict[str, str]:
    from urllib.parse import parse_qsl

    fields = "".join(f"{k}{v}" for k, v in sorted(parse_qsl(body.decode(), keep_blank_values=True)))
    return {"X-Twilio-Signature": _b64(_hmac((url + fields).encode(), "sha1"))}


def _sendgrid(body: bytes, at: int, url: str) -> dict[str, str]:
    signature = _PRIVATE.sign(str(at).encode() + body, ec.ECDSA(hashes.SHA256()))
    prefix = "X-Twilio-Email-Event-Webhook"
    return {f"{prefix}-Timestamp": str(at), f"{prefix}-Signature": _b64(signature)}


def _slack(body: bytes, at: int, url: str) -> dict[str, str]:
    digest = _hmac(f"v0:{at}:".encode() + body).hex()
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={digest}"}


def _standard(body: bytes, at: int, url: str) -> dict[str, str]:
    digest = hmac.new(b"k" * 32, f"msg_1.{at}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": f"v1,{_b64(digest)}"}


STRIPE = {
    "id": "evt_1",
    "type": "invoice.paid",
    "created": 1_767_225_600,
    "data": {
        "object": {
            "id": "in_1",
            "customer": "cus_1",
            "customer_email": "ana@x.test",
            "amount_due": 120050,
            "currency": "usd",
            "due_date": 1_767_312_000,
        }
    },
}
SHOPIFY = {
    "id": 450789469,
    "email": "ana@x.test",
    "currency": "EUR",
    "total_price": "409.94",
    "line_items": [{"id": 1, "title": "Teapot", "quantity": 2}],
}
SENDGRID = [
    {
        "event": "bounce",
        "email": "ana@x.test",
        "timestamp": 1_767_225_600,
        "sg_event_id": "sg_1",
        "type": "bounce",
        "message_id": "<m1@acme.test>",
    }
]
CALENDLY = {
    "event": "invitee.created",
    "payload": {
        "email": "ana@x.test",
        "timezone": "Europe/Berlin",
        "scheduled_event": {
            "uri": "https://api.calendly.test/scheduled_events/AB",
            "name": "Demo",
            "start_time": "2026-03-05T09:00:00.000000Z",
            "end_time": "2026-03-05T09:30:00.000000Z",
        },
    },
}
META = {
    "object": "page",
    "entry": [
        {
            "changes": [
                {
                    "field": "leadgen",
                    "value": {
                        "leadgen_id": "77",
                        "page_id": "p1",
                        "form_id": "f1",
                        "ad_id": "a1",
                        "field_data": [{"name": "email", "values": ["ana@x.test"]}],
                    },
                }
            ]
        }
    ],
}
TIKTOK = {
    "event": "lead.create",
    "lead": {
        "lead_id": "l1",
        "form_id": "f2",
        "fields": [{"field_name": "Email", "value": "ana@x.test"}],
    },
}
LINKEDIN = {
    "type": "LEAD_ACTION",
    "leadGenForm": "urn:li:leadGenForm:3",
    "leadGenFormResponse": "urn:li:leadGenFormResponse:9",
    "formResponse": {"answers": [{"name": "email", "value": "ana@x.test"}]},
}
TYPEFORM = {
    "event_id": "tf_1",
    "event_type": "form_response",
    "form_response": {
        "form_id": "lT4Z3j",
        "submitted_at": "2026-01-18T18:17:02Z",
        "answers": [
            {"type": "email", "email": "ana@x.test", "field": {"id": "1", "ref": "mail"}},
            {"type": "choice", "choice": {"label": "London"}, "field": {"id": "2", "ref": "city"}},
            {"type": "number", "number": 42, "field": {"id": "3", "ref": "seats"}},
        ],
    },
}
DOCUSIGN = {
    "event": "recipient-completed",
    "generatedDateTime": "2026-01-18T18:17:02.000Z",
    "data": {
        "envelopeId": "env_1",
        "recipientId": "2",
        "envelopeSummary": {
            "emailSubject": "Contract",
            "recipients": {
                "signers": [
                    {"recipientId": "1", "email": "boss@acme.test"},
                    {"recipientId": "2", "email": "ana@x.test"},
                ]
            },
        },
    },
}
SLACK = {
    "type": "event_callback",
    "event_id": "Ev1",
    "event": {"type": "message", "user": "U1", "text": "hello", "ts": "17.1"},
}
TWILIO = {"From": "+15550001", "To": "+15559999", "Body": "yes please", "MessageSid": "SM1"}

CASES = [
    Case(
        "stripe",
        STRIPE,
        _timed("Stripe-Signature", "v1"),
        "invoice.status_changed",
        {"invoice_id": "in_1", "status": "paid", "amount": 1200.5, "currency": "USD"},
        timed=True,
    ),
    Case(
        "shopify",
        SHOPIFY,
        lambda body, at, url: {"X-Shopify-Hmac-SHA256": _b64(_hmac(body))},
        "order.placed",
        {"order_id": "450789469", "value": 409.94, "currency": "EUR", "products": ["Teapot"]},
        headers={"X-Shopify-Topic": "orders/create"},
    ),
    Case(
        "twilio",
        TWILIO,
        _twilio,
        "message.replied",
        {"channel": "sms", "text": "yes please", "thread": "+15550001"},
        form=True,
    ),
    Case(
        "sendgrid",
        SENDGRID,
        _sendgrid,
        "email.bounced",
        {"message_id": "m1@acme.test", "bounce_class": "hard"},
        timed=True,
    ),
    Case(
        "calendly",
        CALENDLY,
        _timed("Calendly-Webhook-Signature", "v1"),
        "appointment.status_changed",
        {"appointment_id": "AB", "calendar": "Demo", "status": "new", "modified_by": "customer"},
        timed=True,
    ),
    Case(
        "meta",
        META,
        lambda body, at, url: {"X-Hub-Signature-256": "sha256=" + _hmac(body).hex()},
        "lead_form.submitted",
        {"platform": "facebook", "form_id": "f1"},
    ),
    Case(
        "tiktok",
        TIKTOK,
        _timed("TikTok-Signature", "s"),
        "lead_form.submitted",
        {"platform": "tiktok", "form_id": "f2"},
        timed=True,
    ),
    Case(
        "linkedin",
        LINKEDIN,
        lambda body, at, url: {"X-LI-Signature": _hmac(b"hmacsha256=" + body).hex()},
        "lead_form.submitted",
        {"platform": "linkedin", "form_id": "urn:li:leadGenForm:3"},
    ),
    Case(
        "typeform",
        TYPEFORM,
        lambda body, at, url: {"Typeform-Signature": "sha256=" + _b64(_hmac(body))},
        "form.submitted",
        {"form_id": "lT4Z3j", "fields": {"mail": "ana@x.test", "city": "London", "seats": 42}},
    ),
    Case(
        "docusign",
        DOCUSIGN,
        lambda body, at, url: {"X-DocuSign-Signature-1": _b64(_hmac(body))},
        "document.status_changed",
        {"document_id": "env_1", "status": "signed", "template": "Contract"},
    ),
    Case("slack", SLACK, _slack, "message.replied", {"channel": "slack", "text": "hello"}, timed=True),
    Case(
        "mapped",
        {"person": {"mail": "ana@x.test", "town": "Rome"}, "form": "signup", "n": [1, 2]},
        lambda body, at, url: {"X-Signature": _hmac(body).hex()},
        "form.submitted",
        {"form_id": "signup", "page": "landing"},
    ),
    Case(
        "plain",
        {"email": "ana@x.test", "note": "hi"},
        lambda body, at, url: {"X-Webhook-Token": SECRET},
        "webhook.received",
        {"hook_id": "plain", "query": {}},
    ),
    Case(
        "standard",
        {"email": "ana@x.test"},
        _standard,
        "webhook.received",
        {"hook_id": "standard"},
        timed=True,
    ),
    Case(
        "basic",
        {"email": "ana@x.test"},
        lambda body, at, url: {"Authorization": "Basic " + _b64(SECRET.encode())},
        "webhook.received",
        {"hook_id": "basic"},
    ),
]

SETTINGS = (
    "".join(
        f'[in.{case.name}]\nsender = "{case.name}"\nsecret_env = "THE_SECRET"\n\n'
        for case in CASES
        if case.name not in ("sendgrid", "meta", "mapped", "plain", "standard", "basic")
    )
    + """
[in.sendgrid]
sender = "sendgrid"
secret_env = "SENDGRID_KEY"

[in.meta]
sender = "meta"
secret_env = "THE_SECRET"
token_env = "META_TOKEN"

[in.mapped]
sender = "generic"
verify = "hmac-sha256"
header = "X-Signature"
secret_env = "THE_SECRET"

[in.mapped.map]
type = "form.submitted"
subject = { email = "body.person.mail" }
data = { form_id = "body.form", page = "'landing'" }
fields = { city = "body.person.town" }

[in.plain]
sender = "generic"
secret_env = "THE_SECRET"
contact = "body.email"

[in.standard]
sender = "generic"
verify = "standard-webhooks"
secret_env = "STANDARD_KEY"
contact = "body.email"

[in.basic]
sender = "generic"
verify = "basic"
secret_env = "THE_SECRET"
contact = "body.email"

[in.without]
sender = "stripe"
secret_env = "NOBODY_SET_THIS"
"""
)
ENV = {
    "THE_SECRET": SECRET,
    "SENDGRID_KEY": SENDGRID_KEY,
    "META_TOKEN": "the handshake word",
    "STANDARD_KEY": STANDARD_KEY,
}


def now() -> int:
    """The time in seconds."""
    return int(time.time())
