"""The clauses that say who may enrol when: `enrol`, `limit`, `release`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rulelang.check.context import Context
from rulelang.check.convert import refuse_record
from rulelang.check.counts import count, duration
from rulelang.check.expressions import typed
from rulelang.check.typed import CheckedEnrolment, Typed
from rulelang.diagnostics import flow as say
from rulelang.diagnostics import messages
from rulelang.source import Span
from rulelang.syntax import nodes
from rulelang.types.model import Kind

RUNNING = ("skip", "restart", "queue", "parallel")
"""What a match may do while a run of the rule is live."""

MAX_RUNNING = 100
"""The most runs beside each other, or in line."""

MAX_RATE = 10_000
"""The most enrolments of a span; the moment of each is kept."""

MODES = ("once", "every time")
"""How often one subject may run through a rule, apart from `again after`."""


def enrolment_mode(clause: nodes.EnrolClause | None) -> str:
    """How often a subject may enrol; the parser has reported other words."""
    if clause is None:
        return "every time"
    if clause.after is not None:
        return "again"
    words = " ".join(word.text for word in clause.words)
    return words if words in MODES else "every time"


def check_enrolment(context: Context, rule: nodes.Rule) -> CheckedEnrolment:
    """The details of enrolment. `context` is that of the rule's `when`: there is no run yet."""
    found = CheckedEnrolment()
    if rule.enrol is not None:
        found = _clause(context, rule.enrol)
    for rate in _rates(context, rule.rates):
        number = count(context, rate.count, f"`{rate.kind}`", 1, MAX_RATE)
        span = duration(context, rate.span_value, "the span of time", f"{rate.kind} 100 per 1d")
        if number is not None and span is not None:
            value = (number, span)
            found = replace(found, limit=value) if rate.kind == "limit" else replace(found, release=value)
    return found


def _clause(context: Context, clause: nodes.EnrolClause) -> CheckedEnrolment:
    after, running, most = "", "skip", None
    if clause.after is not None:
        after = duration(context, clause.after, "how long to wait", "enrol again after 30d") or ""
    per = _per(context, clause.per) if clause.per is not None else None
    if clause.running is not None:
        running = _running(context, clause, clause.running)
    if clause.most is not None:
        most = _most(context, clause, clause.most, running)
    return CheckedEnrolment(after, per, running, most)


def _per(context: Context, node: nodes.Expr) -> Typed:
    value = typed(context, node)
    if value.type.kind is Kind.RECORD:
        return refuse_record(context, value)
    if value.type.kind is Kind.NULL:
        return context.report(messages.null_value(context.source, node.span))
    return value


def _running(context: Context, clause: nodes.EnrolClause, word: nodes.Word) -> str:
    if word.text not in RUNNING:
        context.report(say.bad_running(context.source, word.span, word.text, RUNNING))
        return "parallel"
    if enrolment_mode(clause) == "once" and word.text != "skip":
        why = "with `once` a subject never enrols again"
        text = f"if running {word.text}"
        context.report(say.useless_enrolment(context.source, word.span, text, why))
    return word.text


def _most(context: Context, clause: nodes.EnrolClause, node: nodes.Expr, running: str) -> int | None:
    if running not in ("queue", "parallel"):
        why = "it goes with `queue` and `parallel`"
        text = f"at most {context.text(node.span)}"
        context.report(say.useless_enrolment(context.source, node.span, text, why))
        return None
    return count(context, node, "`at most`", 1, MAX_RUNNING)


def _rates(context: Context, rates: Sequence[nodes.RateClause]) -> list[nodes.RateClause]:
    """The first clause of each kind; others are reported."""
    first: dict[str, Span] = {}
    found = []
    for rate in rates:
        place = first.setdefault(rate.kind, rate.span)
        if place is rate.span:
            found.append(rate)
        else:
            context.report(say.two_rates(context.source, rate.span, rate.kind, place))
    return found
