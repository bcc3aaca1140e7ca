"""Triggers of affiliates."""

from __future__ import annotations

from rulelang.catalog.triggers.parts import AMOUNT, slot, trigger
from rulelang.types.model import BOOL, MONEY, TEXT

_CAMPAIGN = slot("campaign", "the campaign")

TRIGGERS = (
    trigger(
        "affiliate.created",
        "affiliate created [for {campaign}]",
        "a contact becomes an affiliate",
        doc="Fires when the contact is made an affiliate; `for` narrows it to one campaign.",
        example='on affiliate created for "Spring" do add tag "affiliate"',
        slots=(_CAMPAIGN,),
        payload={"affiliate_id": TEXT, "campaign": TEXT},
        sample={"affiliate_id": "af_1", "campaign": "Spring"},
        rows=(38,),
    ),
    trigger(
        "affiliate.sale",
        "affiliate sale [for {campaign}]",
        "an affiliate brings about a sale",
        doc="Fires for each sale credited to the affiliate. `event.amount` is the sale, `event.commission` the "
        "affiliate's share; `event.has_payout_method` and `event.tax_form_submitted` say whether it can be paid out.",
        example="on affiliate sale when event.commission > $100 and event.has_payout_method = false\n"
        'do\n  notify owner "no way to pay the commission out"\nend',
        slots=(_CAMPAIGN,),
        payload={
            "affiliate_id": TEXT,
            "campaign": TEXT,
            **AMOUNT,
            "commission": MONEY,
            "has_payout_method": BOOL,
            "tax_form_submitted": BOOL,
        },
        sample={
            "affiliate_id": "af_1",
            "campaign": "Spring",
            "amount": 900,
            "currency": "USD",
            "commission": 180,
            "has_payout_method": False,
        },
        rows=(39,),
    ),
    trigger(
        "affiliate.enrolled",
        "affiliate enrolled [for {campaign}]",
        "an affiliate joins a campaign",
        doc="Fires for each campaign that the affiliate joins, or for one.",
        example='on affiliate enrolled for "Spring" do add tag "spring"',
        slots=(_CAMPAIGN,),
        payload={"affiliate_id": TEXT, "campaign": TEXT},
        sample={"affiliate_id": "af_1", "campaign": "Spring"},
        rows=(40,),
    ),
)
