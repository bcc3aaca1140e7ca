"""What triggers say beyond the rows of the catalogue: schedules, lives of rules, conditions that come true, absences."""

from __future__ import annotations

from tests.catalog.filters.case import Case

WAYS = (
    "cron",
    "every monday at a time",
    "last day of the month",
    "nth weekday",
    "skip weekends",
    "until a date",
    "started by name",
    "became true",
    "held for a time",
    "threshold crossed upwards",
    "threshold crossed downwards",
    "field changed from A to B",
    "rule enrolled",
    "rule completed",
    "rule exited",
    "rule reached its goal",
    "message suppressed",
    "absence of an event",
    "event with a declared payload",
    "event with a free payload",
    "several triggers",
    "status with a condition",
    "computed segment entered",
    "computed segment left",
    "stage changed",
    "cart changed",
    "lead form of any platform",
)


def _scheduled(filter: str, on: str, at: str) -> Case:
    """A schedule is for everybody: the condition tells the two records apart."""
    return Case(
        0,
        filter,
        f"{on} when tags contains vip",
        has={"tags": ["vip"]},
        lacks={"tags": ["new"]},
        sends="",
        at=at,
    )


def _score(filter: str, on: str, before: int, after: int, other: int, at: str = "") -> Case:
    return Case(
        0,
        filter,
        on,
        data={"fields": {"score": after}},
        other={"fields": {"score": other}},
        has={"score": before},
        sends="record.updated",
        at=at,
    )


CASES = (
    _scheduled("cron", 'on cron "30 9 6 4 *"', "2026-04-06T09:30:00+02:00"),
    _scheduled(
        "every monday at a time", "on every monday at 9:00 ending 2026-03-09", "2026-03-09T09:00:00+01:00"
    ),
    _scheduled("last day of the month", "on every last day of month at 9:00", "2026-03-31T09:00:00+02:00"),
    _scheduled(
        "nth weekday",
        "on every second friday of month at 9:00 ending 2026-03-31",
        "2026-03-13T09:00:00+01:00",
    ),
    _scheduled("skip weekends", "on every first weekday of month at 9:00", "2026-04-01T09:00:00+02:00"),
    _scheduled("until a date", "on every day at 9:00 ending 2026-03-03", "2026-03-03T09:00:00+01:00"),
    Case(
        0,
        "started by name",
        "on manual start",
        sends="rule.start",
        data={"rule": "0 started by name"},
        other={"rule": "0 became true"},
    ),
    _score("became true", "when score >= 80 and tags not contains vip", 10, 90, 70),
    _score("held for a time", "when score >= 85 for 3d", 10, 90, 70, "2026-03-05T10:00:00+01:00"),
    _score("threshold crossed upwards", "on field score rises above 50", 40, 60, 45),
    _score("threshold crossed downwards", "on field score falls below 50", 60, 40, 55),
    Case(
        0,
        "field changed from A to B",
        "on field changed plan from free to pro",
        data={"fields": {"plan": "pro"}},
        sends="record.updated",
        has={"plan": "free"},
        lacks={"plan": "team"},
    ),
    Case(
        0,
        "rule enrolled",
        'on rule entered "22 trigger link"',
        sends="link.clicked",
        data={"link_id": "pricing"},
        other={"link_id": "imprint"},
    ),
    Case(
        0,
        "rule completed",
        'on rule completed "22 trigger link"',
        sends="link.clicked",
        data={"link_id": "pricing"},
        other={"link_id": "imprint"},
    ),
    Case(
        0,
        "event with a declared payload",
        'on event "demo.requested" when event.seats > 100',
        sends="demo.requested",
        data={"seats": 101},
        other={"seats": 100},
    ),
    Case(
        0,
        "several triggers",
        'on link clicked "news"\n  or on page viewed "news"',
        sends="link.clicked",
        data={"link_id": "news"},
        other={"link_id": "old"},
    ),
    Case(
        0,
        "stage changed",
        "on stage changed when event.previous_stage = MQL",
        sends="stage.entered",
        data={"stage": "SQL"},
        has={"stages": {"sales": "MQL"}},
        lacks={"stages": {"sales": "Proposal Sent"}},
    ),
    Case(
        0,
        "cart changed",
        "on cart changed when event.value > €500",
        sends="cart.updated",
        data={"cart_id": "c", "value": 501},
        other={"value": 500},
    ),
    Case(
        0,
        "lead form of any platform",
        'on lead form submitted "f_9"',
        data={"form_id": "f_9"},
        other={"form_id": "f_8"},
    ),
    _score("computed segment entered", 'on segment entered "Eager"', 10, 97, 80),
    _score("computed segment left", 'on segment left "Eager"', 97, 10, 98),
    Case(
        0,
        "status with a condition",
        "on status becomes active",
        kind="account",
        sends="record.updated",
        data={"fields": {"health_score": 97}},
        other={"fields": {"health_score": 60}},
    ),
    Case(
        0,
        "absence of an event",
        'on absence of payment received for 7d after link clicked "offer"',
        sends="link.clicked",
        data={"link_id": "offer"},
        other={"link_id": "other"},
        at="2026-03-09T10:00:00+01:00",
    ),
    *(
        Case(
            0,
            filter,
            f'on rule {word} "22 trigger link"',
            data={"rule": "22 trigger link"},
            other={"rule": "0 cron"},
        )
        for filter, word in (("rule exited", "exited"), ("rule reached its goal", "goal"))
    ),
    Case(0, "message suppressed", "on message suppressed for email", other={"channel": "sms"}),
    Case(
        0,
        "event with a free payload",
        'on event "free.form" when event.note contains "yes"',
        sends="free.form",
        data={"note": "oh yes"},
        other={"note": "no"},
    ),
)
