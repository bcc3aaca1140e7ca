"""Filters of rows 38 to 76: affiliates, courses, payments, orders, comments, groups, segments, health."""

from __future__ import annotations

from tests.catalog.filters.case import Case

_VIP = {"has": {"tags": ["vip"]}, "lacks": {"tags": ["new"]}}
_PLAN = {"has": {"plan": "pro"}, "lacks": {"plan": "free"}}


def _one(row: int, filter: str, on: str, name: str, wanted: object, other: object) -> Case:
    """A filter on one member of the event."""
    return Case(row, filter, on, data={name: wanted}, other={name: other})


def _comments(row: int, platform: str) -> tuple[Case, ...]:
    on = f"on {platform} comment added"
    return (
        _one(row, "page", f'{on} when event.page = "acme"', "page", "acme", "other"),
        _one(row, "post type", f'{on} when event.post_type = "reel"', "post_type", "reel", "photo"),
        _one(row, "post", f'{on} to "po_1"', "post_id", "po_1", "po_2"),
        _one(row, "contains phrase", f'{on} when event.text contains "price"', "text", "your price?", "nice"),
        _one(row, "exact match", f'{on} when event.text = "price"', "text", "price", "your price?"),
        _one(
            row, "first-level only", f"{on} when event.is_first_level = true", "is_first_level", True, False
        ),
    )


def _cart(filter: str, test: str, wanted: object, other: object) -> Case:
    return Case(
        62,
        filter,
        f"on cart abandoned for 45m when event.value {test}",
        data={"cart_id": "k", "value": wanted},
        other={"value": other},
        sends="cart.updated",
        at="2026-03-02T10:45:00+01:00",
    )


