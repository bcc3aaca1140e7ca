"""The engine at work: real SQLite, a real event loop, a real thread."""

from __future__ import annotations

import asyncio
import sqlite3
import time

import pytest

from rulelang.plan.ir import Get, Lit, Op
from runtime.engine.engine import EngineBusy, EngineClosed, EngineLimits
from runtime.engine.work import CancelRun, ReceiptStatus, Replay, Skip
from runtime.metrics import NoMetrics
from runtime.model import EffectStatus, Event, Outcome, OutcomeKind, SubjectKey
from runtime.outbox import OutboxLimits, Pace
from runtime.store.protocol import StoreUnavailable
from tests.engine.conftest import Workshop
from tests.engine.world import SCHEMA, Delivery, act, arrival, event, plan, wait

RULE = plan(
    "welcome",
    "ping",
    act("do.0", "set", field="score", value=5),
    act("do.1", "bump"),
    wait("do.2", "0s"),
    act("do.3", "tell", to="alpha"),
)
TELL = plan("tell", "ping", act("do.0", "tell", to="alpha"))
POST = plan("post", "ping", act("do.0", "post", to="beta"), act("do.1", "bump"))


class Counting(NoMetrics):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.commits: list[int] = []
        self.statuses: list[str] = []
        self.attempts: list[tuple[str, str]] = []
        self.faults = 0

    def commit(self, seconds: float, inputs: int) -> None:
        self.commits.append(inputs)

    def event(self, status: str) -> None:
        self.statuses.append(status)

    def attempt(self, action: str, outcome: str) -> None:
        self.attempts.append((action, outcome))

    def fault(self) -> None:
        self.faults += 1


async def test_a_run_from_its_event_to_its_end(workshop: Workshop) -> None:
    running = await workshop.start(RULE)
    (receipt,) = await running.engine.submit([arrival(event("e1"))])
    assert receipt.status == ReceiptStatus.ACCEPTED
    assert len(receipt.runs) == 1
    await running.ended(1)
    assert running.receiver.attempted() == [f"{receipt.runs[0]}:do.3:0"]
    state = await running.reader.subject(SubjectKey("contact", "c1"))
    assert state is not None
    assert (state.fields["score"], state.fields["count"], state.runs) == (5, 1, {})
    rows, _ = await running.reader.effects(run=receipt.runs[0])
    assert [(row.status, row.attempts, row.result) for row in rows] == [
        ("done", 1, {"id": rows[0].effect.key})
    ]


async def test_an_answered_event_is_on_disk(workshop: Workshop) -> None:
    running = await workshop.start(RULE)
    for n in range(20):
        await running.engine.submit([arrival(event(f"e{n}"))])
        with sqlite3.connect(f"file:{workshop.path}?mode=ro", uri=True) as connection:
            assert connection.execute("SELECT count(*) FROM events WHERE id = ?", (f"e{n}",)).fetchone() == (
                1,
            )
        connection.close()


async def test_events_that_wait_together_are_committed_together(workshop: Workshop) -> None:
    metrics = Counting()
    running = await workshop.start(plan("bump", "ping", act("do.0", "bump")), metrics=metrics)
    receipts = await asyncio.gather(
        *(running.engine.submit([arrival(event(f"e{n}", subject=f"c{n}"))]) for n in range(200))
    )
    assert {r[0].status for r in receipts} == {ReceiptStatus.ACCEPTED}
    assert sum(metrics.commits) == 200
    assert len(metrics.commits) <= 20
    assert metrics.statuses == ["accepted"] * 200


async def test_a_batch_is_no_larger_than_allowed(workshop: Workshop) -> None:
    metrics = Counting()
    limits = EngineLimits(batch=50)
    running = await workshop.start(plan("bump", "ping", act("do.0", "bump")), metrics=metrics, limits=limits)
    receipts = await running.engine.submit([arrival(event(f"e{n}")) for n in range(175)])
    assert [r.id for r in receipts] == [f"e{n}" for n in range(175)]
    assert max(metrics.commits) <= 50


async def test_repeated_events_get_the_first_answer(workshop: Workshop) -> None:
    running = await workshop.start(RULE)
    (first,) = await running.engine.submit([arrival(event("e1", score=1))])
    twice = await running.engine.submit(
        [arrival(event("e1", score=1)), arrival(event("e2")), arrival(event("e2"))]
    )
    assert [r.status for r in twice] == ["duplicate", "accepted", "duplicate"]
    assert twice[0].runs == first.runs
    assert twice[1].runs == twice[2].runs
    (other,) = await running.engine.submit([arrival(event("e1", score=2))])
    assert (other.status, other.runs) == ("conflict", ())
    await running.ended(1)
    assert len(running.receiver.attempted()) == 1


