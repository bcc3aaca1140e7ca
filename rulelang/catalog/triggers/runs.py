"""Answers that runs wait for: approvals and callbacks; and events that do not come."""

from __future__ import annotations

from rulelang.catalog.triggers.parts import EVERYONE, moment, trigger
from rulelang.types.model import DURATION, PERSON, RECORD, TEXT

TRIGGERS = (
    trigger(
        "absence.noticed",
        "absence of {missed} for {within} after {first}",
        "an event does not come after another",
        doc="Fires when the missed event has not come so long after the first one, for each first event by itself. "
        "`where` behind the phrase says which missed event belongs to it: its fields stand alone, those of the first "
        "event behind `event.`. The rule sees the data of the first event. At most 100 first events of one record "
        "wait at a time.",
        example='on absence of payment received for 7d after invoice sent do add tag "unpaid"',
        subjects=EVERYONE,
        slots=(
            moment("missed", "the event that does not come, like any trigger", role="phrase"),
            moment("within", "how long, such as `7d`", DURATION, role="phrase"),
            moment("first", "the event that it should follow", role="phrase"),
        ),
        payload={"absence": TEXT},
        sample={"absence": "payment received for 7d after invoice sent"},
    ),
    trigger(
        "approval.given",
        "approval given",
        "somebody approves what a run asked for",
        doc="Fires when a run stands at `wait for approval from …` and somebody approves, on the page or over the "
        "API. `event.run` is the run, `event.by` who approved, `event.note` what they wrote with it.",
        example='on approval given do notify owner "approved by {{ event.by }}"',
        subjects=EVERYONE,
        payload={"run": TEXT, "step": TEXT, "by": PERSON, "note": TEXT},
        sample={"run": "run_1", "step": "do.2", "by": "ana@acme.test", "note": "fine"},
    ),
    trigger(
        "approval.refused",
        "approval refused",
        "somebody refuses what a run asked for",
        doc="Fires when a run stands at `wait for approval from …` and somebody refuses; the run goes on with `else`.",
        example='on approval refused do notify owner "refused by {{ event.by }}: {{ event.note }}"',
        subjects=EVERYONE,
        payload={"run": TEXT, "step": TEXT, "by": PERSON, "note": TEXT},
        sample={"run": "run_1", "step": "do.2", "by": "ana@acme.test", "note": "too expensive"},
    ),
    trigger(
        "callback.received",
        "callback received",
        "another system answers a run",
        doc="Fires when `POST /v1/callbacks/{token}` is called with the token of a run. `event.run` is the run, "
        '`event.body` the JSON that was posted: `event.body.state = "paid"`.',
        example='on callback received when event.body.state = "paid" do add tag "paid"',
        subjects=EVERYONE,
        payload={"run": TEXT, "body": RECORD},
        sample={"run": "run_1", "body": {"state": "paid"}},
    ),
)
