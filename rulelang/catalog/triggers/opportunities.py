"""Triggers of opportunities."""

from __future__ import annotations

from rulelang.catalog.model import Derivation, Effect, Trigger
from rulelang.catalog.triggers.parts import OPPORTUNITY, Slot, slot, trigger
from rulelang.types.builtin import ANY_PIPELINE, ANY_STAGE, OPPORTUNITY_STATUS
from rulelang.types.model import MONEY, PERSON, RECORD, TAG_LIST, TEXT

_PIPELINE = slot("pipeline", "the pipeline", ANY_PIPELINE, role="pipeline")

_STATUS = {
    "opportunity_id": TEXT,
    "pipeline": ANY_PIPELINE,
    "stage": ANY_STAGE,
    "before": OPPORTUNITY_STATUS,
    "after": OPPORTUNITY_STATUS,
    "value": MONEY,
}
_DOC = (
    "Fires when the status changes among open, won, lost and abandoned. The fields of the opportunity (`owner`, "
    "`value`, `tags`, `pipeline`, `stage`, `lost_reason`) may be used in conditions. An event "
    "`opportunity.status_changed` that arrives sets the status."
)


def _status(name: str, phrase: str, summary: str, after: str, example: str) -> Trigger:
    slots = (
        ()
        if after
        else (_status_slot("before", "the status before"), _status_slot("after", "the new status"))
    )
    return trigger(
        name,
        phrase,
        summary,
        doc=_DOC,
        example=example,
        event="opportunity.status_changed",
        subjects=OPPORTUNITY,
        slots=slots,
        payload=_STATUS,
        sample={
            "before": "open",
            "after": after or "lost",
            "pipeline": "deals",
            "stage": "Proposal",
            "value": 4800,
        },
        rows=(33,),
        where={"after": after} if after else {},
        derivation=Derivation.FIELD,
        effect=Effect.SET,
        field="status",
        value_key="after",
    )


def _status_slot(name: str, doc: str) -> Slot:
    return slot(name, doc, OPPORTUNITY_STATUS)


TRIGGERS = (
    trigger(
        "opportunity.created",
        "opportunity created [of {pipeline}]",
        "a new opportunity is there",
        doc="Fires when an opportunity is created: by the API, an import, or the first event about it. The fields "
        "of the opportunity itself (`owner`, `value`, `stage`) may be used in conditions.",
        example='on opportunity created when value > $10_000 do add tag "big"',
        subjects=OPPORTUNITY,
        slots=(_PIPELINE,),
        payload={
            "opportunity_id": TEXT,
            "pipeline": ANY_PIPELINE,
            "stage": ANY_STAGE,
            "value": MONEY,
            "owner": PERSON,
            "source": TEXT,
            "tags": TAG_LIST,
            "fields": RECORD,
        },
        sample={"pipeline": "deals", "stage": "Qualified", "value": 12_000, "owner": "ana@acme.test"},
        rows=(34,),
        derivation=Derivation.CREATED,
        effect=Effect.FIELDS,
    ),
    trigger(
        "opportunity.updated",
        "opportunity changed",
        "any field of an opportunity changes",
        doc="Fires once for each change, whatever fields it touches. `event.changes` holds them: "
        "`event.changes.value.after`. To wait for one field, write `field changed lost_reason`.",
        example='on opportunity changed when event.changes.lost_reason is set do add tag "reviewed"',
        subjects=OPPORTUNITY,
        payload={"changes": RECORD, "fields": RECORD},
        sample={"changes": {"lost_reason": {"before": None, "after": "price"}}},
        rows=(35,),
        derivation=Derivation.UPDATED,
        effect=Effect.FIELDS,
    ),
    _status(
        "opportunity.status_changed",
        "opportunity status changed [from {before}] [to {after}]",
        "an opportunity gets another status",
        "",
        'on opportunity status changed from open to lost when value > $5_000 do add tag "win back"',
    ),
    _status(
        "opportunity.won",
        "opportunity won",
        "an opportunity is won",
        "won",
        'on opportunity won do notify team "Sales" "won!"',
    ),
    _status(
        "opportunity.lost",
        "opportunity lost",
        "an opportunity is lost",
        "lost",
        'on opportunity lost when lost_reason = "price" do add tag "price"',
    ),
    _status(
        "opportunity.abandoned",
        "opportunity abandoned",
        "an opportunity is given up",
        "abandoned",
        'on opportunity abandoned do add tag "later"',
    ),
    trigger(
        "opportunity.stage_changed",
        "opportunity stage changed [from {before}] [to {after}] [of {pipeline}]",
        "an opportunity moves to another stage",
        doc="Fires for every move of an opportunity between stages. The fields of the opportunity (`owner`, "
        "`value`, `tags`, `lost_reason`) may be used in conditions. An event `opportunity.stage_changed` that "
        "arrives moves it.",
        example='on opportunity stage changed to "Negotiation" when value > $5_000 do add tag "closing"',
        subjects=OPPORTUNITY,
        slots=(
            slot("before", "the stage before", ANY_STAGE, role="stage"),
            slot("after", "the stage entered", ANY_STAGE, role="stage"),
            _PIPELINE,
        ),
        payload={
            "opportunity_id": TEXT,
            "pipeline": ANY_PIPELINE,
            "before": ANY_STAGE,
            "after": ANY_STAGE,
            "value": MONEY,
        },
        sample={"pipeline": "deals", "before": "Proposal", "after": "Negotiation", "value": 4800},
        rows=(36,),
        derivation=Derivation.STAGE_ENTERED,
        effect=Effect.MOVE_STAGE,
        value_key="after",
    ),
)
