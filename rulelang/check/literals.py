"""Literals as constants in the form that plans hold (docs/plan-format.md, "Values").

The lexer has reported literals that no calendar has or that are out of bounds; these are Bad here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

from rulelang.calendar import duration_of
from rulelang.check.context import Context
from rulelang.check.typed import Apply, Bad, Const, Typed
from rulelang.diagnostics import messages
from rulelang.source import Span
from rulelang.syntax import nodes
from rulelang.types.model import BOOL, DATE, DATETIME, DURATION, NULL, NUMBER, PERCENT, TEXT, TIME, Kind, Type

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
    try:
        return _constant(context, node)
    except ValueError:
        return Bad(node.span)


def _constant(context: Context, node: Literal) -> Typed:
    match node:
        case nodes.NumberLit(span, value):
            return Const(NUMBER, span, json_number(value))
        case nodes.MoneyLit(span, amount, currency):
            return Const(Type(Kind.MONEY, currency=currency), span, json_number(amount))
        case nodes.PercentLit(span, value):
            return Const(PERCENT, span, json_number(value))
        case nodes.DurationLit(span, parts):
            return Const(DURATION, span, duration_text(parts))
        case nodes.DateLit(span, year, month, day):
            return Const(DATE, span, date(year, month, day).isoformat())
        case nodes.DateTimeLit(span, text):
            return _datetime(context, span, text)
        case nodes.TimeLit(span, hour, minute):
            return Const(TIME, span, time(hour, minute).isoformat("minutes"))
        case nodes.BoolLit(span, flag):
            return Const(BOOL, span, flag)
        case nodes.NullLit(span):
            return Const(NULL, span, None)


def json_number(value: Decimal) -> int | float:
    """A decimal as the number that JSON holds: whole when it is whole."""
    return int(value) if value == value.to_integral_value() else float(value)


def duration_text(parts: tuple[tuple[int, str], ...]) -> str:
    """A duration as plans write it: `1d12h`, parts in order, without zeros; `0s` when there is nothing left.

    Raises:
        CalendarError: it is longer than calendars go.
    """
    duration_of(parts)
    counts = dict.fromkeys(UNIT_ORDER, 0)
    for count, unit in parts:
        counts[unit] += count
    return "".join(f"{count}{unit}" for unit, count in counts.items() if count) or "0s"


def _datetime(context: Context, span: Span, text: str) -> Typed:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        return Apply(DATETIME, span, "instant.civil", (Const(TEXT, span, moment.isoformat()),))
    try:
        return Const(DATETIME, span, instant_text(moment.astimezone(UTC)))
    except OverflowError:
        return context.report(messages.beyond_calendar(context.source, span, text))


def instant_text(moment: datetime) -> str:
    """An instant in UTC as plans and events write it, with milliseconds and `Z`."""
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
