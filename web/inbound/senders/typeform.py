"""Typeform: forms that are answered (typeform.com/developers/webhooks/secure-your-webhooks)."""

from __future__ import annotations

from typing import Any

from web.inbound.delivery import Delivery, Raw, Read, contact_by, given, listed, record, text
from web.inbound.signatures import is_signed


class Typeform:
    """Webhooks of a form."""

    def verify(self, delivery: Delivery, secret: str) -> bool:
        """See Sender: `Typeform-Signature: sha256=<base64>`."""
        found = delivery.headers.get("typeform-signature", "")
        return found.startswith("sha256=") and is_signed(secret, delivery.body, found)

    def read(self, delivery: Delivery) -> Read:
        """See Sender. The contact is found by the first answer that is an e-mail address, or a hidden field `email`."""
        event = record(delivery.json())
        form = record(event.get("form_response"))
        fields = _answers(form)
        emails = [
            record(a).get("email") for a in listed(form.get("answers")) if record(a).get("type") == "email"
        ]
        hidden = record(form.get("hidden"))
        subject = contact_by((emails or [None])[0] or hidden.get("email"), hidden.get("user_id"))
        if subject is None or event.get("event_type") != "form_response":
            return Read(ignored=[text(event.get("event_type")) or "unknown"])
        data = given(form_id=text(form.get("form_id")), fields={**hidden, **fields})
        raw: Raw = {
            "id": text(event.get("event_id")),
            "type": "form.submitted",
            "subject": subject,
            "data": data,
        }
        if text(form.get("submitted_at")):
            raw["occurred_at"] = text(form.get("submitted_at"))
        return Read([raw])


def _answers(form: Raw) -> Raw:
    found: Raw = {}
    for answer in map(record, listed(form.get("answers"))):
        field = record(answer.get("field"))
        key = text(field.get("ref") or field.get("id"))
        if key:
            found[key] = _value(answer)
    return found


def _value(answer: Raw) -> Any:
    value = answer.get(text(answer.get("type")))
    if isinstance(value, dict):
        return value.get("label") or value.get("labels") or value.get("other")
    return value