async def test_events_of_a_subject_are_handled_in_order(workshop: Workshop) -> None:
    running = await workshop.start(plan("bump", "ping", act("do.0", "bump")))
    await asyncio.gather(*(running.engine.submit([arrival(event(f"e{n}", n=n))]) for n in range(100)))
    rows = await running.reader.journal(subject=SubjectKey("contact", "c1"))
    numbers = [e.input["n"] for row in rows for e in row.entries if e.kind == "event" and "n" in e.input]
    assert numbers == list(range(100))


async def test_a_slow_receiver_keeps_nobody_waiting(workshop: Workshop) -> None:
    running = await workshop.start(plan("by name", "ping", act("do.0", "tell", to=Get(("contact", "name")))))

    async def slow(delivery: Delivery) -> Outcome:
        await asyncio.sleep(30)
        return Outcome(OutcomeKind.DONE)

    running.receiver.at["slow"] = slow
    events = [event(f"s{n}", "contact.updated", f"s{n}", fields={"name": "slow"}) for n in range(40)]
    events += [event(f"q{n}", "contact.updated", f"q{n}", fields={"name": f"quick{n}"}) for n in range(100)]
    await running.engine.submit([arrival(e) for e in events])
    began = time.monotonic()
    await running.engine.submit([arrival(event(f"p{e.id}", subject=e.subject.id)) for e in events])
    await running.ended(100)
    assert time.monotonic() - began < 2
    assert len(running.receiver.attempted("slow")) == 16


async def test_an_attempt_that_fails_is_made_again_with_the_same_key_and_text(workshop: Workshop) -> None:
    running = await workshop.start(POST)
    answers = iter([Outcome(OutcomeKind.RETRY, "busy"), Outcome(OutcomeKind.RETRY, "busy")])

    async def busy(delivery: Delivery) -> Outcome:
        if len(running.receiver.deliveries) == 1:
            await running.engine.submit([arrival(event("u", "contact.updated", fields={"score": 77}))])
        return next(answers, Outcome(OutcomeKind.DONE))

    running.receiver.at["beta"] = busy
    await running.engine.submit([arrival(event("e1"))])
    await running.ended(1)
    assert len(running.receiver.deliveries) == 3
    assert len({d.key for d in running.receiver.deliveries}) == 1
    assert [d.message for d in running.receiver.deliveries] == [{"text": "score None"}] * 3


async def test_a_dead_letter_is_replayed_or_skipped(workshop: Workshop) -> None:
    running = await workshop.start(POST)

    async def gone(delivery: Delivery) -> Outcome:
        return Outcome(OutcomeKind.FAILED, "it answered 410")

    running.receiver.at["beta"] = gone
    receipts = await running.engine.submit([arrival(event(f"e{n}", subject=f"c{n}")) for n in range(2)])
    await running.ended(2, "blocked")
    keys = [f"{r.runs[0]}:do.0:0" for r in receipts]
    del running.receiver.at["beta"]
    assert not (await running.engine.operate(Replay(keys[0], "ana"))).problem
    assert not (await running.engine.operate(Skip(keys[1], "ana"))).problem
    await running.ended(2)
    assert sorted(running.receiver.attempted()) == sorted([*keys, keys[0]])
    rows = {
        row.effect.key: row
        for key in keys
        for row in (await running.reader.effects(run=key.split(":")[0]))[0]
    }
    assert (rows[keys[0]].status, rows[keys[1]].status) == (EffectStatus.DONE, EffectStatus.CANCELLED)
    journal = await running.reader.journal(run=receipts[1].runs[0])
    assert "skipped by ana" in {e.reason for row in journal for e in row.entries}
    assert "done" in (await running.engine.operate(Replay(keys[0], "ana"))).problem
    assert "no effect" in (await running.engine.operate(Skip("nothing", "ana"))).problem


async def test_an_unknown_outcome_is_repeated_only_where_that_is_harmless(workshop: Workshop) -> None:
    running = await workshop.start(TELL, POST)

    async def reset(delivery: Delivery) -> Outcome:
        if running.receiver.attempted(delivery.to).count(delivery.key) == 1:
            raise ConnectionResetError
        return Outcome(OutcomeKind.DONE)

    running.receiver.behaviour = reset
    await running.engine.submit([arrival(event("e1"))])
    await running.ended(1)
    await running.ended(1, "blocked")
    assert len(running.receiver.attempted("alpha")) == 2
    assert len(running.receiver.attempted("beta")) == 1
    rows, _ = await running.reader.effects(status="unknown")
    assert [row.error for row in rows] == ["an internal error ended the attempt (ConnectionResetError)"]


