"""The tables of MemoryStore: encoded rows by key, and the sorted lists that stand for indexes."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import NamedTuple

import msgspec

from runtime.model import EffectRow, Event, Item, Millis, Run, RunStatus, SubjectKey, SubjectState
from runtime.store.identity import LINKS, Identity, text_of
from runtime.store.protocol import JournalRow, Version

encode = msgspec.json.encode
decode_event = msgspec.json.Decoder(Event).decode
decode_subject = msgspec.json.Decoder(SubjectState).decode
decode_run = msgspec.json.Decoder(Run).decode
decode_effect = msgspec.json.Decoder(EffectRow).decode
decode_item = msgspec.json.Decoder(Item).decode
decode_segment = msgspec.json.Decoder(JournalRow).decode


class EventRecord(NamedTuple):
    """A recorded event."""

    seq: int
    hash: bytes
    runs: tuple[str, ...]
    pending: bool
    subject: SubjectKey
    received_at: Millis
    body: bytes


class RunRecord(NamedTuple):
    """A run and what it is found by. `due` only while it waits."""

    seq: int
    subject: SubjectKey
    rule: str
    status: str
    due: Millis | None
    ended_at: Millis | None
    body: bytes


class EffectRecord(NamedTuple):
    """An effect and what it is found by."""

    seq: int
    run: str
    subject: SubjectKey
    status: str
    body: bytes


class SegmentRecord(NamedTuple):
    """A segment of the journal; `at` is the time of its first entry."""

    subject: SubjectKey
    run: str
    at: Millis
    body: bytes


class ItemRecord(NamedTuple):
    """An item of a desk."""

    seq: int
    item: Item

    @property
    def body(self) -> bytes:
        """The item encoded."""
        return encode(self.item)


@dataclass
class Tables:
    """All tables. `last` holds the highest sequence number by table; `due` is (due, run seq, run id), `alarms`
    (due, id, kind). `versions` are by kind, name and number, `statistics` by rule, what is counted, and day.
    """

    events: dict[str, EventRecord] = field(default_factory=dict)
    subjects: dict[SubjectKey, bytes] = field(default_factory=dict)
    identities: dict[Identity, str] = field(default_factory=dict)
    claims: dict[SubjectKey, tuple[Identity, ...]] = field(default_factory=dict)
    runs: dict[str, RunRecord] = field(default_factory=dict)
    live: dict[SubjectKey, tuple[str, ...]] = field(default_factory=dict)
    due: list[tuple[Millis, int, str]] = field(default_factory=list)
    alarms: list[tuple[Millis, str, str]] = field(default_factory=list)
    effects: dict[str, EffectRecord] = field(default_factory=dict)
    pending_effects: list[str] = field(default_factory=list)
    pending_events: list[tuple[int, str]] = field(default_factory=list)
    journal: dict[int, SegmentRecord] = field(default_factory=dict)
    items: dict[str, ItemRecord] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    plans: dict[str, bytes] = field(default_factory=dict)
    versions: dict[tuple[str, str, int], tuple[int, Version]] = field(default_factory=dict)
    statistics: dict[tuple[str, str, int], int] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Tables:
        """A copy that shares the rows, which never change."""
        return Tables(**{f.name: getattr(self, f.name).copy() for f in fields(self)})

    def become(self, other: Tables) -> None:
        """Hold what the other one holds."""
        for name, table in vars(other.copy()).items():
            setattr(self, name, table)

    def find(self, kind: str, field: str, value: str) -> str | None:
        """The id of the subject that holds an identity."""
        return self.identities.get(Identity(kind, field, value))

    def dependents(self, key: SubjectKey, after: str) -> list[SubjectKey]:
        """Subjects with live runs that link to this one, by id from behind `after`."""
        return [other for other in self.linked(key, after) if other in self.live]

    def linked(self, key: SubjectKey, after: str) -> list[SubjectKey]:
        """Subjects that link to this one, by id from behind `after`."""
        field = LINKS.get(key.kind)
        others = (other for other in self.subjects if field and other.id > after)
        found = [o for o in others if text_of(decode_subject(self.subjects[o]), field or "") == key.id]
        return sorted(found, key=lambda other: (other.id, other.kind))


def read_subject(tables: Tables, key: SubjectKey) -> SubjectState:
    """A subject with its live runs, in the order in which they were started."""
    body = tables.subjects.get(key)
    state = SubjectState(key, {}, exists=False) if body is None else decode_subject(body)
    live = sorted(tables.live.get(key, ()), key=lambda id: tables.runs[id].seq)
    state.runs = {id: decode_run(tables.runs[id].body) for id in live}
    return state


def due_of(run: Run) -> Millis | None:
    """When the clock must wake a run; None unless it waits."""
    return run.due if run.status == RunStatus.WAITING else None
