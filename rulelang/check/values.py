"""Words and texts that stand for members of a closed set: enum values, stages, people, teams, tags."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rulelang.check.context import Context, Expected
from rulelang.check.typed import Const, Typed
from rulelang.diagnostics import messages
from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Span
from rulelang.types.model import Kind, Type

CLOSED = frozenset({Kind.ENUM, Kind.STAGE, Kind.PERSON, Kind.TEAM, Kind.TAG})
"""The kinds whose values are names: a bare word or a text is looked up among them."""

TEXTUAL = frozenset({Kind.TEXT, *CLOSED})
"""The kinds that are stored as text."""

_ADDRESS = re.compile(r"[^\s@\"<>,;:]+@[^\s@\"<>,;:]+\.[^\s@\"<>,;:.]+")


def is_address(text: str) -> bool:
    """Whether a text has the form of one e-mail address."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None


def options(context: Context, type_: Type) -> Sequence[str]:
    """The values that a type of a closed kind has; empty when any will do or none is declared."""
    match type_.kind:
        case Kind.PERSON:
            return tuple(context.schema.people)
        case Kind.TEAM:
            return tuple(context.schema.teams)
        case Kind.TAG:
            return context.schema.tags or ()
        case _:
            return type_.values


def is_open(context: Context, type_: Type) -> bool:
    """Whether values of the type are not known in advance."""
    match type_.kind:
        case Kind.PERSON:
            return not context.schema.people
        case Kind.TEAM:
            return False
        case Kind.TAG:
            return context.schema.tags is None
        case _:
            return not type_.values


def member(context: Context, type_: Type, word: str) -> str | None:
    """The value of a closed kind that a word or text stands for, in the form it is stored; None if none."""
    if type_.kind is Kind.PERSON:
        return _person(context, word)
    if is_open(context, type_) or word in options(context, type_):
        return word
    return None


def _person(context: Context, text: str) -> str | None:
    address = text.lower()
    known = context.schema.people
    return address if (address in known if known else is_address(text)) else None


def text_value(context: Context, text: str, span: Span, expected: Expected) -> Typed:
    """A text in quotes where a value of a closed kind is expected."""
    value = member(context, expected.type, text)
    if value is None:
        return context.report(no_member(context, text, span, expected))
    return Const(expected.type, span, value)


def no_member(context: Context, word: str, span: Span, expected: Expected) -> Diagnostic:
    """The mistake of a word that is not among the values of the type."""
    source, known = context.source, options(context, expected.type)
    match expected.type.kind:
        case Kind.PERSON if known and is_address(word):
            return messages.unknown_person(source, span, word, known)
        case Kind.PERSON:
            return messages.not_a_person(source, span, word)
        case Kind.TEAM:
            return messages.unknown_team(source, span, word, known)
        case Kind.TAG:
            return messages.unknown_tag(source, span, word, known)
        case _:
            what = expected.text or expected.type.name
            return messages.unknown_value(source, span, word, what, known, expected.declared)


_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def is_e164(text: str) -> bool:
    """Whether a text is a telephone number with its country code, such as `+49301234567`."""
    return _E164.fullmatch(text) is not None
