"""One description of what happens, run through `rulelang simulate` and on the real engine; the timelines must be equal.

The engine is the server's own, with its writer thread, its outbox and a SQLite file; its clock is a virtual one. It
is ended and started anew between any two things that happen. Only what leaves the process is replaced: a delivery ends
well at once, as it does in a simulation.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rulelang.calendar import instant_text, parse_instant, zone
from rulelang.workspace import CheckedWorkspace
from runtime.actions import EffectAction, Facts, Intent, Library
from runtime.clock import VirtualClock
from runtime.engine.engine import Engine, EngineLimits
from runtime.engine.rules import Rules
from runtime.engine.work import Arrival
from runtime.events import EventCodec
from runtime.model import JSON, Effect, Millis, Outcome, OutcomeKind, SubjectKey, SubjectState
from runtime.outbox import OutboxLimits, Pace
from runtime.settings import load_settings
from runtime.stages import with_stage
from runtime.store.open import open_store
from runtime.store.protocol import Batch, Transaction
from stdlib_actions.library import offline_library
from tests.support.process import command
from tests.support.rules import SCHEMA, START, catalogue, check
from workbench.messages import with_messages

Timeline = list[dict[str, Any]]
LIMITS = EngineLimits(outbox=OutboxLimits(pace=Pace(1, float("inf"))))
"""One delivery at a time to each destination: which of two at once ends first is for the outside to say."""
MAIL = {"hello": "---\nsubject: Hello\n---\nHello {{ contact.first_name }}"}
MAX_ROUNDS = 10_000


@dataclass(frozen=True)
class Scene:
    """Rules, records, and what happens when.

    `events` are public events with `at`, when each arrives; `edits` are rules that are put in force at a moment;
    `down` is a time with nobody at work.
    """

    rules: str
    contacts: Sequence[Mapping[str, Any]] = ()
    accounts: Sequence[Mapping[str, Any]] = ()
    opportunities: Sequence[Mapping[str, Any]] = ()
    events: Sequence[Mapping[str, Any]] = ()
    edits: Mapping[str, str] = field(default_factory=dict)
    down: tuple[str, str] | None = None
    start: str = START
    until: str = "2026-04-01T00:00:00Z"
    schema: str = SCHEMA
    templates: Mapping[str, str] = field(default_factory=lambda: MAIL)

    def records(self) -> list[tuple[SubjectKey, dict[str, Any]]]:
        """All records, by key."""
        kinds = (("contact", self.contacts), ("account", self.accounts), ("opportunity", self.opportunities))
        return [
            (SubjectKey(kind, record["id"]), {k: v for k, v in record.items() if k != "id"})
            for kind, records in kinds
            for record in records
        ]

    def arrivals(self) -> list[tuple[Millis, dict[str, Any]]]:
        """The events in the order in which they arrive, each with an id."""
        found = []
        for number, event in enumerate(self.events):
            raw = {"id": f"e-{number}", "subject": {"kind": "contact", "id": "c_1"}, **event}
            at = parse_instant(raw.pop("at"))
            raw.setdefault("occurred_at", instant_text(at))
            found.append((at, raw))
        return sorted(found, key=lambda pair: pair[0])

    def checked(self, rules: str | None = None) -> CheckedWorkspace:
        """The workspace with these rules."""
        return check(self.rules if rules is None else rules, dict(self.templates), self.schema)


def event(at: str, type: str, subject: str = "c_1", kind: str = "contact", **more: Any) -> dict[str, Any]:
    """An event that arrives at a moment; what is not part of the envelope is its data."""
    envelope = {k: more.pop(k) for k in ("event_id", "occurred_at", "data") if k in more}
    data = envelope.pop("data", {}) | more
    raw = {"at": at, "type": type, "subject": {"kind": kind, "id": subject}, "data": data}
    if "event_id" in envelope:
        raw["id"] = envelope.pop("event_id")
    return raw | envelope


def played(scene: Scene, path: Path) -> Timeline:
    """The timeline of a scene, after it was found equal in simulation and in the engine."""
    simulated = simulate(scene, path)
    real = asyncio.run(Stage(scene, path / "rulelang.db").play())
    for number, (mine, theirs) in enumerate(zip_longest(real, simulated)):
        assert mine == theirs, f"entry {number}, after {simulated[max(0, number - 3) : number]}"
    return simulated


# --- in simulation ----------------------------------------------------------------------------------------


def simulate(scene: Scene, path: Path) -> Timeline:
    """What `rulelang simulate --format json` prints about a scene."""
    root = path / "workspace"
    options: list[str | Path] = ["--from", scene.start]
    _write(root, scene, scene.rules)
    for number, (at, rules) in enumerate(scene.edits.items()):
        _write(path / f"edit-{number}", scene, rules)
        options += ["--deploy", f"{at}={path / f'edit-{number}'}"]
    if scene.down is not None:
        options += ["--down", "..".join(scene.down)]
    for name in ("contacts", "accounts", "opportunities"):
        file = path / f"{name}.json"
        file.write_text(json.dumps(getattr(scene, name)), "utf-8")
        options += [f"--{name}", file]
    events = [{**raw, "received_at": instant_text(at)} for at, raw in scene.arrivals()]
    (path / "events.json").write_text(json.dumps(events), "utf-8")
    span = f"{(parse_instant(scene.until) - parse_instant(scene.start)) // 60_000}m"
    done = command(
        "simulate", root, "--events", path / "events.json", "--for", span, "--format", "json", *options
    )
    assert done.returncode == 0, done.stderr
    found: Timeline = json.loads(done.stdout)
    return found


def _write(root: Path, scene: Scene, rules: str) -> None:
    (root / "templates").mkdir(parents=True)
    (root / "schema.rules").write_text(scene.schema, "utf-8")
    (root / "test.rules").write_text(rules, "utf-8")
    (root / "rulelang.toml").write_text('[mail]\nfrom = "Acme <hello@acme.test>"\n', "utf-8")
    for name, text in scene.templates.items():
        (root / "templates" / f"{name}.liquid").write_text(text, "utf-8")


# --- on the engine ----------------------------------------------------------------------------------------


class Delivered:
    """An effect whose message is composed for real, and whose delivery ends well without leaving the process."""

    def __init__(self, action: EffectAction) -> None:
        self.intend: Callable[..., Intent] = action.intend
        self.prepare = action.prepare

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """See EffectAction."""
        return Outcome(OutcomeKind.DONE, result={"simulated": True})


class Stage:
    """The lives of an engine on one database file, one after the other."""

    def __init__(self, scene: Scene, path: Path) -> None:
        self.scene = scene
        self.path = path
        self.workspace = scene.checked()
        self.clock = VirtualClock(parse_instant(scene.start))
        self.shown = zone(self.workspace.schema.time_zone) or ZoneInfo("UTC")

    async def play(self) -> Timeline:
        """Everything that happens, and the journal afterwards."""
        self._put_records()
        await self._begin()
        for at, happening in self._happenings():
            await self._advance(at)
            await happening()
            await self._rest()
            await self._end()
            await self._begin()
        await self._advance(parse_instant(self.scene.until))
        await self._end()
        return await self._journal()

    def _happenings(self) -> list[tuple[Millis, Callable[[], Any]]]:
        found: list[tuple[Millis, Callable[[], Any]]] = []
        for at, raw in self.scene.arrivals():
            found.append((at, lambda raw=raw: self._submit(raw)))
        for moment, rules in self.scene.edits.items():
            found.append((parse_instant(moment), lambda rules=rules: self._deploy(rules)))
        if self.scene.down is not None:
            begin, end = map(parse_instant, self.scene.down)
            found.append((begin, lambda: self._sleep(end)))
        return sorted(found, key=lambda pair: pair[0])

    def _library(self) -> Library:
        root = self.path.parent / "workspace"
        library = offline_library(lambda: self.workspace.schema, load_settings(root, {}), root, catalogue())
        effects = {name: Delivered(action) for name, action in library.effects.items()}
        return Library(library.catalogue, library.local, effects)

    def _put_records(self) -> None:
        schema = self.workspace.schema
        codec = EventCodec(catalogue(), schema)
        states = []
        for key, raw in self.scene.records():
            values = dict(raw)
            stage = values.pop("stage", None)
            fields = codec.fields(key.kind, values)
            if stage:
                fields["stages"] = codec.stage(key.kind, stage)
            complete = {"id": key.id, **with_stage(schema, key.kind, fields)}
            states.append(SubjectState(key, complete, version=1))
        writer, _ = open_store(self.path)
        with writer.transaction() as tx:
            tx.write(Batch(subjects=states))
        writer.close()

    async def _begin(self) -> None:
        self.writer, self.open_reader = open_store(self.path)
        rules = Rules(self._library(), self.workspace.schema, self.workspace.plans, explain=True)
        self.engine = Engine(self.writer, rules, self.clock, LIMITS)
        await self.engine.start()
        # The look for unfinished effects begins before anything else is asked of the engine.
        await asyncio.sleep(0)
        await self._rest()

    async def _end(self) -> None:
        assert await self.engine.close(5.0)
        self.writer.close()

    async def _submit(self, raw: Mapping[str, Any]) -> None:
        codec = EventCodec(catalogue(), self.workspace.schema)
        arrived = codec.read(raw, self.clock.now(), ahead=None)
        await self.engine.submit([Arrival(arrived, arrived.id.encode())])

    async def _deploy(self, rules: str) -> None:
        self.workspace = self.scene.checked(rules)
        await self.engine.deploy(self.workspace.schema, self.workspace.plans)

    async def _sleep(self, until: Millis) -> None:
        await self._end()
        self.clock.advance(until - self.clock.now())
        await self._begin()

    async def _advance(self, until: Millis) -> None:
        """Let time pass, one due moment after the other."""
        for _ in range(MAX_ROUNDS):
            at = await self._rest()
            moves = until if at is None else min(at, until)
            if moves <= self.clock.now():
                return
            self.clock.advance(moves - self.clock.now())
        raise AssertionError("the engine does not come to rest")

    async def _rest(self) -> Millis | None:
        """Wait until nothing is left to do now; when something will be."""
        for _ in range(MAX_ROUNDS):
            times, pending = await self.engine.write(_due)
            at = min(times, default=None)
            if not pending and not len(self.engine.outbox) and (at is None or at > self.clock.now()):
                return at
        raise AssertionError("the engine does not come to rest")

    async def _journal(self) -> Timeline:
        writer, open_reader = open_store(self.path)
        reader = open_reader()
        rows = await reader.journal(limit=100_000)
        effects, _ = await reader.effects(limit=100_000)
        await reader.close()
        writer.close()
        entries = [(row.subject, entry) for row in rows for entry in row.entries]
        found: Timeline = json.loads(json.dumps(list(with_messages(entries, effects, self.shown))))
        return found


def _due(tx: Transaction) -> tuple[list[Millis], bool]:
    times = [at for at in (tx.next_due(), tx.next_alarm()) if at is not None]
    return times, bool(tx.pending_events(1))
