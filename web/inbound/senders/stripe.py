"""Stripe: invoices, payments, refunds, subscriptions (docs.stripe.com/webhooks; /api/events/types)."""

from __future__ import annotations

from typing import Any

from rulelang.calendar import instant_text
from web.inbound.delivery import Delivery, Raw, Read, contact_by, given, listed, record, text
from web.inbound.signatures import is_signed_at

_INVOICES = {
    "invoice.created": "draft",
    "invoice.sent": "sent",
    "invoice.paid": "paid",
    "invoice.overdue": "overdue",
    "invoice.voided": "void",
}
_SUBSCRIPTIONS = {
    "trialing": "trial",
    "active": "active",
    "past_due": "past_due",
    "unpaid": "failed",
    "incomplete": "failed",
    "incomplete_expired": "expired",
    "canceled": "cancelled",
}
_WITHOUT_CENTS = frozenset(
    [
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "ugx",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    ]
)


class Stripe:
    """Events of a Stripe account."""

    def verify(self, delivery: Delivery, secret: str) -> bool:
        """See Sender; the signature is of the endpoint's own secret, `whsec_…`, as it is written."""
        return is_signed_at(secret, delivery.headers.get("stripe-signature", ""), delivery.body, delivery.now)

    def read(self, delivery: Delivery) -> Read:
        """See Sender."""
        event = record(delivery.json())
        kind, thing = text(event.get("type")), record(record(event.get("data")).get("object"))
        subject = _subject(thing)
        found = _meaning(kind, thing, record(record(event.get("data")).get("previous_attributes")))
        if found is None or subject is None:
            return Read(ignored=[kind])
        type_, data = found
        raw: Raw = {"id": text(event.get("id")), "type": type_, "subject": subject, "data": data}
        if isinstance(event.get("created"), int):
            raw["occurred_at"] = instant_text(event["created"] * 1000)
        return Read([raw])


def _subject(thing: Raw) -> Raw | None:
    billing = record(thing.get("billing_details")).get("email")
    email = thing.get("customer_email") or thing.get("receipt_email") or billing
    return contact_by(email, thing.get("customer"))


def _meaning(kind: str, thing: Raw, before: Raw) -> tuple[str, Raw] | None:
    if kind in _INVOICES:
        due = thing.get("due_date")
        data = given(
            invoice_id=text(thing.get("id")),
            status=_INVOICES[kind],
            due_at=instant_text(due * 1000) if isinstance(due, int) else None,
            **_money(thing, "amount_due"),
        )
        return "invoice.status_changed", data
    if kind in ("charge.succeeded", "charge.failed"):
        status = "success" if kind == "charge.succeeded" else "failed"
        product = text(thing.get("description"))
        return "payment.received", given(
            source="stripe", status=status, product=product, **_money(thing, "amount")
        )
    if kind == "charge.refunded":
        return "refund.created", _refund(thing)
    if kind.startswith("customer.subscription."):
        return "subscription.status_changed", _subscription(thing, before)
    return None


def _refund(thing: Raw) -> Raw:
    back = thing.get("amount_refunded")
    return given(
        refund_id=text(thing.get("id")),
        full=back == thing.get("amount"),
        source="stripe",
        status="success",
        **_money(thing, "amount_refunded"),
    )


def _subscription(thing: Raw, before: Raw) -> Raw:
    items = listed(record(thing.get("items")).get("data"))
    price = record(record(items[0]).get("price")) if items else {}
    return given(
        subscription_id=text(thing.get("id")),
        product=text(price.get("nickname") or price.get("product")),
        before=_SUBSCRIPTIONS.get(text(before.get("status"))),
        after=_SUBSCRIPTIONS.get(text(thing.get("status"))),
    )


def _money(thing: Raw, field: str) -> dict[str, Any]:
    amount, currency = thing.get(field), text(thing.get("currency"))
    if not isinstance(amount, int):
        return {}
    return {"amount": amount if currency in _WITHOUT_CENTS else amount / 100, "currency": currency.upper()}
