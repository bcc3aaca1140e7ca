"""LinkedIn lead forms (learn.microsoft.com/linkedin, "Validating webhooks", "Lead sync")."""

from __future__ import annotations

import re

import msgspec

from web.inbound.delivery import Delivery, Read, contact_by, given, record, text
from web.inbound.leads import answers
from web.inbound.signatures import hex_digest, same

_CODE = re.compile(r"[0-9a-fA-F-]{36}\Z")
"""Challenges are UUIDs. Answering any other text would sign a forged body for who sends it as a challenge."""


class LinkedIn:
    """Webhooks of a LinkedIn application; the secret is its client secret."""

    def __init__(self, secret: str = "") -> None:
        self._secret = secret

    def verify(self, delivery: Delivery, secret: str) -> bool:
        """See Sender. A challenge is a GET without a signature: its answer shows that we know the secret."""
        if delivery.method == "GET":
            return bool(_CODE.match(delivery.query.get("challengeCode", "")))
        found = delivery.headers.get("x-li-signature", "")
        return bool(found) and same(hex_digest(secret, b"hmacsha256=" + delivery.body), found)

    def read(self, delivery: Delivery) -> Read:
        """See Sender."""
        if delivery.method == "GET":
            code = delivery.query["challengeCode"]
            response = hex_digest(self._secret, code.encode())
            return Read(
                answer=msgspec.json.encode({"challengeCode": code, "challengeResponse": response}).decode()
            )
        body = record(delivery.json())
        form = record(body.get("formResponse"))
        fields = answers(form.get("answers"), "name", "value")
        lead = text(body.get("leadGenFormResponse") or body.get("id"))
        subject = contact_by(fields.get("email"), lead)
        if subject is None:
            return Read(ignored=[text(body.get("type")) or "unknown"])
        data = given(
            platform="linkedin",
            form_id=text(body.get("leadGenForm")),
            page_id=text(record(body.get("owner")).get("organization") or body.get("owner")),
            ad_id=text(record(body.get("leadMetadata")).get("creative")),
            fields={**fields, **given(lead_id=lead)},
        )
        event = {"id": delivery.digest(), "type": "lead_form.submitted", "subject": subject, "data": data}
        return Read([event])
