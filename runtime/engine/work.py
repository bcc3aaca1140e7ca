"""What the core of the engine takes in and gives back: one value for each kind of work, one for its answer."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

from runtime.model import JSON, Event, Millis, Outcome, SubjectKey
from runtime.outbox import Ready
from runtime.store.protocol import DueAlarm, DueRun, IdentityConflict


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """An event from outside; `hash` is that of its body (`runtime.events.body_hash`)."""

    event: Event
    hash: bytes


class Look(msgspec.Struct, frozen=True, gc=False):
    """An attempt is to be prepared: read the facts."""

    key: str


class Begin(msgspec.Struct, frozen=True, gc=False):
    """An attempt at an effect is about to be made: keep its number and the message it will send."""

    key: str
    attempt: int
    prepared: JSON = None


class Answer(msgspec.Struct, frozen=True, gc=False):
    """How an attempt at an effect ended."""

    key: str
    attempt: int
    outcome: Outcome


class CancelRun(msgspec.Struct, frozen=True, gc=False):
    """An operator ends a run."""

    run: str
    reason: str


class Replay(msgspec.Struct, frozen=True, gc=False):
    """An operator wants a dead letter, or an effect of unknown outcome, tried again; `by` says who."""

    key: str
    by: str


class Skip(msgspec.Struct, frozen=True, gc=False):
    """An operator lets the run of a dead letter, or of an effect of unknown outcome, go on without it."""

    key: str
    by: str


class Decide(msgspec.Struct, frozen=True, gc=False):
    """What a person decides about a message that is held for approval; `note` says why it is refused.

    `changes` are what the person has written in the place of the message's `subject`, `text` and `html`.
    """

    key: str
    by: str
    approved: bool
    note: str = ""
    changes: dict[str, str] = {}


class Wake(msgspec.Struct, frozen=True, gc=False):
    """A wait that is over."""

    due: DueRun


class Ring(msgspec.Struct, frozen=True, gc=False):
    """An alarm that is due."""

    due: DueAlarm


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An event that is on disk and waits to be handled."""

    event: Event


Work: TypeAlias = (
    Arrival | Look | Begin | Answer | CancelRun | Replay | Skip | Decide | Wake | Ring | Recorded
)


class ReceiptStatus(StrEnum):
    """What became of an event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """known already: `runs` is the first answer"""
    CONFLICT = "conflict"
    """its id belongs to an event with another body; nothing was done"""
    FAILED = "failed"
    """it is kept, but handling it hit an internal error; it started nothing"""


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """The answer to an Arrival: the event's id, its subject, and the ids of the runs it started.

    `taken` are addresses and ids in the subject's fields that another subject has already; it cannot be found by them.
    """

    id: str
    status: str
    runs: tuple[str, ...] = ()
    subject: SubjectKey | None = None
    taken: tuple[IdentityConflict, ...] = ()


class Done(msgspec.Struct, frozen=True, gc=False):
    """The answer to an operator. `problem` is a sentence that says why nothing was done, or ""."""

    problem: str = ""


class Fault(msgspec.Struct, frozen=True, gc=False):
    """An input whose handling raised an error that nobody expected. Its event or run is marked as failed."""

    subject: SubjectKey
    what: str
    error: BaseException


Result: TypeAlias = Receipt | Done | Ready | None
"""Receipt for Arrival, Done for operators, Ready (or None: do not attempt it) for Look and Begin, None for Answer."""


class Committed(msgspec.Struct):
    """What one transaction did; all of it is on disk.

    `results` stand in the order of the works. `ready` are effects that wait for an attempt, `dropped` keys of those
    called off. `next_due` is when the earliest waiting run or alarm is due. `pending` says whether recorded events may
    still wait to be handled. The rest is for metrics and the log.
    """

    results: list[Result]
    ready: list[Ready] = []
    dropped: list[str] = []
    next_due: Millis | None = None
    pending: bool = False
    timers: int = 0
    handled: int = 0
    started: int = 0
    ended: int = 0
    faults: list[Fault] = []
    conflicts: list[IdentityConflict] = []
    seconds: float = 0.0
