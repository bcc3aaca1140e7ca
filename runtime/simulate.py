"""Simulation: the engine's own core on a virtual clock and a store in memory; nothing leaves the process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

from msgspec.structs import replace

from rulelang.plan.model import Plan
from rulelang.types.schema import Schema
from runtime.actions import EffectAction, Facts, Library
from runtime.engine.attempt import perform
from runtime.engine.backfill import Backfill, plan_backfill
from runtime.engine.core import EngineCore
from runtime.engine.rules import Rules
from runtime.engine.settling import Settling
from runtime.engine.work import Answer, Arrival, Committed, Receipt, Result, Work
from runtime.model import (
    ALARMS_CHANGED,
    JSON,
    Effect,
    EffectRow,
    Entry,
    Event,
    Millis,
    Outcome,
    OutcomeKind,
    SubjectKey,
    SubjectState,
)
from runtime.outbox import Ready
from runtime.plans import PlanSet
from runtime.stages import with_stage
from runtime.store.memory import MemoryStore
from runtime.store.protocol import AcceptedEvent, Batch, WriteStore
from runtime.working import load_key

T = TypeVar("T")
TIMERS_AT_ONCE = 100
MAX_ROUNDS = 100_000
"""Transactions within one `advance_to`; more can only be a loop across subjects."""


class SimulationError(Exception):
    """A simulation that cannot go on; the message is a sentence for people."""


def delivered(row: EffectRow) -> Outcome:
    """The answer that every effect gets unless a test scripts another."""
    return Outcome(OutcomeKind.DONE, result={"simulated": True})


class Simulation:
    """Rules at work on sample records. Time moves only when told to.

    `answer` decides how each attempt at an effect ends. Messages are composed for real (`prepare`), with
    whatever composer the library has, and never delivered. `plan_set` may be one that watches its rules at work.
    """

    def __init__(
        self,
        library: Library,
        schema: Schema,
        plans: Sequence[Plan],
        start: Millis,
        answer: Callable[[EffectRow], Outcome] = delivered,
        explain: bool = True,
        plan_set: Callable[[Sequence[Plan], Library], PlanSet] = PlanSet,
    ) -> None:
        self.now = start
        self.store = MemoryStore()
        self._library = library
        self._schema = schema
        self._answer = answer
        # One object is both sides of the store in memory; here it is the write side.
        writer = cast(WriteStore, self.store)
        self._core = EngineCore(writer, Rules(library, schema, plans, explain=explain, plan_set=plan_set))
        self._core.start(start)
        self._added = 0
        self._retries: dict[str, Ready] = {}

    def add_subject(
        self, key: SubjectKey, fields: Mapping[str, JSON], memory: Mapping[str, JSON] | None = None
    ) -> None:
        """Put a record in place as if it had always been there: no event comes of it."""
        complete = {"id": key.id, **with_stage(self._schema, key.kind, fields)}
        state = SubjectState(key=key, fields=complete, memory=dict(memory or {}), version=1)
        events: list[AcceptedEvent] = []
        machine = self._core.rules.machine
        if machine.alarms or machine.following:
            self._added += 1
            id = f"{ALARMS_CHANGED}:{key.kind}:{key.id}:added {self._added}"
            event = Event(id, ALARMS_CHANGED, self.now, self.now, key)
            events = [AcceptedEvent(event, b"", (), pending=True)]
        with self.store.transaction() as tx:
            counters: dict[str, int] = {}
            if isinstance(owner := complete.get("owner"), str):
                name = load_key(key.kind, owner)
                counters[name] = tx.counters().get(name, 0) + 1
            tx.write(Batch(subjects=[state], events=events, counters=counters))
        self._core.forget()

    def deploy(self, schema: Schema, plans: Sequence[Plan], settlings: Sequence[Settling] = ()) -> None:
        """Go on with other rules; runs under way keep the versions they began with, or what `settlings` says."""
        self._schema = schema
        self._core.install(self._core.rules.deployed(schema, plans), self.now, settlings)

    def backfill(self, wanted: Backfill) -> None:
        """Let a rule enrol the records that match already."""
        self._core.administer(lambda tx: plan_backfill(tx, wanted, self.now))
        self.advance_to(self.now)

    def pause(self, rule: str, paused: bool = True) -> None:
        """Pause a rule by hand, or end that."""
        self._core.pause(rule, paused, self.now)

    def fire(self, event: Event) -> Receipt:
        """Let an event happen now, and all that follows from it at this instant."""
        committed = self._process([Arrival(event, event.id.encode())], self.now)
        receipt = committed.results[0]
        assert isinstance(receipt, Receipt)
        self._perform(committed.ready)
        self.advance_to(self.now)
        return receipt

    def advance_to(self, until: Millis) -> None:
        """Let time pass, one due moment after the other.

        Raises:
            SimulationError: the rules go on for ever without time passing.
        """
        for _ in range(MAX_ROUNDS):
            if not self.step(until):
                self.now = max(self.now, until)
                return
        raise SimulationError(
            f"the rules did not come to rest within {MAX_ROUNDS} steps; do they set each other off?"
        )

    def step(self, until: Millis) -> bool:
        """Let what is due next happen, if that is not after `until`; whether there was anything."""
        moment = self._next_moment()
        if moment is None or moment > until:
            return False
        self.now = max(self.now, moment)
        self._round()
        return True

    def sleep(self, until: Millis) -> None:
        """Time passes with nobody at work, as in a downtime; what came due meanwhile happens at the next advance."""
        self.now = max(self.now, until)

    def next_due(self) -> Millis | None:
        """When something will happen next without an event, or None."""
        return self._next_moment()

    def timeline(self, after: int = 0) -> list[tuple[SubjectKey, Entry]]:
        """What happened so far, in order, from the journal segment after number `after`."""
        rows = run_now(self.store.journal(limit=10_000_000, after=after))
        return [(row.subject, entry) for row in rows for entry in row.entries]

    def outbox(self) -> list[EffectRow]:
        """All effects so far with the messages composed for them, in the order they were asked for."""
        rows, _ = run_now(self.store.effects(limit=10_000_000))
        rows.reverse()
        return sorted(rows, key=lambda row: row.effect.created_at)

    def subject(self, key: SubjectKey) -> SubjectState | None:
        """A record as it is now."""
        return run_now(self.store.subject(key))

    def _process(self, works: Sequence[Work], now: Millis, timers: int = 0, events: int = 0) -> Committed:
        committed = self._core.process(works, now, timers, events)
        for fault in committed.faults:
            raise fault.error
        return committed

    def _next_moment(self) -> Millis | None:
        with self.store.transaction() as tx:
            waits = (tx.next_due(), tx.next_alarm())
            pending = bool(tx.pending_events(1))
        moments = [item.row.next_at for item in self._retries.values()]
        moments += [due for due in waits if due is not None]
        if pending:
            moments.append(self.now)
        return min(moments, default=None)

    def _round(self) -> None:
        ready = [item for item in self._retries.values() if item.row.next_at <= self.now]
        for item in ready:
            del self._retries[item.row.effect.key]
        self._perform(ready)
        committed = self._process([], self.now, timers=TIMERS_AT_ONCE, events=TIMERS_AT_ONCE)
        self._perform(committed.ready)

    def _perform(self, ready: Iterable[Ready]) -> None:
        waiting = deque(ready)
        while waiting:
            item = waiting.popleft()
            if item.row.next_at > self.now:
                self._retries[item.row.effect.key] = item
                continue
            waiting.extend(self._attempt(item))

    def _attempt(self, item: Ready) -> list[Ready]:
        following: list[Ready] = []

        async def write(work: Work) -> Result:
            committed = self._process([work], self.now)
            following.extend(committed.ready)
            return committed.results[0]

        action = self._library.effects.get(item.row.effect.action)
        sender = _Scripted(action, item.row, self._answer) if action is not None else None
        outcome = run_now(perform(item, sender, write, _still_true))
        if outcome is not None:
            run_now(write(Answer(item.row.effect.key, item.attempt, outcome)))
        return following


def _still_true(facts: Facts) -> bool:
    """Whether facts are those of the last commit: nothing happens between two steps of a simulation."""
    return True


class _Scripted:
    """An effect whose message is composed for real, and whose delivery ends as the simulation says."""

    def __init__(self, action: EffectAction, row: EffectRow, answer: Callable[[EffectRow], Outcome]) -> None:
        self.prepare = action.prepare
        self._row = row
        self._answer = answer

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """Deliver nothing; give the scripted answer."""
        return self._answer(replace(self._row, prepared=prepared))


def run_now(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing outside; it needs no event loop.

    Raises:
        SimulationError: it waits for something.
    """
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise SimulationError("a simulated action waited for the outside; it needs an offline implementation")
