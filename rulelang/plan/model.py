"""The plan: a checked rule as data. Versioned JSON, the same for the machine, the editor and the store."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from rulelang.plan.followed import AbsencePlan, Beginning, CountPlan
from rulelang.plan.ir import Get, Lit, Op

PLAN_VERSION = 1
"""Raised when an older reader could misread a plan; see docs/plan-format.md."""


class OnError(msgspec.Struct, frozen=True, omit_defaults=True):
    """What becomes of a run whose effect failed for good: `continue`, or `steps` and then go on.

    `retry` bounds the tries beyond the first; None leaves the schedule as it is.
    """

    retry: int | None = None
    goes_on: bool = False
    steps: tuple[Step, ...] = ()


class ActionStep(msgspec.Struct, frozen=True, tag="action", tag_field="do", omit_defaults=True):
    """Perform `action` (a name in the catalogue) with evaluated `args`.

    `bind` keeps the result under a name (`run.<name>`). `params` are evaluated for the action's argument `with`, or
    for the rule that `start_rule` starts; with `and_wait` the run is parked until that one has ended.
    """

    id: str
    action: str
    args: dict[str, Lit | Get | Op]
    when: Lit | Get | Op | None = None
    bind: str = ""
    on_error: OnError | None = None
    params: dict[str, Lit | Get | Op] = {}
    and_wait: bool = False


class Awaited(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event that something waits for. `when` sees its data under the root `awaited`.

    `bind` keeps its data under a name. `from_now`: events before the run stood at the step do not count.
    """

    event: str
    when: Lit | Get | Op | None = None
    bind: str = ""
    from_now: bool = False


class WaitStep(msgspec.Struct, frozen=True, tag="wait", tag_field="do", omit_defaults=True):
    """Sleep. `mode`: `for` (a duration), `time` (until a time of day), `date` (until a date or instant), `day`.

    `day` is a weekday, 1 Monday to 7 Sunday, for mode `day` (`value` is its time of day). `restart`: events that begin
    the wait anew. `skip_if_past`: when the moment has passed already, the step that follows is left out.
    """

    id: str
    mode: str
    value: Lit | Get | Op
    when: Lit | Get | Op | None = None
    day: int = 0
    restart: tuple[Awaited, ...] = ()
    skip_if_past: bool = False


class Arm(msgspec.Struct, frozen=True, omit_defaults=True):
    """An alternative of a wait: `kind` `on` (any of `awaited`), `until` (`value` is a condition), `timeout`.

    For `timeout`, `value` is a duration, or with `at` a date or instant. `id` is its path (`do.2.on0`).
    """

    id: str
    kind: str
    awaited: tuple[Awaited, ...] = ()
    value: Lit | Get | Op | None = None
    at: bool = False
    steps: tuple[Step, ...] = ()


class ListenStep(msgspec.Struct, frozen=True, tag="listen", tag_field="do", omit_defaults=True):
    """Wait for the first of several alternatives. `subject`: `approval`, `callback` or "" (events and conditions).

    An approval or a callback is awaited as an event like any other (docs/plan-format.md, "Approvals and callbacks").
    `approver` is a person or team as in arguments (`person:…`, `team:…`, `owner`, `account owner`).
    """

    id: str
    arms: tuple[Arm, ...]
    when: Lit | Get | Op | None = None
    subject: str = ""
    approver: str = ""


class Branch(msgspec.Struct, frozen=True):
    """One arm of an `if`; `id` is its path (`do.2.then`, `do.2.elif1`)."""

    id: str
    when: Lit | Get | Op
    steps: tuple[Step, ...]


class IfStep(msgspec.Struct, frozen=True, tag="if", tag_field="do"):
    """Run the first branch whose condition holds, else `otherwise`."""

    id: str
    branches: tuple[Branch, ...]
    otherwise: tuple[Step, ...] = ()


class BlockStep(msgspec.Struct, frozen=True, tag="block", tag_field="do"):
    """Steps under one condition."""

    id: str
    steps: tuple[Step, ...]
    when: Lit | Get | Op | None = None


class StopStep(msgspec.Struct, frozen=True, tag="stop", tag_field="do"):
    """End the run as completed."""

    id: str
    when: Lit | Get | Op | None = None


class SplitArm(msgspec.Struct, frozen=True):
    """A branch of a split; `share` is in hundredths of a percent (4000 for 40 %). `name` is remembered."""

    id: str
    name: str
    share: int
    steps: tuple[Step, ...]


class SplitStep(msgspec.Struct, frozen=True, tag="split", tag_field="do", omit_defaults=True):
    """Send each subject into one branch and remember it; the rest goes into `otherwise`.

    `name` is unique in the rule.
    """

    id: str
    name: str
    arms: tuple[SplitArm, ...]
    otherwise: tuple[Step, ...] = ()


class RepeatStep(msgspec.Struct, frozen=True, tag="repeat", tag_field="do", omit_defaults=True):
    """Repeat steps `times` times, or while `condition` holds, at most `most` times (bounded by the steps of a run)."""

    id: str
    steps: tuple[Step, ...]
    times: Lit | Get | Op | None = None
    condition: Lit | Get | Op | None = None
    most: int = 1000


