"""Alarms: the next moment of each clock trigger that a live rule listens to, kept with every subject.

`memory["alarms"]` holds {name: [due, mark]}, `memory["rung"]` the mark that rang last, by name, and
`memory["items"]` what sources remember. The earliest due is the subject's `alarm`, which the store finds by index.
An alarm is set for moments from now on. One that is set stays until it has rung, also after its time; the moments
that have passed by then are not made up for one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from rulelang.calendar import CalendarError
from rulelang.plan.model import ClockPlan, Plan
from rulelang.plan.parts import kinds_of
from runtime.model import ALARMS_CHANGED, JSON, Event, Millis, SubjectKey
from runtime.moments import SOURCES, Items, Moment, Params, Source, View, days_of

if TYPE_CHECKING:
    from runtime.turn import Turn

ZONE_FIELDS = frozenset({"time_zone", "account_id", "contact_id"})
"""Fields that decide whose time of day it is."""

_NO_ITEM: Mapping[str, JSON] = {}


class Alarm(NamedTuple):
    """A moment that some live rule listens to. `name` tells it from all others of the subject's kind."""

    name: str
    event: str
    source_name: str
    params: Params

    @classmethod
    def of(cls, clock: ClockPlan) -> Alarm:
        """The alarm for a clock of a plan."""
        values = " ".join(str(value) for _, value in sorted(clock.params.items()))
        return cls(f"{clock.event} {values}", clock.event, clock.source, clock.params)

    @property
    def source(self) -> Source:
        """How its moments are found."""
        return SOURCES[self.source_name]

    def each(self, items: Mapping[str, Items]) -> Iterator[tuple[str, Mapping[str, JSON]]]:
        """The name and the thing of each moment that it stands for; that of the subject itself has no thing."""
        if not self.source.hears:
            yield self.name, _NO_ITEM
            return
        for id, item in items.get(self.source_name, {}).items():
            yield _name(self, id), item


class Watch:
    """All alarms of one kind of subject. `stamp` is another number whenever they are others, or the zone is."""

    def __init__(self, alarms: Iterable[Alarm], zone: str) -> None:
        self.alarms = tuple(sorted(alarms, key=lambda alarm: alarm.name))
        self.reads = ZONE_FIELDS.union(*(alarm.source.reads(alarm.params) for alarm in self.alarms))
        self.sources = tuple(sorted({alarm.source_name for alarm in self.alarms}))
        self.hears = frozenset().union(*(SOURCES[name].hears for name in self.sources))
        text = "\0".join((zone, *(alarm.name for alarm in self.alarms)))
        self.stamp = int.from_bytes(blake2b(text.encode(), digest_size=7).digest(), "big") + 1


def watches(plans: Iterable[Plan], zone: str) -> dict[str, Watch]:
    """The alarms that these live plans need, by kind of subject. `zone` is that of the workspace."""
    found: dict[str, dict[str, Alarm]] = {}
    for plan in plans:
        for alarm in map(Alarm.of, plan.clocks):
            for kind in kinds_of(plan):
                found.setdefault(kind, {})[alarm.name] = alarm
    return {kind: Watch(alarms.values(), zone) for kind, alarms in found.items()}


