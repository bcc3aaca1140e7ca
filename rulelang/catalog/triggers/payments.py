"""Triggers of invoices, payments, documents, subscriptions and refunds."""

from __future__ import annotations

from collections.abc import Mapping

from rulelang.catalog.model import Trigger
from rulelang.catalog.triggers.parts import AMOUNT, CUSTOMERS, choice, enum, slot, trigger
from rulelang.types.builtin import CURRENCY
from rulelang.types.model import BOOL, DATETIME, MONEY, TEXT, Type

_INVOICE_STATUS = enum(
    "invoice status", "draft", "sent", "viewed", "partially_paid", "paid", "overdue", "void"
)
_INVOICE: dict[str, Type] = {"invoice_id": TEXT, "status": _INVOICE_STATUS, **AMOUNT, "due_at": DATETIME}
_INVOICE_SAMPLE = {
    "invoice_id": "in_1",
    "status": "paid",
    "amount": 1200,
    "currency": "USD",
    "due_at": "2026-03-31T00:00:00.000Z",
}

_DOCUMENT_STATUS = enum(
    "document status", "draft", "sent", "viewed", "signed", "completed", "accepted", "declined", "expired"
)
_DOCUMENT: dict[str, Type] = {
    "document_id": TEXT,
    "template": TEXT,
    "recipient_type": enum("recipient type", "contact", "user"),
    "value": MONEY,
    "currency": CURRENCY,
    "status": _DOCUMENT_STATUS,
}
_DOCUMENT_SAMPLE = {
    "document_id": "do_1",
    "template": "Contract",
    "recipient_type": "contact",
    "value": 12000,
    "currency": "USD",
    "status": "signed",
}

_SUBSCRIPTION_STATUS = enum(
    "subscription status", "trial", "active", "past_due", "failed", "expired", "cancelled"
)
_SUBSCRIPTION: dict[str, Type] = {
    "subscription_id": TEXT,
    "product": TEXT,
    "before": _SUBSCRIPTION_STATUS,
    "after": _SUBSCRIPTION_STATUS,
}
_SUBSCRIPTION_SAMPLE = {"subscription_id": "su_1", "product": "Pro", "before": "active", "after": "past_due"}


def _both(
    name: str,
    thing: str,
    status: Type,
    path: str,
    payload: dict[str, Type],
    sample: Mapping[str, object],
    row: int,
    doc: str,
    examples: tuple[str, str],
) -> tuple[Trigger, Trigger]:
    """The triggers of one status and of any status of a thing."""
    statuses = ", ".join(status.values)
    one = trigger(
        f"{name}.status",
        f"{thing} {{status}}",
        f"{'an' if thing == 'invoice' else 'a'} {thing} comes to a status",
        doc=f"The status is one of {statuses}. {doc}",
        example=examples[0],
        event=f"{name}.status_changed",
        subjects=CUSTOMERS,
        slots=(choice("status", "the status", status, path=path),),
        payload=payload,
        sample=sample,
        rows=(row,),
    )
    any_status = trigger(
        f"{name}.status_changed",
        f"{thing} status changed",
        f"{'an' if thing == 'invoice' else 'a'} {thing} comes to any status",
        doc=f"`event.{path}` is the new status, one of {statuses}. {doc}",
        example=examples[1],
        subjects=CUSTOMERS,
        payload=payload,
        sample=sample,
        rows=(row,),
    )
    return one, any_status


TRIGGERS = (
    *_both(
        "invoice",
        "invoice",
        _INVOICE_STATUS,
        "status",
        _INVOICE,
        _INVOICE_SAMPLE,
        54,
        "`event.amount` and `event.currency` are the amount, `event.due_at` when it is due.",
        (
            'on invoice paid when event.amount > $1_000 do add tag "good payer"',
            'on invoice status changed when event.status in [partially_paid, paid] do notify owner "see the invoice"',
        ),
    ),
    trigger(
        "payment.received",
        "payment received [for {product}] [via {source}]",
        "a payment comes in",
        doc="`for` narrows it to one product, `via` to one source, such as `calendar`, `external`, `form`, `funnel`, "
        "`invoice`, `manual`, `memberships` or `website`. `event.status` says whether it succeeded, `event.order_id` "
        "and `event.invoice_id` what it pays for, when the sender knows.",
        example='on payment received via "website" when event.status = success do add tag "has paid"',
        subjects=CUSTOMERS,
        slots=(slot("product", "what was paid for"), slot("source", "where the payment was made")),
        payload={
            **AMOUNT,
            "source": TEXT,
            "product": TEXT,
            "calendar": TEXT,
            "order_id": TEXT,
            "invoice_id": TEXT,
            "status": enum("payment status", "success", "pending", "failed"),
        },
        sample={
            "amount": 49,
            "currency": "USD",
            "source": "website",
            "product": "Pro",
            "order_id": "or_1",
            "status": "success",
        },
        rows=(55,),
    ),
    *_both(
        "document",
        "document",
        _DOCUMENT_STATUS,
        "status",
        _DOCUMENT,
        _DOCUMENT_SAMPLE,
        59,
        "`event.recipient_type` is contact or user; `event.template` and `event.value` may be used in conditions.",
        (
            'on document signed when event.template = "Contract" do add tag "signed"',
            "on document status changed when event.recipient_type = contact and event.value > $5_000\n"
            'do\n  notify owner "the document moved on"\nend',
        ),
    ),
    *_both(
        "subscription",
        "subscription",
        _SUBSCRIPTION_STATUS,
        "after",
        _SUBSCRIPTION,
        _SUBSCRIPTION_SAMPLE,
        60,
        "`event.before` is the status before, `event.product` what was subscribed to.",
        (
            'on subscription past_due when event.product = "Pro" do notify owner "the card was refused"',
            'on subscription status changed when event.before = active do add tag "payment trouble"',
        ),
    ),
    trigger(
        "refund.created",
        "refund created [via {source}]",
        "money is paid back",
        doc="`via` narrows it to one source; `event.full` says whether all of it was paid back, `event.status` whether "
        "that succeeded.",
        example='on refund created when event.status = success and event.full = true do add tag "refunded"',
        subjects=CUSTOMERS,
        slots=(slot("source", "where it was paid back"),),
        payload={
            "refund_id": TEXT,
            **AMOUNT,
            "full": BOOL,
            "source": TEXT,
            "status": enum("refund status", "success", "failed"),
        },
        sample={
            "refund_id": "re_1",
            "amount": 49,
            "currency": "USD",
            "full": True,
            "source": "invoice",
            "status": "success",
        },
        rows=(61,),
    ),
)
