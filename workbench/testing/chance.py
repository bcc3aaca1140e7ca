"""Random records and events of a workspace: what its schema allows, leaning to the values that its rules speak of.

The same seed gives the same sequence on every machine (Python's Mersenne Twister, seeded with text).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Any

import msgspec

from rulelang.calendar import parse_duration
from rulelang.plan.ir import Get, Lit, Op
from rulelang.plan.model import Plan, TriggerPlan
from rulelang.source import Span
from rulelang.types.builtin import concrete
from rulelang.types.model import Kind, Type
from rulelang.types.schema import SUBJECT_KINDS
from runtime.events import RECORD_UPDATED, EventCodec, EventError
from runtime.model import JSON, Millis, SubjectKey
from workbench.authoring.samples import made_event
from workbench.testing.meaning import Meaning
from workbench.testing.model import After, Fire, Given, Statement
from workbench.testing.writing import moment

GAPS = ("1m", "10m", "1h", "6h", "1d", "3d", "7d", "30d")
"""How much time may pass between two events."""

MOST_STEPS = 24
_RECORDS = 2
_DAY: Millis = 86_400_000
_NOWHERE = Span(0, 0)
_TEXTS = ("Ada", "Berlin", "x")


class World:
    """What can happen in a workspace."""

    def __init__(self, meaning: Meaning, plans: Sequence[Plan], start: Millis) -> None:
        self._meaning, self._plans, self._start = meaning, plans, start
        self._codec: EventCodec = meaning.codec
        self._known: dict[tuple[str, str], list[JSON]] = defaultdict(list)
        for plan in plans:
            for path, value in _compared(plan):
                self._known[path].append(value)
        self._kinds = [k for k in SUBJECT_KINDS if any(p.subject == k for p in plans)] or ["contact"]

    def sequence(self, random: Random, given: Sequence[Statement]) -> list[Statement]:
        """Records, then events and time in turns. Records that are `given` already are used as they are."""
        keys = [s.key for s in given if isinstance(s, Given)]
        steps: list[Statement] = []
        if not keys:
            steps = [self._record(random, k, n) for k in self._kinds for n in range(1, _RECORDS + 1)]
            keys = [s.key for s in steps if isinstance(s, Given)]
        for _ in range(random.randint(2, MOST_STEPS)):
            again = [step for step in steps if isinstance(step, Fire)]
            # What has happened once may happen again: rules are most often wrong about that.
            if again and random.random() < 0.25:
                steps.append(random.choice(again))
            elif (step := self._step(random, random.choice(keys))) is not None:
                steps.append(step)
        return steps

    def _step(self, random: Random, key: SubjectKey) -> Statement | None:
        dice = random.random()
        if dice < 0.35:
            return After(_NOWHERE, parse_duration(random.choice(GAPS)))
        raw = self._change(random, key) if dice < 0.55 else self._event(random, key)
        return Fire(_NOWHERE, raw) if raw is not None else None

    # --- records ---

    def _record(self, random: Random, kind: str, number: int) -> Given:
        fields = self._fields(random, kind, 0.6)
        pipelines = self._meaning.checked.schema.pipelines_of(kind)
        if pipelines and random.random() < 0.5:
            fields["stages"] = {pipelines[0].key: random.choice(pipelines[0].stages)}
        if kind == "contact":
            fields["email"] = f"c{number}@example.test"
        return Given(_NOWHERE, SubjectKey(kind, f"{kind[0]}_{number}"), fields)

    def _fields(self, random: Random, kind: str, share: float) -> dict[str, JSON]:
        """Random values for some fields: those that rules speak of, and a few others."""
        found: dict[str, JSON] = {}
        for name, field in self._meaning.checked.schema.fields[kind].items():
            spoken = (kind, name) in self._known or name in ("status", "score", "owner", "dnc")
            if field.read_only or random.random() > (share if spoken else share / 8):
                continue
            value = self._value(random, (kind, name), field.type)
            try:
                found |= self._codec.fields(kind, {name: value}) if value is not None else {}
            except EventError:
                continue
        return found

    def _change(self, random: Random, key: SubjectKey) -> dict[str, Any] | None:
        fields = self._fields(random, key.kind, 0.4)
        if not fields:
            return None
        subject = {"kind": key.kind, "id": key.id}
        return {"type": RECORD_UPDATED, "subject": subject, "data": {"fields": fields}}

    # --- events ---

    def _event(self, random: Random, key: SubjectKey) -> dict[str, Any] | None:
        """An event that a rule listens to: sometimes with what the rule asks for, sometimes with something else."""
        checked = self._meaning.checked
        choices = [(p, t) for p in self._plans for t in p.triggers if p.subject == key.kind]
        if not choices:
            return None
        plan, trigger = random.choice(choices)
        declared = checked.catalogue.triggers.get(trigger.trigger)
        raw = made_event(checked, self._codec, plan, trigger, key.id)
        if raw is None or (declared is not None and declared.clock is not None):
            return None
        data = {name: value for name, value in raw["data"].items() if not isinstance(value, dict)}
        for name, type_ in self._payload(trigger, key.kind).items():
            share = 0.8 if ("event", name) in self._known and name not in data else 0.3
            if random.random() < share and (value := self._value(random, ("event", name), type_)) is not None:
                data[name] = value
        return self._valid({**raw, "subject": {"kind": key.kind, "id": key.id}, "data": data}) or raw

    def _payload(self, trigger: TriggerPlan, kind: str) -> dict[str, Type]:
        """The types of an event's data, as the catalogue or the schema declares them."""
        schema = self._meaning.checked.schema
        own = schema.events.get(trigger.event)
        if own is not None:
            return {name: field.type for name, field in own.payload.items()}
        declared = self._meaning.checked.catalogue.triggers.get(trigger.trigger)
        payload = declared.payload if declared is not None else {}
        return {name: concrete(type_, schema, kind) for name, type_ in payload.items()}

    def _valid(self, raw: dict[str, Any]) -> dict[str, Any] | None:
        try:
            self._codec.read({"id": "event", **raw}, 0, ahead=None)
        except EventError:
            return None
        return raw

    # --- values ---

    def _value(self, random: Random, path: tuple[str, str], type_: Type) -> JSON:
        known = self._known.get(path, [])
        match type_.kind:
            case Kind.BOOL:
                return random.random() < 0.5
            case Kind.ENUM | Kind.STAGE:
                return random.choice(type_.values) if type_.values else None
            case Kind.NUMBER | Kind.PERCENT | Kind.MONEY:
                around = [n + by for n in known if isinstance(n, int | float) for by in (-1, 0, 1)]
                return random.choice(around if around and random.random() < 0.7 else [0, 10, 100])
            case Kind.DATE | Kind.DATETIME:
                text = moment(self._start + random.randint(-40, 400) * _DAY)
                return text[:10] if type_.kind is Kind.DATE else text
            case Kind.PERSON:
                people = list(self._meaning.checked.schema.people)
                return random.choice(people) if people else None
            case Kind.TEXT:
                return random.choice([*(v for v in known if isinstance(v, str)), *_TEXTS])
            case Kind.TAG:
                tags = [*(self._meaning.checked.schema.tags or ()), *(v for v in known if isinstance(v, str))]
                return random.choice(tags) if tags else None
            case Kind.LIST if type_.item is not None:
                one = self._value(random, path, type_.item)
                return [one] if one is not None else None
        return None


def _compared(plan: Plan) -> Iterator[tuple[tuple[str, str], JSON]]:
    """The constants of a rule with the field or part of an event that each is compared with."""
    for op in _operators(plan):
        paths = [arg.p for arg in op.a if isinstance(arg, Get) and len(arg.p) == 2]
        for lit in (arg for arg in op.a if isinstance(arg, Lit)):
            for root, name in paths:
                values: Iterable[JSON] = lit.v if isinstance(lit.v, list) else [lit.v]
                yield from (((root, name), value) for value in values)


def _operators(value: object) -> Iterator[Op]:
    """All operators in a part of a plan."""
    if isinstance(value, Op):
        yield value
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _operators(getattr(value, name))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _operators(each)
