"""What the checker returns: the tree with every name resolved, every overload chosen and a type at each node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from rulelang.catalog.model import Action, Trigger
from rulelang.check.binding import Bound
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
class CheckedMoment:
    """The moment that a trigger of the clock means: a source of moments, and what it needs."""

    source: str
    params: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class CheckedCount:
    """Events that an expression counts, or the last of which it reads, under `name`.

    `window` is how long an event counts, "" where only the last is read. `contacts` says that it is events of the
    contacts of an account.
    """

    span: Span
    name: str
    event: str
    filters: tuple[Typed, ...]
    window: str
    contacts: bool = False


@dataclass(frozen=True, slots=True)
class CheckedAbsence:
    """An event that should follow another within a duration; the conditions are on the data of the two."""

    span: Span
    name: str
    event: str
    filters: tuple[Typed, ...]
    within: str
    after: str
    after_filters: tuple[Typed, ...]


@dataclass(frozen=True, slots=True)
class CheckedTrigger:
    """A trigger clause: `event` is the event type it waits for, `filters` what its slots demand of the payload.

    `moment` is what a trigger of the clock means, `absence` what one of an event that does not come; None for others.
    """

    span: Span
    trigger: Trigger
    event: str
    filters: tuple[Typed, ...]
    moment: CheckedMoment | None = None
    absence: CheckedAbsence | None = None


@dataclass(frozen=True, slots=True)
class CheckedOnError:
    """What becomes of a run whose effect failed for good, as in the plan."""

    span: Span
    retry: int | None
    goes_on: bool
    steps: tuple[CheckedStep, ...]


@dataclass(frozen=True, slots=True)
class CheckedAction:
    """An action with its arguments by parameter name. `delay` is a duration that is waited first, or None.

    `bind` is the name that its result gets, `params` what stands behind `with`.
    """

    span: Span
    action: Action
    args: Mapping[str, Typed]
    when: Typed | None
    delay: Typed | None
    bind: str = ""
    on_error: CheckedOnError | None = None
    params: Mapping[str, Typed] = field(default_factory=dict)
    and_wait: bool = False


@dataclass(frozen=True, slots=True)
class CheckedAwaited:
    """An event that something waits for: what its slots demand of its data, and what `where` does."""

    span: Span
    event: str
    filters: tuple[Typed, ...]
    where: Typed | None
    bind: str
    from_now: bool
    moment: CheckedMoment | None = None


@dataclass(frozen=True, slots=True)
class CheckedWait:
    """`mode` is that of the plan: `for`, `time`, `date` or `day` (with `day` from 1, Monday, to 7)."""

    span: Span
    mode: str
    value: Typed
    when: Typed | None
    day: int = 0
    restart: tuple[CheckedAwaited, ...] = ()
    skip_if_past: bool = False


@dataclass(frozen=True, slots=True)
class CheckedArm:
    """An alternative of a wait: `kind`, `value` and `at` as in the plan.

    A timeout without a value is where a refused approval goes on.
    """

    span: Span
    kind: str
    awaited: tuple[CheckedAwaited, ...]
    value: Typed | None
    at: bool
    steps: tuple[CheckedStep, ...]


@dataclass(frozen=True, slots=True)
class CheckedListen:
    """A wait with alternatives. `subject` is `approval`, `callback` or ""; `bind` keeps what came with these."""

    span: Span
    arms: tuple[CheckedArm, ...]
    when: Typed | None
    subject: str = ""
    approver: str = ""
    bind: str = ""


@dataclass(frozen=True, slots=True)
class CheckedBranch:
    """One arm of an `if`, or a case of a `match`."""

    span: Span
    condition: Typed
    steps: tuple[CheckedStep, ...]


@dataclass(frozen=True, slots=True)
class CheckedIf:
    """`otherwise` is empty when there is no `else`. `cases` says that it was written as a `match`."""

    span: Span
    branches: tuple[CheckedBranch, ...]
    otherwise: tuple[CheckedStep, ...]
    cases: bool = False


@dataclass(frozen=True, slots=True)
class CheckedShare:
    """A branch of a split; `share` is in hundredths of a percent."""

    span: Span
    name: str
    share: int
    steps: tuple[CheckedStep, ...]


@dataclass(frozen=True, slots=True)
class CheckedSplit:
    """`name` is "" when the author gave none."""

    span: Span
    name: str
    arms: tuple[CheckedShare, ...]
    otherwise: tuple[CheckedStep, ...]


@dataclass(frozen=True, slots=True)
class CheckedRepeat:
    """Exactly one of `times` and `condition` is set."""

    span: Span
    times: Typed | None
    condition: Typed | None
    most: int
    steps: tuple[CheckedStep, ...]


@dataclass(frozen=True, slots=True)
class CheckedEach:
    """Steps for related records; the parts as in the plan."""

    span: Span
    kind: str
    many: bool
    most: int
    steps: tuple[CheckedStep, ...]
    when: Typed | None
    where: Typed | None = None


@dataclass(frozen=True, slots=True)
class CheckedLet:
    """A value under a name; results of actions are bound by the action itself."""

    span: Span
    name: str
    value: Typed


@dataclass(frozen=True, slots=True)
class CheckedParallel:
    """Branches side by side."""

    span: Span
    branches: tuple[CheckedBlock, ...]


@dataclass(frozen=True, slots=True)
class CheckedLabel:
    """A place to go to."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class CheckedGoTo:
    """`name` is that of a label which comes later, here or in a block around."""

    span: Span
    name: str
    when: Typed | None


