"""Backtests: rules run over the events on record, effects only counted, beside what happened in fact.

What is recorded is used, the rest is said: the notes of a backtest name everything that is not as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import msgspec

from rulelang.calendar import CalendarError, Duration, parse_duration, shift
from rulelang.plan.model import Plan
from rulelang.types.schema import SUBJECT_KINDS, Schema
from runtime.actions import Library
from runtime.model import (
    ALARMS_CHANGED,
    BACKFILL,
    CONDITIONS_DUE,
    CONTACT_HEARD,
    JSON,
    RELATED_CHANGED,
    RUNS_SETTLED,
    STEPS_STARTED,
    EffectRow,
    EffectStatus,
    Entry,
    EntryKind,
    Event,
    Millis,
    SubjectKey,
)
from runtime.simulate import Simulation
from runtime.store.protocol import ReadStore
from runtime.why import undone

MAX_EVENTS = 100_000
MAX_RECORDS = 50_000
_PAGE = 2_000
_INTERNAL = frozenset(
    {
        ALARMS_CHANGED,
        BACKFILL,
        CONDITIONS_DUE,
        CONTACT_HEARD,
        RELATED_CHANGED,
        RUNS_SETTLED,
        STEPS_STARTED,
    }
)
_ENDED = frozenset({EntryKind.COMPLETED, EntryKind.EXITED, EntryKind.FAILED})
_GONE_OUT = frozenset({EffectStatus.DONE, EffectStatus.PENDING, EffectStatus.UNKNOWN})


@dataclass(slots=True)
class Record:
    """A record as it was when a backtest begins: `enrolled` has when each rule last enrolled it before."""

    key: SubjectKey
    fields: dict[str, JSON]
    enrolled: dict[str, tuple[Millis, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recording:
    """What is on record of a span of time. `sent` are effects that rules handed over in it, `started` runs by rule.

    `in_flight` are runs that were under way at its beginning. `notes` say what is not as it was.
    """

    start: Millis
    end: Millis
    events: tuple[Event, ...]
    records: tuple[Record, ...]
    sent: tuple[tuple[str, str, SubjectKey], ...]
    started: Mapping[str, int]
    in_flight: Mapping[str, int]
    notes: tuple[str, ...]


class Sends(msgspec.Struct, frozen=True):
    """What one action of a rule would have sent (`messages`) and did (`then`), and to whom only one of both."""

    action: str
    messages: int
    then: int
    people: int
    only_now: tuple[str, ...]
    only_then: tuple[str, ...]


class RuleBacktest(msgspec.Struct, frozen=True):
    """One rule: how many runs would have started, how many did, and what they send."""

    rule: str
    started: int
    then: int
    sends: tuple[Sends, ...]


class Backtest(msgspec.Struct, frozen=True):
    """What rules would have done. Times are milliseconds since the epoch."""

    start: Millis
    end: Millis
    events: int
    records: int
    rules: tuple[RuleBacktest, ...]
    notes: tuple[str, ...]


def start_of(since: str, now: Millis, zone: ZoneInfo) -> Millis:
    """When a span that ends now began.

    Raises:
        ValueError: it is no duration, or one that is not positive; the message is a sentence for people.
    """
    try:
        span = parse_duration(since)
        start = shift(now, Duration(-span.months, -span.days, -span.seconds), zone)
    except CalendarError:
        start = now
    if start >= now:
        raise ValueError(f"a duration such as 30d says how far back, found {since[:50]!r}")
    return start


def as_live(plans: Sequence[Plan], file: str) -> list[Plan]:
    """The plans, with those of a file as if they were live."""
    return [msgspec.structs.replace(p, state="live") if p.file == file else p for p in plans]


# --- what is on record -------------------------------------------------------------------------------------


async def recording(reader: ReadStore, start: Millis, end: Millis) -> Recording:
    """What happened from `start` to `end`, and the records as they were at `start`."""
    events, cut = await _events(reader, start, end)
    journal = await _journal(reader)
    records, many = await _records(reader, journal, start)
    notes = [
        "records are as they were: each change in the journal since then is taken back",
        "the other rules run as they are in force now, whatever they were then",
        "caps begin empty, nobody approves or calls back, and each message counts as delivered",
    ]
    begun = _in_flight(journal, start)
    if sum(begun.values()):
        notes.append(f"{sum(begun.values())} runs that were in flight at the beginning are not continued")
    if cut:
        notes.append(f"only the last {MAX_EVENTS} events are replayed")
    if many:
        notes.append(f"only {MAX_RECORDS} records of each kind are looked at")
    first = journal_start(journal)
    if first is not None and first > start:
        notes.append("what happened before the first event on record is not known")
    return Recording(
        start=start,
        end=end,
        events=tuple(events),
        records=tuple(records),
        sent=tuple([sent async for sent in _sent(reader, start, end)]),
        started=_started(journal, start, end),
        in_flight=begun,
        notes=tuple(notes),
    )


async def _events(reader: ReadStore, start: Millis, end: Millis) -> tuple[list[Event], bool]:
    """Events from outside in their order, and whether there were too many."""
    found: list[Event] = []
    cursor = ""
    while True:
        page, cursor = await reader.list_events(_PAGE, cursor)
        found += [e for e in page if start <= e.received_at <= end and _from_outside(e)]
        if not cursor or (page and page[-1].received_at < start) or len(found) > MAX_EVENTS:
            break
    cut = len(found) > MAX_EVENTS
    return found[:MAX_EVENTS][::-1], cut


def _from_outside(event: Event) -> bool:
    return event.cause is None and bool(event.subject.id) and event.type not in _INTERNAL


async def _journal(reader: ReadStore) -> list[tuple[SubjectKey, Entry]]:
    found: list[tuple[SubjectKey, Entry]] = []
    after = 0
    while True:
        rows = await reader.journal(limit=_PAGE, after=after)
        found += [(row.subject, entry) for row in rows for entry in row.entries]
        if len(rows) < _PAGE:
            return found
        after = rows[-1].seq


def journal_start(journal: Sequence[tuple[SubjectKey, Entry]]) -> Millis | None:
    """When the journal begins."""
    return min((entry.at for _, entry in journal), default=None)


async def _records(
    reader: ReadStore, journal: Sequence[tuple[SubjectKey, Entry]], start: Millis
) -> tuple[list[Record], bool]:
    """The records that existed at `start`, as they were, and whether there were too many."""
    records: dict[SubjectKey, Record] = {}
    many = False
    for kind in SUBJECT_KINDS:
        cursor, count = "", 0
        while True:
            page, cursor = await reader.list_subjects(kind, _PAGE, cursor)
            records |= {state.key: Record(state.key, dict(state.fields)) for state in page}
            count += len(page)
            if not cursor or count >= MAX_RECORDS:
                many = many or bool(cursor)
                break
    born: dict[SubjectKey, Millis] = {}
    for key, entry in journal:
        born.setdefault(key, entry.at)
        if entry.at < start and entry.kind == EntryKind.ENROLLED and not entry.step and key in records:
            records[key].enrolled[entry.rule] = (entry.at, entry.run)
    for key, entry in reversed(journal):
        if entry.at >= start and key in records:
            undone(records[key].fields, entry)
    return [record for key, record in records.items() if not _is_new(record, born.get(key), start)], many


def _is_new(record: Record, born: Millis | None, start: Millis) -> bool:
    """Whether a record came into being with an event that is replayed."""
    made = set(record.fields) - {"id", "created_at", "updated_at"}
    return born is not None and born >= start and not made


def _started(journal: Sequence[tuple[SubjectKey, Entry]], start: Millis, end: Millis) -> dict[str, int]:
    return dict(
        Counter(
            entry.rule
            for _, entry in journal
            if entry.kind == EntryKind.ENROLLED and not entry.step and start <= entry.at <= end
        )
    )


def _in_flight(journal: Sequence[tuple[SubjectKey, Entry]], start: Millis) -> dict[str, int]:
    live: dict[str, str] = {}
    for _, entry in journal:
        if entry.at >= start:
            continue
        if entry.kind == EntryKind.ENROLLED and not entry.step:
            live[entry.run] = entry.rule
        elif entry.kind in _ENDED:
            live.pop(entry.run, None)
    return dict(Counter(live.values()))


async def _sent(reader: ReadStore, start: Millis, end: Millis) -> AsyncIterator[tuple[str, str, SubjectKey]]:
    cursor = ""
    while True:
        page, cursor = await reader.effects(limit=_PAGE, cursor=cursor)
        for row in page:
            effect = row.effect
            if start <= effect.created_at <= end and row.status in _GONE_OUT:
                yield effect.rule, effect.action, effect.subject
        if not cursor or (page and page[-1].effect.created_at < start):
            return


# --- running -----------------------------------------------------------------------------------------------


def backtest(
    recording: Recording, library: Library, schema: Schema, plans: Sequence[Plan], rules: Sequence[str]
) -> Backtest:
    """Run the plans over a recording and compare what the `rules` would have done with what they did.

    Raises:
        SimulationError: the rules do not come to rest.
    """
    simulation = Simulation(library, schema, plans, recording.start, explain=False)
    for record in recording.records:
        simulation.add_subject(record.key, record.fields, _memory(record))
    simulation.advance_to(recording.start)
    for event in recording.events:
        simulation.advance_to(max(event.received_at, simulation.now))
        simulation.fire(event)
    simulation.advance_to(recording.end)
    now = [_send(row) for row in simulation.outbox() if row.status in _GONE_OUT]
    started = Counter(
        entry.rule
        for _, entry in simulation.timeline()
        if entry.kind == EntryKind.ENROLLED and not entry.step
    )
    found = [_compare(rule, recording, now, started[rule]) for rule in rules]
    return Backtest(
        recording.start,
        recording.end,
        len(recording.events),
        len(recording.records),
        tuple(found),
        recording.notes,
    )


def _memory(record: Record) -> dict[str, JSON]:
    """What the machine knows of earlier enrolments; of rules with `per` it is not on record for which value."""
    return {
        "once": {rule: run for rule, (_, run) in record.enrolled.items()},
        "last": {rule: at for rule, (at, _) in record.enrolled.items()},
    }


def _send(row: EffectRow) -> tuple[str, str, SubjectKey]:
    return row.effect.rule, row.effect.action, row.effect.subject


def _compare(
    rule: str, recording: Recording, now: Sequence[tuple[str, str, SubjectKey]], started: int
) -> RuleBacktest:
    mine = [(action, key) for name, action, key in now if name == rule]
    theirs = [(action, key) for name, action, key in recording.sent if name == rule]
    actions = dict.fromkeys(action for action, _ in (*mine, *theirs))
    return RuleBacktest(
        rule,
        started,
        recording.started.get(rule, 0),
        tuple(
            _sends(action, [key for a, key in mine if a == action], [key for a, key in theirs if a == action])
            for action in actions
        ),
    )


def _sends(action: str, now: Sequence[SubjectKey], then: Sequence[SubjectKey]) -> Sends:
    only_now, only_then = Counter(now) - Counter(then), Counter(then) - Counter(now)
    return Sends(action, len(now), len(then), len(set(now)), _names(only_now), _names(only_then))


def _names(keys: Counter[SubjectKey]) -> tuple[str, ...]:
    return tuple(f"{key.kind}:{key.id}" for key in sorted(keys.elements()))


# --- forms -------------------------------------------------------------------------------------------------

_SHOWN = 10


def backtest_lines(found: Backtest) -> Iterator[str]:
    """A backtest for a terminal."""
    yield f"{found.events} events replayed on {found.records} records"
    for rule in found.rules:
        yield ""
        yield f"{rule.rule}: {rule.started} runs would have started, {rule.then} did"
        for sends in rule.sends:
            action = sends.action.replace("_", " ")
            yield f"  {action}: {sends.messages} to {sends.people} records, in fact {sends.then}"
            yield from _difference("    only in the backtest", sends.only_now)
            yield from _difference("    only in fact", sends.only_then)
        if not rule.sends:
            yield "  nothing is sent"
    yield ""
    yield "What this goes by:"
    yield from (f"  {note}" for note in found.notes)


def _difference(title: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        rest = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        yield f"{title}: {', '.join(names[:_SHOWN])}{rest}"
