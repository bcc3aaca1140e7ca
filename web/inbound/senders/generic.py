"""Any other system: verified as the settings say, mapped by a mapping in text or taken as `webhook.received`."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.inbound import Inbound
from runtime.signing import SigningError
from runtime.signing import verify as standard
from web.inbound.delivery import Delivery, Read, text
from web.inbound.mapping import at, body_of, mapped, source_of
from web.inbound.signatures import basic, is_signed, same
from web.problems import Problem

_HEADERS = {"token": "x-webhook-token", "hmac-sha256": "x-signature-256"}
_SECRET = frozenset({"authorization", "cookie", "x-webhook-token", "proxy-authorization"})


@dataclass(frozen=True)
class Generic:
    """A sender as the settings describe it."""

    name: str
    settings: Inbound

    def verify(self, delivery: Delivery, secret: str) -> bool:
        """See Sender."""
        way = self.settings.verify or "token"
        header = self.settings.header.lower() or _HEADERS.get(way, "")
        match way:
            case "token":
                bearer = delivery.headers.get("authorization", "").removeprefix("Bearer ")
                found = delivery.headers.get(header, "") or ("" if self.settings.header else bearer)
                return bool(found) and same(secret, found)
            case "hmac-sha256":
                return is_signed(secret, delivery.body, delivery.headers.get(header, ""))
            case "basic":
                found = basic(delivery.headers.get("authorization", ""))
                return bool(found) and same(secret, found)
        try:
            return standard([secret], delivery.headers, delivery.body, delivery.now)
        except SigningError:
            return False

    def read(self, delivery: Delivery) -> Read:
        """See Sender."""
        if self.settings.map is not None:
            return Read(mapped(self.settings.map, delivery))
        return Read([self._received(delivery)])

    def _received(self, delivery: Delivery) -> dict[str, object]:
        place = self.settings.contact
        found = text(at(place, source_of(delivery)))
        if not found:
            raise Problem(422, f"there is nothing at `{place}`, by which the contact is found")
        name = "email" if "@" in found else "external_id"
        headers = {
            k: v
            for k, v in delivery.headers.items()
            if k not in _SECRET and k != self.settings.header.lower()
        }
        return {
            "id": delivery.headers.get("webhook-id", "") or delivery.digest(),
            "type": "webhook.received",
            "subject": {"kind": "contact", name: found},
            "data": {
                "hook_id": self.name,
                "headers": headers,
                "query": dict(delivery.query),
                "body": body_of(delivery),
            },
        }
