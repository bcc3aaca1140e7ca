"""Waits: a duration that makes sense, a moment, a day of the week, or a condition."""

from __future__ import annotations

from rulelang.calendar import YEAR_DAYS, parse_duration
from rulelang.check.business import business_time
from rulelang.check.constants import constant
from rulelang.check.context import Context
from rulelang.check.convert import is_any
from rulelang.check.expressions import condition, typed
from rulelang.check.names import MOMENTS
from rulelang.check.typed import Bad, CheckedArm, CheckedListen, CheckedWait, Const, Typed
from rulelang.diagnostics import flow as say
from rulelang.diagnostics import messages
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.syntax import nodes
from rulelang.types.model import BOOL, DURATION, NULL, Kind

LONG_YEARS = 5
"""Waits of more years than this are probably a slip."""

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""The days of the week, in the order in which plans number them from 1."""

_MODES = {Kind.TIME: "time", Kind.DATE: "date", Kind.DATETIME: "date", Kind.ANY: "date"}


def check_wait(context: Context, step: nodes.WaitStep) -> CheckedWait | CheckedListen:
    """What a plain wait waits for, without its `when` and its events. A condition gives a CheckedListen."""
    day = step.day or _named_day(context, step)
    if day is not None:
        return _day(context, step, day)
    if step.mode != "until" and (business := business_time(context, step.value)) is not None:
        return CheckedWait(step.span, "for", business, None)
    value = typed(context, step.value) if step.value is not None else Bad(step.span)
    if step.mode == "until":
        return _until(context, step, value)
    return CheckedWait(step.span, "for", check_duration(context, value), None)


def _named_day(context: Context, step: nodes.WaitStep) -> nodes.Word | None:
    """`wait until monday`: a name that is a day, or nearly so, and nothing else."""
    match step.value:
        case nodes.Name(span, (word,)) if step.mode == "until" and (word in DAYS or did_you_mean(word, DAYS)):
            known = context.scope.means(word) or word in MOMENTS or word in context.scope.names.places
            return None if known or did_you_mean(word, context.scope.fields) else nodes.Word(span, word)
        case _:
            return None


def _day(context: Context, step: nodes.WaitStep, day: nodes.Word) -> CheckedWait:
    number = DAYS.index(day.text) + 1 if day.text in DAYS else 0
    if not number:
        context.report(say.unknown_day(context.source, day.span, day.text, DAYS))
    time: Typed = Const(NULL, day.span, None)
    if step.value is not None and step.value.span != day.span:
        time = typed(context, step.value)
        if time.type.kind is not Kind.TIME and not is_any(time):
            text = context.text(time.span)
            context.report(messages.not_a_moment(context.source, time.span, text, time.type, ""))
    return CheckedWait(step.span, "day", time, None, day=number)


def check_duration(context: Context, value: Typed) -> Typed:
    """A value that is a duration; Bad after a report when it is something else."""
    if value.type != DURATION and not is_any(value):
        hint = _duration_hint(context, value)
        text = context.text(value.span)
        return context.report(messages.not_a_duration(context.source, value.span, text, value.type, hint))
    check_length(context, value)
    return value


def check_delay(context: Context, value: Typed | None) -> Typed | None:
    """The delay option of an action, with the same care as a wait."""
    if value is not None:
        check_length(context, value)
    return value


def _until(context: Context, step: nodes.WaitStep, value: Typed) -> CheckedWait | CheckedListen:
    if value.type == BOOL:
        _warn_constant(context, value)
        arm = CheckedArm(step.span, "until", (), value, False, ())
        return CheckedListen(step.span, (arm,), None)
    mode = _MODES.get(value.type.kind)
    if mode is not None:
        return CheckedWait(step.span, mode, value, None)
    text = context.text(value.span)
    hint = f"write {messages.q(f'wait {text}')}" if value.type == DURATION else ""
    bad = context.report(messages.not_a_moment(context.source, value.span, text, value.type, hint))
    return CheckedWait(step.span, "date", bad, None)


def _warn_constant(context: Context, value: Typed) -> None:
    always = constant(value)
    if always is not None:
        text = context.text(value.span)
        context.report(messages.always(context.source, value.span, always, text))


def check_until(context: Context, node: nodes.Expr) -> Typed:
    """The condition of an alternative `until`."""
    value = typed(context, node)
    if value.type == BOOL:
        _warn_constant(context, value)
    if value.type == BOOL or is_any(value):
        return value
    if value.type.kind not in _MODES:
        return condition(context, node)
    text = context.text(node.span)
    hint = f"write {messages.q(f'timeout until {text}')}" if value.type.kind is not Kind.TIME else ""
    return context.report(say.until_no_condition(context.source, node.span, text, value.type, hint))


def check_timeout(context: Context, node: nodes.Expr, at: bool) -> Typed:
    """The duration of a timeout, or with `at` its date or instant."""
    if not at and (business := business_time(context, node)) is not None:
        return business
    value = typed(context, node)
    if not at and value.type == DURATION:
        check_length(context, value)
        return value
    if is_any(value) or (at and value.type.kind in (Kind.DATE, Kind.DATETIME)):
        return value
    text = context.text(node.span)
    hint = _timeout_hint(value, text, at)
    return context.report(say.no_timeout_moment(context.source, node.span, text, value.type, hint))


def _timeout_hint(value: Typed, text: str, at: bool) -> str:
    if at and value.type == DURATION:
        return f"write {messages.q(f'timeout {text}')}"
    if not at and value.type.kind in (Kind.DATE, Kind.DATETIME):
        return f"write {messages.q(f'timeout until {text}')}"
    return ""


def _duration_hint(context: Context, value: Typed) -> str:
    text = context.text(value.span)
    if value.type.kind in _MODES or value.type == BOOL:
        return f"write {messages.q(f'wait until {text}')}"
    if value.type.kind is Kind.NUMBER and isinstance(value, Const):
        return f"write {messages.q(f'wait {text}m')} for minutes, {messages.q(f'wait {text}d')} for days"
    return ""


def check_length(context: Context, value: Typed) -> bool:
    """Report a duration of nothing, and one of years; whether it is more than nothing, as far as one can see."""
    if not isinstance(value, Const):
        return True
    seconds = parse_duration(value.value).nominal
    text = context.text(value.span)
    if seconds <= 0:
        context.report(messages.no_wait(context.source, value.span, text))
        return False
    if seconds > LONG_YEARS * YEAR_DAYS * 86_400:
        context.report(messages.long_wait(context.source, value.span, text, LONG_YEARS))
    return True
