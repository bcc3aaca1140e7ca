"""What names mean in a template: records, their fields, and what `assign` and `for` add."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from rulelang.check.binding import Bound
from rulelang.check.scope import RELATED
from rulelang.template.model import OWNER, ROOTS, WORKSPACE
from rulelang.types.model import ANY, BOOL, NUMBER, RECORD, TEXT, Kind, Type
from rulelang.types.schema import SUBJECT_KINDS, Schema

FORLOOP: Mapping[str, Type] = {
    "index": NUMBER,
    "index0": NUMBER,
    "rindex": NUMBER,
    "rindex0": NUMBER,
    "first": BOOL,
    "last": BOOL,
    "length": NUMBER,
}
"""What `forloop` has inside `for`."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a name stands for. `fields` are those of a record; a record without them may have any."""

    type: Type
    fields: Mapping[str, Known] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether nothing is known about what it has."""
        return self.type.kind is Kind.ANY or (self.type.kind is Kind.RECORD and not self.fields)


def _record(types: Mapping[str, Type]) -> Known:
    return Known(RECORD, {name: Known(type_) for name, type_ in types.items()})


def _bound(bound: Bound) -> Known:
    return _record(bound.members) if bound.is_record and bound.members else Known(bound.type)


class Names:
    """The names of one template. `subject` "" stands for any kind; `event` None for an event that is not known.

    `given` are the names of the run where the text is used; `used` those of them that it shows.
    """

    def __init__(
        self,
        schema: Schema,
        subject: str,
        event: Mapping[str, Type] | None,
        given: Mapping[str, Bound] | None = None,
    ) -> None:
        self._schema = schema
        self.subject = subject
        self._scopes: list[dict[str, Known]] = [{}]
        self._given = {name: _bound(bound) for name, bound in (given or {}).items()}
        self.used: set[str] = set()
        self._records = {
            "event": Known(ANY) if event is None else _record(event),
            "owner": _record(OWNER),
            "workspace": _record(WORKSPACE),
            **{kind: self._subject_record(kind) for kind in SUBJECT_KINDS},
        }

    def _subject_record(self, kind: str) -> Known:
        fields = {name: Known(definition.type) for name, definition in self._schema.fields[kind].items()}
        if "stages" in fields:
            fields["stages"] = _record({p.key: TEXT for p in self._schema.pipelines_of(kind)})
        return Known(RECORD, fields)

    def root(self, name: str) -> Known | None:
        """What the first word of a path stands for."""
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        if name in self._given and name not in self._records:
            self.used.add(name)
            return self._given[name]
        return self._records.get(name)

    def known(self) -> tuple[str, ...]:
        """All first words, the author's own first."""
        return (*(name for scope in reversed(self._scopes) for name in scope), *self._given, *ROOTS)

    def unrelated(self, name: str) -> bool:
        """Whether it is a record that the subject does not point at."""
        if not self.subject or name not in SUBJECT_KINDS or name in self._scopes[0]:
            return False
        return name not in (self.subject, *RELATED[self.subject])

    def owner_of(self, name: str) -> str:
        """The record that has a field of this name, the subject first; "" when none has."""
        kinds = (self.subject, *SUBJECT_KINDS) if self.subject else SUBJECT_KINDS
        return next((kind for kind in kinds if name in self._schema.fields[kind]), "")

    def assign(self, name: str, known: Known) -> None:
        """A name that exists from here on."""
        self._scopes[0][name] = known

    @contextmanager
    def loop(self, name: str, item: Known) -> Iterator[None]:
        """The names inside a `for`."""
        self._scopes.append({name: item, "forloop": _record(FORLOOP)})
        try:
            yield
        finally:
            self._scopes.pop()


def member(owner: Known, segment: str | int) -> Known | None:
    """What a part of a value is; None when it has none of this name."""
    if owner.is_open:
        return Known(ANY)
    kind = owner.type.kind
    if kind is Kind.RECORD:
        return owner.fields.get(str(segment))
    if kind is Kind.LIST:
        item = Known(owner.type.item or ANY)
        return item if isinstance(segment, int) or segment in ("first", "last") else _sized(segment)
    if kind is Kind.PERSON and segment in OWNER:
        return Known(TEXT)
    return _sized(segment) if kind is Kind.TEXT else None


def _sized(segment: str | int) -> Known | None:
    return Known(NUMBER) if segment == "size" else None
