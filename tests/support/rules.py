"""Rules from text, run in a simulation, for tests that care about behaviour and not about plumbing."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rulelang.calendar import parse_instant, utc
from rulelang.catalog.build import build_catalogue
from rulelang.catalog.model import Catalogue
from rulelang.diagnostics.render import render_text
from rulelang.workspace import CheckedWorkspace, load_workspace
from runtime.events import EventCodec
from runtime.model import EffectRow, Entry, Millis, Outcome, SubjectKey
from runtime.simulate import Simulation, delivered, run_now
from stdlib_actions.library import declarations, offline_library

START = "2026-03-02T09:00:00Z"
SCHEMA = """
workspace
  name: "Acme"
  time_zone: "Europe/Berlin"
  currency: EUR
end
status for contact: trial, customer, inactive
pipeline "Sales" for contact: MQL, SQL, "Proposal Sent", Won, Lost
fields for contact
  plan: one of free, pro
  renewal_date: date
  deal_size: money EUR
end
status for account: prospect, customer
person "ana@acme.test": "Ana Ruiz"
team "Sales": "ana@acme.test", "bo@acme.test"
"""


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The standard catalogue."""
    return build_catalogue(declarations())


def check(text: str, templates: dict[str, str] | None = None, schema: str = SCHEMA) -> CheckedWorkspace:
    """Rules checked against the test schema; a mistake fails the test with its message."""
    checked = load_workspace({"schema.rules": schema, "test.rules": text}, catalogue(), templates or {})
    errors = [d for d in checked.diagnostics if d.is_error]
    assert not errors, render_text(errors, color=False)
    return checked


class Story:
    """A simulation with short verbs. Times are ISO text; records are made without events."""

    def __init__(
        self,
        text: str,
        start: str = START,
        templates: dict[str, str] | None = None,
        answer: Any = delivered,
        schema: str = SCHEMA,
    ) -> None:
        checked = check(text, templates, schema)
        self.schema = checked.schema
        self.codec = EventCodec(catalogue(), checked.schema)
        library = offline_library(lambda: checked.schema, catalogue=catalogue())
        self.simulation = Simulation(library, checked.schema, checked.plans, parse_instant(start), answer)
        self._number = 0

    def replace(self, text: str) -> None:
        """Put these rules in the place of those before; runs that are under way keep the rules they began with."""
        core = self.simulation._core
        core.install(core.rules.deployed(self.schema, check(text).plans))

    def status(self, run: str) -> str:
        """The status of a run."""
        found = run_now(self.simulation.store.run(run))
        assert found is not None
        return str(found.status)

    def contact(self, id: str = "c_1", **fields: Any) -> SubjectKey:
        """Put a contact in place."""
        return self.record("contact", id, **fields)

    def record(self, kind: str, id: str, **fields: Any) -> SubjectKey:
        """Put a record in place."""
        key = SubjectKey(kind, id)
        stage = fields.pop("stage", None)
        values = self.codec.fields(kind, fields)
        if stage:
            values["stages"] = self.codec.stage(kind, stage)
        self.simulation.add_subject(key, values)
        return key

    def event(self, type: str, id: str = "c_1", kind: str = "contact", **data: Any) -> tuple[str, ...]:
        """Let an event happen now; the ids of the runs it started."""
        self._number += 1
        event_id = data.pop("event_id", f"e-{self._number}")
        raw = {"id": event_id, "type": type, "subject": {"kind": kind, "id": id}, "data": data}
        return self.simulation.fire(self.codec.read(raw, self.simulation.now)).runs

    def until(self, moment: str) -> None:
        """Let time pass until a moment."""
        self.simulation.advance_to(parse_instant(moment))

    def after(self, seconds: float) -> None:
        """Let this many seconds pass."""
        self.simulation.advance_to(self.simulation.now + int(seconds * 1000))

    @property
    def entries(self) -> list[Entry]:
        """Everything journaled so far."""
        return [entry for _, entry in self.simulation.timeline()]

    def kinds(self, rule: str | None = None) -> list[str]:
        """The kinds of the entries, of one rule or of all."""
        return [str(e.kind) for e in self.entries if rule is None or e.rule == rule]

    def actions(self) -> list[tuple[str, str]]:
        """(step, action) of everything carried out."""
        return [(e.step, e.action) for e in self.entries if e.kind == "action"]

    def reasons(self, kind: str) -> list[str]:
        """The reasons of all entries of a kind."""
        return [e.reason for e in self.entries if e.kind == kind]

    def fields(self, id: str = "c_1", kind: str = "contact") -> dict[str, Any]:
        """The fields of a record now."""
        state = self.simulation.subject(SubjectKey(kind, id))
        assert state is not None
        return state.fields

    def effects(self) -> list[EffectRow]:
        """The outbox."""
        return self.simulation.outbox()

    def at(self, kind: str) -> list[str]:
        """When the entries of a kind happened, as ISO text in UTC without fractions."""
        return [_text(e.at) for e in self.entries if e.kind == kind]


def _text(instant: Millis) -> str:
    return utc(instant).strftime("%Y-%m-%dT%H:%M:%SZ")


__all__ = ["START", "Outcome", "Story", "catalogue", "check"]