@dataclass(frozen=True, slots=True)
class CheckedGoal:
    """A place that earlier steps jump to."""

    span: Span
    name: str
    awaited: tuple[CheckedAwaited, ...]
    condition: Typed | None
    passes: bool


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


CheckedStep: TypeAlias = (
    CheckedAction
    | CheckedWait
    | CheckedListen
    | CheckedIf
    | CheckedSplit
    | CheckedRepeat
    | CheckedEach
    | CheckedLet
    | CheckedParallel
    | CheckedLabel
    | CheckedGoTo
    | CheckedGoal
    | CheckedStop
    | CheckedBlock
)


@dataclass(frozen=True, slots=True)
class CheckedEnrolment:
    """When a subject may be enrolled; the parts as in the plan."""

    again: str = ""
    per: Typed | None = None
    running: str = "skip"
    most: int | None = None
    limit: tuple[int, str] | None = None
    release: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class CheckedExit:
    """An event that ends the run; `goal` counts it as success."""

    awaited: CheckedAwaited
    goal: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """A parameter that a rule takes."""

    name: str
    span: Span
    type: Type


@dataclass(frozen=True, slots=True)
class Given:
    """A parameter that another rule is started with."""

    name: str
    span: Span
    value: Typed


@dataclass(frozen=True, slots=True)
class RuleRef:
    """A rule that another one names; whether it exists and takes what it is given is known only when all files are.

    `step` is the phrase that names it.
    """

    name: str
    span: Span
    step: Span | None = None
    given: tuple[Given, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateUse:
    """A template that a step uses, with the names that the run has given by then."""

    name: str
    span: Span
    given: Mapping[str, Bound]


@dataclass(frozen=True, slots=True)
class CheckedRule:
    """A rule as far as it could be understood. It can be planned when `ok`.

    `subject` is a subject kind, `enrol` and `state` are words of the plan. `rule_refs` are still to be looked up.
    `goals` are exit conditions that count as success, `takes` the parameters by name, `counts` the events of the past
    that conditions look at. A rule without triggers and parameters begins when `when` becomes true, or with `held` has
    been true for so long.
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
    enrolment: CheckedEnrolment = CheckedEnrolment()
    goals: tuple[Typed, ...] = ()
    exit_on: tuple[CheckedExit, ...] = ()
    on_exit: tuple[CheckedStep, ...] = ()
    takes: Mapping[str, Taken] = field(default_factory=dict)
    counts: tuple[CheckedCount, ...] = ()
    held: str = ""
    template_uses: tuple[TemplateUse, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing but warnings was found and all of it parsed."""
        return not self.node.broken and not any(d.is_error for d in self.diagnostics)
