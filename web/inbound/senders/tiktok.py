"""TikTok lead forms (business-api.tiktok.com, "Webhooks": `TikTok-Signature: t=…,s=…`)."""

from __future__ import annotations

from web.inbound.delivery import Delivery, Read, contact_by, given, record, text
from web.inbound.leads import answers
from web.inbound.signatures import is_signed_at


class TikTok:
    """Webhooks of a TikTok app; the secret is its client secret."""

    def verify(self, delivery: Delivery, secret: str) -> bool:
        """See Sender."""
        header = delivery.headers.get("tiktok-signature", "")
        return is_signed_at(secret, header, delivery.body, delivery.now, signature="s")

    def read(self, delivery: Delivery) -> Read:
        """See Sender."""
        body = record(delivery.json())
        lead = record(body.get("lead") or body.get("content"))
        fields = answers(
            lead.get("fields") or lead.get("changes"), "field_name" if _named(lead) else "name", "value"
        )
        id = text(lead.get("lead_id") or lead.get("id"))
        subject = contact_by(fields.get("email"), id)
        if subject is None:
            return Read(ignored=[text(body.get("event")) or "unknown"])
        data = given(
            platform="tiktok",
            page_id=text(lead.get("page_id")),
            form_id=text(lead.get("form_id") or lead.get("page_id")),
            ad_id=text(lead.get("ad_id")),
            fields={**fields, **given(lead_id=id)},
        )
        event = {"id": f"lead_{id or delivery.digest()}", "type": "lead_form.submitted", "subject": subject}
        return Read([{**event, "data": data}])


def _named(lead: dict[str, object]) -> bool:
    items = lead.get("fields") or lead.get("changes")
    return isinstance(items, list) and any(isinstance(item, dict) and "field_name" in item for item in items)
