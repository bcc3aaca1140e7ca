"""Where a value of one type may stand for another, and the operator of the plan that makes it so."""

from __future__ import annotations

from rulelang.check.context import Context, Expected
from rulelang.check.typed import Apply, Bad, Const, Ref, Typed
from rulelang.check.values import CLOSED, TEXTUAL, text_value
from rulelang.diagnostics import messages
from rulelang.types.model import ANY, DATE, DATETIME, TEXT, Kind, Type

NUMERIC = frozenset({Kind.NUMBER, Kind.MONEY, Kind.PERCENT})


def is_any(typed: Typed) -> bool:
    """Whether nothing is known about a value's type, or its mistake was already told."""
    return typed.type.kind is Kind.ANY


def as_date(typed: Typed) -> Typed:
    """An instant as the local date; dates stay."""
    if typed.type.kind is not Kind.DATETIME:
        return typed
    if isinstance(typed, Apply) and typed.op == "now":
        return Apply(DATE, typed.span, "today", ())
    return Apply(DATE, typed.span, "date.of", (typed,))


def as_instant(typed: Typed) -> Typed:
    """A date as local midnight; instants stay."""
    if typed.type.kind is not Kind.DATE:
        return typed
    return Apply(DATETIME, typed.span, "instant.of", (typed,))


def overlap(left: Type, right: Type) -> bool:
    """Whether two closed sets have a value in common; sets that are not known do."""
    return not left.values or not right.values or bool(set(left.values) & set(right.values))


def comparable(left: Type, right: Type) -> bool:
    """Whether values of the two types can be equal, dates and instants apart from currencies left aside."""
    kinds = {left.kind, right.kind}
    if Kind.ANY in kinds:
        return True
    if kinds <= {Kind.ENUM, Kind.STAGE}:
        return overlap(left, right)
    if kinds <= TEXTUAL:
        return len(kinds) == 1 or Kind.TEXT in kinds or Kind.TAG in kinds
    if kinds == {Kind.DATE, Kind.DATETIME}:
        return True
    if kinds == {Kind.MONEY, Kind.NUMBER}:
        return not (left.currency or right.currency)
    return len(kinds) == 1 and not kinds & {Kind.LIST, Kind.RECORD, Kind.NULL}


def same_currency(left: Type, right: Type) -> bool:
    """Whether amounts of the two types may be compared or added."""
    return not (left.currency and right.currency and left.currency != right.currency)


def number_hint(context: Context, value: Typed, wanted: Type) -> str:
    """How the author would write a plain number as money or a percentage; "" when it is none."""
    if value.type.kind is not Kind.NUMBER or not isinstance(value, Const):
        return ""
    digits = context.text(value.span)
    if wanted.kind is Kind.PERCENT:
        return f"{digits}%"
    if wanted.kind is Kind.MONEY and wanted.currency:
        return f"{digits}{wanted.currency}"
    return ""


def fit(context: Context, value: Typed, wanted: Type) -> Typed | None:
    """The value as one of the wanted type, or None when it cannot be.

    A `Bad` value is passed on, so that its mistake is told once.
    """
    kind = value.type.kind
    if isinstance(value, Bad) or wanted == ANY or is_any(value):
        return value
    if kind is Kind.RECORD and wanted.kind is not Kind.RECORD:
        return refuse_record(context, value)
    if wanted.kind in CLOSED:
        return _fit_closed(context, value, wanted)
    match wanted.kind:
        case Kind.TEXT:
            return value if kind in TEXTUAL else None
        case Kind.DATE if kind in (Kind.DATE, Kind.DATETIME):
            return as_date(value)
        case Kind.DATETIME if kind in (Kind.DATE, Kind.DATETIME):
            return as_instant(value)
        case Kind.MONEY:
            return value if _is_money(value.type, wanted) else None
        case Kind.LIST:
            return _fit_list(value, wanted)
        case _:
            return value if kind is wanted.kind else None


def _fit_closed(context: Context, value: Typed, wanted: Type) -> Typed | None:
    found = value.type
    if found.kind is Kind.TEXT and isinstance(value, Const):
        return text_value(context, value.value, value.span, Expected(wanted, wanted.name))
    if found.kind is Kind.TEXT and wanted.kind is Kind.TAG:
        return value
    if found.kind is not wanted.kind:
        return None
    return value if not wanted.values or set(found.values) <= set(wanted.values) else None


def _is_money(found: Type, wanted: Type) -> bool:
    if found.kind is Kind.NUMBER:
        return not wanted.currency
    return found.kind is Kind.MONEY and same_currency(found, wanted)


def _fit_list(value: Typed, wanted: Type) -> Typed | None:
    item, found = wanted.item or ANY, value.type.item or ANY
    if value.type.kind is not Kind.LIST:
        return None
    if ANY in (item, found) or comparable(item, found) or (item == TEXT and found.kind in TEXTUAL):
        return value
    return None


def refuse_record(context: Context, value: Typed) -> Typed:
    """Report a whole record where a value is needed."""
    word = value.path[-1] if isinstance(value, Ref) else context.text(value.span)
    bound = context.scope.names.known.get(word)
    options = tuple(context.schema.fields.get(word, ())) or context.scope.event_names()
    if bound is not None:
        options = tuple(bound.members or ())
    return context.report(messages.record_as_value(context.source, value.span, word, options))
