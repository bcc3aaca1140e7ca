"""Triggers of records that come into being or change: fields, owner, status, score, health."""

from __future__ import annotations

from rulelang.catalog.model import JSON, Derivation, Effect, Filter, Param, Trigger
from rulelang.catalog.triggers.parts import ACCOUNT, CONTACT, CUSTOMERS, EVERYONE, Slot, slot, trigger
from rulelang.diagnostics.messages import article
from rulelang.types.builtin import ANY_STATUS, HEALTH
from rulelang.types.model import ANY, NUMBER, PERSON, RECORD, TAG_LIST, TEXT, Kind, Type

_FIGURES = (Kind.NUMBER, Kind.MONEY, Kind.PERCENT)
_CREATED = {"source": TEXT, "tags": TAG_LIST, "fields": RECORD}
_UPDATED = {"changes": RECORD, "fields": RECORD}


def _created(kind: str, subjects: tuple[str, ...], rows: tuple[int, ...]) -> Trigger:
    return trigger(
        f"{kind}.created",
        f"{kind} created [via {{source}}]",
        f"a new {kind} is there",
        doc=f"Fires when {article(kind)} is created: by the API, an import, or the first event about it. `via` "
        "narrows it to one source, such as `form`, `import`, `api` or `ui`. `event.fields` holds the fields that "
        f"it began with; the fields of the {kind} itself may be used as well.",
        example=f'on {kind} created via "form" when tags contains "vip" do notify owner "a new {kind} to look at"',
        subjects=subjects,
        slots=(slot("source", f"where the {kind} came from"),),
        payload=_CREATED,
        sample={"source": "form", "tags": ["vip"], "fields": {"name": "Ana Ruiz"}},
        rows=rows,
        derivation=Derivation.CREATED,
        effect=Effect.FIELDS,
    )


def _updated(kind: str, subjects: tuple[str, ...], rows: tuple[int, ...]) -> Trigger:
    return trigger(
        f"{kind}.updated",
        f"{kind} updated",
        f"any field of {article(kind)} changes",
        doc="Fires once for each change, whatever fields it touches. `event.changes` holds them: "
        "`event.changes.owner.after`. To wait for one field, write `field changed owner`.",
        example=f'on {kind} updated when event.changes.owner is set do add tag "moved"',
        subjects=subjects,
        payload=_UPDATED,
        sample={"changes": {"owner": {"before": "ana@acme.test", "after": "bo@acme.test"}}},
        rows=rows,
        derivation=Derivation.UPDATED,
        effect=Effect.FIELDS,
    )


def _before_after(type_: Type, before: str = "before", after: str = "after") -> dict[str, Type]:
    return {"field": TEXT, before: type_, after: type_}


def _health(name: str, phrase: str, summary: str, where: dict[str, str], example: str) -> Trigger:
    """A trigger of a change of health; without conditions it has slots for both sides."""
    slots = (
        () if where else (slot("before", "the level before", HEALTH), slot("after", "the new level", HEALTH))
    )
    return trigger(
        name,
        phrase,
        summary,
        doc="The levels are good, average and bad. The figures behind them are in `event.score_before` and "
        "`event.score_after` when the sender gives them. An event `health.changed` that arrives sets the health.",
        example=example,
        event="health.changed",
        subjects=("account", "contact"),
        slots=slots,
        payload=_before_after(HEALTH) | {"score_before": NUMBER, "score_after": NUMBER},
        sample={"before": "good", "after": "average", "score_before": 81, "score_after": 55} | where,
        rows=(75,),
        where=where,
        derivation=Derivation.FIELD,
        effect=Effect.SET,
        field="health",
        value_key="after",
    )


def _crossing(name: str, words: str, summary: str, op: str, example: str, sample: dict[str, JSON]) -> Trigger:
    """A field of numbers that crosses a bound: on the far side after the change, and not there before it."""
    bound = Param(
        "bound", ANY, "the bound, a number, an amount or a percentage", role="field_value", kinds=_FIGURES
    )
    filters = (Filter("bound", ("after",), op), Filter("bound", ("before",), f"not {op}"))
    return trigger(
        name,
        f"field {{field}} {words} {{bound}}",
        summary,
        doc=f"Fires when a change takes the figure across the bound: it {words} it, and did not lie there before, or "
        "was missing. It fires again after it has been back. A rule without `on` does the same for any condition: "
        "`when score > 80 do …`.",
        example=example,
        event="field.changed",
        subjects=EVERYONE,
        slots=(slot("field", "the field", role="field"), Slot(bound, filters)),
        payload=_before_after(ANY),
        sample={"field": "score", **sample},
        derivation=Derivation.FIELD,
    )


