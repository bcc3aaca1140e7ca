"""DocuSign Connect: what becomes of envelopes (developers.docusign.com, "HMAC security", JSON SIM event model)."""

from __future__ import annotations

from web.inbound.delivery import Delivery, Raw, Read, contact_by, given, listed, record, text
from web.inbound.signatures import any_same, base64_digest

_STATUS = {
    "envelope-sent": "sent",
    "envelope-delivered": "viewed",
    "envelope-completed": "completed",
    "envelope-declined": "declined",
    "recipient-completed": "signed",
    "recipient-declined": "declined",
    "envelope-voided": "expired",
}


class DocuSign:
    """A Connect configuration with an HMAC key."""

    def verify(self, delivery: Delivery, secret: str) -> bool:
        """See Sender: one of the headers `X-DocuSign-Signature-1` … holds the digest."""
        found = [v for k, v in delivery.headers.items() if k.startswith("x-docusign-signature-")]
        return any_same(base64_digest(secret, delivery.body), found)

    def read(self, delivery: Delivery) -> Read:
        """See Sender. The contact is the signer."""
        event = record(delivery.json())
        kind, data = text(event.get("event")), record(event.get("data"))
        summary = record(data.get("envelopeSummary"))
        subject = contact_by(_signer(data, summary))
        if kind not in _STATUS or subject is None:
            return Read(ignored=[kind])
        known = given(
            document_id=text(data.get("envelopeId")),
            template=text(summary.get("emailSubject")),
            recipient_type="contact",
            status=_STATUS[kind],
        )
        raw: Raw = {
            "id": delivery.digest(),
            "type": "document.status_changed",
            "subject": subject,
            "data": known,
        }
        if text(event.get("generatedDateTime")).endswith("Z"):
            raw["occurred_at"] = text(event.get("generatedDateTime"))
        return Read([raw])


def _signer(data: Raw, summary: Raw) -> str:
    signers = [record(s) for s in listed(record(summary.get("recipients")).get("signers"))]
    wanted = text(data.get("recipientId"))
    chosen = [s for s in signers if wanted and text(s.get("recipientId")) == wanted] or signers
    return text(chosen[0].get("email")) if chosen else ""
