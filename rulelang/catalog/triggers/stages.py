"""Triggers of pipelines and segments."""

from __future__ import annotations

from rulelang.catalog.model import Derivation, Effect
from rulelang.catalog.triggers.parts import CUSTOMERS, EVERYONE, slot, trigger
from rulelang.types.builtin import ANY_PIPELINE, ANY_STAGE
from rulelang.types.model import DATETIME, NUMBER, TEXT

_PIPELINE = slot(
    "pipeline", "the pipeline, when several have a stage of that name", ANY_PIPELINE, role="pipeline"
)

_ENTERED = {
    "pipeline": ANY_PIPELINE,
    "stage": ANY_STAGE,
    "previous_stage": ANY_STAGE,
    "entered_at": DATETIME,
    "cause": TEXT,
}
_ENTERED_SAMPLE = {
    "pipeline": "sales",
    "stage": "SQL",
    "previous_stage": "MQL",
    "entered_at": "2026-03-02T09:00:00.000Z",
    "cause": "form",
}
_EXITED = {
    "pipeline": ANY_PIPELINE,
    "stage": ANY_STAGE,
    "next_stage": ANY_STAGE,
    "entered_at": DATETIME,
    "exited_at": DATETIME,
    "seconds_in_stage": NUMBER,
}
_EXITED_SAMPLE = {
    "pipeline": "sales",
    "stage": "MQL",
    "next_stage": "SQL",
    "entered_at": "2026-03-01T21:00:00.000Z",
    "exited_at": "2026-03-02T09:00:00.000Z",
    "seconds_in_stage": 43200,
}

TRIGGERS = (
    trigger(
        "stage.entered",
        "stage enter {stage} [from {previous}] [of {pipeline}]",
        "a record enters a stage of a pipeline",
        doc="Fires when a contact, an account or an opportunity comes into the stage, whatever moved it: a rule, "
        "the API, an import. `from` narrows it to those that come from one stage. `event.cause` says what moved "
        "it when the sender knows, such as `form`, `engagement`, `manual`, `import` or `api`. An event "
        "`stage.entered` that arrives moves the record.",
        example='on stage enter "SQL" from "MQL" when status = trial\ndo\n  add tag "hot"\n  wait 30m\n'
        '  notify owner "please confirm the meeting"\nend',
        subjects=EVERYONE,
        slots=(
            slot("stage", "the stage entered", ANY_STAGE, role="stage"),
            slot("previous", "the stage before", ANY_STAGE, path="previous_stage", role="stage"),
            _PIPELINE,
        ),
        payload=_ENTERED,
        sample=_ENTERED_SAMPLE,
        rows=(1, 73),
        derivation=Derivation.STAGE_ENTERED,
        effect=Effect.MOVE_STAGE,
    ),
    trigger(
        "stage.changed",
        "stage changed [of {pipeline}]",
        "a record enters any stage",
        doc="Fires for every move between stages, also the first. `event.stage` is the stage entered and "
        "`event.previous_stage` the one before.",
        example='on stage changed of "Sales" when event.previous_stage = MQL do add tag "moving"',
        event="stage.entered",
        subjects=EVERYONE,
        slots=(_PIPELINE,),
        payload=_ENTERED,
        sample=_ENTERED_SAMPLE,
        derivation=Derivation.STAGE_ENTERED,
        effect=Effect.MOVE_STAGE,
    ),
    trigger(
        "stage.exited",
        "stage exit {stage} [to {next}] [of {pipeline}]",
        "a record leaves a stage of a pipeline",
        doc="Fires when a record leaves the stage; `to` narrows it to those that go to one stage. "
        "`event.seconds_in_stage` says how long it was there.",
        example='on stage exit "MQL" to "SQL" when event.seconds_in_stage < 86400 do add tag "fast"',
        subjects=EVERYONE,
        slots=(
            slot("stage", "the stage left", ANY_STAGE, role="stage"),
            slot("next", "the stage after it", ANY_STAGE, path="next_stage", role="stage"),
            _PIPELINE,
        ),
        payload=_EXITED,
        sample=_EXITED_SAMPLE,
        rows=(2, 74),
        derivation=Derivation.STAGE_EXITED,
    ),
    trigger(
        "segment.entered",
        "segment entered {segment}",
        "a contact or an account comes into a segment",
        doc="Fires when the condition of a declared segment begins to hold; for a segment without a condition, when "
        "an event `segment.entered` arrives, which puts the record into it.",
        example='on segment entered "Power users" do add tag "power user"',
        subjects=CUSTOMERS,
        slots=(slot("segment", "the name of the segment", role="segment"),),
        payload={"segment": TEXT},
        sample={"segment": "Power users"},
        rows=(71,),
        derivation=Derivation.SEGMENT_ENTERED,
        effect=Effect.ENTER_SEGMENT,
    ),
    trigger(
        "segment.left",
        "segment left {segment}",
        "a contact or an account drops out of a segment",
        doc="Fires when the condition of a declared segment ceases to hold, also by the passing of time; for a "
        "segment without a condition, when an event `segment.left` arrives, which takes the record out of it.",
        example='on segment left "Power users" do remove tag "power user"',
        subjects=CUSTOMERS,
        slots=(slot("segment", "the name of the segment", role="segment"),),
        payload={"segment": TEXT},
        sample={"segment": "Power users"},
        rows=(72,),
        derivation=Derivation.SEGMENT_LEFT,
        effect=Effect.LEAVE_SEGMENT,
    ),
)