TRIGGERS = (
    _created("contact", CONTACT, (5,)),
    _created("account", ACCOUNT, ()),
    _updated("contact", CONTACT, (4,)),
    _updated("account", ACCOUNT, ()),
    trigger(
        "field.changed",
        "field changed {field} [from {before}] [to {after}]",
        "one field of a record changes",
        doc="Fires when the field gets another value. `from` and `to` narrow it to a value before and after; "
        "`from null` is a field that was missing, `to null` one that was cleared. Tags, custom fields, the "
        "contact type and the lost reason of an opportunity are fields like any other.",
        example='on field changed country to "DE" do add tag "german"',
        subjects=EVERYONE,
        slots=(
            slot("field", "the field", role="field"),
            slot("before", "the value before", ANY, role="field_value"),
            slot("after", "the new value", ANY, role="field_value"),
        ),
        payload=_before_after(ANY),
        sample={"field": "country", "before": "FR", "after": "DE"},
        rows=(4, 35),
        derivation=Derivation.FIELD,
    ),
    _crossing(
        "field.rose",
        "rises above",
        "a figure rises above a bound",
        "gt",
        'on field score rises above 80 do add tag "hot"',
        {"before": 70, "after": 85},
    ),
    _crossing(
        "field.fell",
        "falls below",
        "a figure falls below a bound",
        "lt",
        'on field score falls below 20 do notify owner "this one cools down"',
        {"before": 25, "after": 10},
    ),
    trigger(
        "owner.changed",
        "owner changed [from {before}] [to {after}]",
        "a record gets another owner",
        doc="Fires when the owner of a contact, an account or an opportunity is set or changes. "
        "An event `owner.changed` that arrives sets the owner.",
        example='on owner changed to "ana@acme.test" do notify owner "this one is yours now"',
        subjects=EVERYONE,
        slots=(slot("before", "the owner before", PERSON), slot("after", "the new owner", PERSON)),
        payload=_before_after(PERSON),
        sample={"before": "bo@acme.test", "after": "ana@acme.test"},
        rows=(4,),
        derivation=Derivation.FIELD,
        effect=Effect.SET,
        field="owner",
        value_key="after",
    ),
    trigger(
        "status.matched",
        "status becomes {status} [from {previous}]",
        "a contact or an account gets a status",
        doc="Fires when the status changes to this one, whether a rule, the API or the system that tests the "
        "conditions of the status says so. An event `status.matched` that arrives sets the status.",
        example='on status becomes customer from trial do add tag "won"',
        subjects=CUSTOMERS,
        slots=(
            slot("status", "the new status", ANY_STATUS),
            slot("previous", "the status before", ANY_STATUS, path="previous_status"),
        ),
        payload=_before_after(ANY_STATUS) | {"status": ANY_STATUS, "previous_status": ANY_STATUS},
        sample={"status": "customer", "previous_status": "trial"},
        rows=(70,),
        derivation=Derivation.FIELD,
        effect=Effect.SET,
        field="status",
        value_key="status",
    ),
    trigger(
        "contact.score_changed",
        "score changed",
        "the engagement score of a contact changes",
        doc="Fires for every change of the score; compare `event.before` and `event.after` to catch the moment "
        "when it crosses a line. An event `contact.score_changed` that arrives sets the score.",
        example='on score changed when event.after >= 80 and event.before < 80 do add tag "engaged"',
        payload=_before_after(NUMBER) | {"score_name": TEXT},
        sample={"score_name": "engagement", "before": 70, "after": 85},
        rows=(15,),
        derivation=Derivation.FIELD,
        effect=Effect.SET,
        field="score",
        value_key="after",
    ),
    _health(
        "health.changed",
        "health changed [from {before}] [to {after}]",
        "the health of an account or a contact changes",
        {},
        'on health changed from good do notify owner "health went down"',
    ),
    _health(
        "health.dropped_to_bad",
        "health drops to bad",
        "the health becomes bad",
        {"after": "bad"},
        'on health drops to bad do notify owner "please call today"',
    ),
    _health(
        "health.dropped_to_average",
        "health drops to average",
        "the health goes from good to average",
        {"before": "good", "after": "average"},
        'on health drops to average do add tag "watch"',
    ),
    _health(
        "health.improved_to_average",
        "health improves to average",
        "the health goes from bad to average",
        {"before": "bad", "after": "average"},
        'on health improves to average do remove tag "rescue"',
    ),
    _health(
        "health.improved_to_good",
        "health improves to good",
        "the health becomes good",
        {"after": "good"},
        'on health improves to good do remove tag "watch"',
    ),
)