async def test_an_attempt_that_takes_too_long_is_of_unknown_outcome(workshop: Workshop) -> None:
    running = await workshop.start(POST, TELL, limits=EngineLimits(attempt_seconds=0.2))

    async def hang(delivery: Delivery) -> Outcome:
        if running.receiver.attempted(delivery.to).count(delivery.key) == 1:
            await asyncio.sleep(60)
        return Outcome(OutcomeKind.DONE)

    running.receiver.behaviour = hang
    await running.engine.submit([arrival(event("e1"))])
    await running.ended(1)
    await running.ended(1, "blocked")
    rows, _ = await running.reader.effects(status="unknown")
    assert [row.error for row in rows] == ["no answer within 0.2 seconds"]
    await running.engine.submit([arrival(event("e2", subject="c2"))])
    await running.ended(2)


async def test_consent_is_that_of_the_moment_of_sending(workshop: Workshop) -> None:
    running = await workshop.start(POST)

    async def busy(delivery: Delivery) -> Outcome:
        await running.engine.submit([arrival(event("u", "contact.updated", fields={"dnc": True}))])
        return Outcome(OutcomeKind.RETRY, "busy")

    running.receiver.at["beta"] = busy
    await running.engine.submit([arrival(event("e1"))])
    await running.ended(1)
    assert len(running.receiver.deliveries) == 1
    rows, _ = await running.reader.effects()
    assert [(row.status, row.attempts, row.error) for row in rows] == [
        ("suppressed", 2, "the contact is marked do not contact")
    ]


async def test_a_run_that_ends_calls_its_effect_off(workshop: Workshop) -> None:
    limits = EngineLimits(outbox=OutboxLimits(pace=Pace(1, float("inf"))))
    running = await workshop.start(TELL, limits=limits)
    release = asyncio.Event()

    async def held(delivery: Delivery) -> Outcome:
        await release.wait()
        return Outcome(OutcomeKind.DONE)

    running.receiver.at["alpha"] = held
    receipts = await running.engine.submit([arrival(event(f"e{n}", subject=f"c{n}")) for n in range(2)])
    await running.until(lambda: len(running.receiver.deliveries) == 1)
    waiting = next(r.runs[0] for r in receipts if f"{r.runs[0]}:do.0:0" not in running.receiver.attempted())
    assert not (await running.engine.operate(CancelRun(waiting, "no longer wanted"))).problem
    assert "no live run" in (await running.engine.operate(CancelRun(waiting, "again"))).problem
    release.set()
    await running.ended(1)
    await running.ended(1, "cancelled")
    assert len(running.receiver.deliveries) == 1


async def test_a_change_of_an_account_ends_runs_of_its_contacts(workshop: Workshop) -> None:
    churned = Op("eq", (Get(("account", "status")), Lit("churned")))
    running = await workshop.start(plan("care", "ping", wait("do.0", "30d"), exits=[churned]))
    for n in range(5):
        update = event(f"u{n}", "contact.updated", f"c{n}", fields={"account_id": "a1" if n else "a2"})
        await running.engine.submit([arrival(update), arrival(event(f"e{n}", subject=f"c{n}"))])
    assert await running.runs("waiting") == 5
    change = event("x", "account.updated", "a1", kind="account", fields={"status": "churned"})
    await running.engine.submit([arrival(change)])
    await running.ended(4, "exited")
    assert await running.runs("waiting") == 1


async def test_an_input_that_breaks_harms_nobody_else(workshop: Workshop) -> None:
    metrics = Counting()
    broken = plan("broken", "boom", act("do.0", "bump"), act("do.1", "explode"))
    late = plan("late", "slow", wait("do.0", "0s"), act("do.1", "explode"))
    running = await workshop.start(TELL, broken, late, metrics=metrics)
    receipts = await running.engine.submit(
        [
            arrival(event("e1")),
            arrival(event("b", "boom")),
            arrival(event("l", "slow")),
            arrival(event("e2", subject="c2")),
        ]
    )
    assert [r.status for r in receipts] == ["accepted", "failed", "accepted", "accepted"]
    await running.ended(2)
    await running.ended(1, "failed")
    assert metrics.faults == 2
    (again,) = await running.engine.submit([arrival(event("b", "boom"))])
    assert (again.status, again.runs) == ("duplicate", ())
    state = await running.reader.subject(SubjectKey("contact", "c1"))
    assert state is not None
    assert "count" not in state.fields
    reasons = [e.reason for row in await running.reader.journal(subject=state.key) for e in row.entries]
    assert any("internal error" in reason and "ZeroDivisionError" in reason for reason in reasons)


