"""Triggers of appointments."""

from __future__ import annotations

from rulelang.catalog.triggers.parts import choice, enum, slot, trigger
from rulelang.types.model import BOOL, DATETIME, PERSON, TEXT, Type

_STATUS = enum(
    "appointment status", "new", "confirmed", "cancelled", "showed", "no_show", "rescheduled", "invalid"
)
_PAYLOAD: dict[str, Type] = {
    "appointment_id": TEXT,
    "calendar": TEXT,
    "calendar_group": TEXT,
    "start_at": DATETIME,
    "end_at": DATETIME,
    "tz": TEXT,
    "status": _STATUS,
    "previous_status": _STATUS,
    "recurring": BOOL,
    "user": PERSON,
    "modified_by": enum("who changed it", "api", "customer", "user", "workflow"),
}
_SAMPLE = {
    "appointment_id": "ap_1",
    "calendar": "Demos",
    "calendar_group": "Sales",
    "start_at": "2026-03-05T09:00:00.000Z",
    "end_at": "2026-03-05T09:30:00.000Z",
    "tz": "Europe/Berlin",
    "status": "no_show",
    "previous_status": "confirmed",
    "recurring": False,
    "user": "ana@acme.test",
    "modified_by": "user",
}
_CALENDAR = slot("calendar", "the calendar")
_DOC = (
    "`of` narrows it to one calendar; `event.calendar_group`, `event.recurring`, `event.user` and "
    "`event.modified_by` (api, customer, user or workflow) may be used in conditions."
)

TRIGGERS = (
    trigger(
        "appointment.status",
        "appointment {status} [of {calendar}]",
        "an appointment comes to a status",
        doc=f"The status is new, confirmed, cancelled, showed, no_show, rescheduled or invalid. {_DOC}",
        example='on appointment no_show of "Demos" when event.recurring = false do notify owner "did not come"',
        event="appointment.status_changed",
        slots=(choice("status", "the status", _STATUS), _CALENDAR),
        payload=_PAYLOAD,
        sample=_SAMPLE,
        rows=(31,),
    ),
    trigger(
        "appointment.status_changed",
        "appointment status changed [of {calendar}]",
        "an appointment comes to any status",
        doc=f"`event.status` and `event.previous_status` say which. {_DOC}",
        example='on appointment status changed when event.modified_by = user do notify owner "see calendar"',
        slots=(_CALENDAR,),
        payload=_PAYLOAD,
        sample=_SAMPLE,
        rows=(31,),
    ),
    trigger(
        "appointment.booked",
        "appointment booked [of {calendar}]",
        "a contact books an appointment",
        doc=f"Recurring appointments do not fire it. {_DOC}",
        example='on appointment booked of "Demos" when event.booked_by = "customer" do add tag "demo booked"',
        slots=(_CALENDAR,),
        payload=_PAYLOAD | {"booked_by": TEXT},
        sample=_SAMPLE | {"status": "new", "booked_by": "customer"},
        rows=(32,),
        unless={"recurring": True},
    ),
)