class Alarms:
    """Rings and sets the alarms of the subject within a turn."""

    def __init__(self, turn: Turn, watch: Watch, before: Mapping[str, JSON]) -> None:
        self._turn = turn
        self._watch = watch
        self._before = before
        self._wanted = not turn.working.exists

    # --- during the turn ---

    def demand(self) -> None:
        """Set them anew at the end of the turn, whatever has changed."""
        self._wanted = True

    def observe(self, event: Event, data: Mapping[str, JSON]) -> None:
        """Let the sources remember what an event says."""
        if event.type not in self._watch.hears:
            return
        memory = self._turn.working.memory
        items = memory.get("items", {})
        for name in self._watch.sources:
            source = SOURCES[name]
            if event.type in source.hears:
                known = source.observe(items.get(name, {}), event, data, self._turn.now)
                items = {**items, name: dict(list(known.items())[-source.most :])}
        self._turn.working.memory = {**memory, "items": items}
        self._wanted = True

    def ring(self) -> list[Event]:
        """The events of all alarms whose time has come, in the order in which they were due."""
        now, memory = self._turn.now, self._turn.working.memory
        armed = memory.get("alarms", {})
        rung = dict(memory.get("rung", {}))
        events = []
        for name, alarm, item in self._each(memory.get("items", {})):
            if name in armed and armed[name][0] <= now:
                moment = self._next(alarm, item, armed.get(name), rung.get(name))
                if moment is not None and moment.due <= now:
                    rung[name] = moment.mark
                    events.append(self._event(name, alarm, item, moment))
        self._turn.working.memory = {**memory, "rung": rung}
        self._wanted = True
        return sorted(events, key=lambda event: event.occurred_at)

    def _event(self, name: str, alarm: Alarm, item: Mapping[str, JSON], moment: Moment) -> Event:
        key, now = self._turn.working.key, self._turn.now
        data = alarm.source.data(alarm.params, self._view(moment.due), item, moment.mark)
        data |= alarm.params
        if "offset" in alarm.params:
            data["offset_days"] = days_of(str(alarm.params["offset"]))
        text = "\0".join((*key, name, moment.mark))
        id = f"alarm:{blake2b(text.encode(), digest_size=10).hexdigest()}"
        return Event(id, alarm.event, moment.due, now, key, data=data)

    # --- at its end ---

    def arm(self) -> None:
        """Set the alarms for what the subject is now, when something they depend on has changed."""
        working = self._turn.working
        if not working.exists or not (self._wanted or self._affected()):
            return
        before = working.memory
        armed, rung = before.get("alarms", {}), before.get("rung", {})
        alarms: dict[str, list[JSON]] = {}
        for name, alarm, item in self._each(before.get("items", {})):
            moment = self._next(alarm, item, armed.get(name), rung.get(name))
            if moment is not None:
                alarms[name] = [moment.due, moment.mark]
        self._keep(alarms, rung)

    def _keep(self, alarms: dict[str, list[JSON]], rung: Mapping[str, str]) -> None:
        working = self._turn.working
        items = {
            source: known
            for source, things in working.memory.get("items", {}).items()
            if (known := {id: item for id, item in things.items() if self._is_awaited(source, id, alarms)})
        }
        named = {name for name, _, _ in self._each(items)}
        parts = {
            "alarms": alarms,
            "rung": {name: mark for name, mark in rung.items() if name in named},
            "items": items,
        }
        memory = {name: value for name, value in working.memory.items() if name not in parts}
        working.memory = memory | {name: value for name, value in parts.items() if value}
        working.alarm = min((due for due, _ in alarms.values()), default=None)

    def _is_awaited(self, source: str, id: str, alarms: Mapping[str, object]) -> bool:
        own = (alarm for alarm in self._watch.alarms if alarm.source_name == source)
        return any(_name(alarm, id) in alarms for alarm in own)

    def _affected(self) -> bool:
        fields, before = self._turn.working.fields, self._before
        return any(fields.get(name) != before.get(name) for name in self._watch.reads)

    # --- moments ---

    def _each(self, items: Mapping[str, Items]) -> Iterator[tuple[str, Alarm, Mapping[str, JSON]]]:
        """Every alarm by name, with the thing that it is for."""
        for alarm in self._watch.alarms:
            yield from ((name, alarm, item) for name, item in alarm.each(items))

    def _next(
        self, alarm: Alarm, item: Mapping[str, JSON], armed: list[JSON] | None, rung: str | None
    ) -> Moment | None:
        """The first moment from now on that has not rung; or the one that it is set for, also when that is over."""
        now = self._turn.now
        due, mark = armed or (now, None)
        try:
            for moment in alarm.source.moments(alarm.params, self._view(min(due, now)), item):
                if moment.mark != rung and (moment.due >= now or moment.mark == mark):
                    return moment
        except CalendarError:
            return None
        return None

    def _view(self, since: Millis) -> View:
        scope = self._turn.scope({})
        return View(self._turn.working.fields, scope.zone, self._turn.now, since)


def _name(alarm: Alarm, item: str) -> str:
    return f"{alarm.name}#{item}"


def zone_changed(key: SubjectKey, version: int, now: Millis) -> Event:
    """Tells the subjects that are linked to this one to set their alarms by its new time zone."""
    id = f"{ALARMS_CHANGED}:{key.kind}:{key.id}:{version}"
    return Event(id=id, type=ALARMS_CHANGED, occurred_at=now, received_at=now, subject=key)
