"""The seeded scheduler: clients, processes that crash, a store that fails, receivers, and a clock that jumps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from runtime.bounds import Bounds
from runtime.clock import ClockLimits, VirtualClock
from runtime.engine.settling import Settling
from runtime.engine.work import CancelRun, Receipt, ReceiptStatus, Replay, Skip, Work
from runtime.model import LIVE, EffectStatus, Event
from runtime.store.memory import MemoryStore
from runtime.store.protocol import StoreUnavailable, WriteStore
from tests.dst import workload
from tests.dst.faults import Crash, Faults, FaultyStore
from tests.dst.ledger import Ledger, Violation
from tests.dst.process import Job, Parts, Process
from tests.dst.receiver import Receivers
from tests.engine.world import SCHEMA, Dies

START = 1_800_000_000_000
BOUNDS = Bounds(depth=6)


class Client:
    """Sends its events one after the other, each until it is answered."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self.at = 0
        self.waiting = False
        self.answers: dict[str, tuple[str, ...]] = {}

    @property
    def finished(self) -> bool:
        """Whether every event has been answered."""
        return self.at == len(self.events)


class Simulation:
    """One seed. `run` returns what happened, or raises the Violation that the seed finds."""

    def __init__(self, seed: int, parts: Parts = Parts(), store: WriteStore | None = None) -> None:  # noqa: B008
        self.random = Random(seed)
        self.parts = parts
        self.clock = VirtualClock(START)
        self.ledger = Ledger(self.clock.now, ClockLimits().back)
        self.faults = Faults(self.random)
        self.store = FaultyStore(store or MemoryStore(), self.faults, self.ledger.commit)
        self.receivers = Receivers(self.random, self.ledger)
        self.seen: Counter[str] = Counter()
        self.process: Process | None = None
        self.version = 1
        deadly = self.random.random() < 0.1
        self.clients = [
            Client(workload.events(self.random, c, self.random.randrange(2, 9), START, deadly and c == 0))
            for c in range(self.random.randrange(1, 5))
        ]
        self._moves: list[tuple[Callable[[], None], float]] = [
            (self.send, 18),
            (self.commit, 34),
            (self.resume, 26),
            (self.let_time_pass, 12),
            (self.send_again, 3),
            (self.operate, 2),
            (self.crash, 1.5),
            (self.step_clock, 0.4),
            (self.deploy, 0.4),
            (self.outage, 0.6),
        ]

    def run(self, moves: int = 220) -> Counter[str]:
        """Play so many moves, then let everything come to rest, and check that every promise was kept.

        Raises:
            Violation: it was not.
        """
        functions, weights = zip(*self._moves, strict=True)
        for move in self.random.choices(functions, weights, k=moves):
            self._guarded(move)
        self._come_to_rest()
        self._check_at_rest()
        self._ended()
        return self.seen + self.ledger.seen + self.receivers.seen + Counter(self.store.seen)

    def _guarded(self, move: Callable[[], None]) -> None:
        try:
            if self.process is None:
                self._start()
            else:
                move()
        except Crash:
            self.seen["crash in a transaction"] += 1
            self._ended()
        except Dies:
            self.seen["killed by an input"] += 1
            self._ended()

    # --- moves ---

    def _start(self) -> None:
        rules = self.parts.rules(
            workload.library(self.receivers), SCHEMA, workload.plans(self.version), BOUNDS
        )
        try:
            self.process = Process(self.parts, self.store, rules, self.clock)
        except StoreUnavailable:
            self.seen["start refused"] += 1
        else:
            if self.process.cycle.probation.careful:
                self.seen["careful start"] += 1

    def send(self) -> None:
        """A client sends its next event; now and then without patience."""
        ready = [c for c in self.clients if not c.finished and (not c.waiting or self.random.random() < 0.1)]
        if ready:
            client = self.random.choice(ready)
            self._send(client, client.events[client.at])

    def send_again(self) -> None:
        """A client sends an old event once more, perhaps with another body under its id."""
        client = self.random.choice(self.clients)
        if client.at:
            self._send(client, self.random.choice(client.events[: client.at]), self.random.random() < 0.2)

    def commit(self) -> None:
        """The engine makes a transaction."""
        assert self.process is not None
        if self.process.wants_commit():
            self.process.commit(self.random.randrange(1, 6))

    def resume(self) -> None:
        """Something that waits for its turn goes on."""
        assert self.process is not None
        if self.process.paused:
            self.process.resume(self.random.randrange(len(self.process.paused)))

    def let_time_pass(self) -> None:
        """Time goes by: a moment, until something is due, or a while."""
        assert self.process is not None
        at = self.process.wakes_at()
        soon = max(0, at - self.process.clock.now()) if at is not None else 0
        self.clock.advance(
            self.random.choice([self.random.randrange(500), soon, self.random.randrange(1_200_000)])
        )
        self.process.dispatch()

    def crash(self) -> None:
        """The process ends; it may stay down for hours."""
        self.seen["crash"] += 1
        self._ended()
        if self.random.random() < 0.3:
            self.seen["downtime"] += 1
            self.clock.advance(self.random.randrange(8 * 3_600_000))

    def step_clock(self) -> None:
        """Somebody sets the clock."""
        step = self.random.choice([-7_200_000, 7_200_000, 40_000, -30_000])
        self.seen["clock set back" if step < 0 else "clock set forward"] += 1
        self.clock.step(step)

    def deploy(self) -> None:
        """Other rules go live; what is in flight may be moved to them."""
        assert self.process is not None
        self.version += 1
        plans = workload.plans(self.version)
        rules = self.process.core.rules.deployed(SCHEMA, plans)
        moved = [plan for plan in plans if self.random.random() < 0.3]
        settlings = [Settling(plan.key, plan.subject, plan.hash, "") for plan in moved]
        self.process.cycle.doubt()
        try:
            self.process.core.install(rules, self.process.clock.now(), settlings)
        except StoreUnavailable:
            return
        self.seen["deploy"] += 1

    def outage(self) -> None:
        """A receiver goes down, or all are up again."""
        self.receivers.down = self.random.choice(["", "alpha", "beta", "gamma"])

    def operate(self) -> None:
        """Somebody looks at what stands still, or ends a run."""
        given_up = self.ledger.given_up()
        live = [run.id for run in self.ledger.runs.values() if run.status in LIVE]
        if given_up and self.random.random() < 0.7:
            key = self.random.choice(given_up).effect.key
            self._replay(key) if self.random.random() < 0.6 else self._ask(Skip(key, "an operator"))
        elif live and self.random.random() < 0.3:
            self.seen["run cancelled"] += 1
            self._ask(CancelRun(self.random.choice(live), "an operator ended it"))

    # --- parts of moves ---

    def _ended(self) -> None:
        if self.process is not None:
            if self.process.busy():
                self.seen["crash with work under way"] += 1
            self.process.end()
            self.seen += self.process.seen
        self.process = None
        self.receivers.process_ended()
        for client in self.clients:
            client.waiting = False

    def _ask(self, work: Work) -> None:
        assert self.process is not None
        self.process.jobs.append(Job((work,), lambda results: None))

    def _replay(self, key: str) -> None:
        self.ledger.replays[key] += 1
        self.seen["replay"] += 1
        self._ask(Replay(key, "an operator"))

    def _send(self, client: Client, event: Event, other_body: bool = False) -> None:
        assert self.process is not None
        known = event.id in client.answers
        client.waiting = client.waiting or not known

        def done(results: Sequence[Any] | BaseException) -> None:
            if not known:
                client.waiting = False
            if not isinstance(results, BaseException):
                self._answered(client, event, results[0], other_body)

        self.process.jobs.append(Job((workload.arrival(event, other_body),), done))

    def _answered(self, client: Client, event: Event, receipt: Receipt, other_body: bool) -> None:
        check = self.ledger.check
        self.seen[f"event {receipt.status}"] += 1
        if other_body:
            check(
                receipt.status == ReceiptStatus.CONFLICT, "another event under a known id is refused", receipt
            )
            return
        check(receipt.status != ReceiptStatus.CONFLICT, "an event does not conflict with itself", receipt)
        if receipt.status == ReceiptStatus.FAILED:
            check(event.type in ("boom", "kill"), "only broken input fails", receipt)
        first = client.answers.setdefault(event.id, receipt.runs)
        check(first == receipt.runs, "a repeated event gets the first answer", receipt, first)
        if not client.finished and client.events[client.at].id == event.id:
            client.at += 1

    # --- the end ---

    def _come_to_rest(self) -> None:
        """No faults from here on: everything that is owed must happen."""
        self.faults.calm = True
        self.receivers.calm = True
        for _ in range(20_000):
            self._guarded(self._calm_move)
            if self._at_rest():
                given_up = [row.effect.key for row in self.ledger.given_up() if self._stands_at(row.effect)]
                if not given_up:
                    return
                for key in given_up:
                    self._replay(key)
        raise Violation(f"everything comes to rest: {self._busy_with()}")

    def _calm_move(self) -> None:
        assert self.process is not None
        process = self.process
        process.clock.accept()
        self._send_rest()
        if process.wants_commit():
            process.commit(5)
        elif process.paused:
            process.resume(0)
        else:
            at = process.wakes_at()
            if at is not None:
                self.clock.advance(max(0, at - process.clock.now()))
            process.dispatch()

    def _send_rest(self) -> None:
        for client in self.clients:
            if not client.finished and not client.waiting:
                self._send(client, client.events[client.at])

    def _at_rest(self) -> bool:
        process = self.process
        if process is None or process.busy() or process.wants_commit() or len(process.outbox):
            return False
        return process.wakes_at() is None and all(client.finished for client in self.clients)

    def _stands_at(self, effect: Any) -> bool:
        run = self.ledger.runs[effect.run]
        return run.status in LIVE and run.effect == effect.key

    def _busy_with(self) -> str:
        live = [run for run in self.ledger.runs.values() if run.status in LIVE]
        return f"live runs {live}, pending effects {self.ledger.waiting_effects()}, events {list(self.ledger.pending)}"

    def _check_at_rest(self) -> None:
        check = self.ledger.check
        check(not self.ledger.pending, "no recorded event is forgotten", list(self.ledger.pending))
        live = [run for run in self.ledger.runs.values() if run.status in LIVE]
        check(not live, "every run comes to an end", live)
        check(not self.ledger.waiting_effects(), "every effect is settled", self.ledger.waiting_effects())
        for row in self.ledger.effects.values():
            if row.status == EffectStatus.DONE:
                known = self.receivers.by_key.get(row.effect.key)
                check(known is not None and known.accepted > 0, "what is done has been done", row.effect.key)
        self._check_store()

    def _check_store(self) -> None:
        check, ledger = self.ledger.check, self.ledger
        with self.store.inner.transaction() as tx:
            for client in self.clients:
                for id, runs in client.answers.items():
                    stored = tx.known_events([id]).get(id)
                    check(
                        stored is not None and stored.runs == runs,
                        "an acknowledged event is kept",
                        id,
                        runs,
                        stored,
                    )
            check(tx.runs(list(ledger.runs)) == ledger.runs, "the store holds every run")
            check(tx.effects(list(ledger.effects)) == ledger.effects, "the store holds every effect")
