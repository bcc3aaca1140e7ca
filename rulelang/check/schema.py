"""Reads the declarations of a workspace into its schema; what is declared nowhere comes from the defaults."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from rulelang.calendar import zone_names
from rulelang.check.calendars import read_calendar
from rulelang.check.policy import read_policy
from rulelang.check.schema_followed import Followed, unconditional
from rulelang.check.schema_parts import Named, Parts, Reader
from rulelang.check.staff import Staff, read_details
from rulelang.diagnostics import schema as messages
from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source
from rulelang.syntax import nodes as ast
from rulelang.types.builtin import OPPORTUNITY_STATUS, builtin_fields
from rulelang.types.calendars import BusinessCalendar
from rulelang.types.coerce import CoercionError, email
from rulelang.types.defaults import (
    DEFAULT_CALENDARS,
    DEFAULT_CURRENCY,
    DEFAULT_PIPELINES,
    DEFAULT_STATUSES,
    DEFAULT_TEAMS,
    DEFAULT_TIME_ZONE,
)
from rulelang.types.model import Kind, Type
from rulelang.types.policy import Policy
from rulelang.types.schema import (
    SUBJECT_KINDS,
    Declared,
    EventDef,
    FieldDef,
    Person,
    Pipeline,
    Schema,
    Team,
)

SETTINGS = ("name", "time_zone", "currency")
"""What a workspace declares about itself."""

_NO_FIELD = {
    **dict.fromkeys((*SUBJECT_KINDS, "event"), "paths begin with it"),
    **dict.fromkeys(("now", "today"), "it is a time in conditions"),
}
_FIRST = {"workspace": 0, "calendar": 1}
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_EVENT_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\Z")


def read_schema(
    modules: Sequence[tuple[Source, ast.Module]], built_in_events: Collection[str] = ()
) -> tuple[Schema, tuple[Diagnostic, ...]]:
    """The schema that all declarations of a workspace make, and what is wrong with them.

    A declaration that is wrong counts as far as it could be understood. Pipelines and statuses replace the
    default ones of their kind of record, teams the default teams. `built_in_events` are the types of the
    catalogue, which cannot be declared again.
    """
    reading = _Reading(frozenset(built_in_events))
    declarations = [
        (n, source, item)
        for n, (source, module) in enumerate(modules)
        for item in module.items
        if isinstance(item, ast.Declaration)
    ]
    # The workspace comes first: money without a code is in its currency. A policy names calendars.
    for n, source, item in sorted(
        declarations, key=lambda each: _FIRST.get(each[2].keyword.text, len(_FIRST))
    ):
        reading.read(n, source, item)
    return reading.schema(), reading.diagnostics()


def pipeline_key(name: str) -> str:
    """How paths name a pipeline: lower case, `_` for what is not an ASCII letter or digit."""
    return re.sub(r"[^a-z0-9]", "_", name.lower())


class _Reading:
    """What has been declared so far."""

    def __init__(self, built_in_events: frozenset[str]) -> None:
        self._built_in_events = built_in_events
        self._diagnostics: list[tuple[int, Diagnostic]] = []
        self._file_of: dict[str, int] = {}
        self._settings: dict[str, str] = {}
        self._workspace: Declared | None = None
        self._fields: dict[str, dict[str, FieldDef]] = {kind: {} for kind in SUBJECT_KINDS}
        self._pipelines: dict[str, Pipeline] = {}
        self._statuses: dict[str, tuple[tuple[str, ...], Declared]] = {}
        self._teams: dict[str, Team] = {}
        self._people: dict[str, Person] = {}
        self._members: dict[str, Person] = {}
        self._events: dict[str, EventDef] = {}
        self._tags: dict[str, Declared] | None = None
        self._policy: tuple[Policy, Declared] | None = None
        self._calendars: dict[str, tuple[BusinessCalendar, Declared]] = {}
        self.followed = Followed()
        self.staff = Staff()

    def read(self, file: int, source: Source, declaration: ast.Declaration) -> None:
        """Take one declaration in."""

        def report(diagnostic: Diagnostic) -> None:
            self._diagnostics.append((file, diagnostic))

        keyword = declaration.keyword
        self._file_of.setdefault(source.path, file)
        reader = Reader(source, self._settings.get("currency", DEFAULT_CURRENCY), report)
        read = _READ.get(keyword.text)
        if read is None:
            report(messages.unknown_keyword(source, keyword.span, keyword.text, (*_READ, "rule", "on")))
        else:
            read(self, reader, declaration)

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was found wrong, in the order of the text."""
        ordered = sorted(self._diagnostics, key=lambda each: (each[0], each[1].span))
        return tuple(diagnostic for _, diagnostic in ordered)

    # --- the workspace ---

    def workspace(self, reader: Reader, declaration: ast.Declaration) -> None:
        keyword = declaration.keyword
        if self._workspace is not None:
            first = self._workspace
            reader.report(messages.duplicate(reader.source, keyword.span, "workspace", "", first))
            return
        self._workspace = reader.declared(keyword.span)
        head = reader.head(declaration, named=False, subject=False)
        if (head and head.values is not None) or not declaration.entries:
            wanted = 'a block: `workspace`, lines such as `name: "Acme"`, `end`'
            reader.report(messages.wrong_form(reader.source, keyword.span, "workspace", wanted))
        for entry in declaration.entries:
            line = reader.line(entry, 'name: "Acme"')
            if line is not None:
                self._setting(reader, *line)

    def _setting(self, reader: Reader, key: Named, parts: Parts) -> None:
        if key.text not in SETTINGS:
            reader.report(messages.unknown_setting(reader.source, key.span, key.text, SETTINGS))
            return
        if key.text in self._settings:
            reader.report(messages.duplicate(reader.source, key.span, "setting", key.text, self._workspace))
            return
        value = reader.single(parts, f"`{key.text}`")
        if value is None or (key.text == "currency" and reader.currency_code(parts[0]) is None):
            return
        if key.text == "time_zone" and value.text not in zone_names():
            reader.report(messages.unknown_zone(reader.source, value.span, value.text, zone_names()))
            return
        self._settings[key.text] = value.text

    def policy(self, reader: Reader, declaration: ast.Declaration) -> None:
        place = reader.declared(declaration.keyword.span)
        if self._policy is not None:
            reader.report(messages.duplicate(reader.source, place.span, "policy", "", self._policy[1]))
            return
        reader.head(declaration, named=False, subject=False)
        calendars = tuple(self._calendars) or tuple(DEFAULT_CALENDARS)
        self._policy = read_policy(reader, declaration, calendars), place

    def calendar(self, reader: Reader, declaration: ast.Declaration) -> None:
        head = reader.head(declaration, named=True, subject=False)
        if head is None or head.name is None:
            return
        name, first = head.name, self._calendars.get(head.name.text)
        found = read_calendar(reader, declaration, head, name)
        if first is not None:
            reader.report(messages.duplicate(reader.source, name.span, "calendar", name.text, first[1]))
        else:
            self._calendars[name.text] = found, reader.declared(name.span)

    # --- enumerations and pipelines ---

    def status(self, reader: Reader, declaration: ast.Declaration) -> None:
        declaration = unconditional(declaration)
        head = reader.head(declaration, named=False, subject=True)
        if head is None or head.subject is None:
            return
        kind, place = head.subject.text, reader.declared(declaration.keyword.span)
        if kind == "opportunity":
            reader.report(messages.fixed_status(reader.source, place.span, OPPORTUNITY_STATUS.values))
            return
        example = "status for contact: trial, customer"
        values = reader.listed(declaration, head, "status", example)
        first = self._statuses.get(kind)
        if first is not None:
            reader.report(messages.duplicate(reader.source, place.span, f"status for {kind}", "", first[1]))
        elif values:
            self._statuses[kind] = tuple(v.text for v in values), place

    def pipeline(self, reader: Reader, declaration: ast.Declaration) -> None:
        head = reader.head(declaration, named=True, subject=True)
        if head is None or head.name is None or head.subject is None:
            return
        name, kind = head.name, head.subject.text
        stages = reader.listed(declaration, head, "stage", 'pipeline "Sales" for contact: New, Won, Lost')
        new = Pipeline(
            name.text,
            pipeline_key(name.text),
            kind,
            tuple(s.text for s in stages),
            reader.declared(name.span),
        )
        if stages and not self._clashes(reader, name, new):
            self._pipelines[f"{kind}/{name.text}"] = new

    def _clashes(self, reader: Reader, name: Named, new: Pipeline) -> bool:
        for old in self._pipelines.values():
            if old.subject != new.subject or old.key != new.key:
                continue
            source, span = reader.source, name.span
            if old.name == new.name:
                what = f"pipeline for {new.subject}"
                reader.report(messages.duplicate(source, span, what, new.name, old.declared))
            else:
                reader.report(messages.same_key(source, span, new.name, new.key, old.name, old.declared))
            return True
        return False

    def tags(self, reader: Reader, declaration: ast.Declaration) -> None:
        head = reader.head(declaration, named=False, subject=False)
        if head is None:
            return
        known = self._tags if self._tags is not None else {}
        for tag in reader.listed(declaration, head, "tag", "tags: vip, newsletter"):
            if tag.text in known:
                first = known[tag.text]
                reader.report(messages.duplicate(reader.source, tag.span, "tag", tag.text, first))
            known.setdefault(tag.text, reader.declared(tag.span))
            self._tags = known

    # --- people ---

    def person(self, reader: Reader, declaration: ast.Declaration) -> None:
        head = reader.head(declaration, named=True, subject=False)
        address = self._address(reader, head.name) if head else None
        if head is None or head.name is None or address is None:
            return
        name, phone = read_details(reader, head.values or ())
        first = self._people.get(address)
        if first is not None:
            span = head.name.span
            reader.report(messages.duplicate(reader.source, span, "person", address, first.declared))
            return
        place = reader.declared(head.name.span)
        self._people[address] = Person(address, name, place, phone=phone)

    def _address(self, reader: Reader, name: Named | None) -> str | None:
        if name is None:
            return None
        try:
            return email(name.text)
        except CoercionError:
            reader.report(messages.bad_address(reader.source, name.span, name.text))
            return None

    def team(self, reader: Reader, declaration: ast.Declaration) -> None:
        head = reader.head(declaration, named=True, subject=False)
        if head is None or head.name is None:
            return
        name = head.name
        listed = reader.listed(declaration, head, "member", 'team "Sales": "ana@acme.test"')
        members = {}
        for member in listed:
            address = self._address(reader, member)
            if address is not None:
                members[address] = Person(address, "", reader.declared(member.span))
        first = self._teams.get(name.text)
        if first is not None:
            reader.report(messages.duplicate(reader.source, name.span, "team", name.text, first.declared))
            return
        self._teams[name.text] = Team(name.text, tuple(members), reader.declared(name.span))
        self._members = members | self._members

    # --- fields and events ---

    def fields(self, reader: Reader, declaration: ast.Declaration) -> None:
        head = reader.head(declaration, named=False, subject=True)
        if head is None or head.subject is None:
            return
        wanted = "a block: `fields for contact`, lines such as `renewal_date: date`, `end`"
        self._block(reader, declaration, head.values, wanted)
        known = self._fields[head.subject.text]
        for new in self._lines(reader, declaration.entries, known):
            known[new.name] = new

    def event(self, reader: Reader, declaration: ast.Declaration) -> None:
        head = reader.head(declaration, named=True, subject=True)
        if head is None or head.name is None or head.subject is None:
            return
        name = head.name
        payload: dict[str, FieldDef] = {}
        if head.values is not None:
            wanted = 'a block: `event "demo.requested" for contact`, lines such as `seats: number`, `end`'
            self._block(reader, declaration, head.values, wanted)
        for new in self._lines(reader, declaration.entries, payload):
            payload[new.name] = new
        if self._is_free(reader, name):
            place = reader.declared(name.span)
            self._events[name.text] = EventDef(name.text, head.subject.text, payload, place)

    def _is_free(self, reader: Reader, name: Named) -> bool:
        """Whether an event may be called so. Reports why not."""
        source, span = reader.source, name.span
        first = self._events.get(name.text)
        if not _EVENT_NAME.match(name.text) or len(name.text) > 100:
            reader.report(messages.bad_event_name(source, span, name.text))
        elif name.text in self._built_in_events:
            reader.report(messages.built_in_event(source, span, name.text))
        elif first is not None:
            reader.report(messages.duplicate(source, span, "event", name.text, first.declared))
        else:
            return True
        return False

    def _block(self, reader: Reader, declaration: ast.Declaration, values: Parts | None, wanted: str) -> None:
        keyword = declaration.keyword
        if values is not None:
            reader.report(messages.wrong_form(reader.source, keyword.span, keyword.text, wanted))
        elif not declaration.entries:
            reader.report(messages.nothing_declared(reader.source, keyword.span, keyword.text, wanted))

    def _lines(
        self, reader: Reader, entries: Iterable[ast.Phrase], known: Mapping[str, FieldDef]
    ) -> Iterable[FieldDef]:
        """The fields that the lines of a block declare, one after the other, each new to `known`."""
        for entry in entries:
            line = reader.line(entry, "renewal_date: date")
            if line is None:
                continue
            name, parts = line
            type_ = reader.type(name.text, parts)
            if type_ is None or not _may_be_field(reader, name):
                continue
            first = known.get(name.text)
            if first is not None:
                reader.report(
                    messages.duplicate(reader.source, name.span, "field", name.text, first.declared)
                )
                continue
            yield FieldDef(name.text, type_, declared=reader.declared(name.span))

    # --- the result ---

    def schema(self) -> Schema:
        """Everything declared, completed with the defaults."""
        statuses = DEFAULT_STATUSES | {kind: values for kind, (values, _) in self._statuses.items()}
        kinds = {p.subject for p in self._pipelines.values()}
        defaults = (p for p in DEFAULT_PIPELINES if p.subject not in kinds)
        pipelines = (*self._pipelines.values(), *defaults)
        currency = self._settings.get("currency", DEFAULT_CURRENCY)
        built_in = builtin_fields(pipelines, statuses, currency)
        teams = self._teams or {team.name: team for team in DEFAULT_TEAMS}
        fields = {kind: self._merged(kind, built_in[kind]) for kind in SUBJECT_KINDS}
        for reader, diagnostic in self.staff.unknown(teams, fields):
            reader.report(diagnostic)
        return Schema(
            fields=fields,
            pipelines={f"{p.subject}/{p.name}": p for p in pipelines},
            teams=teams,
            people={**self._members, **self._people},
            events=self._events,
            tags=None if self._tags is None else tuple(self._tags),
            name=self._settings.get("name", "workspace"),
            currency=currency,
            time_zone=self._settings.get("time_zone", DEFAULT_TIME_ZONE),
            policy=self._policy[0] if self._policy is not None else Policy(),
            calendars={name: found for name, (found, _) in self._calendars.items()} or DEFAULT_CALENDARS,
            segments=self.followed.segments,
            computed=self.followed.computed(),
            weights=self.staff.weights,
            territories=tuple(self.staff.territories.values()),
            topics=self.staff.topics,
        )

    def _merged(self, kind: str, built_in: dict[str, FieldDef]) -> dict[str, FieldDef]:
        fields = dict(built_in)
        status = self._statuses.get(kind)
        if status is not None:
            fields["status"] = replace(fields["status"], declared=status[1])
        for name, own in self._fields[kind].items():
            old = built_in.get(name)
            if old is None:
                fields[name] = own
            elif _restates(old, own.type):
                fields[name] = replace(
                    old, type=replace(own.type, format=old.type.format), declared=own.declared
                )
            else:
                self._refuse(kind, old, own)
        return fields

    def _refuse(self, kind: str, old: FieldDef, own: FieldDef) -> None:
        place = own.declared
        if place is not None:
            found = messages.built_in_differs(place.source, place.span, kind, own.name, old.type, own.type)
            self._diagnostics.append((self._file_of[place.source.path], found))


