"""Triggers that recur: every Monday, every last Friday of the month, a cron expression."""

from __future__ import annotations

from rulelang.catalog.model import JSON, Clock, Trigger
from rulelang.catalog.triggers.parts import EVERYONE, Slot, moment, trigger
from rulelang.schedule import DAYS, ORDINALS
from rulelang.types.model import DATE, NUMBER, TEXT, TIME, Type

MORNING = "08:00"
_NOTHING: dict[str, JSON] = {"nth": "", "every": "", "number": 0, "time": MORNING, "last": "", "cron": ""}
"""All params of a schedule: the event has all of them, so that no rule takes the moment of another's for its own."""

_EVERY = moment("every", "which days; a weekday is Monday to Friday", TEXT, choices=DAYS)
_NTH = moment("nth", "which of them in the month", TEXT, choices=ORDINALS)
_NUMBER = moment("number", "the day of the month, 1 to 31; the last day in months that are shorter", NUMBER)
_TIME = moment("time", "the time of day, such as `9:00`; 8:00 without it", TIME)
_LAST = moment("last", "the last day on which it may fire", DATE)
_CRON = moment("cron", 'a cron expression of five fields, such as `"0 9 * * 1"`', TEXT)

_PAYLOAD: dict[str, Type] = {
    "date": DATE,
    "local": TEXT,
    "nth": TEXT,
    "every": TEXT,
    "number": NUMBER,
    "time": TEXT,
    "last": TEXT,
    "cron": TEXT,
}
_DOC = (
    "It fires for every record of the rule's kind, so say in `when` for which: the condition is tested at that moment. "
    "Times are in the zone of the subject, else of its account, else of the workspace. A time that the clocks skip in "
    "spring is the first instant after the gap, one that occurs twice is the first. What was missed during a downtime "
    "fires once, late. `event.date` is the day, `event.local` the time on the wall. `ending` names the last day. "
    "`rulelang next` shows when it fires next."
)


def _schedule(
    name: str, phrase: str, summary: str, example: str, slots: tuple[Slot, ...], sample: dict[str, JSON]
) -> Trigger:
    return trigger(
        f"schedule.{name}",
        phrase,
        summary,
        doc=_DOC,
        example=example,
        event="schedule.due",
        subjects=EVERYONE,
        slots=slots,
        payload=_PAYLOAD,
        sample={"date": "2026-03-02", "local": "2026-03-02T09:00", **_NOTHING, **sample},
        clock=Clock("schedule", _NOTHING),
    )


TRIGGERS = (
    _schedule(
        "days",
        "every {every} [at {time}] [ending {last}]",
        "every day, every weekday, or a day of each week",
        'on every monday at 9:00 when status = trial do notify owner "how is {{ contact.name }} getting on?"',
        (_EVERY, _TIME, _LAST),
        {"every": "monday", "time": "09:00"},
    ),
    _schedule(
        "ordinal",
        "every {nth} {every} of month [at {time}] [ending {last}]",
        "a day of each month, such as the first Monday or the last day",
        'on every last friday of month at 16:00 when tags contains "vip" do notify owner "call {{ contact.name }}"',
        (_NTH, _EVERY, _TIME, _LAST),
        {
            "nth": "last",
            "every": "friday",
            "time": "16:00",
            "local": "2026-03-27T16:00",
            "date": "2026-03-27",
        },
    ),
    _schedule(
        "numbered",
        "every day {number} of month [at {time}] [ending {last}]",
        "the same day of each month",
        'rule "Invoice" for account on every day 15 of month at 9:00 when status = customer\n'
        'do notify owner "the invoice of {{ account.name }} is due" end',
        (_NUMBER, _TIME, _LAST),
        {"number": 15, "time": "09:00", "local": "2026-03-15T09:00", "date": "2026-03-15"},
    ),
    _schedule(
        "cron",
        "cron {cron} [ending {last}]",
        "the times of a cron expression",
        'on cron "0 9 * * 1" when score >= 80 do notify owner "{{ contact.name }} is hot"',
        (_CRON, _LAST),
        {"cron": "0 9 * * 1"},
    ),
)
