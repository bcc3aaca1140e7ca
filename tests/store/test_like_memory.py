"""Whatever happens in whatever order: SQLite answers as the store in memory does."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from runtime.desk import KINDS
from runtime.model import EffectStatus, Item, RunStatus, SubjectKey
from runtime.store.memory import MemoryStore
from runtime.store.open import open_store
from runtime.store.protocol import Batch, ItemFilter, WriteStore
from tests.store.conftest import empty_database
from tests.store.rows import accepted, effect, run, segment, state

KEYS = [SubjectKey(kind, id) for kind in ("contact", "account") for id in ("a", "b", "a\x00b", "ü")]
EVENTS = [f"e{n}" for n in range(6)]
RUNS = [f"r{n}" for n in range(8)]
EFFECTS = [f"k{n}" for n in range(6)]
ITEMS = [f"i{n}" for n in range(6)]

keys = st.sampled_from(KEYS)
times = st.integers(0, 9)
texts = st.sampled_from([None, "", "x", "y", "ü"])
run_ids = st.sampled_from(RUNS)

subjects = st.builds(state, keys, email=texts, external_id=texts, account_id=texts, n=times)
# A run keeps its rule and subject for life, an effect its run: they follow from the id.
runs = st.builds(
    lambda id, status, due, end, steps: run(
        id,
        KEYS[int(id[1]) % len(KEYS)],
        status,
        rule=f"rule{int(id[1]) % 3}",
        due=due,
        ended_at=end,
        steps=steps,
    ),
    run_ids,
    st.sampled_from(list(RunStatus)),
    st.none() | times,
    st.none() | times,
    times,
)
effects = st.builds(
    lambda key, status, attempts: effect(
        key, RUNS[int(key[1])], KEYS[int(key[1]) % len(KEYS)], status=status, attempts=attempts
    ),
    st.sampled_from(EFFECTS),
    st.sampled_from(list(EffectStatus)),
    times,
)
events = st.builds(
    lambda id, key, ids, pending, at, n: accepted(id, tuple(ids), pending, subject=key, at=at, data={"n": n}),
    st.sampled_from(EVENTS),
    keys,
    st.lists(run_ids, max_size=2),
    st.booleans(),
    times,
    times,
)
segments = st.builds(segment, st.just("") | run_ids, keys, times, st.sampled_from(EVENTS))
handled = st.tuples(st.sampled_from(EVENTS), st.lists(run_ids, max_size=2).map(tuple))
# An item keeps its subject and kind for life: they follow from the id.
items = st.builds(
    lambda id, person, team, due, closed, n: Item(
        id,
        KINDS[int(id[1]) % len(KINDS)],
        KEYS[int(id[1]) % len(KEYS)],
        n,
        person or "",
        team or "",
        due,
        closed,
        {f"k{n}": n},
    ),
    st.sampled_from(ITEMS),
    texts,
    texts,
    st.none() | times,
    st.none() | times,
    times,
)
batches = st.builds(
    Batch,
    events=st.lists(events, max_size=4),
    handled=st.lists(handled, max_size=2),
    subjects=st.lists(subjects, max_size=4),
    runs=st.lists(runs, max_size=4),
    effects=st.lists(effects, max_size=4),
    journal=st.lists(segments, max_size=4),
    counters=st.dictionaries(st.sampled_from("xy"), times, max_size=2),
    items=st.lists(items, max_size=4),
)


class Interrupted(Exception):
    """Ends a transaction that must leave no trace."""


def answers(tx: Any) -> list[object]:
    """Everything a transaction can be asked."""
    return [
        dict(tx.known_events(EVENTS)),
        tx.subjects(KEYS),
        [
            tx.find_subject(k, f, v)
            for k in ("contact", "account")
            for f in ("email", "external_id")
            for v in "xyü"
        ],
        [tx.dependents(SubjectKey("account", id), limit) for id in "xyü" for limit in (1, 9)],
        tx.runs(RUNS),
        tx.effects(EFFECTS),
        tx.pending_effects(3, "k1"),
        tx.pending_events(3),
        tx.due_runs(6, 4),
        tx.next_due(),
        tx.counters(),
        tx.plan("p"),
    ]


async def readings(reader: Any) -> list[object]:
    """Everything a reader can be asked."""
    found: list[object] = [await reader.subject(key) for key in KEYS]
    found += [await reader.list_subjects(kind, 2) for kind in ("contact", "account")]
    for filters in ({}, {"rule": "rule1"}, {"status": "waiting"}, {"subject": KEYS[1], "rule": "rule1"}):
        page, cursor = await reader.list_runs(2, **filters)
        found += [page, bool(cursor), (await reader.list_runs(9, cursor, **filters)) if cursor else None]
    found += [
        await reader.journal(),
        await reader.journal(run="r1"),
        await reader.journal(subject=KEYS[0], after=2),
    ]
    found += [await reader.effects(status=status) for status in EffectStatus]
    found += [await reader.item(id) for id in ITEMS]
    for kind in KINDS:
        for still_open in (True, False):
            page, cursor = await reader.list_items(ItemFilter(kind, still_open), 1)
            found += [page, bool(cursor), await reader.list_items(ItemFilter(kind, still_open), 9, cursor)]
        found += [
            await reader.list_items(ItemFilter(kind, person="x"), 9),
            await reader.list_items(ItemFilter(kind, team="ü"), 9),
            await reader.list_items(ItemFilter(kind, person="x", team="y"), 9),
            await reader.list_items(ItemFilter(kind, subject=KEYS[1]), 9),
        ]
    found += [await reader.effects(run="r1", limit=1), await reader.event("e1")]
    # Cursors hold numbers, and SQLite leaves some out: only where they lead is compared.
    for subject in (None, KEYS[0]):
        events, cursor = await reader.list_events(3, subject=subject)
        found += [
            events,
            bool(cursor),
            await reader.list_events(9, cursor, subject=subject) if cursor else None,
        ]
    found += [await reader.count_runs(), await reader.backlog()]
    return found


class LikeMemory(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        (self.directory / "store.db").write_bytes(empty_database())
        self.memory = MemoryStore()
        self.open()
        self.read = 0

    def open(self) -> None:
        self.sqlite, self.make_reader = open_store(self.directory / "store.db")
        # What is durable is tested elsewhere; here it would only take time.
        self.sqlite._connection.execute("PRAGMA synchronous = OFF")

    def both(self) -> tuple[WriteStore, WriteStore]:
        return self.memory, self.sqlite

    @rule(batches=st.lists(batches, min_size=1, max_size=3), interrupted=st.booleans())
    def write(self, batches: list[Batch], interrupted: bool) -> None:
        results = []
        for store in self.both():
            found: list[object] = []
            try:
                with store.transaction() as tx:
                    for batch in batches:
                        found += [tx.write(batch), answers(tx)]
                    if interrupted:
                        raise Interrupted
            except Interrupted:
                pass
            results.append(found)
        assert results[0] == results[1]

    @rule(key=keys)
    def erase(self, key: SubjectKey) -> None:
        gone = []
        for store in self.both():
            with store.transaction() as tx:
                gone.append(tx.erase(key))
        assert gone[0] == gone[1]

    @rule(before=times, limit=st.integers(1, 3))
    def prune(self, before: int, limit: int) -> None:
        gone = []
        for store in self.both():
            with store.transaction() as tx:
                gone.append(tx.prune(before, limit))
        assert gone[0] == gone[1]

    @rule(plan=st.sampled_from([b"1", b"2"]))
    def save_plan(self, plan: bytes) -> None:
        for store in self.both():
            with store.transaction() as tx:
                tx.save_plans({"p": plan})

    @rule()
    def reopen(self) -> None:
        self.sqlite.close()
        self.open()

    @invariant()
    def same_answers(self) -> None:
        results = []
        for store in self.both():
            with store.transaction() as tx:
                results.append(answers(tx))
        assert results[0] == results[1]

    @precondition(lambda self: self.read < 4)
    @rule()
    def same_readings(self) -> None:
        self.read += 1

        async def compare() -> None:
            reader = self.make_reader()
            try:
                assert await readings(reader) == await readings(self.memory)
            finally:
                await reader.close()

        asyncio.run(compare())

    @rule()
    def sound(self) -> None:
        assert self.sqlite.quick_check() == []
        assert self.sqlite._connection.execute("PRAGMA foreign_key_check").fetchall() == []

    def teardown(self) -> None:
        self.sqlite.close()
        shutil.rmtree(self.directory)


TestLikeMemory = LikeMemory.TestCase
TestLikeMemory.settings = settings(
    max_examples=20,
    stateful_step_count=12,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
