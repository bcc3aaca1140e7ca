"""One rule at work on the samples of its workspace, on a virtual clock, told as text."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from rulelang.calendar import zone
from rulelang.plan.model import Plan
from rulelang.workspace import CheckedWorkspace
from runtime.asking import ask, verdict_lines
from runtime.events import EventCodec, EventError
from runtime.model import Entry, EntryKind, Millis, SubjectKey
from runtime.settings import Settings
from runtime.simulate import Simulation, run_now
from runtime.timeline import timeline_text
from stdlib_actions.library import offline_library
from workbench.authoring.samples import made_event, samples
from workbench.inputs import record_of
from workbench.messages import messages_text

YEAR: Millis = 366 * 86_400_000
_RECORDS = 10
_LINES = 400
_TOLD = frozenset((EntryKind.EVENT, EntryKind.DERIVED))


class Trial:
    """The rule alone and live, with the first sample records of its kind; each gets the events it listens to."""

    def __init__(self, checked: CheckedWorkspace, plan: Plan, root: Path, settings: Settings) -> None:
        self._checked = checked
        self._plan = msgspec.structs.replace(plan, state="live")
        self._zone = zone(checked.schema.time_zone) or ZoneInfo("UTC")
        self._codec = EventCodec(checked.catalogue, checked.schema)
        library = offline_library(lambda: checked.schema, settings, root, checked.catalogue)
        start = int(time.time()) // 60 * 60_000
        self._simulation = Simulation(library, checked.schema, [self._plan], start)
        self._keys = list(self._records(root))
        self._play(start + YEAR)

    def _records(self, root: Path) -> Iterator[SubjectKey]:
        kind = self._plan.subject
        found = samples(self._checked, root)["opportunities" if kind == "opportunity" else f"{kind}s"]
        for raw in found[:_RECORDS] or [{"id": f"{kind[0]}_1"}]:
            try:
                key, fields = record_of(raw, kind, self._codec)
            except EventError:
                continue
            self._simulation.add_subject(key, fields)
            yield key

    def _play(self, until: Millis) -> None:
        """Let the events happen, and time pass until nothing waits any more, or for a year."""
        for number, (key, trigger) in enumerate((k, t) for k in self._keys for t in self._plan.triggers):
            raw = made_event(self._checked, self._codec, self._plan, trigger, key.id)
            declared = self._checked.catalogue.triggers.get(trigger.trigger)
            if raw is not None and (declared is None or declared.clock is None):
                event = {"id": f"sample-{number}", **raw, "subject": {"kind": key.kind, "id": key.id}}
                self._simulation.fire(self._codec.read(event, self._simulation.now, ahead=None))
        while (due := self._simulation.next_due()) is not None and due <= until:
            self._simulation.advance_to(due)

    def timeline(self) -> str:
        """What happened and what was sent."""
        told = [(k, e) for k, e in self._simulation.timeline() if self._concerns(e)]
        lines = timeline_text(told, self._zone)
        return _text([*lines, *messages_text(self._simulation.outbox())])

    def _concerns(self, entry: Entry) -> bool:
        return entry.rule == self._plan.key or entry.kind in _TOLD

    def reasons(self) -> str:
        """For each record why the rule started or did not."""
        return _text(line for key in self._keys for line in self._reasons(key))

    def _reasons(self, key: SubjectKey) -> Iterator[str]:
        yield f"{key.kind} {key.id}"
        reader = self._simulation.store.reader()
        found = run_now(ask(reader, self._plan, self._checked.schema, key)) or ()
        for verdict in found:
            yield from (f"  {line}" for line in verdict_lines(verdict, self._zone))
        if not found:
            yield "  no event that the rule listens to came within a year"


def _text(lines: Iterable[str]) -> str:
    found = list(lines)
    more = [f"… and {len(found) - _LINES} lines more"] if len(found) > _LINES else []
    return "\n".join([*found[:_LINES], *more]) or "nothing happened"
