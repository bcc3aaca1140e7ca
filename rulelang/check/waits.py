"""Waits: a duration that makes sense, or a moment."""

from __future__ import annotations

from rulelang.calendar import YEAR_DAYS, parse_duration
from rulelang.check.context import Context
from rulelang.check.convert import is_any
from rulelang.check.expressions import typed
from rulelang.check.typed import Bad, Const, Typed
from rulelang.diagnostics import messages
from rulelang.syntax import nodes
from rulelang.types.model import DURATION, Kind

LONG_YEARS = 5
"""Waits of more years than this are probably a slip."""

_MODES = {Kind.TIME: "time", Kind.DATE: "date", Kind.DATETIME: "date", Kind.ANY: "date"}


def check_wait(context: Context, step: nodes.WaitStep) -> tuple[str, Typed]:
    """The mode of a wait in the plan, `for`, `time` or `date`, and what it waits for."""
    value = typed(context, step.value) if step.value is not None else Bad(step.span)
    if step.mode == "until":
        return _until(context, value)
    if value.type != DURATION and not is_any(value):
        hint = _duration_hint(context, value)
        text = context.text(value.span)
        return "for", context.report(
            messages.not_a_duration(context.source, value.span, text, value.type, hint)
        )
    _check_length(context, value)
    return "for", value


def check_delay(context: Context, value: Typed | None) -> Typed | None:
    """The delay option of an action, with the same care as a wait."""
    if value is not None:
        _check_length(context, value)
    return value


def _until(context: Context, value: Typed) -> tuple[str, Typed]:
    mode = _MODES.get(value.type.kind)
    if mode is not None:
        return mode, value
    text = context.text(value.span)
    hint = f"write {messages.q(f'wait {text}')}" if value.type == DURATION else ""
    return "date", context.report(messages.not_a_moment(context.source, value.span, text, value.type, hint))


def _duration_hint(context: Context, value: Typed) -> str:
    text = context.text(value.span)
    if value.type.kind in _MODES:
        return f"write {messages.q(f'wait until {text}')}"
    if value.type.kind is Kind.NUMBER and isinstance(value, Const):
        return f"write {messages.q(f'wait {text}m')} for minutes, {messages.q(f'wait {text}d')} for days"
    return ""


def _check_length(context: Context, value: Typed) -> None:
    if not isinstance(value, Const):
        return
    seconds = parse_duration(value.value).nominal
    text = context.text(value.span)
    if seconds <= 0:
        context.report(messages.no_wait(context.source, value.span, text))
    elif seconds > LONG_YEARS * YEAR_DAYS * 86_400:
        context.report(messages.long_wait(context.source, value.span, text, LONG_YEARS))
