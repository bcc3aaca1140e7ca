"""One simulation for a page: records and events in, timeline, messages, runs and coverage out, within bounds."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from rulelang.calendar import CalendarError, parse_duration, shift, zone
from rulelang.plan.model import Plan
from rulelang.types.schema import SUBJECT_KINDS, Schema
from rulelang.workspace import CheckedWorkspace
from runtime.actions import Library
from runtime.csvfile import Table, TableError
from runtime.events import EventCodec, EventError
from runtime.model import EffectStatus, Entry, EntryKind, Event, Millis, Run, SubjectKey
from runtime.simulate import Simulation, SimulationError, run_now
from runtime.timeline import local_text
from runtime.trying import Refused, Sample, Seen, Simulated
from workbench.authoring.moments import DEFAULT_SPAN, instant_of
from workbench.inputs import record_of
from workbench.messages import message_json, with_messages
from workbench.testing.coverage import Coverage
from workbench.testing.lines import Mistake
from workbench.testing.meaning import Meaning
from workbench.testing.model import Answers
from workbench.testing.parser import read_statement
from workbench.testing.script import Script

_COUNT_EVERY = 100
_ANSWERS = 50
_CARRIED_OUT = frozenset((EntryKind.ACTION, EntryKind.WAITING, EntryKind.SUPPRESSED))


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is tried out at most: `seconds` of computing, and sizes of what goes in and comes out.

    `rules` are those of other files.
    """

    seconds: float = 5.0
    records: int = 1000
    events: int = 1000
    entries: int = 2000
    mails: int = 200
    rules: int = 1000


def simulate(
    checked: CheckedWorkspace,
    plans: Sequence[Plan],
    library: Library,
    sample: Sample,
    own: str,
    bounds: Bounds,
) -> Simulated:
    """Run rules on a sample. Rules of files other than `own` are not told about where they did not match.

    Raises:
        Refused: the sample cannot be read, or is too large.
    """
    codec = EventCodec(checked.catalogue, checked.schema)
    tz = zone(checked.schema.time_zone) or ZoneInfo("UTC")
    records = list(_records(sample, checked.schema, codec, bounds))
    begin, end, events = _times(sample, codec, tz, bounds)
    coverage = Coverage({plan.key for plan in plans if plan.file == own} if own else None)
    answer = _script(sample, checked).answer
    simulation = Simulation(library, checked.schema, plans, begin, answer, plan_set=coverage.plan_set)
    for key, fields in records:
        simulation.add_subject(key, fields)
    truncated = _Course(simulation, bounds).run(events, end, bool(sample.span))
    return _told(simulation, coverage, plans, tz, own, bounds, truncated)


# --- what goes in ----------------------------------------------------------------------------------


def _records(
    sample: Sample, schema: Schema, codec: EventCodec, bounds: Bounds
) -> Iterator[tuple[SubjectKey, dict[str, Any]]]:
    count = 0
    for kind in SUBJECT_KINDS:
        given = sample.records.get(kind, ())
        objects = _lines(given, kind, schema) if isinstance(given, str) else _entries(given, kind)
        for where, raw in objects:
            count += 1
            if count > bounds.records:
                raise Refused(f"a simulation takes at most {bounds.records} records")
            try:
                yield record_of(raw, kind, codec)
            except EventError as error:
                raise Refused(f"{where}: {error}") from None


def _lines(text: str, kind: str, schema: Schema) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        table = Table(text, schema.fields[kind])
    except TableError as error:
        raise Refused(f"{kind}s: {error}") from None
    for line in table.lines():
        if line.problem:
            raise Refused(f"{kind}s, line {line.number}: {line.problem}")
        yield f"{kind}s, line {line.number}", dict(line.cells)