CASES = (
    *(
        _one(row, "campaign", f'on affiliate {what} for "Spring"', "campaign", "Spring", "Autumn")
        for row, what in ((38, "created"), (39, "sale"), (40, "enrolled"))
    ),
    _one(
        39, "affiliate", 'on affiliate sale when event.affiliate_id = "af_1"', "affiliate_id", "af_1", "af_2"
    ),
    _one(
        39,
        "has payout method",
        "on affiliate sale when event.has_payout_method = true",
        "has_payout_method",
        True,
        False,
    ),
    _one(
        39,
        "tax form submitted",
        "on affiliate sale when event.tax_form_submitted = true",
        "tax_form_submitted",
        True,
        False,
    ),
    Case(40, "custom fields", "on affiliate enrolled when plan = pro", **_PLAN),
    *(
        _one(
            row,
            "product is any of",
            f'on {phrase} when event.product in ["Academy", "Basics"]',
            "product",
            "Basics",
            "Masters",
        )
        for row, phrase in ((41, "category started"), (42, "category completed"))
    ),
    *(
        _one(row, "product", f'on {phrase} "Academy"', "product", "Academy", "Masters")
        for row, phrase in (
            (43, "lesson started of"),
            (44, "lesson completed of"),
            (48, "product access granted to"),
            (49, "product access removed from"),
            (50, "course started of"),
            (53, "certificate issued for"),
        )
    ),
    *(
        _one(row, "offer", f'on {phrase} "Yearly"', "offer", "Yearly", "Monthly")
        for row, phrase in (
            (45, "course signup for"),
            (46, "offer access granted to"),
            (47, "offer access removed from"),
        )
    ),
    _one(51, "product is", 'on course completed of "Academy"', "product", "Academy", "Masters"),
    _one(
        51,
        "product is not",
        'on course completed when event.product != "Academy"',
        "product",
        "Masters",
        "Academy",
    ),
    _one(52, "portal", 'on user login to "app"', "portal", "app", "site"),
    *(
        _one(54, f"status {name}", f"on invoice {word}", "status", word, "overdue")
        for name, word in (
            ("paid", "paid"),
            ("partially paid", "partially_paid"),
            ("sent", "sent"),
            ("viewed", "viewed"),
            ("void", "void"),
        )
    ),
    Case(54, "tag", "on invoice status changed when tags contains vip", **_VIP),
    Case(54, "custom fields", "on invoice status changed when plan = pro", **_PLAN),
    *(
        _one(55, f"source {source}", f'on payment received via "{source}"', "source", source, "terminal")
        for source in (
            "calendar",
            "external",
            "form",
            "funnel",
            "invoice",
            "manual",
            "memberships",
            "website",
        )
    ),
    _one(55, "product", 'on payment received for "Pro"', "product", "Pro", "Free"),
    _one(
        55,
        "payment status",
        "on payment received when event.status = failed",
        "status",
        "failed",
        "success",
    ),
    _one(55, "calendar", 'on payment received when event.calendar = "Demos"', "calendar", "Demos", "Support"),
    _one(
        56,
        "funnel or website",
        'on order form submitted when event.funnel = "launch"',
        "funnel",
        "launch",
        "other",
    ),
    _one(56, "page", 'on order form submitted when event.page = "/buy"', "page", "/buy", "/try"),
    _one(56, "product", 'on order form submitted for "Pro"', "product", "Pro", "Free"),
    *(
        _one(
            56,
            f"type {name}",
            f"on order form submitted when event.submission_type = {word}",
            "submission_type",
            word,
            "sale" if word != "sale" else "bump",
        )
        for name, word in (("bump", "bump"), ("opt-in", "opt_in"), ("sale", "sale"), ("upsell", "upsell"))
    ),
    _one(57, "product is", 'on order submitted with "Pro"', "products", ["Add-on", "Pro"], ["Add-on"]),
    _one(
        57,
        "product is not",
        'on order submitted when event.products not contains "Pro"',
        "products",
        ["Add-on"],
        ["Add-on", "Pro"],
    ),
    *(
        _one(57, f"source {source}", f'on order submitted via "{source}"', "source", source, "till")
        for source in (
            "external",
            "form",
            "membership",
            "order form",
            "payment link",
            "store",
            "survey",
            "calendar",
        )
    ),
    _one(
        57,
        "sub-source",
        'on order submitted when event.sub_source = "upsell"',
        "sub_source",
        "upsell",
        "bump",
    ),
    _one(
        58,
        "reason",
        'on order failed when event.reason contains "declined"',
        "reason",
        "card declined",
        "no stock",
    ),
    _one(58, "amount", "on order failed when event.amount >= €100", "amount", 100, 99),
    *(
        _one(
            59,
            f"recipient type {word}",
            f"on document status changed when event.recipient_type = {word}",
            "recipient_type",
            word,
            other,
        )
        for word, other in (("contact", "user"), ("user", "contact"))
    ),
    _one(59, "status", "on document signed", "status", "signed", "viewed"),
    _one(
        59,
        "template",
        'on document status changed when event.template = "Contract"',
        "template",
        "Contract",
        "Offer",
    ),
    _one(59, "value", "on document status changed when event.value > €10_000", "value", 12_000, 10_000),
    _one(
        60, "product", 'on subscription status changed when event.product = "Pro"', "product", "Pro", "Free"
    ),
    _one(60, "status", "on subscription past_due", "after", "past_due", "cancelled"),
    Case(60, "custom fields", "on subscription status changed when plan = pro", **_PLAN),
    _one(
        61, "status success", "on refund created when event.status = success", "status", "success", "failed"
    ),
    _one(61, "status failed", "on refund created when event.status = failed", "status", "failed", "success"),
    _one(61, "amount", "on refund created when event.amount > €50", "amount", 51, 50),
    _one(61, "source", 'on refund created via "invoice"', "source", "invoice", "store"),
    _one(61, "full", "on refund created when event.full = true", "full", True, False),
    _one(61, "partial", "on refund created when event.full = false", "full", False, True),
    Case(
        62,
        "duration in minutes",
        "on cart abandoned for 90m",
        sends="cart.updated",
        data={"cart_id": "k", "value": 10},
        other={"items": [], "cart_id": None},
        at="2026-03-02T11:30:00+01:00",
    ),
    _cart("value =", "= €100", 100, 101),
    _cart("value !=", "!= €100", 101, 100),
    _cart("value >", "> €100", 101, 100),
    _cart("value >=", ">= €100", 100, 99),
    _cart("value <", "< €100", 99, 100),
    _cart("value <=", "<= €100", 100, 101),
    _cart("value between", "between €100 and €200", 200, 201),
    _cart("value is set", "is set", 1, None),
    _one(63, "cart value", "on order placed when event.value >= €100", "value", 100, 99),
    _one(64, "cart value", "on order fulfilled when event.value < €100", "value", 99, 100),
    _one(65, "phone number", 'on ivr started at "+4930123"', "number", "+4930123", "+4930124"),
    Case(65, "custom fields", "on ivr started when plan = pro", **_PLAN),
    *_comments(66, "facebook"),
    *_comments(67, "instagram"),
    _one(68, "group", 'on group access granted to "Club"', "group", "Club", "Team"),
    _one(69, "group", 'on group access revoked from "Club"', "group", "Club", "Team"),
    _one(70, "status", "on status becomes customer", "status", "customer", "inactive"),
    Case(
        70,
        "previous status",
        "on status becomes customer from trial",
        data={"previous_status": None},
        has={"status": "trial"},
        lacks={"status": "inactive"},
    ),
    _one(71, "which segment", 'on segment entered "Power users"', "segment", "Power users", "At risk"),
    _one(72, "which segment", 'on segment left "Power users"', "segment", "Power users", "At risk"),
    Case(
        73,
        "which stage",
        'on stage enter "Active"',
        kind="account",
        data={"pipeline": "customer_success", "stage": "Active", "previous_stage": "Onboarding"},
        other={"stage": "Churned"},
    ),
    Case(
        74,
        "which stage",
        'on stage exit "Onboarding"',
        kind="account",
        sends="stage.entered",
        data={"pipeline": "customer_success", "stage": "Active", "previous_stage": None},
        has={"stages": {"customer_success": "Onboarding"}},
        lacks={"stages": {"customer_success": "At Risk"}},
    ),
    Case(
        75,
        "direction",
        "on health drops to average",
        kind="account",
        data={"after": "average"},
        other={"before": "bad"},
        has={"health": "good"},
        lacks={"health": "bad"},
    ),
    Case(
        75,
        "target level",
        "on health changed to bad",
        kind="account",
        data={"after": "bad"},
        other={"after": "average"},
        has={"health": "good"},
    ),
    Case(76, "event name", 'on event "demo.requested"', sends="demo.requested", otherwise="demo.refused"),
    Case(
        76,
        "property conditions",
        'on event "demo.requested" when event.seats > 5',
        sends="demo.requested",
        data={"seats": 6},
        other={"seats": 5},
    ),
)
