"""Generated code means what the interpreter means."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulelang.calendar import zone
from rulelang.plan import emit
from rulelang.plan.compile import _defined, compile_condition, compile_value
from rulelang.plan.interpret import UnknownOperatorError, evaluate, holds
from rulelang.plan.ir import Get, Ir, Lit, Op
from rulelang.plan.scope import Scope
from tests.plan.strategies import expressions, scopes, simple_tests

UTC = zone("UTC")
STATUS, SCORE = Get(("contact", "status")), Get(("contact", "score"))


def scope_of(**fields: object) -> Scope:
    assert UTC is not None
    return Scope({"contact": fields}, 0, UTC)


def identical(a: object, b: object) -> bool:
    """Equal and of one type, so that 1, 1.0 and true differ."""
    return a.__class__ is b.__class__ and repr(a) == repr(b)


@given(expressions(), st.lists(scopes(), min_size=1, max_size=4))
@settings(max_examples=400, deadline=None)
def test_compiled_equals_interpreted(ir: Ir, several: list[Scope]) -> None:
    condition, value = compile_condition(ir), compile_value(ir)
    for scope in several:
        assert condition(scope) is holds(ir, scope)
        assert identical(value(scope), evaluate(ir, scope))


@given(simple_tests(), st.lists(scopes(), min_size=4, max_size=8))
@settings(max_examples=400, deadline=None)
def test_single_tests_equal_interpreted(ir: Ir, several: list[Scope]) -> None:
    condition = compile_condition(ir)
    for scope in several:
        assert condition(scope) is holds(ir, scope)


def test_no_condition_holds() -> None:
    assert compile_condition(None)(scope_of()) is True


def test_equal_shapes_share_their_code() -> None:
    before = _defined.cache_info().misses
    for wanted in ("shape-a", "shape-b", "shape-c"):
        ir = Op("and", (Op("eq", (Get(("contact", wanted)), Lit(wanted))), Op("ge", (SCORE, Lit(7.25)))))
        assert compile_condition(ir)(scope_of(**{wanted: wanted, "score": 8}))
    assert _defined.cache_info().misses <= before + 1


@pytest.mark.parametrize(
    "literal", ['"); raise SystemExit(1)  #', "\n  return True", "C0", "{0}", "__import__('os')", "'''"]
)
def test_literals_and_names_are_never_source(literal: str) -> None:
    ir = Op("eq", (Get(("contact", literal)), Lit(literal)))
    assert compile_condition(ir)(scope_of(**{literal: literal})) is True
    assert compile_condition(ir)(scope_of(**{literal: "other"})) is False


def test_generated_code_sees_no_builtins() -> None:
    run = compile_condition(Op("eq", (STATUS, Lit("trial"))))
    assert run.__globals__["__builtins__"] == {}  # type: ignore[attr-defined]


def nested(depth: int) -> Ir:
    ir: Ir = Op("eq", (STATUS, Lit("trial")))
    for _ in range(depth):
        ir = Op("not", (ir,))
    return ir


@pytest.mark.parametrize("depth", [emit.MAX_DEPTH - 2, emit.MAX_DEPTH + 1, 200])
def test_deep_expressions_fall_back_to_the_interpreter(depth: int) -> None:
    run = compile_condition(nested(depth))
    assert run(scope_of(status="trial")) is (depth % 2 == 0)
    assert compile_value(nested(depth))(scope_of(status="trial")) is (depth % 2 == 0)


def test_size_is_bounded() -> None:
    wide = Op("or", tuple(Op("eq", (STATUS, Lit(f"s{i}"))) for i in range(emit.MAX_NODES)))
    assert not emit.is_small(wide)
    assert emit.is_small(nested(emit.MAX_DEPTH - 2))
    assert not emit.is_small(nested(emit.MAX_DEPTH))
    assert compile_condition(wide)(scope_of(status="s1999")) is True


def test_many_conjuncts_compile() -> None:
    ir = Op("and", tuple(Op("ne", (Get(("contact", f"f{i}")), Lit(i))) for i in range(3_000)))
    assert compile_condition(ir)(scope_of()) is True
    assert compile_condition(ir)(scope_of(f2999=2999)) is False


def test_zero_and_one_are_not_false_and_true() -> None:
    for number, flag in ((0, False), (1, True)):
        assert compile_condition(Op("eq", (SCORE, Lit(number))))(scope_of(score=flag)) is False
        assert compile_condition(Op("eq", (SCORE, Lit(flag))))(scope_of(score=number)) is False
        assert compile_condition(Op("in", (SCORE, Lit([number]))))(scope_of(score=flag)) is False
        assert compile_condition(Op("in", (SCORE, Lit([flag, number]))))(scope_of(score=flag)) is True


def test_unknown_operators_are_refused() -> None:
    for ir in (Op("zap", ()), Op("eq", (STATUS,))):
        with pytest.raises(UnknownOperatorError):
            compile_condition(ir)
        with pytest.raises(UnknownOperatorError):
            compile_value(ir)


def test_nan_in_a_literal_equals_nothing() -> None:
    assert compile_condition(Op("eq", (SCORE, Lit(math.nan))))(scope_of(score=1)) is False
