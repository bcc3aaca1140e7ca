"""The values and names that can stand in a place, from the workspace: fields, stages, people, templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rulelang.catalog.model import Function, Param
from rulelang.check.context import Context
from rulelang.check.people import has_contact
from rulelang.check.scope import PERSON_PARTS, RELATED
from rulelang.check.values import options
from rulelang.editor.model import CompletionKind
from rulelang.types.builtin import concrete
from rulelang.types.model import BOOL, RECORD, Kind, Type
from rulelang.types.schema import FieldDef

_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ROLE_TYPES = {"stage": Kind.STAGE, "tag": Kind.TAG, "person": Kind.PERSON, "team": Kind.TEAM}


@dataclass(frozen=True, slots=True)
class Option:
    """Something that can stand in a place; `text` in `quotes` when it is no plain word."""

    text: str
    kind: CompletionKind
    detail: str = ""
    doc: str = ""
    quotes: bool = False
    fits: bool = True


def values_of(type_: Type, context: Context) -> Iterator[Option]:
    """The members of a closed type, `true` and `false`, or those of a list's items."""
    if type_.kind is Kind.LIST and type_.item is not None:
        yield from values_of(type_.item, context)
    elif type_ == BOOL:
        yield from (Option(word, CompletionKind.VALUE, str(type_)) for word in ("true", "false"))
    else:
        filled = concrete(type_, context.schema, context.scope.subject)
        for value in options(context, filled):
            yield value_option(value, str(filled), _about(context, filled, value))


def value_option(value: str, detail: str, doc: str = "") -> Option:
    """A value, in quotes when it is no plain word."""
    return Option(value, CompletionKind.VALUE, detail, doc, _PLAIN.fullmatch(value) is None)


def _about(context: Context, type_: Type, value: str) -> str:
    schema = context.schema
    if type_.kind is Kind.PERSON and value in schema.people:
        return schema.people[value].name
    if type_.kind is Kind.TEAM and value in schema.teams:
        return ", ".join(schema.teams[value].members)
    return ""


def names_for(
    param: Param, context: Context, rules: Iterable[str], of: Type | None, setting: bool = False
) -> Iterator[Option]:
    """What a parameter takes by its role or its choices; by its type when it has neither.

    `of` is the type of the field that a value is for; `setting` leaves out fields that rules cannot set.
    """
    schema, quoted = context.schema, CompletionKind.REFERENCE
    if param.choices:
        yield from (Option(word, CompletionKind.VALUE, param.name) for word in param.choices)
        return
    match param.role:
        case "field":
            fields = context.scope.fields.items()
            yield from fields_of({n: f for n, f in fields if not (setting and f.read_only)})
        case "value" | "field_value" if of is not None:
            yield from values_of(of, context)
        case "rule":
            yield from (Option(name, quoted, "rule", quotes=True) for name in rules)
        case "template":
            yield from (Option(name, quoted, "template", quotes=True) for name in schema.templates)
        case "calendar":
            yield from (Option(name, quoted, "calendar", quotes=True) for name in schema.calendars)
        case "event":
            yield from (
                Option(e.name, quoted, f"event for {e.subject}", quotes=True) for e in schema.events.values()
            )
        case "pipeline":
            pipelines = schema.pipelines_of(context.scope.subject)
            yield from (Option(p.name, quoted, ", ".join(p.stages), quotes=True) for p in pipelines)
        case "segment":
            kind = param.subject or context.scope.subject
            segments = (s for s in schema.segments.values() if s.subject == kind)
            yield from (Option(s.name, quoted, f"segment for {s.subject}", quotes=True) for s in segments)
        case "person_or_team" | "recipient":
            yield from _people(context, param.role == "recipient")
        case role if role in _ROLE_TYPES:
            yield from _quoted(values_of(Type(_ROLE_TYPES[role]), context))
        case _:
            yield from values_of(param.type, context)


def _quoted(found: Iterable[Option]) -> Iterator[Option]:
    return (Option(o.text, o.kind, o.detail, o.doc, True) for o in found)


def _people(context: Context, recipients: bool) -> Iterator[Option]:
    if recipients:
        yield Option("owner", CompletionKind.FIELD, "the owner")
        if has_contact(context.scope.subject):
            yield Option("contact", CompletionKind.FIELD, "the contact")
    yield from _quoted(values_of(Type(Kind.TEAM), context))
    yield from _quoted(values_of(Type(Kind.PERSON), context))


# --- fields and paths ------------------------------------------------------------------------------


def fields_of(fields: Mapping[str, FieldDef]) -> Iterator[Option]:
    """Fields with their types."""
    for field in fields.values():
        yield Option(field.name, CompletionKind.FIELD, str(field.type), field.doc)


def _typed(members: Mapping[str, Type]) -> Iterator[Option]:
    for name, type_ in members.items():
        yield Option(name, CompletionKind.FIELD, str(type_))


def names_in_scope(context: Context) -> Iterator[Option]:
    """What an expression may begin with: fields, names of the run, the awaited event's members, records."""
    scope = context.scope
    if scope.awaited is not None:
        yield from _typed(scope.awaited.fields)
    for bound in scope.names.known.values():
        yield Option(bound.name, CompletionKind.FIELD, str(bound.type), "A name that this rule gives.")
    yield from fields_of(scope.fields)
    yield from (Option(root, CompletionKind.FIELD, "record") for root in scope.roots)
    yield Option("now", CompletionKind.FIELD, "datetime", "The instant.")
    yield Option("today", CompletionKind.FIELD, "date", "The date in the subject's zone.")


def members(context: Context, parts: tuple[str, ...]) -> Iterator[Option]:
    """What may follow a path, after its last dot."""
    scope, first = context.scope, parts[0]
    if first == "event" and len(parts) == 1:
        yield from _typed({n: scope.event_type(n) or RECORD for n in scope.event_names()})
    elif first in scope.names.known and len(parts) == 1:
        yield from _typed(scope.names.known[first].members or {})
    elif first == "run" and len(parts) == 1:
        yield Option("id", CompletionKind.FIELD, "text", "The id of the run.")
        yield from _typed({name: bound.type for name, bound in scope.names.known.items()})
    elif first in scope.roots and first != "event":
        yield from _of_record(context, first, parts[1:])
    elif first in scope.fields:
        yield from _of_record(context, scope.subject, parts)


def _of_record(context: Context, kind: str, parts: tuple[str, ...]) -> Iterator[Option]:
    fields = context.schema.fields[kind]
    if not parts:
        yield from fields_of(fields)
        yield from (Option(r, CompletionKind.FIELD, "record") for r in RELATED[kind] if r not in fields)
    elif parts[0] in RELATED[kind] and parts[0] not in fields:
        yield from _of_record(context, parts[0], parts[1:])
    elif parts == ("stages",):
        yield from fields_of(context.scope.stage_fields(kind))
    elif len(parts) == 1 and parts[0] in fields and fields[parts[0]].type.kind is Kind.PERSON:
        yield from _typed({name: type_ for name, (_, type_) in PERSON_PARTS.items()})


def signature(function: Function) -> str:
    """A function as people read it: `days_between(a: date, b: date) -> number`."""
    params = ", ".join(f"{p.name}: {p.type}{'' if p.required else '?'}" for p in function.params)
    return f"{function.name}({params}{', …' if function.variadic else ''}) → {function.result}"
