"""One session at the prompt: a simulation, the record that is looked at, and all that has been done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from rulelang.diagnostics.suggest import did_you_mean
from rulelang.plan.model import Plan
from rulelang.source import Span
from rulelang.types.schema import SUBJECT_KINDS
from rulelang.workspace import CheckedWorkspace
from runtime.events import EventCodec
from runtime.model import Entry, Millis, SubjectKey, SubjectState
from runtime.settings import Settings
from runtime.simulate import Simulation, run_now
from runtime.timeline import local_text, timeline_text
from stdlib_actions.library import offline_library
from workbench.messages import messages_text
from workbench.repl import saying
from workbench.repl.deeds import Deed, Looked, Put, Said
from workbench.repl.trouble import Trouble
from workbench.testing.meaning import Meaning
from workbench.testing.model import Given
from workbench.testing.script import Script
from workbench.testing.stage import Stage
from workbench.testing.writing import moment

TYPED = "~prompt.rules"
"""The file that holds what was typed; no file of a workspace is called so."""

MANY = 1000
"""Records and runs that are listed at most."""

Lines = Iterator[str]


class Session:
    """The state of the prompt. Methods give the lines to print, and raise Trouble for what cannot be done.

    What changes the state is a deed, kept in `deeds`: taking the last one back is doing the others again.
    """

    def __init__(self, checked: CheckedWorkspace, settings: Settings, root: Path, start: Millis) -> None:
        self.base, self.settings, self.root, self.start = checked, settings, root, start
        self.deeds: list[Deed] = []
        self._begin()

    def _begin(self) -> None:
        self.checked = self.base
        self.subject: SubjectKey | None = None
        self._told = self._sent = 0
        meaning, script = Meaning(self.checked), Script()
        library = offline_library(
            lambda: self.checked.schema, self.settings, self.root, self.checked.catalogue
        )
        simulation = Simulation(library, self.checked.schema, self.checked.plans, self.start, script.answer)
        self.stage = Stage(simulation, meaning, script)

    @property
    def simulation(self) -> Simulation:
        """The rules at work."""
        return self.stage.simulation

    @property
    def codec(self) -> EventCodec:
        """Reads events and fields against the schema as it is now."""
        return self.stage.meaning.codec

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which times are shown."""
        return self.stage.meaning.zone

    # --- deeds ---

    def do(self, deed: Deed) -> None:
        """Do something and keep it. When it fails nothing of it stays."""
        try:
            self._perform(deed)
        except Exception:
            self._again()
            raise
        self.deeds.append(deed)

    def undo(self) -> Lines:
        """Take the last deed back."""
        last = self.deeds[-1] if self.deeds else None
        if last is None or (isinstance(last, Said) and isinstance(last.statement, Given)):
            raise Trouble("there is nothing to take back")
        self.deeds.pop()
        self._again()
        yield f"taken back: {_told(last)}; it is {local_text(self.simulation.now, self.zone)}"

    def _again(self) -> None:
        """Do everything once more from the start."""
        self._begin()
        for deed in self.deeds:
            self._perform(deed)
        self._told, self._sent = len(self.simulation.timeline()), len(self.simulation.outbox())

    def _perform(self, deed: Deed) -> None:
        match deed:
            case Said(statement):
                self.stage.carry_out(statement)
                if isinstance(statement, Given):
                    self.subject = self.subject or statement.key
            case Put(files):
                for path, text in files.items():
                    self.checked = self.checked.with_file(path, text)
                self.stage.meaning = Meaning(self.checked)
                self.simulation.deploy(self.checked.schema, self.checked.plans)
            case Looked(key):
                self.subject = key

    def add(self, key: SubjectKey, fields: Mapping[str, object]) -> None:
        """Put a record in place; the first one is looked at."""
        self.do(Said(Given(Span(0, 0), key, fields), ""))

    def restart(self, start: Millis, key: SubjectKey, fields: Mapping[str, object]) -> None:
        """Begin again at another time, with one record as it is told and the others as they were at first."""
        before = [d for d in self.deeds if isinstance(d, Put) or (isinstance(d, Said) and _begins(d, key))]
        self.start, self.deeds = start // 1000 * 1000, [Said(Given(Span(0, 0), key, fields), ""), *before]
        self._again()

    # --- events and time ---

    def fire(self, text: str) -> Lines:
        """Let an event happen to the record that is looked at."""
        return self._say(saying.fired(text, self.key()))

    def set(self, text: str) -> Lines:
        """Change fields of the record that is looked at, with all events that this means."""
        return self._say(saying.changed(text, self.key()))

    def script(self, text: str) -> Lines:
        """Say how the outside will answer: `webhook answers 503 twice`."""
        self.do(saying.said(text, self.stage.meaning))
        return iter(("so it will answer",))

    def advance(self, text: str) -> Lines:
        """Let time pass: `30m`, `until next`, `until 9:00`, `until 2026-03-01`."""
        yield from self._say(saying.passed(self._with_next(text)))
        yield f"it is {local_text(self.simulation.now, self.zone)}"

    def _say(self, text: str) -> Lines:
        self.do(saying.said(text, self.stage.meaning))
        return self.news()

    def _with_next(self, text: str) -> str:
        """The text with `next` replaced by the moment when something will happen."""
        if text.split() != ["until", "next"]:
            return text
        due = self.simulation.next_due()
        if due is None:
            raise Trouble("nothing waits, so nothing will happen without an event")
        # Moments are written to the second: the next full one.
        return f"until {moment(-(-due // 1000) * 1000)}"

    def news(self) -> Lines:
        """What has happened since the last time, and what was sent."""
        timeline, outbox = self.simulation.timeline(), self.simulation.outbox()
        entries, rows = timeline[self._told :], outbox[self._sent :]
        self._told, self._sent = len(timeline), len(outbox)
        if not entries:
            yield "nothing happened"
        yield from timeline_text(entries, self.zone)
        yield from messages_text(rows)

    # --- records and rules ---

    def look_at(self, text: str) -> Lines:
        """Look at another record: `contact c_1`, or `c_1` for a contact."""
        *kinds, id = text.split()
        kind, id = kinds[0] if kinds else "contact", id.strip('"')
        if len(kinds) > 1 or kind not in SUBJECT_KINDS:
            raise Trouble("name a record such as `contact c_1`")
        key = SubjectKey(kind, id)
        if self.simulation.subject(key) is None:
            known = [s.key.id for s in self.records(kind)]
            near = did_you_mean(id, known) or ", ".join(known[:10])
            raise Trouble(f"there is no {kind} `{id}`" + (f"; there is {near}" if near else ""))
        self.do(Looked(key))
        return iter((f"{kind} {id}",))

    def records(self, kind: str) -> list[SubjectState]:
        """The records of a kind."""
        return run_now(self.simulation.store.list_subjects(kind, MANY))[0]

    def key(self) -> SubjectKey:
        """The record that is looked at.

        Raises:
            Trouble: there is none.
        """
        if self.subject is None:
            raise Trouble("there is no record; give some with --contacts FILE")
        return self.subject

    def state(self) -> SubjectState | None:
        """The record that is looked at, as it is now."""
        return self.simulation.subject(self.subject) if self.subject is not None else None

    def plan(self, text: str) -> Plan:
        """The rule in force with a name, which may stand in quotes.

        Raises:
            Trouble: there is none.
        """
        name = text.strip().strip('"')
        plans = {plan.key: plan for plan in self.checked.plans}
        if name not in plans:
            near = did_you_mean(name, plans)
            raise Trouble(f"there is no rule `{name}`" + (f"; did you mean `{near}`?" if near else ""))
        return plans[name]

    def timeline(self) -> list[tuple[SubjectKey, Entry]]:
        """All that has happened."""
        return self.simulation.timeline()

    def taking(self, deed: Put) -> CheckedWorkspace:
        """The workspace as it would be with other texts, without putting them in force."""
        checked = self.checked
        for path, text in deed.files.items():
            checked = checked.with_file(path, text)
        return checked


def _begins(deed: Said, key: SubjectKey) -> bool:
    """Whether a deed puts in place another record than this."""
    return isinstance(deed.statement, Given) and deed.statement.key != key


def _told(deed: Deed) -> str:
    match deed:
        case Said(_, text):
            return f"`{text}`"
        case Looked(key):
            return f"`as {key.kind} {key.id}`"
    return "rules that were put in force"
