"""Triggers of orders and of automatic telephone menus."""

from __future__ import annotations

from rulelang.catalog.triggers.parts import AMOUNT, CUSTOMERS, RECORDS, enum, slot, trigger
from rulelang.types.builtin import CURRENCY
from rulelang.types.model import MONEY, TEXT, TEXT_LIST, Type

_WITH_PRODUCT = slot("product", "a product that was ordered", path="products", op="contains")
_ITEMS: dict[str, Type] = {"items": RECORDS, "products": TEXT_LIST}
_ITEMS_SAMPLE = {"items": [{"product": "Mug", "quantity": 2}], "products": ["Mug"]}
_VALUE: dict[str, Type] = {"value": MONEY, "currency": CURRENCY}

TRIGGERS = (
    trigger(
        "order_form.submitted",
        "order form submitted [for {product}]",
        "a contact sends an order form",
        doc="`for` narrows it to one product. `event.submission_type` is bump, opt_in, sale or upsell; `event.funnel` "
        "and `event.page` say where the form stood.",
        example='on order form submitted when event.submission_type = upsell do add tag "upsold"',
        slots=(slot("product", "the product"),),
        payload={
            "funnel": TEXT,
            "page": TEXT,
            "product": TEXT,
            "submission_type": enum("submission type", "bump", "opt_in", "sale", "upsell"),
        },
        sample={"funnel": "Launch", "page": "/order", "product": "Pro", "submission_type": "upsell"},
        rows=(56,),
    ),
    trigger(
        "order.submitted",
        "order submitted [with {product}] [via {source}]",
        "an order comes in, from anywhere",
        doc="`with` fires for orders that contain the product, `via` for those from one source, such as `external`, "
        "`form`, `membership`, `order_form`, `payment_link`, `store`, `survey` or `calendar`; `event.sub_source` "
        "says more. `event.products` are the names of what was ordered.",
        example='on order submitted with "Mug" via "store" when event.total > $50 do add tag "mug"',
        subjects=CUSTOMERS,
        slots=(_WITH_PRODUCT, slot("source", "where the order was made")),
        payload={
            "order_id": TEXT,
            "source": TEXT,
            "sub_source": TEXT,
            **_ITEMS,
            "total": MONEY,
            "currency": CURRENCY,
        },
        sample={"order_id": "or_1", "source": "store", **_ITEMS_SAMPLE, "total": 58, "currency": "USD"},
        rows=(57,),
    ),
    trigger(
        "order.failed",
        "order failed",
        "an order could not be completed",
        doc="`event.reason` says why, `event.amount` how much it was about.",
        example='on order failed when event.reason = "card_declined" do notify owner "the card was refused"',
        subjects=CUSTOMERS,
        payload={"order_id": TEXT, "reason": TEXT, **AMOUNT},
        sample={"order_id": "or_1", "reason": "card_declined", "amount": 58, "currency": "USD"},
        rows=(58,),
    ),
    trigger(
        "order.placed",
        "order placed [with {product}]",
        "an order is placed in the shop",
        doc="`with` fires for orders that contain the product. `event.value` is what the cart was worth.",
        example='on order placed when event.value >= $100 do add tag "big cart"',
        slots=(_WITH_PRODUCT,),
        payload={"order_id": TEXT, **_ITEMS, **_VALUE},
        sample={"order_id": "or_2", **_ITEMS_SAMPLE, "value": 120, "currency": "USD"},
        rows=(63,),
    ),
    trigger(
        "order.fulfilled",
        "order fulfilled",
        "an order of the shop is on its way",
        doc="`event.tracking` is the number or address to follow it by, `event.value` what the cart was worth.",
        example='on order fulfilled when event.value >= $100 do wait 7d; notify owner "ask for a review"',
        payload={"order_id": TEXT, "tracking": TEXT, **_VALUE},
        sample={"order_id": "or_2", "tracking": "1Z999", "value": 120, "currency": "USD"},
        rows=(64,),
    ),
    trigger(
        "ivr.started",
        "ivr started [at {number}]",
        "a contact reaches an automatic telephone menu",
        doc="Fires when a call comes to the menu; `at` narrows it to one of your numbers. `event.caller` is the "
        "number that calls.",
        example='on ivr started at "+49301234567" when status = customer do notify owner "a customer calls"',
        slots=(slot("number", "the number that was called"),),
        payload={"call_id": TEXT, "number": TEXT, "caller": TEXT},
        sample={"call_id": "ca_1", "number": "+49301234567", "caller": "+491701234567"},
        rows=(65,),
    ),
)
