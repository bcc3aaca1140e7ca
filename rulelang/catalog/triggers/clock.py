"""Triggers that time brings about: birthdays, dates, tasks that are due, what lies still.

No event of theirs arrives; the machine makes it at its moment (`runtime/moments.py`). A rule sees the moments that
come after it is live: what has passed by then is left alone. After a downtime a moment is late, once.
"""

from __future__ import annotations

from rulelang.catalog.model import JSON, Clock
from rulelang.catalog.triggers.parts import EVERYONE, OPPORTUNITY, RECORDS, moment, slot, trigger
from rulelang.types.builtin import ANY_PIPELINE, ANY_STAGE, CURRENCY
from rulelang.types.model import DATE, DATETIME, DURATION, MONEY, NUMBER, PERSON, TEXT, TIME, Type

NO_OFFSET = "0s"
OWN = "own"
"""The time of a date-time itself; of a date, the morning."""
MORNING = "08:00"
"""When a day is reached, in the zone of the subject, unless a rule says otherwise."""

_OFFSET = moment("offset", "how long before or after, such as `3d`, `2w` or `1mo`", DURATION)
_SIDE = moment("side", "before or after", TEXT, choices=("before", "after"))
_TIME = moment("time", "the time of day, such as `9:00`", TIME)
_FIELD = moment("field", "a field that holds a date", TEXT, role="field")

_ZONE = (
    "Times are in the zone of the subject, else of its account, else of the workspace. A time that the clocks skip "
    "in spring is the first instant after the gap, one that occurs twice is the first. When the date or the zone "
    "changes, the reminder moves with it."
)
_WHEN: dict[str, Type] = {"field": TEXT, "offset": DURATION, "offset_days": NUMBER, "time": TIME}

# --- birthdays and anniversaries ---------------------------------------------------------------------

_BIRTHDAY: dict[str, Type] = {"birth_date": DATE, "age": NUMBER, "local_date": DATE, **_WHEN}
_BIRTHDAY_SAMPLE: dict[str, JSON] = {
    "birth_date": "1990-03-05",
    "age": 36,
    "local_date": "2026-03-05",
    "field": "birth_date",
    "offset": NO_OFFSET,
    "offset_days": 0,
    "time": MORNING,
}
_BIRTHDAY_DOC = (
    f"`event.age` is how old the contact becomes, `event.local_date` the day of the birthday. {_ZONE} "
    "29 February is 28 February in common years. Test the month with `month(birth_date) = 3`."
)

# --- dates -------------------------------------------------------------------------------------------

_DATE: dict[str, Type] = {"date": DATE, **_WHEN, "time": TEXT}
_DATE_SAMPLE: dict[str, JSON] = {
    "date": "2026-03-05",
    "field": "updated_at",
    "offset": NO_OFFSET,
    "offset_days": 0,
    "time": MORNING,
}
_DATE_DOC = (
    "The field may be any date or date-time of the record. A date is reached at 8:00 unless `at` says otherwise; a "
    f"date-time at its own moment, or with `at` at that time on its day. `event.date` is the day. {_ZONE}"
)

# --- tasks, opportunities, carts ---------------------------------------------------------------------

_TASK: dict[str, Type] = {
    "task_id": TEXT,
    "title": TEXT,
    "due_at": DATETIME,
    "assignee": PERSON,
    "offset": DURATION,
    "offset_days": NUMBER,
}
_TASK_SAMPLE: dict[str, JSON] = {
    "task_id": "t_1",
    "title": "call back",
    "due_at": "2026-03-05T16:00:00.000Z",
    "assignee": "ana@acme.test",
    "offset": NO_OFFSET,
    "offset_days": 0,
}
_TASK_DOC = (
    "Tasks are known from their events: `task.created` with a `due_at` begins the reminder, another one with the "
    "same `task_id` replaces it, `task.completed` ends it. Only tasks that are added while a live rule listens are "
    "known, at most 100 for one record."
)
_CART: dict[str, Type] = {
    "cart_id": TEXT,
    "items": RECORDS,
    "value": MONEY,
    "currency": CURRENCY,
    "url": TEXT,
}
_CART_SAMPLE: dict[str, JSON] = {
    "cart_id": "ca_1",
    "items": [{"product": "Mug", "quantity": 2}],
    "value": 58,
    "currency": "USD",
    "url": "https://shop.example/cart/ca_1",
}

