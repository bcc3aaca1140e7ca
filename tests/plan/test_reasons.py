"""Why a condition is false, and how expressions read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from rulelang.calendar import parse_instant, zone
from rulelang.plan.interpret import first_false, holds
from rulelang.plan.ir import Get, Ir, Lit, Op
from rulelang.plan.scope import Scope
from rulelang.plan.wording import describe, show
from tests.plan.strategies import expressions, scopes

BERLIN = zone("Europe/Berlin")


def get(*path: str) -> Get:
    return Get(path if len(path) > 1 else ("contact", *path))


def op(name: str, *args: object) -> Op:
    """An operator; arguments that are no expressions are literals."""
    return Op(name, tuple(arg if isinstance(arg, Lit | Get | Op) else Lit(arg) for arg in args))  # type: ignore[arg-type]


def scope_of(**fields: object) -> Scope:
    assert BERLIN is not None
    event = {"amount": 5}
    return Scope({"contact": fields, "event": event}, parse_instant("2026-03-01T12:00:00Z"), BERLIN)


FIELDS: dict[str, object] = {
    "status": "customer",
    "score": 42,
    "tags": ["a", "b"],
    "name": "Acme",
    "dnc": False,
    "vip": True,
    "day": "2026-01-31",
    "note": "",
}


@pytest.mark.parametrize(
    ("ir", "sentence"),
    [
        (op("eq", get("status"), "trial"), 'status is "customer", not "trial"'),
        (op("eq", get("country"), "DE"), "country is missing"),
        (op("eq", get("score"), get("limit")), "limit is missing"),
        (op("ge", get("score"), 80), "score is 42, not at least 80"),
        (op("lt", get("score"), 10), "score is 42, not less than 10"),
        (op("gt", get("event", "amount"), 10), "event.amount is 5, not more than 10"),
        (op("le", get("score"), 1.5), "score is 42, not at most 1.5"),
        (op("lt", get("day"), "2026-01-01"), "day is 2026-01-31, not before 2026-01-01"),
        (op("ge", get("day"), op("today")), "day is 2026-01-31, not on or after 2026-03-01 (today)"),
        (op("in", get("status"), ["trial", "lost"]), 'status is "customer", not one of "trial", "lost"'),
        (op("contains", get("tags"), "vip"), 'tags is ["a", "b"], without "vip"'),
        (op("starts_with", get("name"), "B"), 'name is "Acme", not starting with "B"'),
        (op("ends_with", get("name"), "B"), 'name is "Acme", not ending with "B"'),
        (op("matches", get("name"), "^B"), 'name is "Acme", not matching "^B"'),
        (op("between", get("score"), 50, 60), "score is 42, not between 50 and 60"),
        (op("is_set", get("country")), "country is missing"),
        (op("is_empty", get("score")), "score is 42, not empty"),
        (op("ne", get("status"), "customer"), 'status is "customer", which is excluded'),
        (op("not", op("eq", get("status"), "customer")), 'status is "customer", which is excluded'),
        (op("not", op("in", get("status"), ["customer"])), 'status is "customer", one of "customer"'),
        (op("not", op("contains", get("tags"), "a")), 'tags is ["a", "b"], with "a"'),
        (op("not", op("is_set", get("score"))), "score is 42"),
        (op("not", op("is_empty", get("note"))), 'note is "", which is empty'),
        (op("not", get("vip")), "vip is true"),
        (op("not", op("not", get("dnc"))), "dnc is false, not true"),
        (op("not", op("or", get("vip"), get("dnc"))), "vip or dnc holds"),
        (get("dnc"), "dnc is false, not true"),
        (get("country"), "country is missing"),
        (Lit(False), "the condition is never true"),
        (op("and", get("vip"), op("eq", get("score"), 1)), "score is 42, not 1"),
        (op("or", op("eq", get("score"), 1), get("dnc")), "score is 42, not 1, and dnc is false, not true"),
        (
            op("or", *[op("eq", get("score"), i) for i in range(5)]),
            "score is 42, not 0, and score is 42, not 1, and score is 42, not 2, and 2 more alternatives do not hold either",
        ),
        (
            op("duration.lt", op("date.diff", op("today"), get("day")), "7d"),
            "today - day is 29d, not shorter than 7d",
        ),
        (op("eq", op("fn.lower", get("name")), "x"), 'lower(name) is "acme", not "x"'),
    ],
)
def test_first_false(ir: Ir, sentence: str) -> None:
    assert first_false(ir, scope_of(**FIELDS)) == sentence


def test_what_holds_has_no_reason() -> None:
    assert first_false(None, scope_of()) == ""
    assert first_false(op("and", get("vip"), op("eq", get("score"), 42)), scope_of(**FIELDS)) == ""


@given(expressions(), scopes())
@settings(max_examples=300, deadline=None)
def test_there_is_a_reason_exactly_when_a_condition_is_false(ir: Ir, scope: Scope) -> None:
    sentence = first_false(ir, scope)
    assert bool(sentence) is not holds(ir, scope)
    assert len(sentence) < 20_000
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("ir", "text"),
    [
        (op("and", op("or", get("a"), get("b")), get("c")), "(a or b) and c"),
        (op("or", op("and", get("a"), get("b")), get("c")), "a and b or c"),
        (op("mul", op("add", get("a"), 1), 2), "(a + 1) * 2"),
        (op("sub", get("a"), op("sub", get("b"), 1)), "a - (b - 1)"),
        (op("sub", op("sub", get("a"), get("b")), 1), "a - b - 1"),
        (op("ge", op("money.mul", get("value"), 2, "EUR"), 5), "value * 2 >= 5"),
        (op("date.sub", get("day"), "7d"), "day - 7d"),
        (op("not", op("contains", get("tags"), "vip")), 'tags not contains "vip"'),
        (op("not", op("is_set", get("owner"))), "owner is not set"),
        (op("not", op("and", get("a"), get("b"))), "not (a and b)"),
        (op("is_empty", get("account", "name")), "account.name is empty"),
        (op("between", get("a"), 1, 2), "a between 1 and 2"),
        (op("list", 1, "b"), '[1, "b"]'),
        (op("percent.of", get("value"), 15), "value * 15%"),
        (op("person.team", get("owner")), "owner.team"),
        (op("neg", get("a")), "-a"),
        (op("instant.civil", "2026-01-31T09:00"), '"2026-01-31T09:00"'),
        (op("fn.split", get("a"), ","), 'parts(a, ",")'),
        (op("fn.max", get("a"), 5), "max(a, 5)"),
        (op("in", get("a"), ["x", None]), 'a in ["x", missing]'),
        (Lit(None), "null"),
        (Get(("contact",)), "contact"),
    ],
)
def test_expressions_read_as_written(ir: Ir, text: str) -> None:
    assert describe(ir) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "missing"),
        (True, "true"),
        (2.5, "2.5"),
        ('a"b\n\\', '"a\\"b\\n\\\\"'),
        ("2026-01-31T09:00:00.000Z", "2026-01-31T09:00:00.000Z"),
        ("09:00", "09:00"),
        ({"a": 1}, "a record"),
        ("x" * 100, f'"{"x" * 80}…"'),
        (10**100, f"{'1' + '0' * 79}…"),
    ],
)
def test_values_are_shown_as_authors_write_them(value: object, text: str) -> None:
    assert show(value) == text
