"""Business time after `wait` and `timeout`: `4h in "Office"`."""

from __future__ import annotations

from rulelang.calendar import parse_duration
from rulelang.check.calls import calendar_named
from rulelang.check.context import Context
from rulelang.check.convert import is_any
from rulelang.check.expressions import typed
from rulelang.check.typed import Apply, Const, Typed
from rulelang.diagnostics import messages
from rulelang.syntax import nodes
from rulelang.types.model import DATETIME, DURATION, TEXT

BUSINESS_TIME = "fn.business_time"


def business_time(context: Context, node: nodes.Expr | None) -> Typed | None:
    """The instant that `4h in "Office"` means, that much business time from now; None for anything else."""
    if not isinstance(node, nodes.Binary) or node.op != "in" or not isinstance(node.right, nodes.TextLit):
        return None
    length = typed(context, node.left)
    if length.type != DURATION and not is_any(length):
        text = context.text(node.left.span)
        return context.report(messages.not_a_duration(context.source, node.left.span, text, length.type, ""))
    if isinstance(length, Const) and parse_duration(length.value).months:
        text = context.text(length.span)
        return context.report(messages.no_business_time(context.source, length.span, text))
    name = calendar_named(context, Const(TEXT, node.right.span, node.right.value))
    return Apply(DATETIME, node.span, BUSINESS_TIME, (name, length))
