"""What the engine and the pages ask of a store, in the domain's words. No SQL types.

The write side is synchronous and belongs to one writer thread; the read side is asynchronous. One contract
suite (tests/store) runs over every implementation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from runtime.model import JSON, EffectRow, Entry, Event, Item, Millis, Run, SubjectKey, SubjectState


class StoreUnavailable(Exception):
    """The store cannot take writes now (disk full, locked, gone). Nothing of the transaction was kept."""


class BadCursor(ValueError):
    """The cursor is none that this listing gave."""


class StoredEvent(msgspec.Struct, frozen=True, gc=False):
    """An event id that is known: the hash of its body and the first answer it got (run ids)."""

    hash: bytes
    runs: tuple[str, ...]


class JournalRow(msgspec.Struct, frozen=True, gc=False):
    """A segment of the journal: the entries that one input wrote for one run (with run "": for none)."""

    subject: SubjectKey
    run: str
    event: str
    entries: tuple[Entry, ...]
    seq: int = 0


class DueRun(msgspec.Struct, frozen=True, gc=False):
    """A run whose wait ends at `due`."""

    due: Millis
    run: str
    subject: SubjectKey


class DueAlarm(msgspec.Struct, frozen=True, gc=False):
    """A subject whose earliest alarm is due at `due`."""

    due: Millis
    subject: SubjectKey


class AcceptedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event to record: `hash` of the body as received; `runs` it started; `pending` when not yet handled.

    Pending events (for another subject than the one that emitted them) are handled by a later batch.
    """

    event: Event
    hash: bytes
    runs: tuple[str, ...]
    pending: bool = False


class Version(msgspec.Struct, frozen=True, gc=False):
    """A rule or a file as it was accepted: `kind` is `rule` or `file`, `number` counts from 1 for each name.

    `text` is None where it was removed. `by` is who brought it, `how` the way (`api`, `deploy`, `files` …).
    Of rules: the `file` it stood in, the hash of its `plan` and its `state`.
    """

    kind: str
    name: str
    number: int
    at: Millis
    by: str
    how: str
    text: str | None
    file: str = ""
    plan: str = ""
    state: str = ""


class Flight(msgspec.Struct, frozen=True, gc=False):
    """Live runs of a rule that follow one version and stand at one step with one status, and when they are due."""

    rule: str
    plan: str
    position: str
    status: str
    runs: int
    first_due: Millis | None = None
    last_due: Millis | None = None


class IdentityConflict(msgspec.Struct, frozen=True, gc=False):
    """`claimant` asks for a `value` in an identifying field that `holder` had first and keeps."""

    kind: str
    field: str
    value: str
    holder: str
    claimant: str


class Backlog(msgspec.Struct, frozen=True, gc=False):
    """What waits, for metrics. `live_runs` is by status, `effects` by status without the done ones."""

    pending_events: int = 0
    live_runs: dict[str, int] = {}
    effects: dict[str, int] = {}
    next_due: Millis | None = None


class ItemFilter(msgspec.Struct, frozen=True, gc=False):
    """Which items of desks are listed: of one kind, open or closed, and of one person, team or subject."""

    kind: str
    open: bool = True
    person: str = ""
    team: str = ""
    subject: SubjectKey | None = None


class Batch(msgspec.Struct):
    """What one transaction writes. `counters` are absolute new values; `handled` pending events now done.

    `items` are changes, in order, that are merged with what is stored (`runtime.desk.merged`).
    `statistics` are added to what is there, by rule, what is counted, and day (days since 1970-01-01, UTC).
    """

    events: list[AcceptedEvent] = []
    handled: list[tuple[str, tuple[str, ...]]] = []
    subjects: list[SubjectState] = []
    runs: list[Run] = []
    effects: list[EffectRow] = []
    journal: list[JournalRow] = []
    counters: dict[str, int] = {}
    items: list[Item] = []
    versions: list[Version] = []
    statistics: dict[tuple[str, str, int], int] = {}


