"""Filters of rows 16 to 32: calls, messages, forms, pages, appointments."""

from __future__ import annotations

from tests.catalog.filters.case import Case

_VIP = {"has": {"tags": ["vip"]}, "lacks": {"tags": ["new"]}}
_NOT_VIP = {"has": {"tags": ["new"]}, "lacks": {"tags": ["vip"]}}


def _lead(row: int, platform: str, page: str, form: str) -> tuple[Case, ...]:
    on = f"on {platform} lead form submitted"
    found = [Case(row, form, f'{on} "f_1"', data={"form_id": "f_1"}, other={"form_id": "f_2"})]
    if page:
        found.append(
            Case(
                row,
                page,
                f'{on} when event.page_id = "p_1"',
                data={"page_id": "p_1"},
                other={"page_id": "p_2"},
            )
        )
    return tuple(found)


def _answer(filter: str, test: str, company: object, other: object) -> Case:
    return Case(
        29,
        filter,
        f"on linkedin lead form submitted when {test}",
        data={"fields": {"company": company, "size": 50}},
        other={"fields": {"company": other, "size": 50}},
    )


def _modified(name: str, word: str) -> Case:
    return Case(
        31,
        f"modified by {name}",
        f"on appointment no_show when event.modified_by = {word}",
        data={"modified_by": word},
        other={"modified_by": "user" if word != "user" else "api"},
    )


