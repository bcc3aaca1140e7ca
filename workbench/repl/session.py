"""One session at the prompt: a simulation, the record that is looked at, and the rules typed so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from rulelang.calendar import midnight, next_time, parse_date, parse_duration, parse_time, shift, zone
from rulelang.check.context import Context
from rulelang.check.expressions import typed
from rulelang.check.scope import Scope as NameScope
from rulelang.diagnostics.render import render_text
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.plan.builder import lower
from rulelang.plan.interpret import evaluate, first_false
from rulelang.plan.scope import Directory, Scope
from rulelang.plan.wording import show
from rulelang.source import Source
from rulelang.syntax import nodes
from rulelang.syntax.parser import parse, parse_expression
from rulelang.types.schema import SUBJECT_KINDS
from rulelang.workspace import CheckedWorkspace
from runtime.asking import ask, verdict_lines
from runtime.events import EventCodec
from runtime.machine import related_keys
from runtime.model import CancelInput, Millis, SubjectKey, SubjectState
from runtime.settings import Settings
from runtime.simulate import Simulation, run_now
from runtime.timeline import local_text, timeline_text
from runtime.zones import zone_of
from stdlib_actions.library import offline_library
from workbench.messages import messages_text
from workbench.repl.firing import event_of
from workbench.repl.trouble import Trouble

TYPED = "~prompt.rules"
"""The file that holds what was typed; no file of a workspace is called so."""

_MANY = 1000

Lines = Iterator[str]


class Session:
    """The state of the prompt. Methods give the lines to print, and raise Trouble for what cannot be done."""

    def __init__(self, checked: CheckedWorkspace, settings: Settings, root: Path, start: Millis) -> None:
        self.checked = checked
        self.subject: SubjectKey | None = None
        self._typed: dict[str, str] = {}
        self._events = self._told = self._sent = 0
        library = offline_library(lambda: self.checked.schema, settings, root, checked.catalogue)
        self.simulation = Simulation(library, checked.schema, checked.plans, start)

    @property
    def codec(self) -> EventCodec:
        """Reads events and fields against the schema as it is now."""
        return EventCodec(self.checked.catalogue, self.checked.schema)

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which times are shown."""
        return zone(self.checked.schema.time_zone) or ZoneInfo("UTC")

    def add(self, key: SubjectKey, fields: Mapping[str, object]) -> None:
        """Put a record in place; the first one is looked at."""
        self.simulation.add_subject(key, fields)
        self.subject = self.subject or key

    # --- events and time ---

    def fire(self, text: str) -> Lines:
        """Let an event happen to the record that is looked at."""
        raw = event_of(self.checked, text, self._key())
        self._events += 1
        event = self.codec.read({"id": f"event-{self._events}", **raw}, self.simulation.now, ahead=None)
        self.simulation.fire(event)
        return self._news()

    def advance(self, text: str) -> Lines:
        """Let time pass: `30m`, `until next`, `until 9:00`, `until 2026-03-01`."""
        self.simulation.advance_to(self._moment(text))
        yield from self._news()
        yield f"it is {local_text(self.simulation.now, self.zone)}"

    def _moment(self, text: str) -> Millis:
        now = self.simulation.now
        word, _, rest = text.partition(" ")
        if word != "until":
            return shift(now, parse_duration(text), self.zone)
        if rest.strip() != "next":
            rest = rest.strip()
            return (
                next_time(now, parse_time(rest), self.zone)
                if ":" in rest
                else midnight(parse_date(rest), self.zone)
            )
        due = self.simulation.next_due()
        if due is None:
            raise Trouble("nothing waits, so nothing will happen without an event")
        return due

    def _news(self) -> Lines:
        """What has happened since the last time, and what was sent."""
        timeline, outbox = self.simulation.timeline(), self.simulation.outbox()
        entries, rows = timeline[self._told :], outbox[self._sent :]
        self._told, self._sent = len(timeline), len(outbox)
        if not entries:
            yield "nothing happened"
        yield from timeline_text(entries, self.zone)
        yield from messages_text(rows)

    # --- records ---

    def look_at(self, text: str) -> Lines:
        """Look at another record: `contact c_1`, or `c_1` for a contact."""
        *kinds, id = text.split()
        kind = kinds[0] if kinds else "contact"
        if len(kinds) > 1 or kind not in SUBJECT_KINDS:
            raise Trouble("name a record such as `contact c_1`")
        key = SubjectKey(kind, id)
        if self.simulation.subject(key) is None:
            known = [s.key.id for s in self._records(kind)]
            near = did_you_mean(id, known) or ", ".join(known[:10])
            raise Trouble(f"there is no {kind} `{id}`" + (f"; there is {near}" if near else ""))
        self.subject = key
        return self.show_record(kind)

    def show_record(self, kind: str) -> Lines:
        """The fields of the record that is looked at, or the ids of another kind."""
        if self.subject is None or self.subject.kind != kind:
            found = self._records(kind)
            yield ", ".join(state.key.id for state in found) or f"there is no {kind}"
            return
        state = self.simulation.subject(self.subject)
        assert state is not None
        yield f"{kind} {self.subject.id}"
        for name, value in state.fields.items():
            if value is not None and value != []:
                shown = (
                    ", ".join(f"{k}: {v}" for k, v in value.items())
                    if isinstance(value, dict)
                    else show(value)
                )
                yield f"  {name}: {shown}"

    def _records(self, kind: str) -> list[SubjectState]:
        return run_now(self.simulation.store.list_subjects(kind, _MANY))[0]

    def _key(self) -> SubjectKey:
        if self.subject is None:
            raise Trouble("there is no record; give some with --contacts FILE")
        return self.subject

    # --- what there is to see ---

    def show_runs(self) -> Lines:
        """All runs with where they stand."""
        runs, _ = run_now(self.simulation.store.list_runs(_MANY))
        for run in sorted(runs, key=lambda r: (r.started_at, r.id)):
            due = f"  until {local_text(run.due, self.zone)}" if run.due is not None else ""
            reason = f"  ({run.reason})" if run.reason else ""
            who = f"{run.subject.kind} {run.subject.id}"
            yield f"{run.id}  {who}  `{run.rule}`  {run.status} at {run.position}{due}{reason}"
        if not runs:
            yield "no rule has started"

    def show_outbox(self) -> Lines:
        """All messages so far."""
        rows = self.simulation.outbox()
        yield from messages_text(rows) if rows else ["nothing was sent"]

    def show_journal(self) -> Lines:
        """Everything that has happened."""
        timeline = self.simulation.timeline()
        yield from timeline_text(timeline, self.zone) if timeline else ["nothing has happened"]

    def show_rules(self) -> Lines:
        """The rules that are in force."""
        for plan in self.checked.plans:
            yield f"`{plan.key}` for {plan.subject}, {plan.state}"
        if not self.checked.plans:
            yield "there are no rules; type one"

    def why(self, text: str) -> Lines:
        """Why a rule started for the record that is looked at, or why not."""
        name, key = text.strip().strip('"'), self._key()
        plans = {plan.key: plan for plan in self.checked.plans}
        if name not in plans:
            near = did_you_mean(name, plans)
            raise Trouble(f"there is no rule `{name}`" + (f"; did you mean `{near}`?" if near else ""))
        found = run_now(ask(self.simulation.store.reader(), plans[name], self.checked.schema, key))
        for verdict in found or ():
            yield from verdict_lines(verdict, self.zone)
        if not found:
            listens = ", ".join(dict.fromkeys(t.event for t in plans[name].triggers))
            yield f"`{name}` listens to {listens}; no such event has come for {key.kind} {key.id}"

    # --- expressions and rules ---

    def evaluate(self, text: str) -> Lines:
        """The value and the type of an expression about the record that is looked at."""
        source = Source("prompt", text)
        node, diagnostics = parse_expression(source)
        if node is None or any(d.is_error for d in diagnostics):
            raise Trouble(
                render_text(diagnostics, color=False).rstrip() or "this is no expression; see `help`"
            )
        kind = self.subject.kind if self.subject is not None else "contact"
        context = Context(
            source, NameScope(self.checked.schema, kind, events_known=False), self.checked.catalogue
        )
        found = typed(context, node)
        errors = [d for d in context.found if d.is_error]
        if errors:
            raise Trouble(render_text(errors, color=False).rstrip())
        ir, scope = lower(found), self._scope(kind)
        value = evaluate(ir, scope)
        yield f"{show(value)}  ({found.type})"
        if value is False and (reason := first_false(ir, scope)):
            yield f"  {reason}"

    def _scope(self, kind: str) -> Scope:
        records: dict[str, Mapping[str, object]] = {k: {} for k in SUBJECT_KINDS}
        state = self.simulation.subject(self.subject) if self.subject is not None else None
        if state is not None:
            for other, key in related_keys(state, CancelInput("", "")).items():
                related = self.simulation.subject(key)
                records[other] = related.fields if related is not None else {}
            records[kind] = state.fields
        tz = zone_of(records, self.checked.schema.time_zone)
        people = Directory.of(self.checked.schema)
        return Scope({**records, "event": {}}, self.simulation.now, tz, people, kind)

    def add_rules(self, text: str, color: bool) -> Lines:
        """Put rules or declarations in force; a rule of a name typed before takes its place."""
        name = _name(text) or text
        kept = {**self._typed, name: text if text.endswith("\n") else f"{text}\n"}
        checked = self.checked.with_file(TYPED, "".join(kept.values()))
        before = set(self.checked.diagnostics)
        found = [d for d in checked.diagnostics if d.source.path == TYPED or d not in before]
        if any(d.is_error for d in found):
            raise Trouble(render_text(found, color=color).rstrip())
        if found:
            yield render_text(found, color=color).rstrip()
        self._typed, self.checked = kept, checked
        self.simulation.deploy(checked.schema, checked.plans)
        yield f"`{name}` is in force" if name != text else "that is in force"


def _name(text: str) -> str:
    """The name of the only rule in a text, or ""."""
    items = parse(Source(TYPED, text)).module.items
    first = items[0] if len(items) == 1 else None
    return first.name.value if isinstance(first, nodes.Rule) and first.name is not None else ""


SHOWS: Mapping[str, Callable[[Session], Lines]] = {
    "runs": Session.show_runs,
    "outbox": Session.show_outbox,
    "journal": Session.show_journal,
    "rules": Session.show_rules,
    "contact": lambda session: session.show_record("contact"),
    "account": lambda session: session.show_record("account"),
    "opportunity": lambda session: session.show_record("opportunity"),
}
"""What `show` can show."""
