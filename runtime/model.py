"""The values that the machine, the stores and the engine exchange.

Times are integers: milliseconds since 1970-01-01T00:00:00Z. Public JSON carries ISO 8601 instead (events.py,
timeline.py).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

import msgspec

# The values here form no cycles, so the cyclic garbage collector need not look at them (`gc=False`).

JSON = Any
"""A JSON value as Python holds it."""

Millis: TypeAlias = int
"""Milliseconds since the epoch, UTC."""


class SubjectKey(NamedTuple):
    """Who a run is for: `kind` (contact, account, opportunity) and `id`."""

    kind: str
    id: str


class Cause(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What produced a derived event: the run, how many rules deep, and the rules on the way (oldest first).

    `root` is the id of the event from outside that began it all.
    """

    rule: str
    run: str
    depth: int
    root: str
    path: tuple[str, ...] = ()


class Event(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One event as the machine sees it: validated, with a subject that has an id.

    An event that names its subject by `identity` (("email", "a@b.test")) arrives at the engine with an empty
    `subject.id`; the engine finds the subject in the same transaction, or makes its id with
    `runtime.events.derived_id`, and only then calls the machine.
    """

    id: str
    type: str
    occurred_at: Millis
    received_at: Millis
    subject: SubjectKey
    data: dict[str, JSON] = {}
    changes: dict[str, dict[str, JSON]] = {}
    actor: dict[str, str] = {}
    source: str = ""
    account_id: str = ""
    contact_id: str = ""
    cause: Cause | None = None
    identity: tuple[str, str] | None = None


RUNS_SETTLED = "runs.settled"
"""Internal event: the runs of a rule are to be moved to another version, or to end. It matches no rule.

See runtime/engine/settling.py.
"""


RELATED_CHANGED = "related.changed"
"""Internal event: a record that this subject's runs look at has changed. It matches no rule and is not journaled."""


ALARMS_CHANGED = "alarms.changed"
"""Internal event: alarms are to be set anew, of a subject and all that link to it, or (with no id) of all of its kind.

It matches no rule and is not journaled.
"""


CONDITIONS_DUE = "conditions.due"
"""Internal event: time has touched conditions that are followed for the subject. It matches no rule."""


CONTACT_HEARD = "contact.heard"
"""Internal event: something happened to a contact of this account that counts for it. It matches no rule."""


BACKFILL = "rule.backfill"
"""Internal event: a rule is to enrol a record, if it matches as it is (or, with no id, all of a kind)."""


STEPS_STARTED = "steps.started"
"""Internal event: steps of a rule are to be made for a record that is related to the rule's subject.

Its data: `rule`, `plan`, `branch`, `run` (which asked for it), `of` (its subject), `event`, `vars`, `key`, and `kind`
and `most` when it is for those of a kind that link to the subject that it is addressed to. It matches no rule.
"""


class RunStatus(StrEnum):
    """Where a run stands. The last four are final."""

    WAITING = "waiting"
    """asleep until `due`"""
    EFFECT = "effect"
    """parked until the outbox has an answer for `effect`"""
    BLOCKED = "blocked"
    """its effect is a dead letter or of unknown outcome: somebody must look"""
    COMPLETED = "completed"
    EXITED = "exited"
    FAILED = "failed"
    CANCELLED = "cancelled"


LIVE = frozenset({RunStatus.WAITING, RunStatus.EFFECT, RunStatus.BLOCKED})


class Run(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A reified continuation: the plan, the place in it, what it waits for. One row.

    `position` is the path id of the step that it stands at. `event` is the id of the event that started it,
    `data` that event's type, data and changes, kept only when the plan still needs them. `steps` counts the
    steps made (bounded). `depth`, `root` and `path` continue the cause chain. `locals` are the machine's own:
    `vars` (values kept under names), `loops` (rounds made, by step), `seen` (events that came before their wait),
    `key` (of `per`), `parent` and `branch` (of a child run), `children` (still running), `exiting` (how it is ending),
    `moved` (how often it was moved to another version of its rule), `held` and `pauses` (see runtime/pausing.py).
    """

    id: str
    rule: str
    plan: str
    subject: SubjectKey
    status: str
    position: str
    started_at: Millis
    event: str
    due: Millis | None = None
    effect: str = ""
    ended_at: Millis | None = None
    reason: str = ""
    data: dict[str, JSON] = {}
    locals: dict[str, JSON] = {}
    steps: int = 0
    depth: int = 0
    root: str = ""
    path: tuple[str, ...] = ()


class SubjectState(msgspec.Struct, gc=False):
    """One subject: its record and its live runs. The machine never changes one in place.

    `fields` holds built-in and custom fields, with `tags` (list of text), `stages` ({pipeline key: stage}) and
    `stage_entered_at` ({pipeline key: instant}). `memory` is the machine's own: `once` ({rule key: run id}),
    `rate` (cascade bound), and what runtime/alarms.py and runtime/tracking.py keep. `exists` is False for a subject
    seen for the first time. `alarm` is when the earliest of its alarms is due.
    """

    key: SubjectKey
    fields: dict[str, JSON]
    memory: dict[str, JSON] = {}
    runs: dict[str, Run] = {}
    version: int = 0
    exists: bool = True
    alarm: Millis | None = None


class EntryKind(StrEnum):
    """The kinds of a timeline entry; a public format (docs/timeline.md)."""

    EVENT = "event"
    DERIVED = "derived"
    MATCHED = "matched"
    NOT_MATCHED = "not_matched"
    ENROLLED = "enrolled"
    REFUSED = "refused"
    ACTION = "action"
    SUPPRESSED = "suppressed"
    WAITING = "waiting"
    RESUMED = "resumed"
    EXITED = "exited"
    COMPLETED = "completed"
    FAILED = "failed"
    MOVED = "moved"
    PAUSED = "paused"


BRANCH_OF = "a branch of "
"""How the reason begins with which a run is enrolled that walks one of several branches; its parent's id follows."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One line of the journal: what happened, when, why, with changed values only.

    `changes` is {field: [before, after]}. `input` are evaluated arguments, or an event's data. `reason` is a
    sentence for people. `event` is the id of the event this entry belongs to.
    """

    at: Millis
    kind: str
    rule: str = ""
    run: str = ""
    step: str = ""
    action: str = ""
    input: dict[str, JSON] = {}
    reason: str = ""
    changes: dict[str, list[JSON]] = {}
    event: str = ""
    due: Millis | None = None


class Effect(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An effect to perform: written with its key before the first try.

    `key` is a function of (run, step, iteration) and equal on every try for ever. `destination` names the
    queue that paces and isolates it, such as `smtp` or `https://hooks.example.com`. `args` are evaluated.
    `tries` bounds the attempts beyond the first, where the rule does (`on error retry 3`). `names` are the values that
    the run has given names to, for texts.
    """

    key: str
    run: str
    rule: str
    step: str
    action: str
    subject: SubjectKey
    destination: str
    args: dict[str, JSON]
    created_at: Millis
    event: dict[str, JSON] = {}
    tries: int | None = None
    names: dict[str, JSON] = {}


class EffectStatus(StrEnum):
    """Where an effect stands. PENDING covers waiting for a retry; the others need nobody or a person."""

    PENDING = "pending"
    DONE = "done"
    SUPPRESSED = "suppressed"
    DEAD = "dead"
    """a final refusal, or the tries are used up: replay or skip it"""
    UNKNOWN = "unknown"
    """it may have happened: somebody must look before it is repeated"""
    CANCELLED = "cancelled"
    """its run ended (exit, cancel) before it was handed over"""


class EffectRow(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An effect with its history. `prepared` is the message as composed, stored before the first delivery."""

    effect: Effect
    status: str = EffectStatus.PENDING
    attempts: int = 0
    next_at: Millis = 0
    prepared: JSON = None
    result: dict[str, JSON] = {}
    error: str = ""
    finished_at: Millis | None = None


class OutcomeKind(StrEnum):
    """How one attempt at an effect ended."""

    DONE = "done"
    RETRY = "retry"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    HELD = "held"
    """nothing was done: a person decides (`Decide`), and after `retry_after` it is looked at again"""


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The result of one attempt. `retry_after` is in seconds; `result` is kept (provider id, status).

    `events` in the result of the last one, {type, data} each, happen to the subject.
    """

    kind: str
    reason: str = ""
    result: dict[str, JSON] = {}
    retry_after: float | None = None


# --- inputs and the transition ---------------------------------------------------------------------


class EventInput(msgspec.Struct, frozen=True, gc=False):
    """An event that was accepted."""

    event: Event


class TimerInput(msgspec.Struct, frozen=True, gc=False):
    """A run's wait is over. Stale timers (the run moved on, or waits for another `due`) are ignored."""

    run: str
    due: Millis


class AlarmInput(msgspec.Struct, frozen=True, gc=False):
    """The subject's alarm is due. What is due by now rings; an alarm that was moved meanwhile does not."""

    due: Millis


class EffectInput(msgspec.Struct, frozen=True, gc=False):
    """The outbox's final word on an effect: `status` is an EffectStatus other than PENDING."""

    key: str
    run: str
    status: str
    reason: str = ""
    result: dict[str, JSON] = {}


class CancelInput(msgspec.Struct, frozen=True, gc=False):
    """An operator ends a run."""

    run: str
    reason: str


class MoveInput(msgspec.Struct, frozen=True, gc=False):
    """A run, with its branches, is to follow another version of its rule: the plan with the hash `plan`.

    `since` says when waits began, by run; one that is not named is taken to begin now.
    """

    run: str
    plan: str
    since: dict[str, Millis] = {}


class ResumeInput(msgspec.Struct, frozen=True, gc=False):
    """The pause of a run's rule is over; the machine knows the pause."""

    run: str


Input: TypeAlias = EventInput | TimerInput | AlarmInput | EffectInput | CancelInput | MoveInput | ResumeInput


class Item(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One thing on the desks of the staff (runtime/desk.py): a `task`, a `note` or a `notice`, as `kind` says.

    `person` (an e-mail address) has it on the desk, or everybody in `team`; of a note it is the author. `closed_at` is
    when a task was done or a notice read. `data` holds `title`, `text`, `description`, `priority`, `remind_at`,
    `outcome`, `completed_by`, `rule` and `run`, as far as there are any.
    """

    id: str
    kind: str
    subject: SubjectKey
    at: Millis
    person: str = ""
    team: str = ""
    due: Millis | None = None
    closed_at: Millis | None = None
    data: dict[str, JSON] = {}


class Transition(msgspec.Struct, gc=False):
    """All that one input brought about. The shell commits it as a whole or not at all.

    `state` is the subject afterwards; `runs` the runs that are new or changed (also ended ones, which are no
    longer in `state.runs`); `started` the ids of runs begun by this input; `emitted` events for other subjects;
    `items` changes of what lies on desks (desk.py says how each is merged with what is there);
    `counters` new values of shared counters; `cancelled` keys of effects that need not be performed any more.
    """

    state: SubjectState
    entries: list[Entry]
    runs: list[Run]
    started: list[str]
    effects: list[Effect]
    emitted: list[Event]
    counters: dict[str, int]
    cancelled: list[str]
    changed: bool
    items: list[Item] = []
