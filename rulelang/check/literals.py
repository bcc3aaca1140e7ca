"""Literals as constants in the form that plans hold (docs/plan-format.md, "Values")."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

from rulelang.calendar import YEAR_DAYS, CalendarError, duration_of
from rulelang.check.context import Context
from rulelang.check.typed import Apply, Const, Typed
from rulelang.diagnostics import messages
from rulelang.source import Span
from rulelang.syntax import nodes
from rulelang.types.model import BOOL, DATE, DATETIME, DURATION, NULL, NUMBER, PERCENT, TEXT, TIME, Kind, Type

MAX_NUMBER = 2**53 - 1
"""The greatest whole number that every reader of JSON agrees about."""

MAX_YEARS = 100
"""The longest duration that can be written, in nominal years."""

UNIT_ORDER = ("y", "mo", "w", "d", "h", "m", "s")
"""Units of durations in the order in which plans write them."""

Literal = (
    nodes.NumberLit
    | nodes.MoneyLit
    | nodes.PercentLit
    | nodes.DurationLit
    | nodes.DateLit
    | nodes.DateTimeLit
    | nodes.TimeLit
    | nodes.BoolLit
    | nodes.NullLit
)


def literal(context: Context, node: Literal) -> Typed:
    """The constant that a literal other than a text is."""
    match node:
        case nodes.NumberLit(span, value):
            return _number(context, NUMBER, span, value)
        case nodes.MoneyLit(span, amount, currency):
            return _number(context, Type(Kind.MONEY, currency=currency), span, amount)
        case nodes.PercentLit(span, value):
            return _number(context, PERCENT, span, value)
        case nodes.DurationLit(span, parts):
            return _duration(context, span, parts)
        case nodes.DateLit(span):
            return _date(context, node)
        case nodes.DateTimeLit(span, text):
            return _datetime(context, span, text)
        case nodes.TimeLit(span):
            return _time(context, node)
        case nodes.BoolLit(span, flag):
            return Const(BOOL, span, flag)
        case nodes.NullLit(span):
            return Const(NULL, span, None)


def json_number(value: Decimal) -> int | float:
    """A decimal as the number that JSON holds: whole when it is whole."""
    return int(value) if value == value.to_integral_value() else float(value)


def _number(context: Context, type_: Type, span: Span, value: Decimal) -> Typed:
    if abs(value) > MAX_NUMBER:
        return context.report(messages.too_big_number(context.source, span, context.text(span)))
    return Const(type_, span, json_number(value))


def _duration(context: Context, span: Span, parts: tuple[tuple[int, str], ...]) -> Typed:
    try:
        fits = duration_of(parts).nominal <= MAX_YEARS * YEAR_DAYS * 86_400
    except CalendarError:
        fits = False
    if not fits:
        text = context.text(span)
        return context.report(messages.too_long_duration(context.source, span, text, MAX_YEARS))
    return Const(DURATION, span, duration_text(parts))


def duration_text(parts: tuple[tuple[int, str], ...]) -> str:
    """A duration as plans write it: `1d12h`, parts in order, without zeros; `0s` when there is nothing left."""
    counts = dict.fromkeys(UNIT_ORDER, 0)
    for count, unit in parts:
        counts[unit] += count
    return "".join(f"{count}{unit}" for unit, count in counts.items() if count) or "0s"


def _date(context: Context, node: nodes.DateLit) -> Typed:
    try:
        return Const(DATE, node.span, date(node.year, node.month, node.day).isoformat())
    except ValueError:
        return _refuse(context, node.span, "date")


def _time(context: Context, node: nodes.TimeLit) -> Typed:
    try:
        return Const(TIME, node.span, time(node.hour, node.minute).isoformat("minutes"))
    except ValueError:
        return _refuse(context, node.span, "time of day")


def _datetime(context: Context, span: Span, text: str) -> Typed:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return Const(DATETIME, span, instant_text(moment.astimezone(UTC)))
    except (ValueError, OverflowError):
        return _refuse(context, span, "date with a time")
    return Apply(DATETIME, span, "instant.civil", (Const(TEXT, span, moment.isoformat()),))


def instant_text(moment: datetime) -> str:
    """An instant in UTC as plans and events write it, with milliseconds and `Z`."""
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _refuse(context: Context, span: Span, what: str) -> Typed:
    return context.report(messages.bad_literal(context.source, span, context.text(span), what))
