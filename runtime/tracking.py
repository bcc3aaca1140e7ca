"""Follows conditions within a turn: evaluates those that a change can touch, notes when time touches them next.

`memory["followed"]` holds `stamp` (of what was followed when the subject was last looked at as a whole), `past` (of
what was counted when its recorded events were), `in` (the computed segments it is in), `due` {key: when to look again},
`starts` {key: 0 false, -1 true and told, or since when}, `status` and `hand` (the status computed last, and the one set
by hand), `counts` and `latest` (moments of events), and `missed` {name: [[due, data of the first event]]}.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any

from rulelang.calendar import CalendarError, Duration, instant_text, shift
from rulelang.plan.compile import Condition
from rulelang.plan.scope import Scope
from runtime.absences import after_event, noticed
from runtime.counting import Counter, Counts, Latest
from runtime.crossing import next_change
from runtime.following import Absence, Following, Health, Node, Segment, Start, Statuses
from runtime.model import ALARMS_CHANGED, CONDITIONS_DUE, CONTACT_HEARD, JSON, Event, Millis
from runtime.working import SEGMENTS, STAGES, Change, Working

if TYPE_CHECKING:
    from runtime.turn import Turn

MEMORY = "followed"
CONDITION_MET = "condition.met"
"""The event by which a rule begins whose condition has become true; its data names the `rule`."""
ABSENCE_NOTICED = "absence.noticed"
CONDITIONS_CHANGED = "conditions.changed"
"""What the journal calls changes that follow from time, from a related record or from a step of a run."""

_TOLD = -1
_PLACES = frozenset({"time_zone", "account_id", "contact_id"})

Happened = tuple[str, dict[str, JSON]]


class Tracking:
    """What is followed for the subject of a turn."""

    def __init__(self, turn: Turn, following: Following) -> None:
        self._turn = turn
        self._following = following
        self._kept: dict[str, Any] = turn.working.memory.get(MEMORY, {})
        self._before = self._kept
        self._touched: set[int] = set()
        self._told: list[Happened] = []
        self._quiet = False

    # --- what is counted -----------------------------------------------------------------------------

    def counts(self) -> Counts:
        """The root `counts` of expressions, as of now."""
        turn = self._turn
        return Counts(self._following.counters, self._kept.get("counts", {}), turn.zone(), turn.now)

    def latest(self) -> Latest:
        """The root `latest` of expressions."""
        return Latest(self._kept.get("latest", {}))

    def hear(self, event: Event, data: Mapping[str, JSON]) -> None:
        """Count an event, and let it begin or end an absence."""
        following = self._following
        counters, absences = following.hears.get(event.type), following.misses.get(event.type)
        if counters:
            scope = Scope({"awaited": data}, self._turn.now, self._turn.zone(), self._turn.machine.people)
            self.count([c for c in counters if c.counts(scope)], event.occurred_at)
        for absence in absences or ():
            self._miss(absence, event, data)

    def count(self, counters: Iterable[Counter], occurred_at: Millis) -> None:
        """Count an event that happened then."""
        now, zone = self._turn.now, self._turn.zone()
        moment = min(occurred_at, now)
        for counter in counters:
            place = "counts" if counter.window is not None else "latest"
            known = self._kept.get(place, {})
            if counter.window is None:
                value: JSON = max(known.get(counter.name, moment), moment)
            else:
                value = counter.kept(known.get(counter.name, []), moment, now, zone)
            self._keep(place, {**known, counter.name: value})
            self._touched |= self._following.counted.get(counter.name, set())

    def _count_named(self, names: Sequence[str], occurred_at: Millis) -> None:
        """Count an event of a contact of this account, for the counters with these names."""
        counters = self._following.counters
        self.count([counters[name] for name in names if name in counters], occurred_at)

    def take_news(self, event: Event) -> bool:
        """What an internal event says: of the clock, of a record that this one is linked to, of a contact's event.

        Whether the record is another for what had been recorded before anything was counted.
        """
        data = event.data
        if "past" in data:
            return self._recount(data["past"])
        if event.type == CONTACT_HEARD:
            self._count_named(data["counts"], event.occurred_at)
        elif event.type == ALARMS_CHANGED and "pass" not in data:
            self._touched |= self._following.timed if "root" not in data else set()
            roots = [str(data["root"])] if "root" in data else list(self._following.related)
            for root in roots:
                self._touch_related(root, data.get("fields"))
        return False

    def _recount(self, past: Sequence[Sequence[JSON]]) -> bool:
        """Count events that were recorded before these counts were declared: (type, moment, data) of each."""
        turn, following = self._turn, self._following
        for counter in following.counters.values():
            mine = [(at, data) for type_, at, data in past if type_ == counter.event and not counter.contacts]
            moments = [at for at, data in mine if self._holds(counter.test, {"awaited": data})]
            place = "counts" if counter.window is not None else "latest"
            known = self._kept.get(place, {})
            if counter.window is None:
                value: JSON = max(
                    [*moments, *(known[n] for n in (counter.name,) if n in known)], default=None
                )
            else:
                value = counter.recounted(known.get(counter.name, []), moments, turn.now, turn.zone())
            if moments and value != known.get(counter.name):
                self._keep(place, {**known, counter.name: value})
                self._touched |= following.counted.get(counter.name, set())
        self._keep("past", following.counting)
        return self._settle_quietly()

    # --- what does not come --------------------------------------------------------------------------

    def _miss(self, absence: Absence, event: Event, data: Mapping[str, JSON]) -> None:
        known = self._kept.get("missed", {})
        waiting = known.get(absence.name, [])
        due = self._later(min(event.occurred_at, self._turn.now), absence.within)
        left = after_event(absence, waiting, event.type, data, due, self._holds)
        if left != waiting:
            others = {name: items for name, items in known.items() if name != absence.name}
            self._keep("missed", {**others, absence.name: left} if left else others)

    def _holds(self, test: Condition | None, roots: Mapping[str, Mapping[str, JSON]]) -> bool:
        if test is None:
            return True
        turn = self._turn
        values = {**turn.scope({}).values, **roots}
        return test(Scope(values, turn.now, turn.zone(), turn.machine.people))

    # --- the clock -----------------------------------------------------------------------------------

    def ring(self) -> list[Event]:
        """The events that make good what has come due: one for conditions to look at, one for each absence."""
        turn, following = self._turn, self._following
        now, due = turn.now, self._kept.get("due", {})
        self._touched |= {
            following.places[key] for key, at in due.items() if at <= now and key in following.places
        }
        left, overdue = noticed(self._kept.get("missed", {}), now)
        self._keep("missed", left)
        self._told += [(ABSENCE_NOTICED, {**first, "absence": name}) for name, first in overdue]
        key = turn.working.key
        id = f"{CONDITIONS_DUE}:{key.kind}:{key.id}:{now}"
        return [Event(id, CONDITIONS_DUE, now, now, key)] if self._touched or self._told else []

    def finish(self) -> None:
        """Put down what is to be remembered, and when the subject has to be looked at next."""
        working = self._turn.working
        if self._kept is not self._before:
            kept = {name: value for name, value in self._kept.items() if value}
            working.memory = {**working.memory, MEMORY: kept}
        moments = [due for due, _ in working.memory.get("alarms", {}).values()]
        moments += self._kept.get("due", {}).values()
        moments += (item[0] for items in self._kept.get("missed", {}).values() for item in items)
        working.alarm = min(moments, default=None)

    # --- what is touched -----------------------------------------------------------------------------

    def catch_up(self) -> bool:
        """Bring up to date what was last looked at under other definitions, without any event; whether it changed."""
        if not self._turn.working.exists or self._kept.get("stamp") == self._following.stamp:
            return False
        before = self._turn.working.fields.get(SEGMENTS)
        self._forget()
        self._touch_all()
        changed = self._settle_quietly()
        return changed or self._turn.working.fields.get(SEGMENTS) != before

    def _settle_quietly(self) -> bool:
        """Evaluate what is touched without any event, and without a rule that begins; whether the record is another."""
        working = self._turn.working
        fields = {name: working.fields.get(name) for name in (SEGMENTS, "status", "health")}
        self._quiet = True
        self._settle()
        self._quiet = False
        working.forget_changes()
        return any(working.fields.get(name) != value for name, value in fields.items())

    def _forget(self) -> None:
        """Drop what nothing is followed by any more."""
        following, working, kept = self._following, self._turn.working, self._kept
        gone = set(kept.get("in", ())) - following.computed
        _write(working, SEGMENTS, [n for n in working.fields.get(SEGMENTS) or () if n not in gone] or None)
        self._keep("in", [name for name in kept.get("in", ()) if name in following.computed])
        for place in ("due", "starts"):
            self._keep(place, {k: v for k, v in kept.get(place, {}).items() if k in following.places})
        for place in ("counts", "latest"):
            self._keep(place, {k: v for k, v in kept.get(place, {}).items() if k in following.counters})
        names = {absence.name for absence in following.absences}
        self._keep("missed", {k: v for k, v in kept.get("missed", {}).items() if k in names})

    def _touch_all(self) -> None:
        self._touched |= set(range(len(self._following.nodes)))
        self._keep("stamp", self._following.stamp)

    def _touch_related(self, root: str, fields: Iterable[str] | None) -> None:
        """A record that this one is linked to has changed, in these fields or (None) in any."""
        known = self._following.related.get(root, {})
        for name in known if fields is None else fields:
            self._touched |= known.get(name, set())

    def follow(self, changes: list[Change], created: bool = False, quiet: bool = False) -> list[Change]:
        """These changes with all that follows from them and the events that were heard; `quiet`: no rule begins."""
        if created:
            self._touch_all()
            self._keep("past", self._following.counting)
        if changes:
            self._touch(changes)
        if not self._touched:
            return changes
        self._quiet = quiet
        self._settle()
        self._quiet = False
        return _merged(changes, self._turn.working.take_changes())

    def _touch(self, changes: Iterable[Change]) -> None:
        following = self._following
        fields = following.fields
        for name in {place for change in changes for place in _places(change.name)} | {"updated_at"}:
            self._touched |= fields.get(name, set())
            if name in _PLACES:
                self._touched |= following.timed
            if name == SEGMENTS:
                self._touched |= {n for numbers in following.segments.values() for n in numbers}

    def told(self) -> list[Happened]:
        """The events that have come of it since this was last asked, in order."""
        found, self._told = self._told, []
        return found

    # --- evaluation ----------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Evaluate what is touched, and what that touches in turn; each part after those that it reads."""
        waiting = list(self._touched)
        self._touched = set()
        heapify(waiting)
        scope, last = self._turn.scope({}), -1
        while waiting:
            number = heappop(waiting)
            if number == last:
                continue
            last = number
            for other in self._evaluate(self._following.nodes[number], scope):
                if other > number:
                    heappush(waiting, other)

    def _evaluate(self, node: Node, scope: Scope) -> Iterable[int]:
        """Bring one part up to date; the numbers of what it touches."""
        match node:
            case Segment():
                touched = self._segment(node, scope)
            case Statuses():
                touched = self._statuses(node, scope)
            case Health():
                touched = self._health(node)
            case Start():
                touched = self._start(node, scope)
        if node.atoms or isinstance(node, Start):
            self._look_again(node, scope)
        return touched

    def _segment(self, node: Segment, scope: Scope) -> Iterable[int]:
        members = self._kept.get("in", [])
        holds = node.holds(scope)
        if holds is (node.name in members):
            return ()
        self._keep("in", [*members, node.name] if holds else [n for n in members if n != node.name])
        present = self._turn.working.fields.get(SEGMENTS) or []
        names = [n for n in present if n != node.name]
        self._turn.working.set(SEGMENTS, ([*names, node.name] if holds else names) or None)
        following = self._following
        return following.segments.get(node.name, set()) | following.fields.get(SEGMENTS, set())

    def _statuses(self, node: Statuses, scope: Scope) -> Iterable[int]:
        working = self._turn.working
        now, computed = working.fields.get("status"), self._kept.get("status")
        if now != computed and all(now != value for value, _ in node.clauses):
            self._keep("hand", now)
        target = next((value for value, holds in node.clauses if holds(scope)), None)
        self._keep("status", target)
        return self._take("status", self._kept.get("hand") if target is None else target)

    def _health(self, node: Health) -> Iterable[int]:
        score = self._turn.working.fields.get("health_score")
        if not isinstance(score, int | float):
            return ()
        level = next((name for name, least in node.levels if least is None or score >= least), None)
        return self._take("health", level)

    def _take(self, field: str, value: JSON) -> Iterable[int]:
        working = self._turn.working
        if working.fields.get(field) == value:
            return ()
        working.set(field, value)
        return self._following.fields.get(field, set())

    def _start(self, node: Start, scope: Scope) -> Iterable[int]:
        """Rules that begin: when the condition becomes true, or has been true for as long as it must."""
        known = self._kept.get("starts", {})
        before = known.get(node.key)
        after = 0
        if node.holds(scope):
            after = before or self._turn.now
            if not before and self._quiet:
                after = _TOLD
            elif after != _TOLD and self._has_held(node, after):
                self._tell(node, after)
                after = _TOLD
        if after != before:
            self._keep("starts", {**known, node.key: after})
        return ()

    def _has_held(self, node: Start, since: Millis) -> bool:
        return node.held is None or self._later(since, node.held) <= self._turn.now

    def _tell(self, node: Start, since: Millis) -> None:
        self._told.append((CONDITION_MET, {"rule": node.rule, "since": instant_text(since)}))

    def _look_again(self, node: Node, scope: Scope) -> None:
        """Note when time will touch a part next."""
        counts = scope.values["counts"]
        assert isinstance(counts, Counts)
        moments = [next_change(atom, scope, counts) for atom in node.atoms]
        if isinstance(node, Start) and node.held is not None:
            since = self._kept.get("starts", {}).get(node.key, 0)
            moments.append(self._later(since, node.held) if since > 0 else None)
        due = min((moment for moment in moments if moment is not None), default=None)
        known = self._kept.get("due", {})
        if known.get(node.key) != due:
            others = {key: at for key, at in known.items() if key != node.key}
            self._keep("due", others if due is None else {**others, node.key: due})

    def _later(self, start: Millis, by: Duration) -> Millis:
        try:
            return shift(start, by, self._turn.zone())
        except CalendarError:
            return start

    def _keep(self, name: str, value: JSON) -> None:
        if self._kept.get(name) == value:
            return
        if self._kept is self._before:
            self._kept = dict(self._kept)
        self._kept[name] = value


