"""Events of the past in conditions: `count(order placed in 30d where total > 100)`, `last(user login)`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from rulelang.catalog.phrases import NoMatch
from rulelang.check.context import Context
from rulelang.check.counts import duration
from rulelang.check.expressions import condition
from rulelang.check.phrases import Phrases, no_trigger
from rulelang.check.scope import EventFields, Scope
from rulelang.check.triggers import Found, check_subject, checked_trigger, heard_fields
from rulelang.check.typed import Apply, Bad, CheckedCount, Ref, Typed
from rulelang.diagnostics import followed as say
from rulelang.syntax import nodes
from rulelang.types.model import DATETIME, NUMBER

_COUNT, _LAST = "count", "last"


def counter(phrases: Phrases) -> Callable[[Context, nodes.Happening], Typed]:
    """What types events of the past, against these phrases."""
    return lambda context, node: _happening(context, phrases, node)


def _happening(context: Context, phrases: Phrases, node: nodes.Happening) -> Typed:
    if node.name not in (_COUNT, _LAST):
        return _refuse(context, node, "is no function of events", "they are `count` and `last`")
    matched = phrases.triggers.match(node.phrase)
    if isinstance(matched, NoMatch):
        return context.report(no_trigger(context.source, node.phrase, matched))
    found = Found(nodes.TriggerClause(node.phrase.span, node.phrase), matched)
    contacts = context.scope.subject == "account" and "account" not in matched.declaration.subjects
    inner = _seen_by(context, "contact" if contacts else context.scope.subject)
    check_subject(inner, found, inner.scope.subject)
    fields = heard_fields(inner, found)
    trigger = checked_trigger(inner, found, "awaited")
    if trigger.moment is not None:
        return _refuse(context, node, "comes of the clock", "compare the date itself instead")
    window = _window(context, node)
    where = _where(inner, fields, node.where)
    filters = (*trigger.filters, *where)
    if window is None or any(map(broken, filters)):
        return Bad(node.span)
    root, type_ = ("counts", NUMBER) if node.name == _COUNT else ("latest", DATETIME)
    name = _name(context, node)
    context.counts[name] = CheckedCount(node.span, name, trigger.event, filters, window, contacts)
    return Ref(type_, node.span, (root, name))


def _seen_by(context: Context, subject: str) -> Context:
    """The context of the event: it sees no other event and no names of a run."""
    return context.with_scope(Scope(context.schema, subject))


def _name(context: Context, node: nodes.Happening) -> str:
    """What stands in the parentheses, on one line: counts of one text are one count."""
    # The bracket may be one that recovery has put in.
    inside = context.text(node.span).partition("(")[2].removesuffix(")")
    return " ".join(inside.split())


def _window(context: Context, node: nodes.Happening) -> str | None:
    """How long an event counts; "" for the last event. None after a report."""
    example = f"{node.name}({context.text(node.phrase.span)} in 30d)"
    if node.name == _LAST:
        if node.window is not None:
            _refuse(context, node, "has no window", "compare it, as in `last(order placed) >= now - 30d`")
            return None
        return ""
    if node.window is None:
        _refuse(context, node, "needs to say how long an event counts", f"write `{example}`")
        return None
    return duration(context, node.window, "how long an event counts", example)


def _where(context: Context, fields: EventFields, node: nodes.Expr | None) -> Sequence[Typed]:
    """The condition on the event. It sees nothing else, so that it is decided once, when the event comes."""
    if node is None:
        return ()
    typed = condition(context.with_scope(replace(context.scope, awaited=fields)), node)
    stranger = next((ref for ref in refs(typed) if ref.path[0] != "awaited"), None)
    if stranger is not None:
        why = "is no part of the event that is counted"
        help_ = "behind `where` stand conditions on the event; others belong behind the count"
        context.report(say.bad_count(context.source, stranger.span, context.text(stranger.span), why, help_))
        return ()
    return (typed,)


def refs(typed: Typed) -> list[Ref]:
    """All fields that an expression reads."""
    if isinstance(typed, Ref):
        return [typed]
    return [ref for arg in typed.args for ref in refs(arg)] if isinstance(typed, Apply) else []


def broken(typed: Typed) -> bool:
    """Whether a part of an expression has a mistake, so that it cannot be planned."""
    return isinstance(typed, Bad) or (isinstance(typed, Apply) and any(map(broken, typed.args)))


def _refuse(context: Context, node: nodes.Happening, why: str, help_: str) -> Typed:
    text = context.text(node.span)
    return context.report(say.bad_count(context.source, node.span, text, why, help_))
