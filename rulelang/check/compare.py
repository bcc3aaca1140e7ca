"""Comparisons: which are possible, and the operator of the plan for each."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rulelang.check.context import Context
from rulelang.check.convert import as_date, comparable, is_any, number_hint, refuse_record, same_currency
from rulelang.check.typed import Apply, Const, Typed
from rulelang.check.zones import check_zone
from rulelang.diagnostics import messages
from rulelang.diagnostics.model import Fix
from rulelang.source import Span
from rulelang.types.model import BOOL, Kind, Type

EQUALITY: Mapping[str, str] = {"=": "eq", "!=": "ne"}
ORDERING: Mapping[str, str] = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge"}

ORDERED = frozenset(
    {
        Kind.NUMBER,
        Kind.MONEY,
        Kind.PERCENT,
        Kind.DATE,
        Kind.DATETIME,
        Kind.TIME,
        Kind.DURATION,
        Kind.TEXT,
    }
)
"""The kinds whose values are more or less than one another."""

_NUMBER = re.compile(r"-?[0-9][0-9_]*(?:\.[0-9]+)?")
_FORMS = {
    Kind.NUMBER: _NUMBER,
    Kind.MONEY: _NUMBER,
    Kind.PERCENT: re.compile(r"-?[0-9]+(?:\.[0-9]+)?%"),
    Kind.BOOL: re.compile(r"true|false"),
    Kind.DATE: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    Kind.DATETIME: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:]+Z?)?"),
    Kind.TIME: re.compile(r"[0-9]{1,2}:[0-9]{2}"),
    Kind.DURATION: re.compile(r"(?:[0-9]+(?:mo|[ywdhms]))+"),
}
"""How literals look, to tell who wrote one in quotes."""

_LEAVE_QUOTES = "leave out the quotes"


def comparison(context: Context, span: Span, op: str, left: Typed, right: Typed) -> Typed:
    """`left op right` for `= != < <= > >=`."""
    if is_null(left) or is_null(right):
        return _null(context, span, op, left, right)
    pair = align(context, left, right)
    if pair is None:
        return Apply(BOOL, span, "eq", (left, right))
    if op in ORDERING and not all(_has_order(context, side) for side in pair):
        return Apply(BOOL, span, "eq", pair)
    if Kind.DURATION in (pair[0].type.kind, pair[1].type.kind):
        return _durations(span, op, pair)
    return Apply(BOOL, span, EQUALITY.get(op) or ORDERING[op], pair)


def _durations(span: Span, op: str, pair: tuple[Typed, Typed]) -> Typed:
    """Durations are compared by their lengths, not as texts."""
    if op == "!=":
        return Apply(BOOL, span, "not", (Apply(BOOL, span, "duration.eq", pair),))
    return Apply(BOOL, span, f"duration.{EQUALITY.get(op) or ORDERING[op]}", pair)


def between(context: Context, span: Span, value: Typed, low: Typed, high: Typed) -> Typed:
    """`value between low and high`, both ends included."""
    least = comparison(context, span, ">=", value, low)
    most = comparison(context, span, "<=", value, high)
    if not isinstance(least, Apply) or not isinstance(most, Apply):
        return least
    if least.op != "ge" or most.op != "le" or least.args[0] != most.args[0]:
        return Apply(BOOL, span, "and", (least, most))
    return Apply(BOOL, span, "between", (least.args[0], least.args[1], most.args[1]))


def is_null(typed: Typed) -> bool:
    """Whether a value is the literal `null`."""
    return typed.type.kind is Kind.NULL


def _null(context: Context, span: Span, op: str, left: Typed, right: Typed) -> Typed:
    other = right if is_null(left) else left
    if op in EQUALITY and not is_null(other):
        return context.report(messages.null_comparison(context.source, span, context.text(other.span), op))
    return context.report(messages.null_value(context.source, (left if is_null(left) else right).span))


def align(context: Context, left: Typed, right: Typed) -> tuple[Typed, Typed] | None:
    """Both sides as values of one type; None after a report when they can never be compared."""
    for side in (left, right):
        if side.type.kind is Kind.RECORD:
            refuse_record(context, side)
            return None
    if is_any(left) or is_any(right):
        return left, right
    if not comparable(left.type, right.type):
        _refuse(context, left, right)
        return None
    check_zone(context, left.type, right)
    check_zone(context, right.type, left)
    if left.type.kind is Kind.MONEY and not same_currency(left.type, right.type):
        _refuse_currencies(context, left, right)
        return None
    if left.type.kind is not right.type.kind and Kind.DATE in (left.type.kind, right.type.kind):
        return as_date(left), as_date(right)
    return left, right


def _refuse_currencies(context: Context, left: Typed, right: Typed) -> None:
    context.report(messages.currencies(context.source, context.part(left), context.part(right)))


def _refuse(context: Context, left: Typed, right: Typed) -> None:
    for value, other in ((left, right), (right, left)):
        if refuse_bare_number(context, value, other):
            return
    hint = _hint(context, left, right)
    fixes: tuple[Fix, ...] = ()
    if not hint and isinstance(right, Const) and right.type.kind is Kind.TEXT and _unquoted(right, left.type):
        hint, fixes = _LEAVE_QUOTES, (Fix(_LEAVE_QUOTES, right.span, right.value),)
    parts = context.part(left), context.part(right)
    context.report(messages.incomparable(context.source, *parts, hint, fixes))


def refuse_bare_number(context: Context, value: Typed, other: Typed) -> bool:
    """Report a plain number beside money or a percentage; False when it is something else."""
    written = number_hint(context, value, other.type)
    if not written:
        return False
    text, number = context.text(other.span), context.text(value.span)
    context.report(messages.bare_number(context.source, value.span, text, other.type, number, written))
    return True


def _hint(context: Context, left: Typed, right: Typed) -> str:
    kinds = {left.type.kind, right.type.kind}
    texts = context.text(left.span), context.text(right.span)
    if Kind.LIST in kinds and len(kinds) == 2:
        whole, item = texts if left.type.kind is Kind.LIST else texts[::-1]
        return f"write {messages.q(f'{whole} contains {item}')}"
    if kinds == {Kind.DURATION, Kind.NUMBER}:
        number = texts[0] if left.type.kind is Kind.NUMBER else texts[1]
        return f"write a duration, such as {messages.q(f'{number}d')}"
    if kinds == {Kind.DATETIME, Kind.TIME}:
        moment = texts[0] if left.type.kind is Kind.DATETIME else texts[1]
        return f"write {messages.q(f'time({moment})')} for the time of day"
    return ""


def _unquoted(value: Const, wanted: Type) -> bool:
    """Whether a text holds what would be a literal of the wanted type without its quotes."""
    form = _FORMS.get(wanted.kind)
    return form is not None and form.fullmatch(str(value.value)) is not None


def _has_order(context: Context, side: Typed) -> bool:
    if side.type.kind in ORDERED or is_any(side):
        return True
    text = context.text(side.span)
    context.report(messages.no_order(context.source, side.span, text, side.type, _order_hint(side, text)))
    return False


def _order_hint(side: Typed, text: str) -> str:
    if not side.type.values:
        return "compare with `=` or `!=`"
    some = ", ".join(v if v.isidentifier() else f'"{v}"' for v in side.type.values[:3])
    return f"name the values: {messages.q(f'{text} in [{some}]')}"
