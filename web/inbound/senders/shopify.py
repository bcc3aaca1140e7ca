"""Shopify: orders, fulfilments, refunds, carts and customers (shopify.dev, "Deliver webhooks through HTTPS")."""

from __future__ import annotations

from web.inbound.delivery import Delivery, Raw, Read, contact_by, given, listed, record, text
from web.inbound.signatures import base64_digest, same


class Shopify:
    """Webhooks of a shop."""

    def verify(self, delivery: Delivery, secret: str) -> bool:
        """See Sender. The topic is not signed: what a body does not show to be true of it is left out."""
        found = delivery.headers.get("x-shopify-hmac-sha256", "")
        return bool(found) and same(base64_digest(secret, delivery.body), found)

    def read(self, delivery: Delivery) -> Read:
        """See Sender."""
        topic, body = delivery.headers.get("x-shopify-topic", ""), record(delivery.json())
        customer = record(body.get("customer"))
        subject = contact_by(body.get("email") or customer.get("email"), customer.get("id"))
        found = _meaning(topic, body)
        if found is None or subject is None:
            return Read(ignored=[topic])
        type_, data = found
        # The id comes from the signed body: a header could be changed to play it back.
        raw: Raw = {"id": delivery.digest(topic), "type": type_, "subject": subject, "data": data}
        return Read([raw])


def _meaning(topic: str, body: Raw) -> tuple[str, Raw] | None:
    match topic:
        case "orders/create":
            return "order.placed", given(order_id=text(body.get("id")), value=_amount(body), **_items(body))
        case "orders/fulfilled":
            shipped = listed(body.get("fulfillments"))
            tracking = text(record(shipped[-1]).get("tracking_number")) if shipped else ""
            currency = text(body.get("currency"))
            return "order.fulfilled", given(
                order_id=text(body.get("id")), tracking=tracking, value=_amount(body), currency=currency
            )
        case "carts/create" | "carts/update" | "checkouts/create" | "checkouts/update":
            return "cart.updated", _cart(body)
        case "customers/create" | "customers/update":
            return "record.updated", {"fields": _customer(body)}
    return None


def _cart(body: Raw) -> Raw:
    items = _items(body)
    return given(
        cart_id=text(body.get("token") or body.get("id")),
        value=_amount(body),
        url=text(body.get("abandoned_checkout_url")),
        items=items.get("items"),
        currency=items.get("currency"),
    )


def _customer(body: Raw) -> Raw:
    return given(
        email=text(body.get("email")),
        first_name=text(body.get("first_name")),
        last_name=text(body.get("last_name")),
        phone=text(body.get("phone")),
    )


def _amount(body: Raw) -> float | None:
    try:
        return float(body["total_price"])
    except (KeyError, TypeError, ValueError):
        return None


def _items(body: Raw) -> Raw:
    lines = [record(line) for line in listed(body.get("line_items"))]
    items = [
        given(id=text(i.get("id")), name=text(i.get("title")), quantity=i.get("quantity")) for i in lines
    ]
    names = [text(line.get("title")) for line in lines]
    return {"items": items, "products": names, **given(currency=text(body.get("currency")))}
