"""The workspace's schema: which fields, pipelines, teams, tags and events rules may speak of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rulelang.plan.followed import Computed
from rulelang.source import Source, Span
from rulelang.types.calendars import BusinessCalendar
from rulelang.types.model import Type
from rulelang.types.policy import Policy
from rulelang.types.staff import Territory, Topic

SUBJECT_KINDS: tuple[str, ...] = ("contact", "account", "opportunity")
"""The kinds of record that rules run for."""


@dataclass(frozen=True, slots=True)
class Declared:
    """Where something was declared, for "declared here" labels; None for built-in things."""

    source: Source
    span: Span


@dataclass(frozen=True, slots=True)
class FieldDef:
    """A field of a subject or of an event's payload. `read_only` fields are set by the system alone."""

    name: str
    type: Type
    doc: str = ""
    read_only: bool = False
    declared: Declared | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """An ordered list of stages that subjects of one kind move through. `key` is its identifier in paths."""

    name: str
    key: str
    subject: str
    stages: tuple[str, ...]
    declared: Declared | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the staff, known by e-mail address; `phone` is a number in the form of E.164."""

    email: str
    name: str = ""
    phone: str = field(default="", kw_only=True)
    declared: Declared | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Team:
    """A named group of people, by e-mail address, in the order of their turns."""

    name: str
    members: tuple[str, ...]
    declared: Declared | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class EventDef:
    """An event type that the workspace declares for itself."""

    name: str
    subject: str
    payload: Mapping[str, FieldDef]
    declared: Declared | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class SegmentDef:
    """A segment of one kind of subject. `computed` says that a condition decides who is in it, and no event."""

    name: str
    subject: str
    computed: bool
    declared: Declared | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class TemplateDef:
    """A message template: `name` is the file name without its suffix, `text` the Liquid body, with front matter."""

    name: str
    text: str
    path: str


@dataclass(frozen=True)
class Schema:
    """Everything that names in rules can mean. Built-in fields are included in `fields`.

    `fields[kind][name]`; `teams`, `people`, `events`, `templates` by name (people by e-mail in lower case);
    `pipelines` by `<kind>/<name>`, since two kinds may have pipelines of one name: use `pipeline()`. `tags`
    is None when any tag may be used. `currency` (ISO 4217) and `time_zone` (IANA) are the workspace's own.
    `policy` says when messages to contacts may go out, `calendars` when business is open, by name. `segments` are
    by `<kind>/<name>`, as pipelines are; `computed` has, by kind, the conditions of segments, statuses and health.
    `weights` are those of members by team, where they are not 1; `territories` in the order in which they are tried;
    `topics` by name.
    """

    fields: Mapping[str, Mapping[str, FieldDef]]
    pipelines: Mapping[str, Pipeline] = field(default_factory=dict)
    teams: Mapping[str, Team] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    events: Mapping[str, EventDef] = field(default_factory=dict)
    templates: Mapping[str, TemplateDef] = field(default_factory=dict)
    tags: tuple[str, ...] | None = None
    name: str = "workspace"
    currency: str = "USD"
    time_zone: str = "UTC"
    policy: Policy = Policy()
    calendars: Mapping[str, BusinessCalendar] = field(default_factory=dict)
    segments: Mapping[str, SegmentDef] = field(default_factory=dict)
    computed: Mapping[str, Computed] = field(default_factory=dict)
    weights: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    territories: tuple[Territory, ...] = ()
    topics: Mapping[str, Topic] = field(default_factory=dict)

    def pipelines_of(self, kind: str) -> tuple[Pipeline, ...]:
        """The pipelines of one subject kind in the order declared; the first is its primary one."""
        return tuple(p for p in self.pipelines.values() if p.subject == kind)

    def pipeline(self, kind: str, name: str) -> Pipeline | None:
        """The pipeline called `name` that subjects of `kind` move through, if there is one."""
        return self.pipelines.get(f"{kind}/{name}")

    def with_templates(self, templates: Mapping[str, TemplateDef]) -> Schema:
        """The same schema with message templates."""
        return replace(self, templates=templates)
