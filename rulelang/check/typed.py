"""What the checker returns: the tree with every name resolved, every overload chosen and a type at each node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from rulelang.catalog.model import Action, Trigger
from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source, Span
from rulelang.syntax import nodes
from rulelang.types.model import ANY, Type
from rulelang.types.schema import FieldDef

# --- expressions -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Const:
    """A constant in the form plans hold it (docs/plan-format.md, "Values")."""

    type: Type
    span: Span
    value: Any


@dataclass(frozen=True, slots=True)
class Ref:
    """A field: `path` begins with the record's root. `field` is its declaration, None inside open records."""

    type: Type
    span: Span
    path: tuple[str, ...]
    field: FieldDef | None = None


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator or function of the plan, `op`, applied to arguments."""

    type: Type
    span: Span
    op: str
    args: tuple[Typed, ...]


@dataclass(frozen=True, slots=True)
class Bad:
    """A part that was reported; it has type ANY, so that what contains it stays silent."""

    span: Span
    type: Type = ANY


Typed: TypeAlias = Const | Ref | Apply | Bad

# --- rules -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CheckedTrigger:
    """A trigger clause: `event` is the event type it waits for, `filters` what its slots demand of the payload."""

    span: Span
    trigger: Trigger
    event: str
    filters: tuple[Typed, ...]


@dataclass(frozen=True, slots=True)
class CheckedAction:
    """An action with its arguments by parameter name. `delay` is a duration that is waited first, or None."""

    span: Span
    action: Action
    args: Mapping[str, Typed]
    when: Typed | None
    delay: Typed | None


@dataclass(frozen=True, slots=True)
class CheckedWait:
    """`mode` is that of the plan: `for`, `time` or `date`."""

    span: Span
    mode: str
    value: Typed
    when: Typed | None


@dataclass(frozen=True, slots=True)
class CheckedBranch:
    """One arm of an `if`."""

    span: Span
    condition: Typed
    steps: tuple[CheckedStep, ...]


@dataclass(frozen=True, slots=True)
class CheckedIf:
    """`otherwise` is empty when there is no `else`."""

    span: Span
    branches: tuple[CheckedBranch, ...]
    otherwise: tuple[CheckedStep, ...]


@dataclass(frozen=True, slots=True)
class CheckedStop:
    """`stop`."""

    span: Span
    when: Typed | None


@dataclass(frozen=True, slots=True)
class CheckedBlock:
    """`do … end`."""

    span: Span
    steps: tuple[CheckedStep, ...]
    when: Typed | None


CheckedStep: TypeAlias = CheckedAction | CheckedWait | CheckedIf | CheckedStop | CheckedBlock


@dataclass(frozen=True, slots=True)
class RuleRef:
    """A rule that another one names; whether it exists is known only when all files are."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class CheckedRule:
    """A rule as far as it could be understood. It can be planned when `ok`.

    `subject` is a subject kind, `enrol` and `state` are words of the plan. `rule_refs` are still to be looked up.
    """

    node: nodes.Rule
    source: Source
    subject: str
    state: str
    enrol: str
    triggers: tuple[CheckedTrigger, ...]
    when: Typed | None
    exits: tuple[Typed, ...]
    steps: tuple[CheckedStep, ...]
    rule_refs: tuple[RuleRef, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing but warnings was found and all of it parsed."""
        return not self.node.broken and not any(d.is_error for d in self.diagnostics)
