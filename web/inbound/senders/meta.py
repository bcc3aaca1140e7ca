"""Facebook and Instagram lead forms (developers.facebook.com, "Webhooks", "Lead ads").

Meta sends the id of a lead, not its answers, unless the sender in between puts them in (`field_data`).
"""

from __future__ import annotations

from web.inbound.delivery import Delivery, Raw, Read, contact_by, given, listed, record, text
from web.inbound.leads import answers
from web.inbound.signatures import is_signed, same


class Meta:
    """Webhooks of a Meta app; the secret is the app secret, `token` the word chosen for the first handshake."""

    def __init__(self, token: str = "") -> None:
        self._token = token

    def verify(self, delivery: Delivery, secret: str) -> bool:
        """See Sender. The handshake is a GET with our own token."""
        if delivery.method == "GET":
            found = delivery.query.get("hub.verify_token", "")
            return bool(self._token and found) and same(self._token, found)
        return is_signed(secret, delivery.body, delivery.headers.get("x-hub-signature-256", ""))

    def read(self, delivery: Delivery) -> Read:
        """See Sender."""
        if delivery.method == "GET":
            return Read(answer=delivery.query.get("hub.challenge", ""))
        body = record(delivery.json())
        platform = "instagram" if body.get("object") == "instagram" else "facebook"
        events, ignored = [], []
        for entry in map(record, listed(body.get("entry"))):
            for change in map(record, listed(entry.get("changes"))):
                value = record(change.get("value"))
                made = _lead(platform, value) if change.get("field") == "leadgen" else None
                if made is None:
                    ignored.append(text(change.get("field")))
                else:
                    events.append(made)
        return Read(events, ignored)


def _lead(platform: str, value: Raw) -> Raw | None:
    fields = answers(value.get("field_data"))
    lead = text(value.get("leadgen_id"))
    subject = contact_by(fields.get("email"), lead)
    if subject is None:
        return None
    data = given(
        platform=platform,
        page_id=text(value.get("page_id")),
        form_id=text(value.get("form_id")),
        ad_id=text(value.get("ad_id")),
        fields={**fields, **given(lead_id=lead)},
    )
    return {"id": f"lead_{lead}", "type": "lead_form.submitted", "subject": subject, "data": data}