CASES = (
    Case(16, "hook", 'on webhook received "shop"', other={"hook_id": "other"}),
    Case(
        16,
        "field of the sample payload",
        'on webhook received "shop" when event.body.order.total > 100',
        data={"body": {"order": {"total": 101}}},
        other={"body": {"order": {"total": 100}}},
    ),
    Case(
        17,
        "call direction",
        "on call status changed when event.direction = outgoing",
        data={"direction": "outgoing"},
        other={"direction": "incoming"},
    ),
    Case(
        17, "call status", "on call status voicemail", data={"status": "voicemail"}, other={"status": "busy"}
    ),
    Case(
        17,
        "in workflow",
        'on call status changed when event.rule = "Calls"',
        data={"rule": "Calls"},
        other={"rule": "Others"},
    ),
    *(
        Case(18, what, f'on email {what} of "welcome"', other={"template": "tips"})
        for what in ("clicked", "opened", "bounced", "unsubscribed", "complained")
    ),
    Case(
        18,
        "in workflow",
        'on email clicked when event.rule = "Welcome"',
        data={"rule": "Welcome"},
        other={"rule": "Others"},
    ),
    Case(
        19,
        "contains phrase",
        'on contact replied when event.text contains "demo"',
        data={"text": "a demo please"},
        other={"text": "no thanks"},
    ),
    Case(
        19,
        "exact phrase",
        'on contact replied when lower(event.text) = "yes"',
        data={"text": "Yes"},
        other={"text": "yes please"},
    ),
    Case(19, "has tag", "on contact replied when tags contains vip", **_VIP),
    Case(19, "lacks tag", "on contact replied when tags not contains vip", **_NOT_VIP),
    Case(
        19, "intent positive", "on contact replied when event.intent = positive", other={"intent": "negative"}
    ),
    Case(
        19,
        "intent negative",
        "on contact replied when event.intent = negative",
        data={"intent": "negative"},
        other={"intent": "positive"},
    ),
    Case(
        19,
        "replied-to workflow",
        'on contact replied when event.rule = "Welcome"',
        data={"rule": "Welcome"},
        other={"rule": "Others"},
    ),
    Case(
        19,
        "reply channel",
        'on contact replied via "email"',
        data={"channel": "email"},
        other={"channel": "sms"},
    ),
    Case(20, "form is", 'on form submitted "demo"', other={"form_id": "contact"}),
    Case(
        20,
        "T&C accepted",
        "on form submitted when event.terms_accepted = true",
        other={"terms_accepted": False},
    ),
    Case(21, "survey is", 'on survey submitted "nps"', other={"survey_id": "csat"}),
    Case(
        21,
        "disqualified true",
        "on survey submitted when event.disqualified = true",
        data={"disqualified": True},
        other={"disqualified": False},
    ),
    Case(
        21,
        "disqualified false",
        "on survey submitted when event.disqualified = false",
        other={"disqualified": True},
    ),
    Case(22, "trigger link", 'on link clicked "pricing"', other={"link_id": "imprint"}),
    *_lead(23, "facebook", "page is", "form is"),
    *_lead(24, "instagram", "page is", "form is"),
    *_lead(25, "tiktok", "", "in form"),
    Case(26, "funnel", 'on video watched when event.funnel_id = "launch"', other={"funnel_id": "other"}),
    Case(26, "video", 'on video watched "tour"', other={"video_id": "talk"}),
    *(
        Case(
            26,
            f"{percent}%",
            f"on video watched to {percent}%",
            data={"percent": percent},
            other={"percent": percent - 1},
        )
        for percent in (25, 50, 75, 100)
    ),
    Case(27, "validation status", "on phone validated as landline", other={"result": "mobile"}),
    Case(
        28, "error code", "on sms failed with 21610", data={"error_code": 21610}, other={"error_code": 30003}
    ),
    *_lead(29, "linkedin", "page", "all of them")[1:],
    _answer("mapped field is", 'event.fields.company = "Acme"', "Acme", "Bolt"),
    _answer("mapped field contains", 'event.fields.company contains "GmbH"', "Acme GmbH", "Acme"),
    _answer("mapped field empty", "event.fields.company is empty", "", "Acme"),
    _answer("mapped field not empty", "event.fields.company is not empty", "Acme", ""),
    _answer("all of them", 'event.fields.company = "Acme" and event.fields.size >= 50', "Acme", "Bolt"),
    Case(
        30,
        "funnel or website",
        'on page viewed when event.site = "shop"',
        data={"site": "shop"},
        other={"site": "blog"},
    ),
    Case(30, "page", 'on page viewed "pricing"', other={"page": "home"}),
    *(
        Case(
            30,
            f"UTM {part}",
            f'on page viewed when event.utm.{part} = "spring"',
            data={"utm": {part: "spring"}},
            other={"utm": {part: "autumn"}},
        )
        for part in ("campaign", "source", "medium")
    ),
    Case(
        30,
        "path",
        'on page viewed when event.path starts with "/pricing"',
        data={"path": "/pricing/eu"},
        other={"path": "/about"},
    ),
    Case(
        31,
        "event type any",
        "on appointment status changed when event.recurring in [true, false]",
        data={"recurring": True},
        other={"recurring": None},
    ),
    Case(
        31,
        "event type normal",
        "on appointment no_show when event.recurring = false",
        other={"recurring": True},
    ),
    Case(
        31,
        "event type recurring",
        "on appointment no_show when event.recurring = true",
        data={"recurring": True},
        other={"recurring": False},
    ),
    Case(31, "status", "on appointment confirmed", data={"status": "confirmed"}, other={"status": "showed"}),
    Case(31, "tag", "on appointment no_show when tags contains vip", **_VIP),
    Case(31, "calendar", 'on appointment no_show of "Demos"', other={"calendar": "Support"}),
    Case(
        31,
        "calendar group",
        'on appointment no_show when event.calendar_group = "Sales"',
        other={"calendar_group": "Service"},
    ),
    Case(
        31,
        "only grouped calendars",
        "on appointment no_show when event.calendar_group is not empty",
        other={"calendar_group": None},
    ),
    Case(
        31, "user", 'on appointment no_show when event.user = "ana@acme.test"', other={"user": "bo@acme.test"}
    ),
    _modified("API", "api"),
    _modified("customer", "customer"),
    _modified("user", "user"),
    _modified("workflow", "workflow"),
    Case(32, "has tag", "on appointment booked when tags contains vip", **_VIP),
    Case(32, "calendar", 'on appointment booked of "Demos"', other={"calendar": "Support"}),
    Case(
        32,
        "calendar group",
        'on appointment booked when event.calendar_group = "Sales"',
        other={"calendar_group": "Service"},
    ),
    Case(
        32,
        "recurring ones do not fire it",
        "on appointment booked",
        data={"recurring": None},
        other={"recurring": True},
    ),
)
