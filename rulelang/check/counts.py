"""Numbers and durations of clauses that must be written out, because the rule stands and falls with them."""

from __future__ import annotations

from rulelang.check.context import Context
from rulelang.check.expressions import typed
from rulelang.check.typed import Bad, Const
from rulelang.check.waits import check_length
from rulelang.diagnostics import flow as say
from rulelang.syntax import nodes
from rulelang.types.model import DURATION, NUMBER


def count(context: Context, node: nodes.Expr, what: str, least: int, most: int) -> int | None:
    """A whole number within bounds; None after a report. `what` says what it is the number of."""
    value = typed(context, node)
    if isinstance(value, Bad):
        return None
    number = value.value if isinstance(value, Const) and value.type == NUMBER else None
    if number is not None and number == int(number) and least <= number <= most:
        return int(number)
    text = context.text(node.span)
    context.report(say.bad_count(context.source, node.span, text, what, least, most))
    return None


def duration(context: Context, node: nodes.Expr, what: str, example: str) -> str | None:
    """A positive duration as plans hold it; None after a report. `example` shows how it is written."""
    value = typed(context, node)
    if isinstance(value, Bad):
        return None
    if not isinstance(value, Const) or value.type != DURATION:
        text = context.text(node.span)
        context.report(say.not_written_out(context.source, node.span, text, what, example))
        return None
    return value.value if check_length(context, value) else None
