"""Rows to and from columns: what is searched for in columns of its own, the rest encoded in `body`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from runtime.desk import KINDS
from runtime.model import Effect, EffectRow, Entry, Event, Item, Millis, Run, SubjectKey, SubjectState
from runtime.store.bodies import (
    EffectBody,
    EntryBody,
    EventBody,
    ItemBody,
    RunBody,
    SegmentBody,
    SubjectBody,
    VersionBody,
)
from runtime.store.protocol import JournalRow, Version
from runtime.store.schema import EFFECT_STATUSES, RUN_STATUSES

encode = msgspec.json.Encoder().encode
decode_texts = msgspec.json.Decoder(tuple[str, ...]).decode

RUN_CODE = {str(status): code for code, status in enumerate(RUN_STATUSES)}
EFFECT_CODE = {str(status): code for code, status in enumerate(EFFECT_STATUSES)}
_RUN_STATUS = tuple(map(str, RUN_STATUSES))
_EFFECT_STATUS = tuple(map(str, EFFECT_STATUSES))


_decode_subject = msgspec.json.Decoder(SubjectBody).decode
_decode_event = msgspec.json.Decoder(EventBody).decode
_decode_run = msgspec.json.Decoder(RunBody).decode
_decode_effect = msgspec.json.Decoder(EffectBody).decode
_decode_item = msgspec.json.Decoder(ItemBody).decode
_decode_segment = msgspec.json.Decoder(SegmentBody).decode


def pack_subject(state: SubjectState) -> bytes:
    """The body of a subject: its fields and memory."""
    return encode(SubjectBody(state.fields, state.memory))


def unpack_subject(kind: str, id: str, version: int, body: bytes) -> SubjectState:
    """A subject without its runs."""
    stored = _decode_subject(body)
    return SubjectState(SubjectKey(kind, id), stored.fields, stored.memory, {}, version)


def pack_event(event: Event) -> bytes:
    """The body of an event: all but id, subject and time of receipt."""
    return encode(
        EventBody(
            event.type,
            event.occurred_at,
            event.data,
            event.changes,
            event.actor,
            event.source,
            event.account_id,
            event.contact_id,
            event.cause,
            event.identity,
        )
    )


class EventCells(NamedTuple):
    """The columns that an event is read from."""

    seq: int
    id: str
    kind: str
    subject: str
    received_at: Millis
    body: bytes


def unpack_event(cells: EventCells) -> Event:
    """The event as it was recorded."""
    body = _decode_event(cells.body)
    return Event(
        cells.id,
        body.type,
        body.occurred_at,
        cells.received_at,
        SubjectKey(cells.kind, cells.subject),
        body.data,
        body.changes,
        body.actor,
        body.source,
        body.account_id,
        body.contact_id,
        body.cause,
        body.identity,
    )


def pack_run(run: Run, due: Millis | None) -> bytes:
    """The body of a run; `due` is what its column holds."""
    return encode(
        RunBody(
            run.position,
            run.started_at,
            run.event,
            run.due if due is None else None,
            run.effect,
            run.reason,
            run.data,
            run.locals,
            run.steps,
            run.depth,
            None if run.root == run.event else run.root,
            run.path,
        )
    )


class RunCells(NamedTuple):
    """The columns that a run is read from, with texts in place of references."""

    seq: int
    id: str
    rule: str
    plan: str
    kind: str
    subject: str
    status: int
    due: Millis | None
    ended_at: Millis | None
    body: bytes


def unpack_run(cells: RunCells) -> Run:
    """The run as it was written."""
    body = _decode_run(cells.body)
    return Run(
        cells.id,
        cells.rule,
        cells.plan,
        SubjectKey(cells.kind, cells.subject),
        _RUN_STATUS[cells.status],
        body.position,
        body.started_at,
        body.event,
        body.due if cells.due is None else cells.due,
        body.effect,
        cells.ended_at,
        body.reason,
        body.data,
        body.locals,
        body.steps,
        body.depth,
        body.event if body.root is None else body.root,
        body.path,
    )


def pack_effect(row: EffectRow) -> bytes:
    """The body of an effect: all but key, run, rule, subject and status."""
    effect = row.effect
    return encode(
        EffectBody(
            effect.step,
            effect.action,
            effect.destination,
            effect.args,
            effect.created_at,
            effect.event,
            effect.tries,
            row.attempts,
            row.next_at,
            row.prepared,
            row.result,
            row.error,
            row.finished_at,
            effect.names,
        )
    )


class EffectCells(NamedTuple):
    """The columns that an effect is read from, with texts in place of references."""

    seq: int
    key: str
    run: str
    rule: str
    kind: str
    subject: str
    status: int
    body: bytes


def unpack_effect(cells: EffectCells) -> EffectRow:
    """The effect as it was written."""
    body = _decode_effect(cells.body)
    effect = Effect(
        cells.key,
        cells.run,
        cells.rule,
        body.step,
        body.action,
        SubjectKey(cells.kind, cells.subject),
        body.destination,
        body.args,
        body.created_at,
        body.event,
        body.tries,
        body.names,
    )
    return EffectRow(
        effect,
        _EFFECT_STATUS[cells.status],
        body.attempts,
        body.next_at,
        body.prepared,
        body.result,
        body.error,
        body.finished_at,
    )


VERSION_KINDS = ("rule", "file")
"""What versions are kept of; stored as the place here."""

_decode_version = msgspec.json.Decoder(VersionBody).decode


def pack_version(version: Version) -> bytes:
    """The body of a version: all but kind, name, number and time."""
    v = version
    return encode(VersionBody(v.by, v.how, v.text, v.file, v.plan, v.state))


def unpack_version(kind: int, name: str, number: int, at: Millis, body: bytes) -> Version:
    """The version as it was accepted."""
    v = _decode_version(body)
    return Version(VERSION_KINDS[kind], name, number, at, v.by, v.how, v.text, v.file, v.plan, v.state)


def pack_segment(row: JournalRow) -> bytes:
    """The body of a segment: the event and the entries, each relative to the one before."""
    entries = []
    at, rule, run, event = 0, "", row.run, row.event
    for entry in row.entries:
        packed = EntryBody(
            entry.at - at,
            entry.kind,
            None if entry.rule == rule else entry.rule,
            None if entry.run == run else entry.run,
            entry.step,
            entry.action,
            entry.input,
            entry.reason,
            entry.changes,
            None if entry.event == event else entry.event,
            entry.due,
        )
        entries.append(packed)
        at, rule = entry.at, entry.rule
    return encode(SegmentBody(event, entries))


class SegmentCells(NamedTuple):
    """The columns that a segment is read from; `run` is None where there is none."""

    seq: int
    kind: str
    subject: str
    run: str | None
    body: bytes


def unpack_segment(cells: SegmentCells) -> JournalRow:
    """The segment as it was written, with its sequence number."""
    body = _decode_segment(cells.body)
    run = cells.run or ""
    entries = tuple(_unpack_entries(run, body))
    return JournalRow(SubjectKey(cells.kind, cells.subject), run, body.event, entries, cells.seq)


def _unpack_entries(run: str, body: SegmentBody) -> Iterable[Entry]:
    at, rule = 0, ""
    for entry in body.entries:
        at += entry.after
        rule = rule if entry.rule is None else entry.rule
        yield Entry(
            at,
            entry.kind,
            rule,
            run if entry.run is None else entry.run,
            entry.step,
            entry.action,
            entry.input,
            entry.reason,
            entry.changes,
            body.event if entry.event is None else entry.event,
            entry.due,
        )


class ItemCells(NamedTuple):
    """An item of a desk as it is read."""

    id: str
    seq: int
    subject_kind: str
    subject: str
    kind: int
    closed_at: Millis | None
    body: bytes


def pack_item(item: Item) -> bytes:
    """The body of an item."""
    return encode(ItemBody(item.at, item.person, item.team, item.due, item.data))


def unpack_item(cells: ItemCells) -> Item:
    """An item from its cells."""
    body = _decode_item(cells.body)
    return Item(
        id=cells.id,
        kind=KINDS[cells.kind],
        subject=SubjectKey(cells.subject_kind, cells.subject),
        at=body.at,
        person=body.person,
        team=body.team,
        due=body.due,
        closed_at=cells.closed_at,
        data=body.data,
    )
