"""Waits with alternatives: events, conditions, a timeout; approvals and callbacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rulelang.check import people
from rulelang.check.awaited import check_awaited, name
from rulelang.check.context import Context, Expected
from rulelang.check.expressions import typed
from rulelang.check.phrases import Phrases
from rulelang.check.typed import Bad, CheckedArm, CheckedListen, CheckedStep, Const, Typed
from rulelang.check.waits import check_timeout, check_until
from rulelang.diagnostics import flow as say
from rulelang.diagnostics import messages
from rulelang.source import Span
from rulelang.syntax import nodes
from rulelang.types.model import RECORD, TEAM, Type

Inner = Callable[[Sequence[nodes.Step]], tuple[CheckedStep, ...]]
"""Checks the steps inside another step."""

EVENTS = {"approval": "approval.given", "callback": "callback.received"}
"""The event that each `wait for …` waits for."""

_APPROVER = "write a person's address, a team or `owner`"


def check_listen(context: Context, phrases: Phrases, step: nodes.ListenStep, inner: Inner) -> CheckedListen:
    """A wait with alternatives, without its `when`."""
    approver = _approver(context, step.approver) if step.approver is not None else ""
    _check_timeouts(context, step)
    fork, arms = context.scope.names.fork(), []
    for arm in step.arms:
        with fork.way():
            arms.append(_arm(context, phrases, step, arm, inner))
    fork.join()
    bind = step.name.text if step.name is not None else ""
    return CheckedListen(step.span, tuple(arms), None, step.subject, approver, bind)


def _arm(
    context: Context, phrases: Phrases, step: nodes.ListenStep, arm: nodes.WaitArm, inner: Inner
) -> CheckedArm:
    awaited = check_awaited(context, phrases, arm.awaited)
    value: Typed | None = None
    if arm.value is not None and arm.kind == "until":
        value = check_until(context, arm.value)
    elif arm.value is not None:
        value = check_timeout(context, arm.value, arm.at)
    if step.name is not None and step.subject in EVENTS and (arm.kind == "on" or step.subject == "approval"):
        name(context, step.name, RECORD, _payload(context, step.subject))
    return CheckedArm(arm.span, arm.kind, awaited, value, arm.at, inner(arm.steps))


def _payload(context: Context, subject: str) -> dict[str, Type]:
    event = EVENTS[subject]
    return dict(next(t.payload for t in context.catalogue.triggers.values() if t.event == event))


def _check_timeouts(context: Context, step: nodes.ListenStep) -> None:
    first: Span | None = None
    for arm in step.arms:
        if arm.kind != "timeout":
            continue
        if first is not None:
            context.report(say.two_timeouts(context.source, arm.span, first))
        elif arm.value is None and step.subject != "approval":
            context.report(say.else_without_timeout(context.source, arm.span))
        first = first or arm.span


def _approver(context: Context, node: nodes.Expr) -> str:
    """Who may approve, in the form of arguments; "" after a report."""
    found: Typed | None
    if (text := people.written(context, node)) is not None:
        found = people.named(context, text, node.span, strangers=False)
    elif isinstance(node, nodes.Name) and node.parts == ("contact",):
        found = None
    else:
        found = people.fixed_recipient(context, node) or _other(context, node)
    if isinstance(found, Const):
        return str(found.value)
    if not isinstance(found, Bad):
        written = context.text(node.span)
        context.report(messages.bad_recipient(context.source, node.span, written, _APPROVER))
    return ""


def _other(context: Context, node: nodes.Expr) -> Typed | None:
    """Anything else cannot approve; what is wrong with it in itself is told first."""
    value = typed(context, node, Expected(TEAM, "approver"))
    return value if isinstance(value, Bad) else None