def clear(working: Working) -> None:
    """Forget all that was followed for a subject of which nothing is followed any more."""
    kept = working.memory.get(MEMORY)
    if kept is None:
        return
    gone = set(kept.get("in", ()))
    _write(working, SEGMENTS, [n for n in working.fields.get(SEGMENTS) or () if n not in gone] or None)
    working.memory = {name: value for name, value in working.memory.items() if name != MEMORY}
    moments = [due for due, _ in working.memory.get("alarms", {}).values()]
    working.alarm = min(moments, default=None)
    working.touched = True


def _write(working: Working, name: str, value: JSON) -> None:
    """Set a field without news of it."""
    if value is None:
        working.fields.pop(name, None)
    else:
        working.fields[name] = value


def _places(name: str) -> tuple[str, ...]:
    """The fields that a change may show in."""
    return (STAGES, "stage", "stage_entered_at", "pipeline") if name.startswith(f"{STAGES}.") else (name,)


def _merged(changes: Sequence[Change], more: Sequence[Change]) -> list[Change]:
    """Changes one after the other as one for each field, without those that were undone."""
    if not more:
        return list(changes)
    net = {change.name: change for change in changes}
    for change in more:
        first = net.get(change.name)
        net[change.name] = change if first is None else Change(change.name, first.before, change.after)
    return [change for change in net.values() if change.before != change.after]