async def test_a_value_that_cannot_be_stored_harms_nobody_else(workshop: Workshop) -> None:
    rotten = plan("rotten", "boom", act("do.0", "rot"))
    late = plan("late", "slow", wait("do.0", "0s"), act("do.1", "rot"))
    running = await workshop.start(TELL, rotten, late)
    receipts = await running.engine.submit(
        [
            arrival(event("e1")),
            arrival(event("b", "boom", subject="b")),
            arrival(event("l", "slow", subject="l")),
            arrival(event("e2", subject="c2")),
        ]
    )
    assert [r.status for r in receipts] == ["accepted", "failed", "accepted", "accepted"]
    await running.ended(2)
    await running.ended(1, "failed")
    assert [r.status for r in await running.engine.submit([arrival(event("e3", subject="c3"))])] == [
        "accepted"
    ]
    await running.ended(3)


async def test_an_address_names_one_contact(workshop: Workshop) -> None:
    running = await workshop.start(plan("bump", "ping", act("do.0", "bump")))

    def by_address(id: str, address: str) -> Event:
        return Event(id, "ping", 0, 0, SubjectKey("contact", ""), identity=("email", address))

    receipts = await running.engine.submit(
        [arrival(by_address("e1", "a@b.test")), arrival(by_address("e2", "a@b.test"))]
    )
    receipts += await running.engine.submit([arrival(by_address("e3", "a@b.test"))])
    (ana,) = {r.subject for r in receipts}
    assert ana is not None
    move = event("e4", "contact.updated", ana.id, fields={"email": "new@b.test"})
    receipts = await running.engine.submit([arrival(move), arrival(by_address("e5", "new@b.test"))])
    assert receipts[1].subject == ana
    (bo,) = await running.engine.submit([arrival(by_address("e6", "a@b.test"))])
    assert bo.subject != ana
    state = await running.reader.subject(ana)
    assert state is not None
    assert (state.fields["count"], state.fields["email"]) == (4, "new@b.test")


async def test_a_deploy_leaves_runs_under_way_alone(workshop: Workshop) -> None:
    first = plan("r", "ping", wait("do.0", "1s"), act("do.1", "set", field="name", value="old"))
    second = plan("r", "ping", act("do.0", "set", field="name", value="new"))
    running = await workshop.start(first)
    await running.engine.submit([arrival(event("e1", subject="c1"))])
    await running.engine.deploy(SCHEMA, [second])
    await running.engine.submit([arrival(event("e2", subject="c2"))])
    await running.ended(2)
    names = [(await running.reader.subject(SubjectKey("contact", id))) for id in ("c1", "c2")]
    assert [state.fields["name"] for state in names if state] == ["old", "new"]


async def test_a_write_of_another_kind_is_seen_by_the_engine(workshop: Workshop) -> None:
    running = await workshop.start(plan("bump", "ping", act("do.0", "bump")))
    key = SubjectKey("contact", "c1")
    await running.engine.submit([arrival(event("e1"))])
    assert await running.engine.write(lambda tx: tx.erase(key)) > 0
    assert await running.reader.subject(key) is None
    await running.engine.submit([arrival(event("e2"))])
    state = await running.reader.subject(key)
    assert state is not None
    assert state.fields["count"] == 1


async def test_too_much_at_once_is_refused(workshop: Workshop) -> None:
    running = await workshop.start(TELL, limits=EngineLimits(waiting=100))
    first = asyncio.create_task(running.engine.submit([arrival(event(f"e{n}")) for n in range(90)]))
    await asyncio.sleep(0)
    with pytest.raises(EngineBusy):
        await running.engine.submit([arrival(event(f"f{n}")) for n in range(20)])
    assert len(await first) == 90


async def test_a_full_disk_refuses_events_and_recovers_by_itself(workshop: Workshop) -> None:
    running = await workshop.start(RULE)
    await running.engine.submit([arrival(event("e0", subject="c0"))])
    connection = running.writer._connection  # type: ignore[attr-defined]
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    await running.engine.write(lambda tx: connection.execute(f"PRAGMA max_page_count = {pages}"))
    accepted, refused = [], 0
    for n in range(1, 400):
        try:
            await running.engine.submit([arrival(event(f"e{n}", subject=f"c{n}", text="x" * 500))])
        except StoreUnavailable:
            refused += 1
            assert running.engine.unready()
            break
        accepted.append(n)
    assert refused
    assert await running.reader.subject(SubjectKey("contact", "c1")) is not None
    connection.execute("PRAGMA max_page_count = 1000000")
    await asyncio.sleep(0.3)
    await running.engine.submit([arrival(event("after", subject="after"))])
    assert running.engine.unready() == ""
    await running.ended(len(accepted) + 2)
    assert len(set(running.receiver.attempted())) == len(accepted) + 2


async def test_a_closed_engine_takes_nothing(workshop: Workshop) -> None:
    running = await workshop.start(TELL)
    assert await running.engine.close()
    with pytest.raises(EngineClosed):
        await running.engine.submit([arrival(event("e1"))])
    assert "shutting down" in running.engine.unready()
