"""What a name means: a value of a closed set, a field, a path through records, or the mistake it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rulelang.check.binding import Bound
from rulelang.check.context import Context, Expected
from rulelang.check.scope import PERSON_PARTS, RELATED
from rulelang.check.typed import Apply, Bad, Const, Ref, Typed
from rulelang.check.values import CLOSED, is_open, member, no_member
from rulelang.diagnostics import flow as say
from rulelang.diagnostics import messages
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Span
from rulelang.syntax.nodes import Name
from rulelang.types.builtin import concrete
from rulelang.types.model import ANY, DATE, DATETIME, RECORD, TEXT, Kind
from rulelang.types.schema import FieldDef

Parts = Iterator[tuple[str, Span]]

MOMENTS = {"now": DATETIME, "today": DATE}
"""Words that are moments rather than fields."""


def is_field(context: Context, node: object) -> bool:
    """Whether an expression is a name that means something by itself, without an expected type."""
    if not isinstance(node, Name):
        return False
    first = node.parts[0]
    return first in MOMENTS or context.scope.means(first)


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
    found = _known(context, word, node.span)
    if found is not None:
        return found
    if expected.silent:
        return Bad(node.span)
    if context.scope.vague:
        return Ref(ANY, node.span, ("awaited", word))
    if closed:
        return context.report(no_member(context, word, node.span, expected))
    return _unknown_word(context, node, expected)


def _known(context: Context, word: str, span: Span) -> Typed | None:
    """A word that names something by itself; None when nothing is called so."""
    scope = context.scope
    if scope.is_root(word):
        return _root(context, word, span)
    if scope.is_awaited(word):
        return _awaited(context, word, span)
    if word in scope.fields:
        return _field(context, scope.subject, word, span, span)
    if word in scope.names.known:
        return _bound(scope.names.known[word], span)
    if word in scope.names.places:
        return _not_yet(context, word, span)
    return Ref(RECORD, span, ("run",)) if scope.is_run(word) else None


def _bare_member(context: Context, word: str, expected: Expected) -> str | None:
    """An open set takes any word as its value, unless the word is a field or another name."""
    names = context.scope.names
    if is_open(context, expected.type) and (context.scope.means(word) or word in names.places):
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
        return _path_of_name(context, node, parts)
    next(parts)
    if first == "event":
        return _walk_event(context, node, parts)
    if first not in scope.roots:
        return _unrelated(context, first, start)
    return _walk_record(context, first, parts, start)


def _path_of_name(context: Context, node: Name, parts: Parts) -> Typed:
    """A path that begins with neither a record nor the event: with a field, or with a name of the run."""
    scope, first, start = context.scope, node.parts[0], node.part_spans[0]
    if scope.is_run(first):
        next(parts)
        return _walk_run(context, parts, start)
    if scope.is_awaited(first):
        next(parts)
        return _walk_value(context, _awaited(context, first, start), parts)
    if first in scope.fields:
        return _walk_record(context, scope.subject, parts, start)
    if first in scope.names.known or first in scope.names.places:
        return _walk_bound(context, parts, start)
    if scope.vague:
        return Ref(ANY, node.span, ("awaited", *node.parts))
    if root := did_you_mean(first, (*scope.roots, *scope.names.known)):
        return _misspelt_root(context, first, root, start)
    return _walk_record(context, scope.subject, parts, start)


def _misspelt_root(context: Context, word: str, root: str, span: Span) -> Typed:
    owner = messages.article(context.scope.subject)
    return context.report(messages.unknown_field(context.source, span, word, owner, (root,)))


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
        messages.unknown_field(context.source, span, word, owner, tuple(fields), declared=declared, kind=kind)
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
    if scope.is_awaited(word):
        return context.report(messages.field_of_awaited(source, whole, word))
    if any(word in event.fields for event in scope.events):
        return context.report(messages.field_not_in_all_events(source, span, word, lacking.trigger, names))
    return context.report(messages.unknown_event_field(source, span, word, names))


# --- awaited events and names of the run -----------------------------------------------------------


def _awaited(context: Context, word: str, span: Span) -> Typed:
    scope = context.scope
    assert scope.awaited is not None
    type_ = concrete(scope.awaited.fields[word], scope.schema, scope.subject)
    return Ref(type_, span, ("awaited", word), FieldDef(word, type_))


def _bound(bound: Bound, span: Span) -> Typed:
    return Ref(bound.type, span, ("run", bound.name), FieldDef(bound.name, bound.type))


def _not_yet(context: Context, word: str, span: Span) -> Typed:
    names = context.scope.names
    return context.report(say.not_yet(context.source, span, word, names.places[word], names.running))


def _walk_run(context: Context, parts: Parts, start: Span) -> Typed:
    """A path behind `run.`: its id, or a name that it has given."""
    names = context.scope.names
    word, span = next(parts)
    if word == "id":
        return _walk_value(context, Ref(TEXT, start.to(span), ("run", "id")), parts)
    if word in names.known or word in names.places:
        return _walk_bound(context, _again((word, span), parts), start)
    options = ("id", *names.known)
    return context.report(messages.unknown_part(context.source, span, word, "run", "what it knows", options))


def _walk_bound(context: Context, parts: Parts, start: Span) -> Typed:
    """A path that begins with a name of the run, and goes on into an event's data or a result."""
    word, span = next(parts)
    bound = context.scope.names.known.get(word)
    if bound is None:
        return _not_yet(context, word, span)
    whole = _bound(bound, start.to(span))
    following = next(parts, None)
    if following is None or bound.members is None:
        return _walk_value(context, whole, parts if following is None else _again(following, parts))
    member, place = following
    if member not in bound.members:
        options = tuple(bound.members)
        return context.report(
            messages.unknown_part(context.source, place, member, word, "what it has", options)
        )
    type_ = concrete(bound.members[member], context.schema, context.scope.subject)
    value = Ref(type_, start.to(place), ("run", word, member), FieldDef(member, type_))
    return _walk_value(context, value, parts)


# --- a word without a meaning ----------------------------------------------------------------------


def _unknown_word(context: Context, node: Name, expected: Expected) -> Typed:
    word, scope = node.parts[0], context.scope
    hint = _hint(context, word)
    textual = expected.type.kind is Kind.TEXT or (expected.type == ANY and bool(expected.text))
    if scope.awaited is not None and did_you_mean(word, scope.awaited.fields):
        fields = tuple(scope.awaited.fields)
        return context.report(messages.unknown_event_field(context.source, node.span, word, fields))
    near = did_you_mean(word, (*scope.fields, *scope.names.known))
    if textual and not near and not hint:
        return context.report(
            messages.bare_word(context.source, node.span, word, f'did you mean the text `"{word}"`?')
        )
    declared = scope.fields[near].declared if near and near in scope.fields else None
    owner, options = messages.article(scope.subject), (*scope.fields, *scope.names.known)
    return context.report(
        messages.unknown_field(context.source, node.span, word, owner, options, hint, declared, scope.subject)
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
