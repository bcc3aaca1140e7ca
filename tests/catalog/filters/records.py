"""Filters of rows 1 to 15 and 33 to 37: contacts, notes, tasks, opportunities."""

from __future__ import annotations

from tests.catalog.filters.case import Case

_DEAL = {"stages": {"deals": "Proposal"}, "owner": "ana@acme.test", "tags": ["hot"], "value": 9_000}
_OTHERS = {
    "stages": {"deals": "Proposal"},
    "owner": "bo@acme.test",
    "tags": ["cold"],
    "value": 100,
    "lost_reason": "time",
}


def _deal(row: int, filter: str, on: str, **more: object) -> Case:
    return Case(row, filter, on, kind="opportunity", has=_DEAL, **more)  # type: ignore[arg-type]


def _changed(filter: str, on: str, after: object, other: object, name: str, **has: object) -> Case:
    """A change of a contact's field, derived from what the API sets."""
    fields = {"fields": {name: after}}
    return Case(4, filter, on, data=fields, other={"fields": {name: other}}, has=has, sends="record.updated")


CASES = (
    Case(1, "stage", 'on stage enter "SQL"', other={"stage": "Won"}),
    Case(2, "stage", 'on stage exit "MQL"', other={"stage": "Lost"}),
    Case(
        3,
        "after N days",
        "on reminder 3d after birthday",
        has={"birth_date": "1990-03-10"},
        lacks={"birth_date": "1990-04-10"},
        sends="",
        at="2026-03-13T08:00:00+01:00",
    ),
    Case(
        3,
        "before N days",
        "on reminder 3d before birthday",
        has={"birth_date": "1990-04-03"},
        lacks={"birth_date": "1990-03-04"},
        sends="",
        at="2026-03-31T08:00:00+02:00",
    ),
    Case(
        3,
        "day is",
        "on birthday when day(event.local_date) = 10",
        has={"birth_date": "1990-03-10"},
        lacks={"birth_date": "1990-03-11"},
        sends="",
        at="2026-03-10T08:00:00+01:00",
    ),
    Case(
        3,
        "month is",
        "on birthday when month(event.birth_date) = 3",
        has={"birth_date": "1990-03-20", "time_zone": "Asia/Tokyo"},
        lacks={"birth_date": "1990-04-01"},
        sends="",
        at="2026-03-20T00:00:00+01:00",
    ),
    Case(
        4,
        "tags",
        "on field changed tags when tags contains vip",
        data={"fields": {"tags": ["vip"]}},
        other={"fields": {"tags": ["new"]}},
        sends="record.updated",
    ),
    _changed(
        "assigned user", 'on owner changed to "ana@acme.test"', "ana@acme.test", "bo@acme.test", "owner"
    ),
    _changed("DND", "on field changed dnc to true", True, False, "dnc"),
    _changed("contact type", 'on field changed contact_type to "lead"', "lead", "partner", "contact_type"),
    _changed("any custom field", "on field changed plan to pro", "pro", "free", "plan"),
    Case(
        4,
        "has changed",
        "on field changed plan",
        data={"fields": {"plan": "pro"}},
        other={"fields": {"city": "Bonn"}},
        has={"plan": "free"},
        sends="record.updated",
    ),
    _changed("changed to", "on field changed plan from free to pro", "pro", "team", "plan", plan="free"),
    _changed("empty", "on field changed plan to null", None, "pro", "plan", plan="free"),
    _changed("not empty", "on field changed plan when plan is not empty", "pro", None, "plan", plan="free"),
    Case(
        5,
        "has tag",
        "on contact created when tags contains vip",
        data={"fields": {"tags": ["vip"]}},
        other={"fields": {"tags": ["new"]}},
    ),
    Case(
        5,
        "custom fields",
        "on contact created when plan = pro",
        data={"fields": {"plan": "pro"}},
        other={"fields": {"plan": "free"}},
    ),
    *(
        Case(
            5,
            f"created via {name}",
            f'on contact created via "{source}"',
            data={"source": source},
            other={"source": "import"},
        )
        for name, source in (("manual", "ui"), ("form", "form"), ("API", "api"))
    ),
    Case(6, "enabled", "on dnd enabled", data={"enabled": True}, other={"enabled": False}),
    Case(6, "disabled", "on dnd disabled", data={"enabled": False}, other={"enabled": True}),
    Case(
        6,
        "all channels",
        "on dnd changed when event.scope = all",
        data={"scope": "all"},
        other={"scope": "specific"},
    ),
    Case(6, "specific channels", "on dnd changed when event.scope = specific", other={"scope": "all"}),
    *(
        Case(
            6,
            name,
            f"on dnd changed for {channel}",
            data={"channels": [channel]},
            other={"channels": ["email" if channel != "email" else "sms"]},
        )
        for name, channel in (
            ("SMS", "sms"),
            ("email", "email"),
            ("calls", "call"),
            ("GMB", "gmb"),
            ("Facebook", "facebook"),
        )
    ),
    Case(
        6,
        "direction",
        "on dnd changed when event.direction = inbound",
        data={"direction": "inbound"},
        other={"direction": "outbound"},
    ),
    Case(7, "tag is", "on tag added vip", data={"tag": "vip"}, other={"tag": "new"}),
    Case(
        7,
        "added",
        "on tag added",
        data={"tag": "vip"},
        otherwise="contact.tag_removed",
        has={"tags": ["vip"]},
    ),
    Case(
        8,
        "tag is",
        "on tag removed vip",
        data={"tag": "vip"},
        other={"tag": "new"},
        has={"tags": ["vip", "new"]},
    ),
    Case(
        8,
        "removed",
        "on tag removed",
        data={"tag": "vip"},
        otherwise="contact.tag_added",
        has={"tags": ["vip"]},
    ),
    Case(
        9,
        "which date field",
        "on date reached renewal_date",
        has={"renewal_date": "2026-03-10"},
        lacks={"renewal_date": None, "trial_ends": "2026-03-10"},
        sends="",
        at="2026-03-10T08:00:00+01:00",
    ),
    Case(
        9,
        "after N days",
        "on reminder 5d after renewal_date",
        has={"renewal_date": "2026-03-10"},
        lacks={"renewal_date": "2026-04-09"},
        sends="",
        at="2026-03-15T08:00:00+01:00",
    ),
    Case(
        9,
        "before N days",
        "on reminder 5d before renewal_date",
        has={"renewal_date": "2026-03-10"},
        lacks={"renewal_date": "2026-03-04"},
        sends="",
        at="2026-03-05T08:00:00+01:00",
    ),
    Case(
        9,
        "day is",
        "on date reached renewal_date when day(event.date) = 10",
        has={"renewal_date": "2026-03-10"},
        lacks={"renewal_date": "2026-03-11"},
        sends="",
    ),
    Case(
        9,
        "month is",
        "on date reached renewal_date when month(event.date) = 3",
        has={"renewal_date": "2026-03-30"},
        lacks={"renewal_date": "2026-04-01"},
        sends="",
    ),
    Case(
        9,
        "has tag",
        "on date reached renewal_date when tags contains vip",
        has={"renewal_date": "2026-03-10", "tags": ["vip"]},
        lacks={"tags": ["new"]},
        sends="",
    ),
    *(
        Case(row, filter, f"on {phrase} when tags {test} vip", has=has, lacks=lacks)
        for row, phrase in ((10, "note added"), (11, "note changed"))
        for filter, test, has, lacks in (
            ("has tag", "contains", {"tags": ["vip"]}, {"tags": ["new"]}),
            ("lacks tag", "not contains", {"tags": ["new"]}, {"tags": ["new", "vip"]}),
        )
    ),
    Case(12, "assigned user", 'on task added for "ana@acme.test"', other={"assignee": "bo@acme.test"}),
    Case(
        13,
        "completed by user",
        'on task completed by "ana@acme.test"',
        other={"completed_by": "bo@acme.test"},
    ),
    Case(
        13,
        "custom field values",
        "on task completed when plan = pro",
        has={"plan": "pro"},
        lacks={"plan": "free"},
    ),
    Case(13, "outcome", 'on task completed when event.outcome = "reached"', other={"outcome": "busy"}),
    Case(13, "type", 'on task completed when event.type = "call"', other={"type": "letter"}),
    Case(
        13,
        "title",
        'on task completed when event.title contains "offer"',
        data={"title": "an offer"},
        other={"title": "a call"},
    ),
    Case(
        14,
        "before N days of due date",
        "on reminder 2d before task due",
        sends="task.created",
        data={"task_id": "t", "due_at": "2026-03-10T09:00:00Z"},
        other={"due_at": "2026-03-03T09:00:00Z"},
        at="2026-03-08T10:00:00+01:00",
    ),
    Case(
        14,
        "after N days of due date",
        "on reminder 2d after task due",
        sends="task.created",
        data={"task_id": "t", "due_at": "2026-03-10T09:00:00Z"},
        other={"due_at": "2026-04-10T09:00:00Z"},
        at="2026-03-12T10:00:00+01:00",
    ),
    *(
        Case(
            15,
            f"score {op}",
            f"on score changed when event.after {op} 80",
            data={"after": after},
            other={"after": other},
        )
        for op, after, other in ((">", 81, 80), ("<", 79, 80), ("=", 80, 79))
    ),
    Case(
        15, "custom fields", "on score changed when plan = pro", has={"plan": "pro"}, lacks={"plan": "free"}
    ),
    Case(
        15,
        "contains phrase",
        'on score changed when interests contains "garden"',
        has={"interests": "house and garden"},
        lacks={"interests": "boats"},
    ),
    _deal(33, "assigned to", 'on opportunity won when owner = "ana@acme.test"', lacks=_OTHERS),
    _deal(33, "tag", "on opportunity won when tags contains hot", lacks=_OTHERS),
    _deal(
        33,
        "pipeline",
        'on opportunity won when event.pipeline = "deals"',
        data={"pipeline": "deals"},
        other={"pipeline": "partners"},
    ),
    _deal(
        33,
        "lead value",
        "on opportunity won when event.value >= €5_000",
        data={"value": 9_000},
        other={"value": 100},
    ),
    _deal(
        33,
        "moved from",
        "on opportunity status changed from open",
        data={"after": "won"},
        other={"before": "lost"},
    ),
    _deal(
        33, "moved to", "on opportunity status changed to won", data={"after": "won"}, other={"after": "lost"}
    ),
    _deal(
        33,
        "stage",
        'on opportunity won when event.stage = "Proposal"',
        data={"stage": "Proposal"},
        other={"stage": "Negotiation"},
    ),
    Case(
        34,
        "assigned to",
        'on opportunity created when event.owner = "ana@acme.test"',
        kind="opportunity",
        data={"owner": "ana@acme.test"},
        other={"owner": "bo@acme.test"},
    ),
    Case(
        34,
        "pipeline",
        'on opportunity created of "Deals"',
        kind="opportunity",
        other={"pipeline": "partners", "stage": "Talks"},
    ),
    Case(
        34,
        "lead value",
        "on opportunity created when event.value > €5_000",
        kind="opportunity",
        data={"value": 9_000},
        other={"value": 100},
    ),
    *(
        _deal(
            35,
            filter,
            f"on opportunity changed when {when}",
            sends="record.updated",
            data={"fields": {"close_date": "2026-06-01"}},
            lacks=lacks,
        )
        for filter, when, lacks in (
            ("assigned to", 'owner = "ana@acme.test"', _OTHERS),
            ("tag", "tags contains hot", _OTHERS),
            ("pipeline", "stages.deals is set", {"stages": {"partners": "Talks"}}),
            ("lead value", "value >= €5_000", _OTHERS),
        )
    ),
    _deal(
        35,
        "lost reason has changed",
        "on field changed lost_reason",
        sends="record.updated",
        data={"fields": {"lost_reason": "price"}},
        other={"fields": {"name": "Big"}},
    ),
    _deal(
        35,
        "lost reason changed to",
        'on field changed lost_reason to "price"',
        sends="record.updated",
        data={"fields": {"lost_reason": "price"}},
        other={"fields": {"lost_reason": "time"}},
    ),
    _deal(
        35,
        "status",
        "on opportunity changed when status = lost",
        sends="record.updated",
        data={"fields": {"status": "lost"}},
        other={"fields": {"status": "won"}},
    ),
    _deal(36, "assigned to", 'on opportunity stage changed when owner = "ana@acme.test"', lacks=_OTHERS),
    _deal(36, "tag", "on opportunity stage changed when tags contains hot", lacks=_OTHERS),
    _deal(
        36,
        "pipeline",
        'on opportunity stage changed of "Deals"',
        other={"pipeline": "partners", "after": "Talks", "before": "Signed"},
    ),
    _deal(
        36,
        "value",
        "on opportunity stage changed when event.value > €5_000",
        data={"value": 9_000},
        other={"value": 100},
    ),
    Case(
        36,
        "lost reason",
        'on opportunity stage changed when lost_reason = "price"',
        kind="opportunity",
        has={**_DEAL, "lost_reason": "price"},
        lacks=_OTHERS,
    ),
    _deal(
        36,
        "stage",
        'on opportunity stage changed to "Negotiation"',
        data={"after": "Negotiation"},
        other={"after": "Won"},
    ),
    *(
        Case(
            37,
            filter,
            f"on opportunity stale for {phrase}",
            kind="opportunity",
            sends="opportunity.created",
            data={"pipeline": "deals", "stage": "Proposal"},
            other=other,
            at=at,
        )
        for filter, phrase, other, at in (
            (
                "pipeline",
                '10d of "Deals"',
                {"pipeline": "partners", "stage": "Talks"},
                "2026-03-12T10:00:00+01:00",
            ),
            ("stage", '10d at stage "Proposal"', {"stage": "Negotiation"}, "2026-03-12T10:00:00+01:00"),
        )
    ),
    Case(
        37,
        "duration in days",
        "on opportunity stale for 10d when event.days_in_stage >= 0",
        kind="opportunity",
        sends="opportunity.created",
        data={"pipeline": "deals", "stage": "Proposal"},
        other={"fields": {"status": "won"}},
        at="2026-03-12T10:00:00+01:00",
    ),
)
