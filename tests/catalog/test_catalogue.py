"""The contract of every declaration: documented, consistent, with a sample that is valid."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from rulelang.catalog.build import CatalogueError, build_catalogue
from rulelang.catalog.functions import functions
from rulelang.catalog.model import Derivation, Effect, Function, Generic, Trigger
from rulelang.catalog.phrase_syntax import PhraseError
from rulelang.catalog.triggers import builtin_triggers
from rulelang.plan.operators import OPERATORS
from rulelang.types.builtin import concrete
from rulelang.types.coerce import coerce
from rulelang.types.defaults import default_schema
from rulelang.types.model import ANY, Kind
from rulelang.types.schema import SUBJECT_KINDS
from stdlib_actions.library import declarations

TRIGGERS = builtin_triggers()
FUNCTIONS = functions()


def each(things: tuple[Trigger, ...] | tuple[Function, ...]) -> dict[str, object]:
    return {"argvalues": things, "ids": [thing.name for thing in things]}


def test_all_declarations_make_one_catalogue() -> None:
    catalogue = build_catalogue(declarations())
    assert tuple(catalogue.triggers.values()) == TRIGGERS
    assert tuple(catalogue.functions.values()) == FUNCTIONS
    assert len(catalogue.actions) == len(declarations())


def test_every_row_of_the_product_catalogue_has_a_trigger() -> None:
    assert {row for t in TRIGGERS for row in t.rows} == set(range(1, 77))


@pytest.mark.parametrize("trigger", **each(TRIGGERS))
def test_a_trigger_is_documented(trigger: Trigger) -> None:
    assert trigger.summary[0].islower()
    assert not trigger.summary.endswith(".")
    assert trigger.doc.endswith(".")
    assert all(p.doc and p.doc[0].islower() for p in trigger.slots)
    assert trigger.example.startswith(("on ", "rule ", "event "))
    assert set(trigger.subjects) <= set(SUBJECT_KINDS)
    assert trigger.subjects


@pytest.mark.parametrize("trigger", **each(TRIGGERS))
def test_a_trigger_names_only_what_its_event_has(trigger: Trigger) -> None:
    spoken = set(re.findall(r"`event\.(\w+)", trigger.doc))
    used = set(re.findall(r"event\.(\w+)", trigger.example))
    declared = {"seats"} if trigger.name == "event" else set()
    assert spoken <= declared | set(trigger.payload)
    assert used <= declared | set(trigger.payload)


@pytest.mark.parametrize("trigger", **each(TRIGGERS))
def test_the_sample_of_a_trigger_is_valid_and_normal(trigger: Trigger) -> None:
    schema = default_schema()
    assert set(trigger.sample) <= set(trigger.payload)
    for kind in trigger.subjects[:1]:
        for name, value in trigger.sample.items():
            assert coerce(concrete(trigger.payload[name], schema, kind), value) == value
    assert all(trigger.sample[name] == value for name, value in trigger.where.items())
    assert all(trigger.sample[name] != value for name, value in trigger.unless.items())


@pytest.mark.parametrize("trigger", **each(TRIGGERS))
def test_a_trigger_that_sets_a_field_names_one_and_its_value(trigger: Trigger) -> None:
    schema = default_schema()
    if trigger.effect in (Effect.SET, Effect.FLAG):
        assert all(trigger.field in schema.fields[kind] for kind in trigger.subjects)
    if trigger.effect is Effect.SET:
        assert trigger.value_key in trigger.payload
        given = trigger.payload[trigger.value_key].kind
        assert all(schema.fields[kind][trigger.field].type.kind is given for kind in trigger.subjects)
    if trigger.derivation is Derivation.FIELD and trigger.field:
        assert {"before", "after"} <= set(trigger.payload)


def test_triggers_of_one_event_agree_about_it() -> None:
    by_event: dict[str, list[Trigger]] = {}
    for trigger in TRIGGERS:
        by_event.setdefault(trigger.event, []).append(trigger)
    for family in by_event.values():
        first = family[0]
        for other in family[1:]:
            assert other.payload == first.payload
            assert (other.effect, other.derivation) == (first.effect, first.derivation)
            assert (other.field, other.value_key) == (first.field, first.value_key)


# --- functions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", **each(FUNCTIONS))
def test_a_function_is_documented_and_computed(function: Function) -> None:
    assert function.op == ("fn.split" if function.name == "parts" else f"fn.{function.name}")
    assert function.op in OPERATORS
    assert f"{function.name}(" in function.example
    assert function.summary[0].islower()
    assert not function.summary.endswith(".")
    assert all(p.doc for p in function.params)


@pytest.mark.parametrize("function", **each(FUNCTIONS))
def test_a_function_takes_as_many_arguments_as_its_operator(function: Function) -> None:
    operator = OPERATORS[function.op]
    assert operator.takes(len(function.params))
    assert operator.takes(len(function.params) + 50) == function.variadic
    required = [p for p in function.params if p.required]
    assert operator.takes(len(required) - 1) == (function.name in ("min", "max"))
    assert all(p.default is not None for p in function.params if not p.required)


@pytest.mark.parametrize("function", **each(FUNCTIONS))
def test_the_result_of_a_function_is_known(function: Function) -> None:
    assert (function.result == ANY) == (function.generic is not Generic.NO)
    if function.generic is Generic.ITEM:
        assert function.params[0].type.kind is Kind.LIST


# --- what is refused -------------------------------------------------------------------------------


def test_two_declarations_of_one_name_are_refused() -> None:
    with pytest.raises(CatalogueError, match="two declarations of the trigger `stage.entered`"):
        build_catalogue((), [TRIGGERS[0]])
    action = declarations()[0]
    with pytest.raises(CatalogueError, match=f"two declarations of the action `{action.name}`"):
        build_catalogue([action, action])


def test_a_trigger_that_is_ambiguous_is_refused() -> None:
    other = replace(TRIGGERS[0], name="mine", phrase="stage enter {stage}", slots=TRIGGERS[0].slots[:1])
    other = replace(other, filters=TRIGGERS[0].filters[:1])
    with pytest.raises(PhraseError, match=r"\(stage.entered\) and .* \(mine\) are ambiguous"):
        build_catalogue((), [other])


def test_a_filter_without_its_slot_or_payload_is_refused() -> None:
    base = replace(TRIGGERS[0], name="mine", phrase="mine {stage} [from {previous}] [of {pipeline}]")
    with pytest.raises(CatalogueError, match="the slots of the trigger `mine` and its filters differ"):
        build_catalogue((), [replace(base, filters=())])
    with pytest.raises(CatalogueError, match="filters by `stage`, which its payload lacks"):
        build_catalogue((), [replace(base, payload={})])
