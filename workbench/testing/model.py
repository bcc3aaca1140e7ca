"""What a test says: statements in the order in which they are carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from rulelang.calendar import Duration
from rulelang.plan.ir import Ir
from rulelang.source import Source, Span
from runtime.model import JSON, Millis, SubjectKey


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and where it stands."""

    span: Span


@dataclass(frozen=True, slots=True)
class At(Statement):
    """The test begins at this moment."""

    moment: Millis


@dataclass(frozen=True, slots=True)
class Given(Statement):
    """A record that is there already."""

    key: SubjectKey
    fields: Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class Answers(Statement):
    """How the outside answers: `status` of HTTP, or `kind` (failed, retry, unknown, refused) with `reason`.

    `times` None is for good.
    """

    target: str
    status: int = 0
    kind: str = ""
    reason: str = ""
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Fire(Statement):
    """An event happens; `raw` is its public JSON without an id."""

    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class After(Statement):
    """Time passes."""

    duration: Duration


@dataclass(frozen=True, slots=True)
class Until(Statement):
    """Time passes until a moment, or until the wall clock of the workspace shows `time` (`HH:MM`)."""

    moment: Millis | None
    time: str = ""


@dataclass(frozen=True, slots=True)
class ExpectRecord(Statement):
    """A condition on a record holds; None: there is no such record."""

    key: SubjectKey
    condition: Ir | None


@dataclass(frozen=True, slots=True)
class Criterion:
    """What a message or task must be like: `part` (to, subject, title, text, by) `contains` or `is` the value."""

    part: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class ExpectMessage(Statement):
    """A message of this kind that fits all criteria went out, or with `none` no such message did.

    `task` is a kind too: one that was given to somebody. `key` is whom or what it is about, None for any record.
    """

    kind: str
    criteria: tuple[Criterion, ...]
    none: bool
    key: SubjectKey | None = None


@dataclass(frozen=True, slots=True)
class ExpectNothing(Statement):
    """Nothing went out; with `more`: nothing that was not expected before. By `rule` and for `key`, if given."""

    more: bool
    rule: str = ""
    key: SubjectKey | None = None


@dataclass(frozen=True, slots=True)
class ExpectAction(Statement):
    """An action was carried out, or was not."""

    action: str
    rule: str
    none: bool
    key: SubjectKey | None = None


@dataclass(frozen=True, slots=True)
class ExpectRun(Statement):
    """The newest run of a rule is in a state; `state` "" with `none`: there is no run."""

    rule: str
    state: str
    key: SubjectKey | None
    none: bool


Expectation: TypeAlias = ExpectRecord | ExpectMessage | ExpectNothing | ExpectAction | ExpectRun


@dataclass(frozen=True, slots=True)
class Test:
    """One test with the statements that stand above all tests of its file in front.

    With `invariants` (properties.py) it is a property: the statements are what is given, and random events follow.
    """

    name: str
    source: Source
    span: Span
    statements: tuple[Statement, ...] = field(default=())
    invariants: tuple[Statement, ...] = field(default=())

    @property
    def line(self) -> int:
        """The line on which it begins."""
        return self.source.position(self.span.start).line