class Transaction(Protocol):
    """The verbs inside one write transaction. Reads see what this transaction wrote."""

    def known_events(self, ids: Sequence[str]) -> Mapping[str, StoredEvent]:
        """Those of the ids that are recorded."""

    def subjects(self, keys: Iterable[SubjectKey]) -> dict[SubjectKey, SubjectState]:
        """The states of all keys, each with its live runs; unknown ones come back with `exists=False`.

        A subject may have runs before it exists, that is, before it was written itself.
        """

    def find_subject(self, kind: str, field: str, value: str) -> str | None:
        """The id of the subject that holds this value of `email` or `external_id`; None if none does."""

    def dependents(self, key: SubjectKey, limit: int, after: str = "") -> list[SubjectKey]:
        """Subjects with live runs that link to an account or contact, by id, from behind the id `after`."""

    def linked(self, key: SubjectKey, limit: int, after: str = "") -> list[SubjectKey]:
        """Subjects that link to an account or contact, by id, from behind the id `after`."""

    def subjects_of(self, kind: str, limit: int, after: str = "") -> list[SubjectKey]:
        """Subjects of a kind that exist, by id, from behind the id `after`."""

    def events_of(self, key: SubjectKey, limit: int) -> list[Event]:
        """The recorded events of a subject that have been handled, newest first."""

    def runs(self, ids: Sequence[str]) -> dict[str, Run]:
        """Those of the runs that exist, live or ended."""

    def runs_of(self, rule: str, status: str, limit: int, after: int = 0) -> list[tuple[int, Run]]:
        """Runs of a rule with a status and their numbers, by number from behind `after`."""

    def waiting_since(self, runs: Sequence[str]) -> dict[str, Millis]:
        """When each of these runs last began to wait, by its journal; runs that never did are left out."""

    def effects(self, keys: Sequence[str]) -> dict[str, EffectRow]:
        """The effects with these keys."""

    def pending_effects(self, limit: int, after: str = "") -> list[EffectRow]:
        """Effects that still have to be performed, in key order from after `after`; for start-up."""

    def pending_events(self, limit: int) -> list[Event]:
        """Recorded events that wait to be handled, oldest first."""

    def due_runs(self, until: Millis, limit: int) -> list[DueRun]:
        """Waiting runs with `due <= until`, by due time and then by when they were started."""

    def next_due(self) -> Millis | None:
        """The earliest due time of all waiting runs."""

    def due_alarms(self, until: Millis, limit: int) -> list[DueAlarm]:
        """Subjects with `alarm <= until`, by that and then by id."""

    def next_alarm(self) -> Millis | None:
        """The earliest alarm of all subjects."""

    def counters(self) -> dict[str, int]:
        """All shared counters."""

    def latest_versions(self) -> list[Version]:
        """The newest version of each rule and file, by kind and name."""

    def plan(self, hash: str) -> bytes | None:
        """The encoded plan with this hash."""

    def save_plans(self, plans: Mapping[str, bytes]) -> None:
        """Keep encoded plans by hash; known ones are left as they are."""

    def write(self, batch: Batch) -> list[IdentityConflict]:
        """Write a batch: a handful of statements, many rows each. Of equal keys in one list the last counts.

        Known events stay as they are; subjects, runs and effects replace what was stored. A value of an
        identifying field belongs to the subject that had it first, until that one gives it up. Who comes
        later keeps it as a field only, is not found by it, and is reported.

        A run never changes its rule or subject, an effect never its intent. Effects and segments of runs that
        are neither stored nor in the batch are dropped: those runs were erased.
        """

    def erase(self, key: SubjectKey) -> int:
        """Remove a subject with its events, runs, effects and journal; how many rows went."""

    def prune(self, before: Millis, limit: int) -> int:
        """Forget what is over: up to `limit` each of runs, events, segments without a run, and closed items.

        Runs that ended before go with their effects and segments. Of the oldest events those that are handled
        go, up to the first one that was received at `before` or later, and with them the memory of their ids.
        Returns how many went; 0 when nothing is left to do.
        """


class WriteStore(Protocol):
    """The write side. One thread uses it."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin; commit on leaving, roll back on an exception. Durable (fsync) when it returns.

        Raises:
            StoreUnavailable: the store cannot be written now.
        """

    def checkpoint(self, whole: bool = False) -> bool:
        """Housekeeping outside any transaction (SQLite: move the write-ahead log into the database).

        Cheap to call after every transaction: it acts only when there is enough to do. With `whole` it leaves
        nothing undone, as it must be after erasing somebody: no file holds what was removed any more. False
        when that is not so yet, because readers hold on to an older state; call it again then.
        """

    def close(self) -> None:
        """Release everything."""


class Page(msgspec.Struct, frozen=True, gc=False):
    """A page of a listing; `next` is the cursor for the following one, "" at the end."""

    items: tuple[JSON, ...]
    next: str


class ReadStore(Protocol):
    """The read side, for pages and the API. Listings are newest first unless said otherwise."""

    async def subject(self, key: SubjectKey) -> SubjectState | None:
        """One subject with its live runs."""

    async def find_subject(self, kind: str, field: str, value: str) -> str | None:
        """As in Transaction."""

    async def list_subjects(self, kind: str, limit: int, cursor: str = "") -> tuple[list[SubjectState], str]:
        """Subjects of a kind by id, without runs, and the next cursor."""

    async def run(self, id: str) -> Run | None:
        """One run."""

    async def list_runs(
        self,
        limit: int,
        cursor: str = "",
        rule: str = "",
        status: str = "",
        subject: SubjectKey | None = None,
    ) -> tuple[list[Run], str]:
        """Runs that match all filters given, and the next cursor."""

    async def journal(
        self, run: str = "", subject: SubjectKey | None = None, limit: int = 1000, after: int = 0
    ) -> list[JournalRow]:
        """Segments of one run or one subject, oldest first, from after sequence number `after`."""

    async def effects(
        self, run: str = "", status: str = "", limit: int = 100, cursor: str = ""
    ) -> tuple[list[EffectRow], str]:
        """Effects of a run, or of a status, and the next cursor."""

    async def event(self, id: str) -> Event | None:
        """One recorded event."""

    async def list_events(
        self, limit: int, cursor: str = "", subject: SubjectKey | None = None
    ) -> tuple[list[Event], str]:
        """Recorded events and the next cursor."""

    async def item(self, id: str) -> Item | None:
        """One item of a desk."""

    async def list_items(self, wanted: ItemFilter, limit: int, cursor: str = "") -> tuple[list[Item], str]:
        """Items of desks, and the next cursor."""

    async def count_runs(self) -> dict[tuple[str, str], int]:
        """How many runs there are by (rule key, status)."""

    async def flights(self) -> list[Flight]:
        """The live runs, counted by rule, version, step and status, in that order. Looks at all of them."""

    async def versions(self, kind: str, name: str, limit: int, cursor: str = "") -> tuple[list[Version], str]:
        """The versions of a rule or file, or with "" of all of a kind, and the next cursor."""

    async def statistics(self, rule: str = "", since: int = 0) -> dict[tuple[str, str], int]:
        """What was counted since a day, by rule and what it is; of one rule only when it is named."""

    async def backlog(self) -> Backlog:
        """What waits."""

    async def plan(self, hash: str) -> bytes | None:
        """The encoded plan with this hash."""

    async def close(self) -> None:
        """Release everything."""
