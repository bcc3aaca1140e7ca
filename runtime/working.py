"""The subject while one input is handled: a private copy that notes every change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rulelang.calendar import instant_text
from rulelang.types.schema import Schema
from rulelang.types.staff import turns
from runtime.actions import ActionError
from runtime.model import JSON, Millis, Run, SubjectKey, SubjectState
from runtime.stages import main_pipeline

STAGES = "stages"
TAGS = "tags"
SEGMENTS = "segments"


def load_key(kind: str, person: str) -> str:
    """The name of the counter of what a person owns of one kind."""
    return f"load:{kind}:{person}"


class Change(NamedTuple):
    """A field that changed; `name` is the field, or `stages.<pipeline key>`."""

    name: str
    before: JSON
    after: JSON


class Working:
    """A private copy of a SubjectState. `take_changes` hands over what changed since it was last called.

    `previously_entered` holds, by pipeline, when a stage that was left in this turn had been entered.
    """

    __slots__ = (
        "_changes",
        "_counters",
        "alarm",
        "existed",
        "exists",
        "fields",
        "key",
        "memory",
        "new_counters",
        "now",
        "previously_entered",
        "runs",
        "schema",
        "touched",
        "version",
    )

    def __init__(self, state: SubjectState, schema: Schema, now: Millis, counters: Mapping[str, int]) -> None:
        self.key = state.key
        self.schema = schema
        self.now = now
        self.fields: dict[str, JSON] = dict(state.fields)
        self.memory: dict[str, JSON] = dict(state.memory)
        self.runs: dict[str, Run] = dict(state.runs)
        self.version = state.version
        self.existed = state.exists
        self.exists = state.exists
        self.alarm = state.alarm
        self.touched = False
        self.new_counters: dict[str, int] = {}
        self.previously_entered: dict[str, str] = {}
        self._counters = counters
        self._changes: dict[str, Change] = {}

    @property
    def subject(self) -> SubjectKey:
        """Whom the run is for."""
        return self.key

    def state(self) -> SubjectState:
        """The subject as it is now, with the next version when anything changed."""
        return SubjectState(
            key=self.key,
            fields=self.fields,
            memory=self.memory,
            runs=self.runs,
            version=self.version + 1 if self.touched else self.version,
            exists=self.exists,
            alarm=self.alarm,
        )

    def take_changes(self) -> list[Change]:
        """Changes since the last call, one for each field, net of changes that were undone."""
        if not self._changes:
            return []
        changes = [c for c in self._changes.values() if c.before != c.after]
        self._changes = {}
        if changes:
            self._weigh(changes)
            self.touched = True
            # Membership follows from something else, which has been noted for itself.
            if len(changes) > 1 or changes[0].name != SEGMENTS:
                self.fields["updated_at"] = instant_text(self.now)
        return changes

    def forget_changes(self) -> None:
        """Keep what changed, as if it had always been so."""
        self._changes = {}
        self.touched = True

    def create(self) -> None:
        """Bring a subject seen for the first time into being."""
        self.exists = True
        self.touched = True
        moment = instant_text(self.now)
        self.fields = {"id": self.key.id, **self.fields, "created_at": moment, "updated_at": moment}

    # --- what actions may do (runtime.actions.LocalContext) ---

    def get(self, name: str) -> JSON:
        """The subject's field, or None."""
        return self.fields.get(name)

    def set(self, name: str, value: JSON) -> None:
        """Set a field; None clears it."""
        before = self.fields.get(name)
        if before == value and type(before) is type(value):
            return
        self._note(name, before, value)
        if value is None:
            self.fields.pop(name, None)
        else:
            self.fields[name] = value

    def add_tag(self, tag: str) -> None:
        """Add a tag; nothing happens when it is there."""
        tags = self.fields.get(TAGS) or []
        if tag not in tags:
            self.set(TAGS, [*tags, tag])

    def remove_tag(self, tag: str) -> None:
        """Remove a tag; nothing happens when it is absent."""
        tags = self.fields.get(TAGS) or []
        if tag in tags:
            self.set(TAGS, [t for t in tags if t != tag])

    def move_stage(self, pipeline: str, stage: str) -> None:
        """Move to a stage of the pipeline with this key, and note when it was entered."""
        stages = self.fields.get(STAGES) or {}
        before = stages.get(pipeline)
        if before == stage:
            return
        self._note(f"{STAGES}.{pipeline}", before, stage)
        self.fields[STAGES] = {**stages, pipeline: stage}
        entered = self.fields.get("stage_entered_at") or {}
        if pipeline in entered:
            self.previously_entered[pipeline] = entered[pipeline]
        self.fields["stage_entered_at"] = {**entered, pipeline: instant_text(self.now)}
        if self.key.kind == "opportunity":
            self.fields["pipeline"] = pipeline
        if pipeline == main_pipeline(self.schema, self.key.kind, self.fields):
            self.fields["stage"] = stage

    def next_turn(self, team: str) -> str:
        """Whose turn it is in a team."""
        found = self.schema.teams.get(team)
        if found is None or not found.members:
            raise ActionError(f"the team `{team}` has no members to take a turn")
        weights = self.schema.weights.get(team, {})
        order = turns(found.members, tuple(weights.get(member, 1) for member in found.members))
        if not order:
            raise ActionError(f"every member of the team `{team}` has the weight 0")
        key = f"team:{team}"
        turn = self.counter(key)
        self.new_counters[key] = turn + 1
        return order[turn % len(order)]

    def load(self, person: str) -> int:
        """How many records of the subject's kind a person owns."""
        return self.counter(load_key(self.key.kind, person))

    def recall(self, name: str) -> JSON:
        """What an action kept with the subject."""
        kept: dict[str, JSON] = self.memory.get("kept", {})
        return kept.get(name)

    def remember(self, name: str, value: JSON) -> None:
        """Keep something with the subject."""
        if self.recall(name) != value:
            self.memory = {**self.memory, "kept": {**self.memory.get("kept", {}), name: value}}
            self.touched = True

    def _weigh(self, changes: list[Change]) -> None:
        """Keep count of what each person owns, wherever an owner is changed."""
        for change in changes:
            if change.name == "owner":
                for person, by in ((change.before, -1), (change.after, 1)):
                    if isinstance(person, str):
                        key = load_key(self.key.kind, person)
                        self.new_counters[key] = max(0, self.counter(key) + by)

    def next_number(self, series: str) -> int:
        """The next number of a series, from 1 on."""
        key = f"series:{series}"
        number = self.counter(key) + 1
        self.new_counters[key] = number
        return number

    def counter(self, key: str) -> int:
        """A counter shared by all subjects, as of now."""
        return self.new_counters.get(key, self._counters.get(key, 0))

    def _note(self, name: str, before: JSON, after: JSON) -> None:
        first = self._changes.get(name)
        self._changes[name] = Change(name, first.before if first else before, after)
