"""What stands behind `with`: an action's named parameters, fields of a record, or members of an object."""

from __future__ import annotations

from collections.abc import Sequence

from rulelang.catalog.model import Action, Names
from rulelang.check.context import Context
from rulelang.check.convert import refuse_record
from rulelang.check.expressions import typed
from rulelang.check.roles import argument, field_value, how_to_set
from rulelang.check.typed import Given, Typed
from rulelang.diagnostics import messages
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Span
from rulelang.syntax import nodes
from rulelang.types.model import Kind


def check_named(
    context: Context, action: Action, what: Span, arguments: Sequence[nodes.Argument]
) -> tuple[Given, ...]:
    """The values behind `with`, each of the type that its name asks for. `what` is the action's phrase."""
    found: dict[str, Given] = {}
    for item in arguments:
        word, span = item.name or "", item.name_span or item.span
        value = _value(context, action, what, word, span, item.value)
        if word in found:
            context.report(messages.duplicate_argument(context.source, item.span, word, found[word].span))
        else:
            found[word] = Given(word, span, value)
    if action.needs_names and not found:
        text = context.text(what)
        doc = "say what it is to be" if action.names is not Names.ANYTHING else "say what it holds"
        context.report(
            messages.missing_argument(context.source, what, text, "with", doc, f"{text} with … = …")
        )
    return tuple(found.values())


def record_kind(context: Context, action: Action) -> str:
    """The kind of record whose fields may be named; "" when the names are no fields."""
    if action.names is Names.SUBJECT:
        return context.scope.subject
    return "" if action.names in (Names.NOTHING, Names.ANYTHING) else str(action.names)


def _value(context: Context, action: Action, what: Span, word: str, span: Span, node: nodes.Expr) -> Typed:
    param = next((p for p in action.named if p.name == word), None)
    if param is not None:
        return argument(context, param, node, {}, setting=True)
    kind = record_kind(context, action)
    if kind:
        return _of_field(context, kind, word, span, node)
    if action.names is Names.ANYTHING:
        value = typed(context, node)
        return refuse_record(context, value) if value.type.kind is Kind.RECORD else value
    options = tuple(p.name for p in action.named)
    return context.report(messages.unknown_argument(context.source, span, context.text(what), word, options))


def _of_field(context: Context, kind: str, word: str, span: Span, node: nodes.Expr) -> Typed:
    fields = context.schema.fields[kind]
    found = fields.get(word)
    if found is None:
        near = did_you_mean(word, fields)
        declared = fields[near].declared if near else None
        owner = messages.article(kind)
        return context.report(
            messages.unknown_field(
                context.source, span, word, owner, tuple(fields), declared=declared, kind=kind
            )
        )
    if found.read_only:
        return context.report(messages.read_only(context.source, span, word, how_to_set(found)))
    return field_value(context, found, node)
