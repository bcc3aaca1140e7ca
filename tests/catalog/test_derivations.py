"""What changes of a subject bring about is what the declarations promise: the machine and the catalogue agree."""

from __future__ import annotations

import pytest

from rulelang.catalog.build import build_catalogue
from rulelang.catalog.model import Derivation, Effect, Trigger
from rulelang.types.builtin import concrete
from rulelang.types.coerce import coerce
from rulelang.types.defaults import default_schema
from runtime.derive import Derivations
from runtime.model import Event, SubjectKey, SubjectState
from runtime.working import Working

SCHEMA = default_schema()
CATALOGUE = build_catalogue(())
DERIVATIONS = Derivations(CATALOGUE, SCHEMA, lambda type_, kind: True)
NOW = 1_772_000_000_000

FIELDS: dict[str, object] = {
    "owner": "ana@acme.test",
    "status": "customer",
    "score": 50,
    "health": "average",
    "tags": ["a", "b"],
    "source": "form",
    "value": 4800,
    "dnc": True,
    "email_opt_out": True,
    "sms_opt_out": False,
    "country": "DE",
}
STAGES = {"contact": ("sales", "MQL", "SQL"), "account": ("customer_success", "Onboarding", "Active")}
STAGES["opportunity"] = ("deals", "Qualified", "Proposal")


def working(kind: str, **fields: object) -> Working:
    state = SubjectState(SubjectKey(kind, "x_1"), {"id": "x_1", **fields})
    return Working(state, SCHEMA, NOW, {})


def derived(kind: str) -> list[tuple[str, dict[str, object]]]:
    """All events of a subject that is created with a stage, moves on, and changes all its fields."""
    subject = working(kind, tags=["b", "c"], status="open" if kind == "opportunity" else "trial")
    if kind != "opportunity":
        subject.fields["segments"] = ["Old"]
    pipeline, first, second = STAGES[kind]
    subject.move_stage(pipeline, first)
    events = list(DERIVATIONS.derive(subject.take_changes(), True, subject, ""))
    subject.move_stage(pipeline, second)
    for name, value in FIELDS.items():
        if name in SCHEMA.fields[kind]:
            subject.set(name, "won" if (kind, name) == ("opportunity", "status") else value)
    if kind != "opportunity":
        subject.set("segments", ["New"])
    events += DERIVATIONS.derive(subject.take_changes(), False, subject, "")
    return [(type_, data) for type_, data, _ in events]


def triggers(kind: str) -> dict[str, Trigger]:
    found: dict[str, Trigger] = {}
    for trigger in CATALOGUE.triggers.values():
        if kind in trigger.subjects and trigger.derivation is not Derivation.NONE:
            found.setdefault(trigger.event, trigger)
    return found


@pytest.mark.parametrize("kind", list(STAGES))
def test_every_derived_event_has_the_payload_that_is_declared(kind: str) -> None:
    declared = triggers(kind)
    events = derived(kind)
    assert {type_ for type_, _ in events} == set(declared)
    for type_, data in events:
        payload = declared[type_].payload
        assert set(data) <= set(payload)
        for name, value in data.items():
            assert coerce(concrete(payload[name], SCHEMA, kind), value) == value


def test_a_derived_event_of_an_opportunity_is_completed_from_it() -> None:
    data = dict(derived("opportunity"))["opportunity.status_changed"]
    assert data == {
        "opportunity_id": "x_1",
        "pipeline": "deals",
        "stage": "Proposal",
        "before": "open",
        "after": "won",
        "value": 4800,
    }


def arrive(
    type_: str, kind: str, data: dict[str, object], **fields: object
) -> tuple[Working, dict[str, object]]:
    subject = working(kind, **fields)
    event = Event("e_1", type_, NOW, NOW, SubjectKey(kind, "x_1"), data)
    return subject, DERIVATIONS.apply(event, subject)


def test_an_arriving_opportunity_brings_its_fields_and_its_stage() -> None:
    sent = {"value": 10, "owner": "bo@acme.test", "stage": "Proposal", "fields": {"name": "Big"}}
    subject, data = arrive("opportunity.created", "opportunity", sent)
    assert (subject.get("value"), subject.get("owner"), subject.get("name")) == (10, "bo@acme.test", "Big")
    assert (subject.get("stages"), subject.get("pipeline")) == ({"deals": "Proposal"}, "deals")
    assert (data["opportunity_id"], data["pipeline"]) == ("x_1", "deals")


def test_an_arriving_status_sets_it_and_tells_the_one_before() -> None:
    subject, data = arrive("status.matched", "contact", {"status": "customer"}, status="trial")
    assert subject.get("status") == "customer"
    assert data["previous_status"] == "trial"


@pytest.mark.parametrize("type_", ["email.unsubscribed", "email.complained"])
def test_who_unsubscribes_or_complains_is_opted_out_at_once(type_: str) -> None:
    assert arrive(type_, "contact", {"message_id": "m_1"})[0].get("email_opt_out") is True


@pytest.mark.parametrize(
    ("data", "changed"),
    [
        ({"enabled": True, "scope": "all"}, {"dnc": True}),
        ({"enabled": True, "scope": "specific", "channels": ["sms", "gmb"]}, {"sms_opt_out": True}),
        ({"enabled": False, "scope": "specific", "channels": ["call"]}, {"call_opt_out": False}),
    ],
)
def test_do_not_disturb_sets_what_it_says(data: dict[str, object], changed: dict[str, bool]) -> None:
    subject, _ = arrive("contact.dnd_changed", "contact", data, dnc=False, call_opt_out=True)
    assert {change.name: change.after for change in subject.take_changes()} == changed


def test_every_effect_of_a_declaration_is_known_to_the_machine() -> None:
    for trigger in CATALOGUE.triggers.values():
        if trigger.effect is not Effect.NONE:
            arrive(trigger.event, trigger.subjects[0], dict(trigger.sample))


@pytest.mark.parametrize(
    ("own", "sent", "seen"),
    [
        ({}, "import", "import"),
        ({"source": "form"}, "api", "form"),
        ({"source": "form"}, "", "form"),
        ({}, "", None),
    ],
)
def test_a_new_record_came_from_where_it_says_or_else_from_where_the_event_did(
    own: dict[str, object], sent: str, seen: str | None
) -> None:
    subject = working("contact", **own)
    subject.set("city", "Bonn")
    derived = {
        type_: data
        for type_, data, _ in DERIVATIONS.derive(subject.take_changes(), True, subject, "", {}, sent)
    }
    assert derived["contact.created"].get("source") == seen
    event = Event("e_1", "contact.created", NOW, NOW, SubjectKey("contact", "x_1"), {}, source=sent)
    assert DERIVATIONS.apply(event, working("contact", **own)).get("source") == seen
