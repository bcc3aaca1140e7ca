"""Finding the subject of an event that names it by an e-mail address or an external id."""

from __future__ import annotations

from itertools import count, islice
from typing import TypeAlias

from msgspec.structs import replace

from runtime.engine.unit import Unit
from runtime.events import derived_id
from runtime.model import Event, SubjectKey
from runtime.store.identity import IDENTIFYING

Name: TypeAlias = tuple[str, str, str]
"""Kind, field and value."""


class Identities:
    """Answers within one transaction: also subjects that it has created but not written yet are found."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._found: dict[Name, str] = {}
        self._changed: dict[Name, SubjectKey] = {}
        self._scanned = 0

    def resolve(self, event: Event) -> Event:
        """The event with the id of its subject; a new subject gets one, and the identity as a field.

        An id made from a value whose first owner has given the value up stays with that owner: the next one is taken.
        """
        if event.identity is None or event.subject.id:
            return event
        field, value = event.identity
        name = (event.subject.kind, field, value)
        key = self._holder(name) or self._new(name)
        self._found[name] = key.id
        if self._unit.states[key].exists:
            return replace(event, subject=key)
        changes = {field: {"before": None, "after": value}, **event.changes}
        return replace(event, subject=key, changes=changes)

    def _holder(self, name: Name) -> SubjectKey | None:
        kind, field, value = name
        for id in (self._found.get(name), self._unit.tx.find_subject(kind, field, value)):
            if id is not None:
                key = SubjectKey(kind, id)
                self._unit.load((key,))
                if self._unit.states[key].fields.get(field) == value:
                    return key
        return self._unwritten(name)

    def _unwritten(self, name: Name) -> SubjectKey | None:
        """A subject that this transaction has changed and that has the value now."""
        kind, field, value = name
        states = self._unit.states
        for key in islice(self._unit.dirty, self._scanned, None):
            for identifying in IDENTIFYING:
                given = states[key].fields.get(identifying)
                if given:
                    self._changed.setdefault((key.kind, identifying, str(given)), key)
        self._scanned = len(self._unit.dirty)
        key_found = self._changed.get(name)
        if key_found is None or states[key_found].fields.get(field) != value:
            return None
        return key_found

    def _new(self, name: Name) -> SubjectKey:
        kind, field, value = name
        for number in count():
            key = SubjectKey(kind, derived_id(kind, field, f"{value}\0{number}" if number else value))
            self._unit.load((key,))
            state = self._unit.states[key]
            if not state.exists or state.fields.get(field) == value:
                return key
        raise AssertionError("counting ends nowhere")
