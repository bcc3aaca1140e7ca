"""A plan made ready to run: steps in a flat list, conditions compiled, names looked up once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from rulelang.catalog.model import Action
from rulelang.plan import model
from rulelang.plan.ir import Ir
from rulelang.plan.scope import Scope
from runtime.actions import EffectAction, LocalAction
from runtime.model import JSON

Condition: TypeAlias = Callable[[Scope], bool]
Value: TypeAlias = Callable[[Scope], JSON]


class PlanError(Exception):
    """A plan names something that this installation does not have, such as an action of a missing package."""


@dataclass(frozen=True, slots=True)
class Test:
    """A condition, ready to evaluate and to explain."""

    holds: Condition
    ir: Ir


@dataclass(frozen=True, slots=True)
class Act:
    """Perform an action; exactly one of `local` and `effect` is set.

    `loops` are the ids of the loops around it, outermost first. `on_error` is where to go on when the effect
    failed for good, or None to stand still; `tries` bounds its attempts, or None. `constant` are the arguments when
    none of them depends on anything, or None.
    """

    id: str
    action: Action
    args: Mapping[str, Value]
    local: LocalAction | None
    effect: EffectAction | None
    when: Test | None
    loops: tuple[str, ...] = ()
    bind: str = ""
    on_error: int | None = None
    tries: int | None = None
    params: Mapping[str, Value] = field(default_factory=dict)
    and_wait: bool = False
    constant: Mapping[str, JSON] | None = None


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait; `mode` (or `fixed`, for a date reckoned from now) and `day` as in the plan.

    `skip_to` is where to go on when the moment has passed, or None.
    """

    id: str
    mode: str
    value: Value
    value_ir: Ir
    when: Test | None
    day: int = 0
    skip_to: int | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """An alternative of a Listen: `target` is where its steps are. `test` for `until`, `value` for `timeout`."""

    id: str
    kind: str
    target: int
    test: Test | None = None
    value: Sleep | None = None


@dataclass(frozen=True, slots=True)
class Listen:
    """Wait for the first of several alternatives."""

    id: str
    arms: tuple[Arm, ...]
    when: Test | None
    skip: int


@dataclass(frozen=True, slots=True)
class Goal:
    """A place that earlier steps jump to when it is reached."""

    id: str
    name: str
    test: Test | None
    passes: bool


@dataclass(frozen=True, slots=True)
class Draw:
    """Go on in the branch of a split that the subject is in: (name, share in hundredths of a percent, target)."""

    id: str
    name: str
    branches: tuple[tuple[str, int, int], ...]
    otherwise: int


@dataclass(frozen=True, slots=True)
class LoopStart:
    """Enter a repetition: rounds that a jump left behind do not count."""

    id: str


@dataclass(frozen=True, slots=True)
class Loop:
    """The head of a repetition: go on behind it, or at `end` when it is over."""

    id: str
    times: Value | None
    condition: Test | None
    most: int
    end: int


@dataclass(frozen=True, slots=True)
class Let:
    """Keep a value under a name."""

    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Fork:
    """Start a child run at each branch (id, target); go on at `join` when all have ended."""

    id: str
    branches: tuple[tuple[str, int], ...]
    join: int


@dataclass(frozen=True, slots=True)
class Each:
    """Have the steps behind it made for related records (see the plan's EachStep); go on at `join`.

    `branch` is the id by which those runs know where they begin.
    """

    id: str
    branch: str
    kind: str
    many: bool
    most: int
    when: Test | None
    where: Test | None
    join: int


@dataclass(frozen=True, slots=True)
class BranchEnd:
    """A child run ends here."""


@dataclass(frozen=True, slots=True)
class JumpUnless:
    """Go on at `target` unless the condition holds."""

    when: Condition
    target: int


@dataclass(frozen=True, slots=True)
class Jump:
    """Go on at `target`, if `when` holds."""

    target: int
    when: Test | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Halt:
    """The run completes here, if `when` holds."""

    id: str
    when: Test | None


Instruction: TypeAlias = (
    Act
    | Sleep
    | Listen
    | Goal
    | Draw
    | LoopStart
    | Loop
    | Let
    | Fork
    | Each
    | BranchEnd
    | JumpUnless
    | Jump
    | Halt
)


@dataclass(frozen=True, slots=True)
class Exit:
    """An exit condition, or with `goal` one that counts as success."""

    test: Test
    goal: bool = False


@dataclass(frozen=True, slots=True)
class Ear:
    """An event that a run may be waiting for.

    `kind`: `arm` (of the Listen at `step`), `restart` (of the Sleep at `step`), `goal` (the Goal at `step`), `exit` or
    `success` (of the run). `test` sees the event's data under the root `awaited`.
    """

    kind: str
    step: str
    arm: str
    test: Test | None
    bind: str
    from_now: bool


@dataclass(frozen=True, slots=True)
class Program:
    """A plan ready to run. `at` maps the id of each step that a run can stand at to its place in `code`.

    `end` is the place behind the last step, `last` that of the steps `on exit` (None without any). `ears` are
    by event type.
    `keeps_event`: some step reads the event that started the run. `roots`: records that conditions tested
    after the start read (`contact`, `account`, `opportunity`). `kinds`: of the subjects whose runs follow it, its own
    and those of related records. `starts` maps the branches of these to their first steps. `names`: those that the
    rule gives to values.
    """

    plan: model.Plan
    code: tuple[Instruction, ...]
    at: Mapping[str, int]
    end: int
    last: int | None
    when: Condition | None
    per: Value | None
    exits: tuple[Exit, ...]
    goals: tuple[Goal, ...]
    ears: Mapping[str, tuple[Ear, ...]]
    keeps_event: bool
    roots: frozenset[str]
    kinds: frozenset[str]
    names: frozenset[str]
    starts: Mapping[str, int]
