"""Answers that runs wait for: approvals and callbacks."""

from __future__ import annotations

from rulelang.catalog.triggers.parts import EVERYONE, trigger
from rulelang.types.model import PERSON, RECORD, TEXT

TRIGGERS = (
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
