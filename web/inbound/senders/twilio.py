"""Twilio: texts that come in, what became of texts and calls (twilio.com/docs/usage/webhooks/webhooks-security)."""

from __future__ import annotations

from urllib.parse import parse_qsl

from web.inbound.delivery import Delivery, Raw, Read, contact_by, given, text
from web.inbound.signatures import base64_digest, same

_CALLS = {
    "busy": "busy",
    "canceled": "cancelled",
    "completed": "completed",
    "no-answer": "no_answer",
    "failed": "failed",
}


class Twilio:
    """Requests of a Twilio account. `url` is the public address, where a proxy changes it."""

    def __init__(self, url: str = "") -> None:
        self._url = url

    def verify(self, delivery: Delivery, secret: str) -> bool:
        """See Sender: HMAC-SHA1 of the address and the form's fields in order; `secret` is the auth token."""
        found = delivery.headers.get("x-twilio-signature", "")
        query = delivery.url.partition("?")[2]
        url = self._url + (f"?{query}" if query else "") if self._url else delivery.url
        message = url + "".join(f"{name}{value}" for name, value in sorted(set(_fields(delivery))))
        return bool(found) and same(base64_digest(secret, message.encode(), "sha1"), found)

    def read(self, delivery: Delivery) -> Read:
        """See Sender. The contact is named in the query as `contact`, or has the number as its external id."""
        form = dict(_fields(delivery))
        outgoing = (
            form.get("Direction", "").startswith("outbound") or "SmsStatus" in form and "Body" not in form
        )
        number = form.get("To" if outgoing else "From", "").removeprefix("whatsapp:")
        known = delivery.query.get("contact", "")
        subject = {"kind": "contact", "id": known} if known else contact_by(None, number)
        found = _meaning(form, number)
        if found is None or subject is None:
            return Read(ignored=[form.get("SmsStatus", "") or form.get("CallStatus", "") or "unknown"])
        type_, data = found
        return Read([{"id": delivery.digest(), "type": type_, "subject": subject, "data": data}])


def _fields(delivery: Delivery) -> list[tuple[str, str]]:
    if delivery.method != "POST":
        return []
    return parse_qsl(delivery.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=500)


def _meaning(form: dict[str, str], number: str) -> tuple[str, Raw] | None:
    if "Body" in form:
        channel = "whatsapp" if form.get("From", "").startswith("whatsapp:") else "sms"
        return "message.replied", given(channel=channel, text=form["Body"], thread=number)
    if form.get("MessageStatus", form.get("SmsStatus")) in ("failed", "undelivered"):
        code = form.get("ErrorCode", "")
        return "sms.failed", given(
            message_id=form.get("MessageSid"),
            error_code=int(code) if code.isdecimal() else None,
            error_text=form.get("ErrorMessage"),
        )
    status = _CALLS.get(form.get("CallStatus", ""))
    if status is None:
        return None
    voicemail = form.get("AnsweredBy", "").startswith("machine")
    length = form.get("CallDuration", "")
    return "call.status_changed", given(
        direction="outgoing" if form.get("Direction", "").startswith("outbound") else "incoming",
        status="voicemail" if voicemail and status == "completed" else status,
        duration=int(length) if length.isdecimal() else None,
        number=number,
        recording=text(form.get("RecordingUrl")),
    )
