"""What a name means: a value of a closed set, a field, a path through records, or the mistake it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rulelang.check.context import Context, Expected
from rulelang.check.scope import PERSON_PARTS, RELATED
from rulelang.check.typed import Apply, Bad, Const, Ref, Typed
from rulelang.check.values import CLOSED, is_open, member, no_member
from rulelang.diagnostics import messages
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Span
from rulelang.syntax.nodes import Name
from rulelang.types.model import ANY, DATE, DATETIME, RECORD, Kind
from rulelang.types.schema import FieldDef

MOMENTS = {"now": DATETIME, "today": DATE}
"""Words that are moments rather than fields."""


def is_field(context: Context, node: object) -> bool:
    """Whether an expression is a name that means something by itself, without an expected type."""
    if not isinstance(node, Name):
        return False
    first = node.parts[0]
    return first in MOMENTS or context.scope.is_root(first) or first in context.scope.fields


def resolve(context: Context, node: Name, expected: Expected) -> Typed:
    """The meaning of a name where `expected` may stand.

    Bare words: a value of the expected closed set, else a field, else a mistake.
    """
    if len(node.parts) > 1:
        return _path(context, node)
    word, closed = node.parts[0], expected.type.kind in CLOSED
    if closed and (value := _bare_member(context, word, expected)) is not None:
        return Const(expected.type, node.span, value)
    if word in MOMENTS:
        return Apply(MOMENTS[word], node.span, word, ())
    if context.scope.is_root(word):
        return _root(context, word, node.span)
    if word in context.scope.fields:
        return _field(context, context.scope.subject, word, node.span, node.span)
    if expected.silent:
        return Bad(node.span)
    if closed:
        return context.report(no_member(context, word, node.span, expected))
    return _unknown_word(context, node, expected)


def _bare_member(context: Context, word: str, expected: Expected) -> str | None:
    """An open set takes any word as its value, unless the word is a field."""
    if is_open(context, expected.type) and word in context.scope.fields:
        return None
    return member(context, expected.type, word)


def _root(context: Context, word: str, span: Span) -> Typed:
    if word not in context.scope.roots:
        return _unrelated(context, word, span)
    return Ref(RECORD, span, (word,))


def _unrelated(context: Context, word: str, span: Span) -> Typed:
    scope = context.scope
    return context.report(messages.unrelated_record(context.source, span, word, scope.subject, scope.roots))


# --- paths -----------------------------------------------------------------------------------------


def _path(context: Context, node: Name) -> Typed:
    first, scope = node.parts[0], context.scope
    parts = zip(node.parts, node.part_spans, strict=True)
    start = node.part_spans[0]
    if first in MOMENTS:
        next(parts)
        return _walk_value(context, Apply(MOMENTS[first], start, first, ()), parts)
    if not scope.is_root(first):
        if first not in scope.fields and (root := did_you_mean(first, scope.roots)):
            return _misspelt_root(context, first, root, start)
        return _walk_record(context, scope.subject, parts, start)
    next(parts)
    if first == "event":
        return _walk_event(context, node, parts)
    if first not in scope.roots:
        return _unrelated(context, first, start)
    return _walk_record(context, first, parts, start)


def _misspelt_root(context: Context, word: str, root: str, span: Span) -> Typed:
    owner = messages.article(context.scope.subject)
    return context.report(messages.unknown_field(context.source, span, word, owner, (root,)))


Parts = Iterator[tuple[str, Span]]


def _walk_record(context: Context, kind: str, parts: Parts, start: Span) -> Typed:
    """Follow a path from a record of `kind`; `start` is where the path begins."""
    word, span = next(parts)
    if word in RELATED[kind] and word not in context.schema.fields[kind]:
        following = next(parts, None)
        if following is None:
            return Ref(RECORD, start.to(span), (word,))
        return _walk_record(context, word, _again(following, parts), start)
    return _walk_value(context, _field(context, kind, word, span, start), parts)


def _again(first: tuple[str, Span], rest: Parts) -> Parts:
    yield first
    yield from rest


def _field(context: Context, kind: str, word: str, span: Span, start: Span) -> Typed:
    fields = context.schema.fields[kind]
    found = fields.get(word)
    if found is not None:
        return Ref(found.type, start.to(span), (kind, word), found)
    near = did_you_mean(word, fields)
    declared = fields[near].declared if near else None
    owner = messages.article(kind)
    return context.report(
        messages.unknown_field(context.source, span, word, owner, tuple(fields), declared=declared)
    )


def _walk_value(context: Context, value: Typed, parts: Parts) -> Typed:
    """Follow the rest of a path into a person, into `stages`, or into an open record."""
    for word, span in parts:
        if isinstance(value, Bad):
            return value
        value = _part(context, value, word, span)
    return value


def _part(context: Context, value: Typed, word: str, span: Span) -> Typed:
    whole = value.span.to(span)
    match value:
        case Ref(type_, _, (kind, "stages")) if type_ == RECORD and kind != "event":
            return _member_of(context, context.scope.stage_fields(kind), value, word, span, "a pipeline")
        case Ref(type_, _, path) if type_.kind in (Kind.RECORD, Kind.ANY):
            return Ref(ANY, whole, (*path, word))
        case _ if value.type.kind is Kind.PERSON:
            return _person_part(context, value, word, span)
        case _:
            text = context.text(value.span)
            return context.report(messages.no_parts(context.source, span, text, value.type, word))


def _member_of(
    context: Context, fields: Mapping[str, FieldDef], value: Ref, word: str, span: Span, what: str
) -> Typed:
    found = fields.get(word)
    if found is not None:
        return Ref(found.type, value.span.to(span), (*value.path, word), found)
    text = context.text(value.span)
    return context.report(messages.unknown_part(context.source, span, word, text, what, tuple(fields)))


def _person_part(context: Context, value: Typed, word: str, span: Span) -> Typed:
    whole = value.span.to(span)
    if word not in PERSON_PARTS:
        text, names = context.text(value.span), tuple(PERSON_PARTS)
        return context.report(messages.unknown_part(context.source, span, word, text, "it", names))
    op, type_ = PERSON_PARTS[word]
    if op:
        return Apply(type_, whole, op, (value,))
    return Ref(type_, whole, value.path) if isinstance(value, Ref) else value


# --- the event -------------------------------------------------------------------------------------


def _walk_event(context: Context, node: Name, parts: Parts) -> Typed:
    word, span = next(parts)
    value = _event_field(context, word, node.part_spans[0].to(span), span)
    return _walk_value(context, value, parts)


def _event_field(context: Context, word: str, whole: Span, span: Span) -> Typed:
    scope, source = context.scope, context.source
    lacking = scope.lacking(word)
    if lacking is None and scope.events:
        type_ = scope.event_type(word)
        if type_ is None:
            return context.report(messages.event_fields_differ(source, span, word))
        return Ref(type_, whole, ("event", word), FieldDef(word, type_))
    if not scope.events_known or lacking is None:
        return Ref(ANY, whole, ("event", word))
    names = scope.event_names()
    if any(word in event.fields for event in scope.events):
        return context.report(messages.field_not_in_all_events(source, span, word, lacking.trigger, names))
    return context.report(messages.unknown_event_field(source, span, word, names))


# --- a word without a meaning ----------------------------------------------------------------------


def _unknown_word(context: Context, node: Name, expected: Expected) -> Typed:
    word, scope = node.parts[0], context.scope
    hint = _hint(context, word)
    textual = expected.type.kind is Kind.TEXT or (expected.type == ANY and bool(expected.text))
    near = did_you_mean(word, scope.fields)
    if textual and not near and not hint:
        return context.report(
            messages.bare_word(context.source, node.span, word, f'did you mean the text `"{word}"`?')
        )
    declared = scope.fields[near].declared if near else None
    owner, options = messages.article(scope.subject), tuple(scope.fields)
    return context.report(
        messages.unknown_field(context.source, node.span, word, owner, options, hint, declared)
    )


def _hint(context: Context, word: str) -> str:
    scope = context.scope
    if word in scope.event_names():
        return f"did you mean `event.{word}`?"
    for record in RELATED[scope.subject]:
        if word in context.schema.fields[record]:
            return f"did you mean `{record}.{word}`?"
    for name, found in scope.fields.items():
        if found.type.kind in (Kind.ENUM, Kind.STAGE) and word in found.type.values:
            return f"it is a value of `{name}`: write `{name} = {word}`"
    return ""