def _may_be_field(reader: Reader, name: Named) -> bool:
    """Whether a field may be called so. Reports why not."""
    if not _IDENTIFIER.match(name.text):
        why = "names of fields are made of ASCII letters, digits and `_`"
    elif name.text in _NO_FIELD:
        why = _NO_FIELD[name.text]
    else:
        return True
    reader.report(messages.reserved_field(reader.source, name.span, name.text, why))
    return False


def _restates(old: FieldDef, type_: Type) -> bool:
    """Whether a built-in field may be declared with this type: its own, or one that narrows it."""
    if old.type == type_:
        return True
    if old.read_only:
        return False
    narrowed = old.type.kind is Kind.TEXT and not old.type.format and type_.kind is Kind.ENUM
    return narrowed or old.type.kind is type_.kind is Kind.MONEY


_Read = Callable[[_Reading, Reader, ast.Declaration], None]
_READ: Mapping[str, _Read] = {
    "workspace": _Reading.workspace,
    "status": _Reading.status,
    "segment": lambda reading, reader, declaration: reading.followed.segment(reader, declaration),
    "health": lambda reading, reader, declaration: reading.followed.health(reader, declaration),
    "pipeline": _Reading.pipeline,
    "fields": _Reading.fields,
    "person": _Reading.person,
    "team": _Reading.team,
    "tags": _Reading.tags,
    "event": _Reading.event,
    "policy": _Reading.policy,
    "calendar": _Reading.calendar,
    "weights": lambda reading, reader, declaration: reading.staff.read_weights(reader, declaration),
    "territory": lambda reading, reader, declaration: reading.staff.read_territory(reader, declaration),
    "topic": lambda reading, reader, declaration: reading.staff.read_topic(reader, declaration),
}
