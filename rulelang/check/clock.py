"""Triggers of the clock: the moments that a rule means, from what it wrote in their slots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rulelang.calendar import parse_duration
from rulelang.catalog.model import Trigger
from rulelang.check.context import Context
from rulelang.check.typed import Apply, CheckedMoment, Const, Ref, Typed
from rulelang.diagnostics import messages
from rulelang.schedule import is_cron
from rulelang.source import Span
from rulelang.types.model import ANY, BOOL, DURATION, NUMBER, TEXT, Kind

_MOST = 1_000
"""How often something may be repeated."""
_LAST_DAY = 31


def moment_of(context: Context, trigger: Trigger, values: Mapping[str, Typed]) -> CheckedMoment | None:
    """The moment that a trigger means with these values in its slots; mistakes in them are reported.

    None for a trigger that no clock makes, and when there is a mistake.
    """
    if trigger.clock is None:
        return None
    params: dict[str, str | int] = dict(trigger.clock.params)
    for name in params:
        if name in values:
            value = _literal(context, name, values[name])
            if value is None:
                return None
            params[name] = value
    side = values.get("side")
    if isinstance(side, Const) and side.value == "before":
        params["offset"] = (-parse_duration(str(params["offset"]))).text
    return CheckedMoment(trigger.clock.source, params)


def demands(moment: CheckedMoment, root: str, span: Span) -> Iterator[Typed]:
    """The conditions that keep a rule to its own moments: the event, under `root`, says which one it is."""
    for name, value in moment.params.items():
        type_ = NUMBER if isinstance(value, int) else TEXT
        yield Apply(BOOL, span, "eq", (Ref(ANY, span, (root, name)), Const(type_, span, value)))


def _literal(context: Context, name: str, value: Typed) -> str | int | None:
    if not isinstance(value, Const):
        return _refuse(context, name, value, "a fixed value")
    if name == "field":
        return _date_field(context, name, value)
    if name == "cron" and not is_cron(str(value.value)):
        return _refuse(context, name, value, 'a cron expression of five fields such as `"0 9 * * 1"`')
    if name == "number" and value.type.kind is Kind.NUMBER and value.value > _LAST_DAY:
        return _refuse(context, name, value, f"a whole number from 1 to {_LAST_DAY}")
    if value.type == DURATION:
        length = parse_duration(value.value)
        return length.text if length.nominal > 0 else _refuse(context, name, value, "longer than nothing")
    if value.type.kind is Kind.NUMBER:
        if value.value == int(value.value) and 1 <= value.value <= _MOST:
            return int(value.value)
        return _refuse(context, name, value, f"a whole number from 1 to {_MOST}")
    return str(value.value)


def _date_field(context: Context, name: str, value: Const) -> str | int | None:
    field = context.scope.fields[value.value]
    if field.type.kind in (Kind.DATE, Kind.DATETIME):
        return field.name
    return _refuse(context, name, Ref(field.type, value.span, (value.value,)), "a field that holds a date")


def _refuse(context: Context, name: str, value: Typed, wanted: str) -> str | int | None:
    """No value; the mistake is reported, unless it was before."""
    if value.type.kind is not Kind.ANY:
        text = context.text(value.span)
        context.report(messages.wrong_argument(context.source, value.span, name, wanted, text, value.type))
    return None
