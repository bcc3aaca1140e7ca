"""`+ - * /` and unary minus: the overload for each pair of types, with the type that comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rulelang.calendar import parse_duration
from rulelang.check.compare import refuse_bare_number
from rulelang.check.context import Context
from rulelang.check.convert import as_date, as_instant, is_any, refuse_record, same_currency
from rulelang.check.typed import Apply, Bad, Const, Typed
from rulelang.check.values import TEXTUAL
from rulelang.diagnostics import messages
from rulelang.source import Span
from rulelang.types.model import ANY, DATE, DATETIME, DURATION, NUMBER, PERCENT, TEXT, Kind, Type

NAMES: Mapping[str, str] = {"+": "add", "-": "sub", "*": "mul", "/": "div"}

_PLAIN: Mapping[tuple[str, Kind, Kind], tuple[str, Type]] = {
    ("+", Kind.NUMBER, Kind.NUMBER): ("add", NUMBER),
    ("-", Kind.NUMBER, Kind.NUMBER): ("sub", NUMBER),
    ("*", Kind.NUMBER, Kind.NUMBER): ("mul", NUMBER),
    ("/", Kind.NUMBER, Kind.NUMBER): ("div", NUMBER),
    ("+", Kind.PERCENT, Kind.PERCENT): ("add", PERCENT),
    ("-", Kind.PERCENT, Kind.PERCENT): ("sub", PERCENT),
    ("*", Kind.PERCENT, Kind.NUMBER): ("mul", PERCENT),
    ("*", Kind.NUMBER, Kind.PERCENT): ("percent.of", NUMBER),
    ("/", Kind.PERCENT, Kind.NUMBER): ("div", PERCENT),
    ("/", Kind.PERCENT, Kind.PERCENT): ("div", NUMBER),
    ("+", Kind.DURATION, Kind.DURATION): ("duration.add", DURATION),
    ("-", Kind.DURATION, Kind.DURATION): ("duration.sub", DURATION),
    ("-", Kind.DATE, Kind.DATE): ("date.diff", DURATION),
    ("-", Kind.DATETIME, Kind.DATETIME): ("instant.diff", DURATION),
    ("+", Kind.DATETIME, Kind.DURATION): ("instant.add", DATETIME),
    ("-", Kind.DATETIME, Kind.DURATION): ("instant.sub", DATETIME),
}
"""Overloads that depend on the kinds alone."""


def arithmetic(context: Context, span: Span, op: str, left: Typed, right: Typed) -> Typed:
    """`left op right`; a Bad value after a report when the types have no such operation."""
    for side in (left, right):
        if side.type.kind is Kind.RECORD:
            return refuse_record(context, side)
    if is_any(left) or is_any(right):
        return _of_any(span, op, left, right)
    if op == "/" and isinstance(right, Const) and right.value == 0:
        return context.report(messages.zero_division(context.source, span))
    found = _overload(context, span, op, left, right)
    return found if found is not None else _refuse(context, span, op, left, right)


def _of_any(span: Span, op: str, left: Typed, right: Typed) -> Typed:
    """A value of unknown type takes the type of the other side, where that has arithmetic of its own."""
    if isinstance(left, Bad) or isinstance(right, Bad):
        return Bad(span)
    known = right.type if is_any(left) else left.type
    if known == TEXT and op == "+":
        return Apply(TEXT, span, "concat", (left, right))
    return Apply(NUMBER if known == NUMBER else ANY, span, NAMES[op], (left, right))


def _overload(context: Context, span: Span, op: str, left: Typed, right: Typed) -> Typed | None:
    kinds = (left.type.kind, right.type.kind)
    if (plain := _PLAIN.get((op, *kinds))) is not None:
        return Apply(plain[1], span, plain[0], (left, right))
    if kinds == (Kind.PERCENT, Kind.NUMBER) or kinds[0] is Kind.DURATION and op == "+":
        return _flipped(context, span, op, left, right)
    if Kind.MONEY in kinds:
        return _money(context, span, op, left, right)
    if kinds[0] is Kind.DATE and kinds[1] is Kind.DURATION and op in "+-":
        return _shifted(span, op, left, right)
    if op == "-" and set(kinds) == {Kind.DATE, Kind.DATETIME}:
        return Apply(DURATION, span, "date.diff", (as_date(left), as_date(right)))
    if op == "+" and set(kinds) <= TEXTUAL:
        return Apply(TEXT, span, "concat", (left, right))
    return None


def _flipped(context: Context, span: Span, op: str, left: Typed, right: Typed) -> Typed | None:
    """The same with the sides exchanged, for a duration before its date."""
    if right.type.kind in (Kind.DATE, Kind.DATETIME) and op == "+":
        return _overload(context, span, op, right, left)
    return None


def _shifted(span: Span, op: str, left: Typed, right: Typed) -> Typed:
    """A date moved by a duration: a date, or an instant when the duration has hours, minutes or seconds."""
    name = "add" if op == "+" else "sub"
    if isinstance(right, Const) and parse_duration(right.value).seconds:
        return Apply(DATETIME, span, f"instant.{name}", (as_instant(left), right))
    return Apply(DATE, span, f"date.{name}", (left, right))


# --- money -----------------------------------------------------------------------------------------


def _money(context: Context, span: Span, op: str, left: Typed, right: Typed) -> Typed | None:
    if left.type.kind is Kind.MONEY and right.type.kind is Kind.MONEY:
        return _two_amounts(context, span, op, left, right)
    amount, factor = (left, right) if left.type.kind is Kind.MONEY else (right, left)
    if op == "*" and factor.type.kind in (Kind.NUMBER, Kind.PERCENT):
        name = "money.mul" if factor.type.kind is Kind.NUMBER else "percent.of"
        return _scaled(span, name, amount, factor)
    if op == "/" and amount is left and factor.type.kind in (Kind.NUMBER, Kind.PERCENT):
        return _scaled(span, "money.div", amount, _share(factor))
    return None


def _share(factor: Typed) -> Typed:
    """A percentage as the part of one that it is."""
    if factor.type.kind is Kind.NUMBER:
        return factor
    return Apply(NUMBER, factor.span, "percent.of", (Const(NUMBER, factor.span, 1), factor))


def _scaled(span: Span, op: str, amount: Typed, factor: Typed) -> Typed:
    return Apply(amount.type, span, op, (amount, factor, _currency(amount.type, span)))


def _currency(type_: Type, span: Span) -> Const:
    return Const(TEXT, span, type_.currency)


def _two_amounts(context: Context, span: Span, op: str, left: Typed, right: Typed) -> Typed | None:
    if not same_currency(left.type, right.type):
        return context.report(messages.currencies(context.source, context.part(left), context.part(right)))
    if op == "/":
        return Apply(NUMBER, span, "money.ratio", (left, right))
    if op == "*":
        return None
    type_ = left.type if left.type.currency else right.type
    return Apply(type_, span, f"money.{NAMES[op]}", (left, right, _currency(type_, span)))


# --- unary minus -----------------------------------------------------------------------------------


def negation(context: Context, span: Span, value: Typed) -> Typed:
    """`-value`, folded for constants."""
    kind = value.type.kind
    if is_any(value):
        return Apply(value.type, span, "neg", (value,))
    if kind is Kind.RECORD:
        return refuse_record(context, value)
    if kind in (Kind.NUMBER, Kind.MONEY, Kind.PERCENT):
        if isinstance(value, Const):
            return replace(value, span=span, value=-value.value)
        return Apply(value.type, span, "neg", (value,))
    if kind is Kind.DURATION:
        return _negative_duration(span, value)
    text = context.text(value.span)
    return context.report(messages.no_minus(context.source, span, text, value.type))


def _negative_duration(span: Span, value: Typed) -> Typed:
    if isinstance(value, Const):
        text = str(value.value)
        return replace(value, span=span, value=text[1:] if text.startswith("-") else f"-{text}")
    return Apply(DURATION, span, "duration.sub", (Const(DURATION, span, "0s"), value))


# --- mistakes --------------------------------------------------------------------------------------


def _refuse(context: Context, span: Span, op: str, left: Typed, right: Typed) -> Typed:
    if op in "+-":
        for value, other in ((left, right), (right, left)):
            if refuse_bare_number(context, value, other):
                return Apply(other.type, span, NAMES[op], (left, right))
    parts = context.part(left), context.part(right)
    hint = _hint(op, left, right, (parts[0].text, parts[1].text))
    return context.report(messages.no_arithmetic(context.source, op, *parts, hint))


def _hint(op: str, left: Typed, right: Typed, texts: tuple[str, str]) -> str:
    kinds = (left.type.kind, right.type.kind)
    if op in "+-" and kinds[1] is Kind.PERCENT:
        return f"write {messages.q(f'{texts[0]} {op} {texts[0]} * {texts[1]}')}"
    if kinds[0] in (Kind.DATE, Kind.DATETIME) and kinds[1] is Kind.NUMBER:
        return f"write a duration: {messages.q(f'{texts[0]} {op} {texts[1]}d')}"
    if op == "+" and Kind.TEXT in kinds:
        other = texts[1] if kinds[0] is Kind.TEXT else texts[0]
        return f"make a text of it: {messages.q(f'text({other})')}"
    if Kind.LIST in kinds:
        return "a list is changed item by item, tags with `add tag`"
    return ""
