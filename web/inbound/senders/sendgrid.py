"""SendGrid: what became of e-mails (twilio.com/docs/sendgrid, "Event Webhook Security Features")."""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from rulelang.calendar import instant_text
from web.inbound.delivery import Delivery, Raw, Read, contact_by, given, listed, record, text
from web.inbound.signatures import is_fresh

_TYPES = {
    "delivered": "email.delivered",
    "open": "email.opened",
    "click": "email.clicked",
    "bounce": "email.bounced",
    "dropped": "email.bounced",
    "spamreport": "email.complained",
    "unsubscribe": "email.unsubscribed",
    "group_unsubscribe": "email.unsubscribed",
}


class SendGrid:
    """The signed event webhook. The secret is its verification key, as SendGrid shows it."""

    def verify(self, delivery: Delivery, secret: str) -> bool:
        """See Sender: ECDSA with SHA-256 over timestamp and body."""
        stamp = delivery.headers.get("x-twilio-email-event-webhook-timestamp", "")
        found = delivery.headers.get("x-twilio-email-event-webhook-signature", "")
        if not is_fresh(stamp, delivery.now):
            return False
        try:
            key = load_der_public_key(base64.b64decode(secret))
            signature = base64.b64decode(found, validate=True)
            if not isinstance(key, EllipticCurvePublicKey):
                return False
            key.verify(signature, stamp.encode() + delivery.body, ECDSA(SHA256()))
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    def read(self, delivery: Delivery) -> Read:
        """See Sender. Our own message id and contact come back as custom arguments, where the mail had them."""
        events, ignored = [], []
        for item in map(record, listed(delivery.json())):
            kind = text(item.get("event"))
            subject = _subject(item)
            if kind in _TYPES and subject is not None:
                events.append(_event(kind, item, subject, delivery))
            else:
                ignored.append(kind)
        return Read(events, ignored)


def _subject(item: Raw) -> Raw | None:
    known = text(item.get("contact_id"))
    return {"kind": "contact", "id": known} if known else contact_by(item.get("email"))


def _event(kind: str, item: Raw, subject: Raw, delivery: Delivery) -> Raw:
    data = given(
        message_id=text(item.get("message_id") or item.get("smtp-id")).strip("<>"),
        template=text(item.get("template")),
        url=text(item.get("url")),
        is_bot=item.get("sg_machine_open") if isinstance(item.get("sg_machine_open"), bool) else None,
    )
    if kind in ("bounce", "dropped"):
        data["bounce_class"] = "soft" if item.get("type") == "blocked" else "hard"
    event: Raw = {"id": text(item.get("sg_event_id")), "type": _TYPES[kind], "subject": subject, "data": data}
    event["id"] = event["id"] or delivery.digest(repr(sorted(item)))
    if isinstance(item.get("timestamp"), int):
        event["occurred_at"] = instant_text(item["timestamp"] * 1000)
    return event
