"""Calendly: meetings that are booked, cancelled or not kept (developer.calendly.com, "Webhook signatures")."""

from __future__ import annotations

from web.inbound.delivery import Delivery, Read, contact_by, given, record, text
from web.inbound.signatures import is_signed_at

_STATUS = {"invitee.created": "new", "invitee.canceled": "cancelled", "invitee_no_show.created": "no_show"}


class Calendly:
    """A webhook subscription."""

    def verify(self, delivery: Delivery, secret: str) -> bool:
        """See Sender."""
        header = delivery.headers.get("calendly-webhook-signature", "")
        return is_signed_at(secret, header, delivery.body, delivery.now)

    def read(self, delivery: Delivery) -> Read:
        """See Sender. A meeting that is booked in the place of another is `rescheduled`."""
        event = record(delivery.json())
        kind, payload = text(event.get("event")), record(event.get("payload"))
        meeting = record(payload.get("scheduled_event"))
        subject = contact_by(payload.get("email"))
        if kind not in _STATUS or subject is None:
            return Read(ignored=[kind])
        moved = kind == "invitee.created" and payload.get("old_invitee")
        data = given(
            appointment_id=text(meeting.get("uri")).rpartition("/")[2],
            calendar=text(meeting.get("name")),
            start_at=text(meeting.get("start_time")),
            end_at=text(meeting.get("end_time")),
            tz=text(payload.get("timezone")),
            status="rescheduled" if moved else _STATUS[kind],
            modified_by="customer",
        )
        return Read(
            [
                {
                    "id": delivery.digest(),
                    "type": "appointment.status_changed",
                    "subject": subject,
                    "data": data,
                }
            ]
        )
