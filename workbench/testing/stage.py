"""One test at work: a simulation, the scripted outside, and what has been expected so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rulelang.calendar import next_time, parse_time, shift
from rulelang.plan.scope import Directory, Scope
from runtime.machine import related_keys
from runtime.model import (
    JSON,
    EffectRow,
    EffectStatus,
    Entry,
    EntryKind,
    Millis,
    Run,
    SubjectKey,
    SubjectState,
    TimerInput,
)
from runtime.simulate import Simulation, SimulationError, run_now
from runtime.zones import zone_of
from workbench.messages import message_json
from workbench.testing.meaning import Meaning
from workbench.testing.model import After, Answers, Fire, Given, Statement, Until
from workbench.testing.script import Script

TASK_CREATED = "task.created"
"""The event that a task has been given to somebody."""


class Message(NamedTuple):
    """Something that went out, or a task: `to` as written. A task's title is its `subject`."""

    action: str
    rule: str
    key: str
    to: tuple[str, ...]
    subject: str
    text: str
    about: SubjectKey


class Stage:
    """Carries out the statements of one test. `claimed` are the keys of messages that were expected."""

    def __init__(self, simulation: Simulation, meaning: Meaning, script: Script) -> None:
        self.simulation = simulation
        self.meaning = meaning
        self.script = script
        self.claimed: set[str] = set()
        self._events = 0

    # --- doing ---

    def carry_out(self, statement: Statement) -> None:
        """Carry out a statement that expects nothing.

        Raises:
            SimulationError: the rules do not come to rest, or time would go backwards.
        """
        match statement:
            case Given(_, key, fields):
                self.simulation.add_subject(key, fields)
            case Answers():
                self.script.add(statement)
            case Fire(_, raw):
                self._events += 1
                event = {"id": f"event-{self._events}", **raw}
                self.simulation.fire(self.meaning.codec.read(event, self.simulation.now))
            case After(_, duration):
                self._pass(shift(self.simulation.now, duration, self.meaning.zone))
            case Until():
                self._pass(self._moment(statement))

    def _pass(self, until: Millis) -> None:
        if until < self.simulation.now:
            raise SimulationError("that moment has passed: time only goes forward")
        self.simulation.advance_to(until)

    def _moment(self, statement: Until) -> Millis:
        if statement.moment is not None:
            return statement.moment
        return next_time(self.simulation.now, parse_time(statement.time), self.meaning.zone)

    # --- seeing ---

    def messages(self) -> Iterator[Message]:
        """All that went out, in order."""
        for row in self.simulation.outbox():
            if row.status == EffectStatus.DONE:
                yield _message(row)

    def tasks(self) -> Iterator[Message]:
        """All tasks that were given to somebody, in order."""
        for subject, entry in self.entries():
            if entry.kind in (EntryKind.EVENT, EntryKind.DERIVED) and entry.action == TASK_CREATED:
                yield _task(subject, entry)

    def entries(self) -> list[tuple[SubjectKey, Entry]]:
        """All that happened, in order."""
        return self.simulation.timeline()

    def newest_run(self, rule: str, key: SubjectKey | None) -> Run | None:
        """The run of a rule that began last, of one subject or of all."""
        found = [
            e.run
            for subject, e in self.entries()
            if e.kind == EntryKind.ENROLLED and e.rule == rule and not e.step and key in (None, subject)
        ]
        return run_now(self.simulation.store.run(found[-1])) if found else None

    def scope(self, state: SubjectState) -> Scope:
        """What a condition on a record can see now."""
        records: dict[str, Mapping[str, JSON]] = {"contact": {}, "account": {}, "opportunity": {}}
        for kind, key in related_keys(state, TimerInput("", 0)).items():
            other = self.simulation.subject(key)
            records[kind] = other.fields if other is not None else {}
        records[state.key.kind] = state.fields
        zone = zone_of(records, self.meaning.checked.schema.time_zone)
        people = Directory.of(self.meaning.checked.schema)
        return Scope({**records, "event": {}}, self.simulation.now, zone, people, state.key.kind)


def _message(row: EffectRow) -> Message:
    effect, shown = row.effect, message_json(row)
    to = shown.get("to") or [effect.args.get("url") or effect.args.get("channel") or ""]
    text = shown.get("text", shown.get("body", ""))
    # A body is compared as it goes out, not as it reads in a report.
    prepared = row.prepared if isinstance(row.prepared, dict) else {}
    body = prepared.get("body")
    return Message(
        effect.action,
        effect.rule,
        effect.key,
        tuple(map(str, to)),
        str(shown.get("subject", "")),
        body if isinstance(body, str) else str(text),
        effect.subject,
    )


def _task(subject: SubjectKey, entry: Entry) -> Message:
    data = entry.input
    to = data.get("team") or data.get("assignee")
    return Message(
        "create_task",
        entry.rule,
        f"task {entry.event}",
        (str(to),) if to else (),
        str(data.get("title", "")),
        str(data.get("description", "")),
        subject,
    )


def addresses(message: Message) -> Sequence[str]:
    """The addresses of a message, without names; the person or team of a task."""
    return [to.rpartition("<")[2].rstrip(">") for to in message.to]
