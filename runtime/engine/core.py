"""The core of the engine: one call is one transaction. Synchronous, no threads, no clock; the time is an argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from runtime.actions import Facts
from runtime.engine import delivery, operators, pauses
from runtime.engine.arming import arm_again, plan_passes
from runtime.engine.backfill import Backfill, Preview, go_through, look_ahead
from runtime.engine.fanning import start_steps
from runtime.engine.identity import Identities
from runtime.engine.rules import Rules
from runtime.engine.settling import Settling, plan_settling, settle
from runtime.engine.unit import Unit, linked
from runtime.engine.work import (
    Answer,
    Arrival,
    Begin,
    CancelRun,
    Committed,
    Decide,
    Look,
    Receipt,
    ReceiptStatus,
    Recorded,
    Replay,
    Result,
    Ring,
    Skip,
    Wake,
    Work,
)
from runtime.machine import RELATED_CHANGED
from runtime.model import (
    ALARMS_CHANGED,
    BACKFILL,
    JSON,
    LIVE,
    RUNS_SETTLED,
    STEPS_STARTED,
    AlarmInput,
    EffectRow,
    EffectStatus,
    Event,
    EventInput,
    Millis,
    SubjectKey,
    SubjectState,
    TimerInput,
)
from runtime.outbox import Ready
from runtime.retry import RetryPolicy
from runtime.statistics import FLUSH_AFTER, Tally, rows
from runtime.store.protocol import (
    AcceptedEvent,
    Batch,
    DueAlarm,
    DueRun,
    IdentityConflict,
    StoredEvent,
    Transaction,
    WriteStore,
)

T = TypeVar("T")


class CoreLimits(msgspec.Struct, frozen=True):
    """`cached` subjects are kept in memory between transactions; `dependents` are re-examined in one transaction,
    `armed` get their alarms anew, and `settled` runs are moved or ended after a deploy.
    """

    cached: int = 20_000
    dependents: int = 500
    armed: int = 100
    settled: int = 100


class EngineCore:
    """Turns works into committed transactions. One thread at a time may call it.

    Nothing it holds in memory is needed to go on after a crash: subjects are a cache, counters are read again.
    """

    def __init__(
        self,
        store: WriteStore,
        rules: Rules,
        policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - immutable
        limits: CoreLimits = CoreLimits(),  # noqa: B008 - immutable
    ) -> None:
        self.store = store
        self.rules = rules
        self.policy = policy
        self._limits = limits
        self._cache: dict[SubjectKey, SubjectState] = {}
        self._rows: dict[str, EffectRow] = {}
        self._counters: dict[str, int] | None = None
        self._tally: Tally = {}
        self._flush_at: Millis = 0

    def start(self, now: Millis = 0) -> None:
        """Keep the plans, so that every run can find the version it began with; see to it that alarms get set.

        Raises:
            StoreUnavailable: the store cannot be written now.
        """
        with self.store.transaction() as tx:
            tx.save_plans(self.rules.plans.encoded())
            plan_passes(tx, self.rules.machine.stamps, now)
            self._settle_pauses(tx, self.rules, now)
        self.forget()

    def install(
        self,
        rules: Rules,
        now: Millis = 0,
        settlings: Sequence[Settling] = (),
        record: Callable[[Transaction], None] | None = None,
    ) -> None:
        """Go on with other rules; runs under way keep the versions they began with, unless `settlings` says otherwise.

        `record` writes what belongs into the same transaction.

        Raises:
            StoreUnavailable: the plans could not be kept; nothing has changed.
        """
        with self.store.transaction() as tx:
            tx.save_plans(rules.plans.encoded())
            plan_passes(tx, rules.machine.stamps, now)
            plan_settling(tx, settlings, rules.plans.all, now)
            self._settle_pauses(tx, rules, now)
            self._flush(tx, now)
            if record is not None:
                record(tx)
        self.rules = rules
        self._tally = {}
        self.forget()

    def pause(
        self, rule: str, paused: bool, now: Millis, record: Callable[[Transaction], None] | None = None
    ) -> None:
        """Pause a rule by hand, or end that. What its header says stays as it is.

        Raises:
            StoreUnavailable: nothing has changed.
        """
        with self.store.transaction() as tx:
            tx.write(Batch(counters={f"{pauses.HAND}{rule}": int(paused)}))
            self._settle_pauses(tx, self.rules, now)
            if record is not None:
                record(tx)
        self.forget()

    def _settle_pauses(self, tx: Transaction, rules: Rules, now: Millis) -> None:
        counters = tx.counters()
        batch = pauses.reconcile(counters, rules.plans.all, rules.schema.policy, now)
        if batch.counters:
            tx.write(batch)
        pauses.apply({**counters, **batch.counters}, rules.plans)

    def holds(self, facts: Facts) -> bool:
        """Whether facts are still those of the last commit. Any thread may ask; False when that is not known here."""
        state = self._cache.get(facts.key)
        if state is None or not _same(state.fields, facts.subject):
            return False
        for kind, key in linked(state).items():
            other = self._cache.get(key)
            if other is None or not _same(other.fields, getattr(facts, kind)):
                return False
        return True

    def administer(self, change: Callable[[Transaction], T]) -> T:
        """Make a change of another kind, in a transaction of its own.

        Raises:
            StoreUnavailable: nothing was changed.
        """
        try:
            with self.store.transaction() as tx:
                return change(tx)
        finally:
            self.forget()

    def counters(self) -> dict[str, int]:
        """The shared counters.

        Raises:
            StoreUnavailable: the store cannot be read now.
        """
        with self.store.transaction() as tx:
            return dict(tx.counters())

    def preview(self, wanted: Backfill, now: Millis, limit: int, so_far: Preview | None = None) -> Preview:
        """What the next part of a backfill would do, up to `limit` records further; nothing is kept.

        Raises:
            StoreUnavailable: the store cannot be read now.
        """
        with self.store.transaction() as tx:
            unit = Unit(tx, self.rules, self._cache, self._rows, tx.counters(), now)
            return look_ahead(unit, wanted, so_far or Preview(), limit)

    def forget(self) -> None:
        """Drop what is remembered between transactions, after the store was written by other means or failed."""
        self._cache.clear()
        self._rows.clear()
        self._counters = None

    def process(
        self,
        works: Sequence[Work],
        now: Millis,
        timers: int = 0,
        events: int = 0,
        error: Exception | None = None,
    ) -> Committed:
        """Handle works, up to `timers` waits and alarms, and up to `events` recorded events, in one transaction.

        Recorded events come first, then what is due by the clock in that order, then the works in the order given. With
        `error` the machine is not called: whatever would be handled is marked as failed for this reason.

        Raises:
            StoreUnavailable: the transaction could not be committed; nothing of it was kept, or (when the store
                lost its answer) all of it: repeating the same works is safe, and `unfinished` finds what it left.
        """
        try:
            with self.store.transaction() as tx:
                unit = self._unit(tx, now)
                unit.error = error
                committed = self._handle(unit, works, timers, events)
        except BaseException:
            self.forget()
            raise
        self._remember(unit)
        return committed

    def waiting(self, now: Millis, timers: int, events: int) -> list[Work]:
        """What `process` would take up by itself, as works.

        Raises:
            StoreUnavailable: the store cannot be read now.
        """
        with self.store.transaction() as tx:
            recorded = tx.pending_events(events) if events else []
            due = _due(tx, now, timers) if timers else []
        wakes = [Wake(item) if isinstance(item, DueRun) else Ring(item) for item in due]
        return [*map(Recorded, recorded), *wakes]

    def unfinished(self, limit: int, after: str = "") -> list[EffectRow]:
        """Effects that are pending on disk, in the order of their keys, from after `after`.

        Raises:
            StoreUnavailable: the store cannot be read now.
        """
        with self.store.transaction() as tx:
            return tx.pending_effects(limit, after)

    # --- one transaction ---

    def _unit(self, tx: Transaction, now: Millis) -> Unit:
        if self._counters is None:
            self._counters = tx.counters()
        return Unit(tx, self.rules, self._cache, self._rows, self._counters, now)

    def _handle(self, unit: Unit, works: Sequence[Work], timers: int, events: int) -> Committed:
        tx = unit.tx
        recorded = tx.pending_events(events) if events else []
        due = _due(tx, unit.now, timers) if timers else []
        if recorded:
            self._handle_recorded(unit, recorded)
        if due:
            self._handle_due(unit, due)
        results = self._handle_works(unit, works)
        # Facts are read last, so that they are those of the commit.
        results = [replace(r, facts=unit.facts(r.row)) if type(r) is Ready else r for r in results]
        ready = unit.ready()
        if self._tally and unit.now >= self._flush_at:
            unit.statistics = rows(self._tally, self.rules.plans.listeners, unit.now)
        conflicts = tx.write(unit.batch())
        if conflicts:
            results = [_with_taken(result, conflicts) for result in results]
        return Committed(
            results=results,
            ready=[*ready, *unit.again],
            dropped=unit.dropped,
            next_due=_earliest(tx.next_due(), tx.next_alarm()),
            pending=len(recorded) == events > 0 or unit.left or any(e.pending for e in unit.events),
            timers=len(due),
            handled=len(recorded),
            started=unit.started,
            ended=sum(run.status not in LIVE for run in unit.runs.values()),
            faults=unit.faults,
            conflicts=conflicts,
        )

    def _handle_recorded(self, unit: Unit, events: Sequence[Event]) -> None:
        unit.load(event.subject for event in events)
        for event in events:
            if event.type == ALARMS_CHANGED:
                self._one_part(unit, event, arm_again, self._limits.armed)
            elif event.type == RUNS_SETTLED:
                self._one_part(unit, event, settle, self._limits.settled)
            elif event.type == BACKFILL:
                self._one_part(unit, event, go_through, self._limits.settled)
            elif event.type == STEPS_STARTED:
                start_steps(unit, event, self._limits.dependents, partial(self._on_event, unit))
                unit.handled.append((event.id, ()))
            elif event.type == RELATED_CHANGED:
                self._revisit_dependents(unit, event)
                unit.handled.append((event.id, ()))
            else:
                event = Identities(unit).resolve(event) if event.identity else event
                unit.handled.append((event.id, self._on_event(unit, event)))

    def _one_part(
        self, unit: Unit, event: Event, work: Callable[[Unit, Event, int], None], limit: int
    ) -> None:
        """One part for each transaction: other works have to wait for it."""
        if unit.armed:
            unit.left = True
            return
        unit.armed = True
        work(unit, event, limit)
        unit.handled.append((event.id, ()))

    def _revisit_dependents(self, unit: Unit, event: Event) -> None:
        limit = self._limits.dependents
        keys = unit.tx.dependents(event.subject, limit, str(event.data.get("after", "")))
        unit.load(keys)
        for key in keys:
            self._on_event(unit, replace(event, subject=key, data={}))
        if len(keys) == limit:
            part = int(event.data.get("part", 1)) + 1
            rest = {"after": keys[-1].id, "part": part, "of": event.data.get("of", event.id)}
            following = replace(event, id=f"{rest['of']}#{part}", data=rest)
            unit.events.append(AcceptedEvent(following, b"", (), pending=True))

    def _handle_due(self, unit: Unit, due: Sequence[DueRun | DueAlarm]) -> None:
        unit.load(item.subject for item in due)
        inputs = [(item.subject, _input(item)) for item in due]
        unit.load_related(inputs)
        for subject, input in inputs:
            transition = unit.advance(subject, input)
            if isinstance(input, AlarmInput):
                continue
            if transition is not None and not transition.runs and input.run not in unit.runs:
                unit.fail_run(subject, input.run, "its wait is over, but it does not stand at a wait")

    # --- the works ---

    def _handle_works(self, unit: Unit, works: Sequence[Work]) -> list[Result]:
        arrivals = [work for work in works if type(work) is Arrival]
        known = self._prepare_arrivals(unit, arrivals) if arrivals else {}
        if len(arrivals) < len(works):
            delivery.load(unit, works)
        identities = Identities(unit)
        results: list[Result] = []
        for work in works:
            if type(work) is Arrival:
                results.append(self._on_arrival(unit, work, known, identities))
            else:
                results.append(self._on_other(unit, work))
        return results

    def _prepare_arrivals(self, unit: Unit, arrivals: Sequence[Arrival]) -> dict[str, StoredEvent]:
        events = [arrival.event for arrival in arrivals]
        known = dict(unit.tx.known_events([event.id for event in events]))
        named = [event for event in events if event.subject.id]
        unit.load(event.subject for event in named)
        unit.load_related((event.subject, EventInput(event)) for event in named if event.id not in known)
        return known

    def _on_arrival(
        self, unit: Unit, arrival: Arrival, known: dict[str, StoredEvent], identities: Identities
    ) -> Receipt:
        event = arrival.event
        first = known.get(event.id)
        if first is not None:
            same = first.hash == arrival.hash
            status = ReceiptStatus.DUPLICATE if same else ReceiptStatus.CONFLICT
            return Receipt(event.id, status, first.runs if same else ())
        if event.identity is not None:
            event = identities.resolve(event)
        faults = len(unit.faults)
        runs = self._on_event(unit, event)
        known[event.id] = StoredEvent(arrival.hash, runs)
        unit.events.append(AcceptedEvent(event, arrival.hash, runs))
        status = ReceiptStatus.ACCEPTED if len(unit.faults) == faults else ReceiptStatus.FAILED
        return Receipt(event.id, status, runs, event.subject)

    def _on_event(self, unit: Unit, event: Event) -> tuple[str, ...]:
        transition = unit.advance(event.subject, EventInput(event), event.id)
        return tuple(transition.started) if transition is not None else ()

    def _on_other(self, unit: Unit, work: Work) -> Result:
        match work:
            case Look():
                return delivery.look(unit, work)
            case Begin():
                return delivery.begin(unit, work)
            case Answer():
                delivery.answer(unit, work, self.policy)
                return None
            case CancelRun():
                return operators.cancel(unit, work)
            case Replay():
                return operators.replay(unit, work)
            case Skip():
                return operators.skip(unit, work)
            case Decide():
                return operators.decide(unit, work)
            case Wake() | Ring():
                self._handle_due(unit, (work.due,))
                return None
            case Recorded():
                self._handle_recorded(unit, (work.event,))
                return None
        raise TypeError(f"not a work: {work!r}")

    # --- between transactions ---

    def flush(self, now: Millis) -> None:
        """Write what was counted and is still in memory.

        Raises:
            StoreUnavailable: it stays in memory.
        """
        if self._tally:
            with self.store.transaction() as tx:
                self._flush(tx, now)
            self._tally = {}

    def _flush(self, tx: Transaction, now: Millis) -> None:
        """Write what was counted, for the rules that are in force."""
        if self._tally:
            tx.write(Batch(statistics=rows(self._tally, self.rules.plans.listeners, now)))

    def _remember(self, unit: Unit) -> None:
        if unit.statistics:
            self._tally, self._flush_at = {}, unit.now + FLUSH_AFTER
        for counted, times in unit.tally.items():
            self._tally[counted] = self._tally.get(counted, 0) + times
        if unit.counters and pauses.concerns(unit.counters):
            pauses.apply(unit.all_counters, self.rules.plans)
        self._cache.update(unit.lasting())
        for key, row in unit.effects.items():
            if row.status == EffectStatus.PENDING:
                self._rows[key] = row
            else:
                self._rows.pop(key, None)
        _trim(self._cache, self._limits.cached)
        _trim(self._rows, self._limits.cached)


def _with_taken(result: Result, conflicts: Sequence[IdentityConflict]) -> Result:
    """A receipt with the identities that its subject asks for and another one holds."""
    if type(result) is not Receipt or result.status != ReceiptStatus.ACCEPTED:
        return result
    taken = tuple(c for c in conflicts if SubjectKey(c.kind, c.claimant) == result.subject)
    return replace(result, taken=taken) if taken else result


def _due(tx: Transaction, now: Millis, limit: int) -> list[DueRun | DueAlarm]:
    """Waits that are over and alarms whose time has come, in the order in which they were due."""
    due: list[DueRun | DueAlarm] = [*tx.due_runs(now, limit), *tx.due_alarms(now, limit)]
    return sorted(due, key=lambda item: item.due)[:limit]


def _input(item: DueRun | DueAlarm) -> TimerInput | AlarmInput:
    return TimerInput(item.run, item.due) if isinstance(item, DueRun) else AlarmInput(item.due)


def _earliest(*moments: Millis | None) -> Millis | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _same(fields: Mapping[str, JSON], others: Mapping[str, JSON]) -> bool:
    return fields is others or fields == others


def _trim(cache: dict[Any, Any], size: int) -> None:
    """Drop what was added first."""
    while len(cache) > size:
        del cache[next(iter(cache))]