TRIGGERS = (
    trigger(
        "contact.birthday",
        "birthday [at {time}]",
        "a contact has its birthday",
        doc=f"Fires once a year, on the day of `birth_date`, at 8:00 unless `at` says otherwise. {_BIRTHDAY_DOC}",
        example="on birthday at 9:00 when event.age >= 18\ndo\n"
        '  notify owner "{{ contact.name }} turns {{ event.age }} today"\nend',
        slots=(_TIME,),
        payload=_BIRTHDAY,
        sample=_BIRTHDAY_SAMPLE | {"time": "09:00"},
        rows=(3,),
        clock=Clock("yearly", {"field": "birth_date", "offset": NO_OFFSET, "time": MORNING}),
    ),
    trigger(
        "contact.birthday_reminder",
        "reminder {offset} {side} birthday [at {time}]",
        "a birthday comes near, or was a while ago",
        doc=f"Fires that long before or after each birthday, at 8:00 unless `at` says otherwise. {_BIRTHDAY_DOC}",
        example='on reminder 3d before birthday at 9:00 do notify owner "send a card by {{ event.local_date }}"',
        event="contact.birthday",
        slots=(_OFFSET, _SIDE, _TIME),
        payload=_BIRTHDAY,
        sample=_BIRTHDAY_SAMPLE | {"offset": "-3d", "offset_days": -3, "time": "09:00"},
        rows=(3,),
        clock=Clock("yearly", {"field": "birth_date", "offset": NO_OFFSET, "time": MORNING}),
    ),
    trigger(
        "date.reached",
        "date reached {field} [at {time}]",
        "a date of a record has come",
        doc=f"Fires when the day in the field has come. {_DATE_DOC}",
        example='on date reached created_at do add tag "new"',
        subjects=EVERYONE,
        slots=(_FIELD, _TIME),
        payload=_DATE,
        sample=_DATE_SAMPLE | {"field": "created_at", "time": OWN},
        rows=(9,),
        clock=Clock("date", {"field": "", "offset": NO_OFFSET, "time": OWN}),
    ),
    trigger(
        "date.reminder",
        "reminder {offset} {side} {field} [at {time}]",
        "a date of a record comes near, or was a while ago",
        doc="Fires that long before or after the date in the field: days, weeks, months and years on the calendar, "
        f"hours and minutes exactly. {_DATE_DOC}",
        example='rule "Renewal" for account\n'
        "  on reminder 30d before renewal_date at 9:00 when status = customer\n"
        'do\n  notify owner "the contract of {{ account.name }} is to be renewed"\nend\n\n'
        "fields for account\n  renewal_date: date\nend",
        event="date.reached",
        subjects=EVERYONE,
        slots=(_OFFSET, _SIDE, _FIELD, _TIME),
        payload=_DATE,
        sample=_DATE_SAMPLE
        | {"field": "renewal_date", "offset": "-30d", "offset_days": -30, "time": "09:00"},
        rows=(9,),
        clock=Clock("date", {"field": "", "offset": NO_OFFSET, "time": OWN}),
    ),
    trigger(
        "task.due",
        "task due",
        "a task is due and not done",
        doc=f"Fires at the moment at which a task is due. {_TASK_DOC}",
        example='on task due when event.title contains "call" do notify owner "{{ event.title }} is due"',
        subjects=EVERYONE,
        payload=_TASK,
        sample=_TASK_SAMPLE,
        rows=(14,),
        clock=Clock("task", {"offset": NO_OFFSET}),
    ),
    trigger(
        "task.reminder",
        "reminder {offset} {side} task due",
        "a task comes due, or is overdue",
        doc=f"Fires that long before or after the moment at which a task is due, unless it is done. {_TASK_DOC}",
        example='on reminder 1d after task due do notify owner "{{ event.title }} is a day late"',
        event="task.due",
        subjects=EVERYONE,
        slots=(_OFFSET, _SIDE),
        payload=_TASK,
        sample=_TASK_SAMPLE | {"offset": "1d", "offset_days": 1},
        rows=(14,),
        clock=Clock("task", {"offset": NO_OFFSET}),
    ),
    trigger(
        "opportunity.stale",
        "opportunity stale for {duration} [at stage {stage}] [of {pipeline}] [at most {limit} times]",
        "nothing has happened to an open opportunity for a while",
        doc="Fires when an open opportunity has not changed for so long; any change of it begins the time anew, also "
        "one that a rule makes. `at most 3 times` fires again after each further such time without a change. "
        "`event.days_in_stage` counts the days in its present stage, `event.last_activity_at` is the last change, "
        "`event.count` which time it is. `at stage` and `of` narrow it to a stage and a pipeline.",
        example='on opportunity stale for 14d when value > $5_000 do notify owner "this one lies still"',
        subjects=OPPORTUNITY,
        slots=(
            moment("duration", "how long without a change, such as `14d`", DURATION),
            slot("stage", "the stage", ANY_STAGE, role="stage"),
            slot("pipeline", "the pipeline", ANY_PIPELINE, role="pipeline"),
            moment("limit", "how often, as a number", NUMBER),
        ),
        payload={
            "pipeline": ANY_PIPELINE,
            "stage": ANY_STAGE,
            "days_in_stage": NUMBER,
            "last_activity_at": DATETIME,
            "duration": DURATION,
            "count": NUMBER,
            "limit": NUMBER,
        },
        sample={
            "pipeline": "deals",
            "stage": "Proposal",
            "days_in_stage": 20,
            "last_activity_at": "2026-02-19T10:00:00.000Z",
            "duration": "14d",
            "count": 1,
            "limit": 1,
        },
        rows=(37,),
        clock=Clock("idle", {"duration": "", "limit": 1}),
    ),
    trigger(
        "cart.updated",
        "cart changed",
        "something is put into a cart, or taken out",
        doc="Fires for each event `cart.updated` of the shop.",
        example='on cart changed when event.value >= $500 do add tag "big cart"',
        payload=_CART,
        sample=_CART_SAMPLE | {"value": 580},
    ),
    trigger(
        "cart.abandoned",
        "cart abandoned [for {duration}]",
        "a cart is left without an order",
        doc="Fires when a cart has not changed for an hour, or for the time that `for` says, and no order came. Each "
        "`cart.updated` begins the time anew, and its data is what the rule sees: `event.items`, `event.value`, "
        "`event.url`. An order (`order.placed`, `order.submitted`, `order.fulfilled`) with the same `cart_id` ends "
        "it; one without a `cart_id` ends it for all carts of the contact. Only carts that change while a live rule "
        "listens are known, at most 20 for one contact.",
        example='on cart abandoned for 45m when event.value >= $100 do add tag "cart left"',
        slots=(moment("duration", "how long without a change, such as `45m`", DURATION),),
        payload=_CART | {"duration": DURATION},
        sample=_CART_SAMPLE | {"value": 120, "duration": "45m"},
        rows=(62,),
        clock=Clock("cart", {"duration": "1h"}),
    ),
)