class EachStep(msgspec.Struct, frozen=True, tag="each", tag_field="do", omit_defaults=True):
    """Have steps made for related records of a `kind`: the one that the subject links to, or with `many` those that
    link to it, `most` of them for which `where` holds. Each becomes the subject of a run of its own; this one goes
    on at once.
    """

    id: str
    kind: str
    steps: tuple[Step, ...]
    many: bool = False
    most: int = 1
    when: Lit | Get | Op | None = None
    where: Lit | Get | Op | None = None


class LetStep(msgspec.Struct, frozen=True, tag="let", tag_field="do"):
    """Keep a value under a name: `Get(("run", name))` reads it later."""

    id: str
    name: str
    value: Lit | Get | Op


class ParallelStep(msgspec.Struct, frozen=True, tag="parallel", tag_field="do"):
    """Branches as child runs of the same subject; goes on when all have ended. Branch n has the path `<id>.<n>`."""

    id: str
    branches: tuple[BlockStep, ...]


class GoToStep(msgspec.Struct, frozen=True, tag="go_to", tag_field="do", omit_defaults=True):
    """Go on at the step with the id `target`, which comes later in the same list or in an enclosing one."""

    id: str
    target: str
    when: Lit | Get | Op | None = None


class LabelStep(msgspec.Struct, frozen=True, tag="label", tag_field="do"):
    """A place to go to."""

    id: str
    name: str


class GoalStep(msgspec.Struct, frozen=True, tag="goal", tag_field="do", omit_defaults=True):
    """A place that a run at an earlier step jumps to when an event comes or a condition becomes true.

    A run that gets here by itself waits for that, unless `passes`.
    """

    id: str
    name: str
    awaited: tuple[Awaited, ...] = ()
    condition: Lit | Get | Op | None = None
    passes: bool = False


Step: TypeAlias = (
    ActionStep
    | WaitStep
    | ListenStep
    | IfStep
    | SplitStep
    | RepeatStep
    | EachStep
    | LetStep
    | ParallelStep
    | GoToStep
    | LabelStep
    | GoalStep
    | BlockStep
    | StopStep
)


class TriggerPlan(msgspec.Struct, frozen=True):
    """When the rule is attempted: an event type of the subject kind, and a condition on its payload."""

    trigger: str
    event: str
    when: Lit | Get | Op | None = None


class ClockPlan(msgspec.Struct, frozen=True):
    """A moment that a rule listens to: when it has come, the machine makes an event of this type for the subject.

    `source` and `params` are those of the trigger's `Clock`; the data of the event holds the params.
    """

    event: str
    source: str
    params: dict[str, str | int]


class Enrolment(msgspec.Struct, frozen=True, omit_defaults=True):
    """When a subject may be enrolled. `again` is a duration for `again after`, "" otherwise.

    `per`: a run for each value beside each other. `running`: what a match does while a run is live (`skip`,
    `restart`, `queue`, `parallel`), `most` the bound of `queue` and `parallel`. `limit`,
    `release`: (count, duration) or None.
    """

    again: str = ""
    per: Lit | Get | Op | None = None
    running: str = "skip"
    most: int = 10
    limit: tuple[int, str] | None = None
    release: tuple[int, str] | None = None


EVERY_TIME = Enrolment()
"""What a rule says without an `enrol` clause. Plans leave it out only when it is this very value."""


class ExitOn(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event that ends the run; `goal` counts it as success."""

    awaited: Awaited
    goal: bool = False


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule. `key` is its identity across edits: its name, or `file#n` without one.

    `enrol` is `every time`, `once` or `again`; `enrolment` has the details. `goals` are exit conditions
    counted as success. `params` are what the rule takes (name → type). `clocks` are the moments that its triggers
    and waits listen to, `counts` the events of the past that conditions look at, `absences` those that its triggers
    miss. A rule with `begins` has no triggers: it begins by a condition. `hash` (of everything that changes behaviour;
    not `file`, `line`, `state`) names this version of the rule. `text` is the source, kept so that a run can be
    explained for ever.
    """

    version: int
    key: str
    subject: str
    state: str
    triggers: tuple[TriggerPlan, ...]
    when: Lit | Get | Op | None
    enrol: str
    exits: tuple[Lit | Get | Op, ...]
    steps: tuple[Step, ...]
    hash: str = ""
    file: str = ""
    line: int = 0
    text: str = ""
    spans: dict[str, tuple[int, int]] = {}
    enrolment: Enrolment = EVERY_TIME
    goals: tuple[Lit | Get | Op, ...] = ()
    exit_on: tuple[ExitOn, ...] = ()
    on_exit: tuple[Step, ...] = ()
    params: dict[str, str] = {}
    clocks: tuple[ClockPlan, ...] = ()
    begins: Beginning | None = None
    counts: tuple[CountPlan, ...] = ()
    absences: tuple[AbsencePlan, ...] = ()
