"""Events that a run waits for: the trigger phrase, the condition behind `where`, and the name behind `as`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rulelang.catalog.phrases import NoMatch
from rulelang.check.binding import Bound
from rulelang.check.context import Context
from rulelang.check.expressions import condition
from rulelang.check.names import MOMENTS
from rulelang.check.phrases import Phrases, no_trigger
from rulelang.check.scope import EventFields
from rulelang.check.triggers import Found, check_subject, checked_trigger, heard_fields
from rulelang.check.typed import CheckedAwaited, Typed
from rulelang.diagnostics import flow as say
from rulelang.diagnostics import messages
from rulelang.syntax import nodes
from rulelang.types.model import ANY, RECORD, Type

RESERVED = ("run", "awaited", "id")
"""Names that plans use for themselves."""


def check_awaited(
    context: Context,
    phrases: Phrases,
    awaited: Sequence[nodes.Awaited],
    *,
    no_name: str = "",
    no_from_now: str = "",
) -> tuple[CheckedAwaited, ...]:
    """The events that could be understood; the others are reported.

    `no_name` and `no_from_now` say why `as` and `from now` would change nothing here; "" where they do.
    """
    checked = []
    for each in awaited:
        if each.name is not None and no_name:
            context.report(say.useless_option(context.source, each.name.span, "as", no_name))
        if each.from_now and no_from_now:
            context.report(say.useless_option(context.source, each.span, "from now", no_from_now))
        found = _awaited(context, phrases, each, named=not no_name)
        if found is not None:
            checked.append(found)
    return tuple(checked)


def _awaited(context: Context, phrases: Phrases, node: nodes.Awaited, named: bool) -> CheckedAwaited | None:
    matched = phrases.triggers.match(node.phrase)
    if isinstance(matched, NoMatch):
        context.report(no_trigger(context.source, node.phrase, matched))
        _finish(context, node, EventFields("", {}, known=False), named)
        return None
    found = Found(nodes.TriggerClause(node.phrase.span, node.phrase), matched)
    check_subject(context, found, context.scope.subject)
    fields = heard_fields(context, found)
    trigger = checked_trigger(context, found, "awaited")
    where, bind = _finish(context, node, fields, named)
    return CheckedAwaited(
        node.span, trigger.event, trigger.filters, where, bind, node.from_now, trigger.moment
    )


def _finish(
    context: Context, node: nodes.Awaited, fields: EventFields, named: bool
) -> tuple[Typed | None, str]:
    """The condition behind `where` and the name behind `as`."""
    scope = replace(context.scope, awaited=fields)
    where = condition(context.with_scope(scope), node.where) if node.where is not None else None
    if node.name is None or not named:
        return where, ""
    members = fields.fields if fields.known else None
    return where, name(context, node.name, RECORD if fields.known else ANY, members)


def name(context: Context, word: nodes.Word, type_: Type, members: Mapping[str, Type] | None = None) -> str:
    """Give a value a name that later steps know; reports names that mean something else already."""
    meaning, taken = _taken(context, word.text), context.scope.names
    if meaning:
        other = f"the_{word.text}"
        context.report(say.name_taken(context.source, word.span, word.text, meaning, other))
    earlier = taken.all.get(word.text)
    if not taken.give(Bound(word.text, word.span, type_, members)) and earlier is not None:
        context.report(
            say.of_two_types(context.source, word.span, word.text, type_, earlier.type, earlier.span)
        )
    return word.text


def _taken(context: Context, word: str) -> str:
    """What a word means already; "" when it is free."""
    scope = context.scope
    if word in MOMENTS:
        return "a moment"
    if scope.is_root(word) or word in RESERVED:
        return "a word of the language"
    return f"a field of {messages.article(scope.subject)}" if word in scope.fields else ""