def _entries(given: Sequence[Mapping[str, Any]], kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((f"{kind} {number}", raw) for number, raw in enumerate(given, 1))


def _script(sample: Sample, checked: CheckedWorkspace) -> Script:
    """How the outside answers."""
    script, meaning = Script(), Meaning(checked)
    if len(sample.answers) > _ANSWERS:
        raise Refused(f"a simulation takes at most {_ANSWERS} answers of the outside")
    for text in sample.answers:
        try:
            said = read_statement(text, meaning)
        except Mistake as error:
            raise Refused(f"{text[:80]!r}: {error}") from None
        if not isinstance(said, Answers):
            raise Refused(
                f"{text[:80]!r} does not say how the outside answers; `webhook answers 503 twice` does"
            )
        script.add(said)
    return script


def _times(
    sample: Sample, codec: EventCodec, tz: ZoneInfo, bounds: Bounds
) -> tuple[Millis, Millis, list[Event]]:
    """When it begins and ends, and the events in their order; those without a time happen at the beginning."""
    now = int(time.time() * 1000)
    try:
        start = instant_of(sample.start, tz) if sample.start else None
        events = _events(sample, codec, now if start is None else start, bounds)
        begin = start if start is not None else min((e.occurred_at for e in events), default=now)
        return begin, shift(begin, parse_duration(sample.span or DEFAULT_SPAN), tz), events
    except CalendarError as error:
        raise Refused(f"`from` and `for` say when, and how long: {error}") from None


def _events(sample: Sample, codec: EventCodec, start: Millis, bounds: Bounds) -> list[Event]:
    if len(sample.events) > bounds.events:
        raise Refused(f"a simulation takes at most {bounds.events} events")
    found = []
    for number, raw in enumerate(sample.events, 1):
        try:
            found.append(codec.read({"id": f"event-{number}", **raw}, start, ahead=None))
        except EventError as error:
            raise Refused(f"event {number}{error.pointer and ' at ' + error.pointer}: {error}") from None
    return sorted(found, key=lambda event: event.occurred_at)


# --- how it goes -----------------------------------------------------------------------------------


class _Course:
    """Lets a simulation run until it is over, or has taken as long as it may, or told as much."""

    def __init__(self, simulation: Simulation, bounds: Bounds) -> None:
        self._simulation = simulation
        self._bounds = bounds
        self._deadline = time.monotonic() + bounds.seconds
        self._steps = 0

    def run(self, events: Sequence[Event], end: Millis, to_the_end: bool) -> str:
        """Why it ended early; "" when it did not."""
        try:
            for event in events:
                if to_the_end and event.occurred_at > end:
                    break
                if stopped := self._until(event.occurred_at):
                    return stopped
                self._simulation.advance_to(event.occurred_at)
                self._simulation.fire(event)
            stopped = self._until(end)
            if to_the_end and not stopped:
                self._simulation.advance_to(end)
            return stopped
        except SimulationError as error:
            return str(error)

    def _until(self, until: Millis) -> str:
        more = True
        while more:
            if time.monotonic() > self._deadline:
                return f"it took longer than {self._bounds.seconds:g} seconds"
            if self._steps % _COUNT_EVERY == 0 and len(self._simulation.timeline()) > self._bounds.entries:
                return f"more than {self._bounds.entries} things happened"
            more = self._simulation.step(until)
            self._steps += 1
        return ""


# --- what comes out --------------------------------------------------------------------------------


def _told(
    simulation: Simulation,
    coverage: Coverage,
    plans: Sequence[Plan],
    tz: ZoneInfo,
    own: str,
    bounds: Bounds,
    truncated: str,
) -> Simulated:
    mine = {plan.key for plan in plans if plan.file == own or not own}
    told = [e for e in simulation.timeline() if _worth_telling(e[1], mine)]
    if len(told) > bounds.entries:
        told, truncated = told[: bounds.entries], truncated or f"more than {bounds.entries} things happened"
    mails = list(_mails(simulation, tz))
    if len(mails) > bounds.mails:
        mails, truncated = mails[: bounds.mails], truncated or f"more than {bounds.mails} messages were sent"
    return Simulated(
        timeline=list(with_messages(told, simulation.outbox(), tz)),
        mails=mails,
        runs=_runs(simulation, told),
        seen=seen_of(coverage, plans, simulation.timeline()),
        plans=plans,
        truncated=truncated,
    )


def seen_of(
    coverage: Coverage, plans: Sequence[Plan], timeline: Iterable[tuple[SubjectKey, Entry]]
) -> list[Seen]:
    """What was covered. Steps that the journal tells of count as often as it does: code is read more often."""
    told = Counter((e.rule, e.step) for _, e in timeline if e.kind in _CARRIED_OUT)
    found = []
    for plan in plans:
        for part, what, hits in coverage.counts(plan.key):
            number = hits if what in ("true", "false") or part.startswith("on.") else min(hits, 1)
            found.append(Seen(plan.key, part, what, told.get((plan.key, part), number) if hits else 0))
    return found


def _worth_telling(entry: Entry, mine: set[str]) -> bool:
    return entry.kind != EntryKind.NOT_MATCHED or entry.rule in mine


def _mails(simulation: Simulation, tz: ZoneInfo) -> Iterator[dict[str, Any]]:
    for row in simulation.outbox():
        if row.status != EffectStatus.DONE or not (message := message_json(row)):
            continue
        effect = row.effect
        at = effect.created_at if row.finished_at is None else row.finished_at
        yield {
            "action": effect.action,
            "rule": effect.rule,
            "run": effect.run,
            "step": effect.step,
            "at": local_text(at, tz),
            **message,
            **_html(row.prepared),
        }


def _html(prepared: Any) -> dict[str, str]:
    message = prepared.get("message") if isinstance(prepared, dict) else None
    html = message.get("html") if isinstance(message, dict) else None
    return {"html": html} if html else {}


def _runs(simulation: Simulation, told: Sequence[tuple[SubjectKey, Entry]]) -> list[Run]:
    ids = dict.fromkeys(entry.run for _, entry in told if entry.run)
    found = (run_now(simulation.store.run(id)) for id in ids)
    return [run for run in found if run is not None]
