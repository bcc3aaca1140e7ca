"""What names mean in one rule: its subject, the records related to it and the event that starts it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from rulelang.check.binding import Names
from rulelang.types.builtin import concrete, stage_type
from rulelang.types.model import ANY, TEAM, TEXT, Kind, Type
from rulelang.types.schema import SUBJECT_KINDS, FieldDef, Schema

RELATED: Mapping[str, tuple[str, ...]] = {
    "contact": ("account",),
    "account": (),
    "opportunity": ("contact", "account"),
}
"""The records a subject points at, one each. The other way round there may be many."""

PERSON_PARTS: Mapping[str, tuple[str, Type]] = {
    "email": ("", TEXT),
    "name": ("person.name", TEXT),
    "team": ("person.team", TEAM),
}
"""What a person has: the operator of the plan (none for the address, which is the value) and its type."""


@dataclass(frozen=True, slots=True)
class EventFields:
    """The payload of one trigger: the words it was written with, and its fields.

    `known` is False when the trigger could not be understood, so that it may have any.
    """

    trigger: str
    fields: Mapping[str, Type]
    known: bool = True


@dataclass(frozen=True)
class Scope:
    """The names of one rule. `events` has an entry for each trigger that could be understood.

    `events_known` is False when a trigger could not, so that nothing is said about fields of the event.
    `awaited` is the event that a condition behind `where` is about; `names` are those the run has given.
    `event_subject` is the kind of record that the event is about where that is another one.
    """

    schema: Schema
    subject: str
    events: tuple[EventFields, ...] = ()
    events_known: bool = True
    awaited: EventFields | None = None
    names: Names = field(default_factory=Names, compare=False)
    event_subject: str = ""
    _stages: dict[str, Mapping[str, FieldDef]] = field(default_factory=dict, compare=False)

    def of(self, kind: str) -> Scope:
        """The names of steps that are made for a related record of a kind."""
        origin = self.event_subject or self.subject
        return replace(self, subject=kind, awaited=None, event_subject=origin, _stages={})

    @property
    def fields(self) -> Mapping[str, FieldDef]:
        """The fields of the subject itself."""
        return self.schema.fields[self.subject]

    @property
    def roots(self) -> tuple[str, ...]:
        """The first words that paths may begin with."""
        return (self.subject, *RELATED[self.subject], "event")

    def is_root(self, word: str) -> bool:
        """Whether a path that begins with this word names a record or the event, not a field."""
        return word == "event" or word in SUBJECT_KINDS

    def is_run(self, word: str) -> bool:
        """Whether a word stands for the run and the names it has given."""
        return word == "run" and self.names.running and word not in self.fields

    def is_awaited(self, word: str) -> bool:
        """Whether a word is a field of the event that a condition behind `where` is about."""
        return self.awaited is not None and word in self.awaited.fields

    def means(self, word: str) -> bool:
        """Whether a word names something by itself, whatever is expected."""
        return self.is_root(word) or word in self.fields or self.is_awaited(word) or word in self.names.known

    @property
    def vague(self) -> bool:
        """Whether a name may be a field of an awaited event of which nothing is known."""
        return self.awaited is not None and not self.awaited.known

    def stage_fields(self, kind: str) -> Mapping[str, FieldDef]:
        """The members of `stages` of one kind, by pipeline key."""
        if kind not in self._stages:
            self._stages[kind] = {
                p.key: FieldDef(p.key, stage_type(p), f"The stage in {p.name}.", True, declared=p.declared)
                for p in self.schema.pipelines_of(kind)
            }
        return self._stages[kind]

    def lacking(self, name: str) -> EventFields | None:
        """The first trigger whose event has no field `name`."""
        return next((e for e in self.events if name not in e.fields), None)

    def event_names(self) -> tuple[str, ...]:
        """The fields that the events of all triggers have."""
        if not self.events:
            return ()
        first, *others = self.events
        return tuple(n for n in first.fields if all(n in e.fields for e in others))

    @property
    def payload(self) -> Mapping[str, Type] | None:
        """What is known of the event, for message templates; None when its trigger could not be understood."""
        if not self.events_known or not self.events:
            return None
        return {name: self.event_type(name) or ANY for name in self.event_names()}

    def event_type(self, name: str) -> Type | None:
        """The type of a field that all events have; None when they disagree about it."""
        types = (
            concrete(e.fields[name], self.schema, self.event_subject or self.subject) for e in self.events
        )
        return _common(types)


def _common(types: Iterable[Type]) -> Type | None:
    result: Type | None = None
    for type_ in types:
        if result is None or result == type_:
            result = type_
        elif ANY in (result, type_):
            result = ANY
        elif result.kind is type_.kind and result.kind in (Kind.ENUM, Kind.STAGE):
            values = tuple(dict.fromkeys(result.values + type_.values))
            result = Type(result.kind, result.name, values)
        elif {result.kind, type_.kind} <= {Kind.TEXT, Kind.ENUM}:
            result = TEXT
        else:
            return None
    return result
