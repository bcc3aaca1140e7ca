"""Slack: messages of people who are contacts (docs.slack.dev, "Verifying requests from Slack")."""

from __future__ import annotations

from web.inbound.delivery import Delivery, Read, contact_by, given, record, text
from web.inbound.signatures import hex_digest, is_fresh, same


class Slack:
    """The Events API of a Slack app; the secret is its signing secret."""

    def verify(self, delivery: Delivery, secret: str) -> bool:
        """See Sender."""
        stamp = delivery.headers.get("x-slack-request-timestamp", "")
        found = delivery.headers.get("x-slack-signature", "")
        if not is_fresh(stamp, delivery.now) or not found:
            return False
        return same("v0=" + hex_digest(secret, f"v0:{stamp}:".encode() + delivery.body), found)

    def read(self, delivery: Delivery) -> Read:
        """See Sender. A message is a reply of the contact whose external id is the Slack user's."""
        body = record(delivery.json())
        if body.get("type") == "url_verification":
            return Read(answer=text(body.get("challenge")))
        event = record(body.get("event"))
        kind = text(event.get("type"))
        subject = contact_by(None, event.get("user"))
        if kind != "message" or event.get("subtype") or event.get("bot_id") or subject is None:
            return Read(ignored=[kind or "unknown"])
        data = given(
            channel="slack",
            text=text(event.get("text")),
            thread=text(event.get("thread_ts") or event.get("ts")),
        )
        return Read(
            [{"id": text(body.get("event_id")), "type": "message.replied", "subject": subject, "data": data}]
        )
