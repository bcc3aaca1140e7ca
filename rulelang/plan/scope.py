"""What an expression can see: records, the event, the time, the zone and the staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from rulelang.calendar import Millis
from rulelang.types.calendars import BusinessCalendar
from rulelang.types.schema import Schema

JSON = Any
"""A JSON value as Python holds it."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The staff: name and first team by e-mail address in lower case; and the business calendars by name."""

    names: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)
    calendars: Mapping[str, BusinessCalendar] = field(default_factory=dict)

    @classmethod
    def of(cls, schema: Schema) -> Directory:
        """The people, teams and calendars of a workspace. A person of several teams counts for the first declared."""
        teams: dict[str, str] = {}
        for team in schema.teams.values():
            for member in team.members:
                teams.setdefault(member.lower(), team.name)
        names = {email.lower(): person.name for email, person in schema.people.items() if person.name}
        return cls(names, teams, schema.calendars)


NOBODY = Directory()


@dataclass(slots=True)
class Scope:
    """The values of one evaluation.

    `values` has a mapping of JSON values (so no NaN) for each root that exists: `contact`, `event` …; `now`
    is in milliseconds since the epoch, `zone` the subject's. `subject` is the kind of record whose fields
    authors write without a root; it matters for wording only.
    """

    values: Mapping[str, Mapping[str, JSON]]
    now: Millis
    zone: ZoneInfo
    people: Directory = NOBODY
    subject: str = "contact"
