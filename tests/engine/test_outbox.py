"""Which effect may be attempted when."""

from __future__ import annotations

from runtime.model import Effect, EffectRow, Outcome, OutcomeKind, SubjectKey
from runtime.outbox import Outbox, OutboxLimits, Pace, Ready

DONE = Outcome(OutcomeKind.DONE)
AGAIN = Outcome(OutcomeKind.RETRY)
FAST = Pace(concurrency=4, rate=float("inf"))
C1 = SubjectKey("contact", "c1")


def ready(key: str, to: str = "alpha", attempt: int = 1, next_at: int = 0) -> Ready:
    effect = Effect(key, "r", "rule", "do.0", "tell", C1, to, {}, 0)
    row = EffectRow(effect, attempts=attempt - 1, next_at=next_at)
    return Ready(row, attempt)


def fill(outbox: Outbox, number: int, to: str = "alpha", now: int = 0) -> None:
    for n in range(number):
        assert outbox.add(ready(f"{to}{n}", to), now)


def taken(outbox: Outbox, now: int) -> list[str]:
    return [r.row.effect.key for r in outbox.take(now)]


def test_a_destination_has_so_many_slots() -> None:
    outbox = Outbox(OutboxLimits(pace=FAST))
    fill(outbox, 6)
    assert taken(outbox, 0) == ["alpha0", "alpha1", "alpha2", "alpha3"]
    assert taken(outbox, 10) == []
    assert outbox.next_at(10) is None
    outbox.report("alpha1", DONE, 10)
    assert outbox.next_at(10) == 10
    assert taken(outbox, 10) == ["alpha4"]
    assert outbox.running == 4
    assert len(outbox) == 6
    outbox.settled("alpha1")
    assert len(outbox) == 5


def test_a_slow_destination_keeps_nobody_waiting() -> None:
    outbox = Outbox(OutboxLimits(pace=FAST, total=8))
    fill(outbox, 100, "slow")
    assert len(taken(outbox, 0)) == 4
    fill(outbox, 3, "quick", now=1)
    assert taken(outbox, 1) == ["quick0", "quick1", "quick2"]


def test_destinations_take_turns_when_slots_are_scarce() -> None:
    outbox = Outbox(OutboxLimits(pace=FAST, total=4))
    fill(outbox, 10, "a")
    fill(outbox, 10, "b")
    assert taken(outbox, 0) == ["a0", "b0", "a1", "b1"]


def test_the_rate_is_kept_after_a_burst() -> None:
    outbox = Outbox(OutboxLimits(pace=Pace(concurrency=5, rate=10.0)))
    fill(outbox, 60)
    now, times = 0, []
    while len(times) < 60:
        for key in taken(outbox, now):
            times.append(now)
            outbox.report(key, DONE, now)
            outbox.settled(key)
        at = outbox.next_at(now)
        now = at if at is not None else now
    assert times[:5] == [0] * 5
    assert 5_400 <= times[-1] <= 5_700


def test_a_retry_waits_for_its_time() -> None:
    outbox = Outbox(OutboxLimits(pace=FAST))
    outbox.add(ready("later", attempt=2, next_at=5_000), 0)
    assert taken(outbox, 4_999) == []
    assert outbox.next_at(4_999) == 5_000
    assert taken(outbox, 5_000) == ["later"]


def test_a_breaker_opens_probes_and_closes() -> None:
    outbox = Outbox(OutboxLimits(pace=FAST, breaker_after=3, breaker_pause=1_000, breaker_longest=4_000))
    fill(outbox, 20)
    for key in taken(outbox, 0)[:3]:
        outbox.report(key, AGAIN, 0)
    outbox.report("alpha3", AGAIN, 0)
    assert taken(outbox, 1_999) == []
    assert taken(outbox, 2_000) == ["alpha4"]
    outbox.report("alpha4", AGAIN, 2_000)
    assert outbox.next_at(2_000) == 6_000
    assert taken(outbox, 6_000) == ["alpha5"]
    assert taken(outbox, 6_001) == []
    outbox.report("alpha5", DONE, 6_100)
    assert len(taken(outbox, 6_100)) == 4


def test_a_final_refusal_shows_that_the_receiver_is_well() -> None:
    outbox = Outbox(OutboxLimits(pace=FAST, breaker_after=2))
    fill(outbox, 9)
    for outcome in (AGAIN, Outcome(OutcomeKind.FAILED), AGAIN, Outcome(OutcomeKind.FAILED)):
        key = outbox.take(0)[0].row.effect.key
        outbox.report(key, outcome, 0)
    assert outbox.destinations()["alpha"].failures == 0


def test_retry_after_holds_the_destination() -> None:
    outbox = Outbox(OutboxLimits(pace=FAST))
    fill(outbox, 8)
    first = taken(outbox, 0)
    outbox.report(first[0], Outcome(OutcomeKind.RETRY, retry_after=20.0), 0)
    assert taken(outbox, 19_999) == []
    assert taken(outbox, 20_000) == ["alpha4"]


def test_retries_are_few_while_a_destination_fails() -> None:
    outbox = Outbox(OutboxLimits(pace=Pace(50, float("inf")), breaker_after=1000, retry_burst=3))
    for n in range(30):
        outbox.add(ready(f"r{n}", attempt=2, next_at=1), 0)
    outbox.add(ready("first"), 0)
    assert taken(outbox, 0) == ["first"]
    outbox.report("first", AGAIN, 0)
    assert len(taken(outbox, 10)) == 4
    assert taken(outbox, 500) == []
    assert len(taken(outbox, 1_010)) == 1
    made = sum(len(taken(outbox, now)) for now in range(1_020, 11_020, 10))
    assert 9 <= made <= 11


def test_what_does_not_fit_stays_on_disk_and_is_asked_for_later() -> None:
    outbox = Outbox(OutboxLimits(pace=Pace(2, float("inf")), held=4))
    fill(outbox, 4)
    assert not outbox.add(ready("alpha4"), 0)
    assert outbox.add(ready("beta0", "beta"), 0)
    assert not outbox.has_room()
    assert len(taken(outbox, 0)) == 3
    assert outbox.has_room()
    outbox.refilled()
    assert not outbox.has_room()
    assert outbox.add(ready("alpha4"), 0)


def test_what_is_called_off_is_not_attempted() -> None:
    outbox = Outbox(OutboxLimits(pace=Pace(1, float("inf"))))
    fill(outbox, 3)
    assert taken(outbox, 0) == ["alpha0"]
    outbox.drop("alpha1")
    assert "alpha1" not in outbox
    outbox.report("alpha0", DONE, 0)
    assert taken(outbox, 0) == ["alpha2"]


def test_the_same_effect_is_queued_once() -> None:
    outbox = Outbox(OutboxLimits(pace=FAST))
    assert outbox.add(ready("k"), 0)
    assert outbox.add(ready("k"), 0)
    assert taken(outbox, 0) == ["k"]
    assert outbox.add(ready("k"), 0)
    assert taken(outbox, 0) == []


def test_an_attempt_whose_outcome_is_not_on_disk_is_not_made_again() -> None:
    outbox = Outbox(OutboxLimits(pace=Pace(1, float("inf")), unsettled=2))
    fill(outbox, 3)
    assert taken(outbox, 0) == ["alpha0"]
    outbox.report("alpha0", AGAIN, 0)
    assert "alpha0" in outbox
    assert outbox.add(ready("alpha0", attempt=2), 0)
    assert taken(outbox, 0) == ["alpha1"]
    outbox.report("alpha1", DONE, 0)
    assert taken(outbox, 0) == []
    outbox.settled("alpha0")
    assert "alpha0" not in outbox
    assert outbox.next_at(0) == 0
    assert taken(outbox, 0) == ["alpha2"]


def test_idle_destinations_are_forgotten() -> None:
    outbox = Outbox(OutboxLimits(pace=FAST))
    for n in range(10_050):
        outbox.add(ready(f"k{n}", f"host{n}"), 0)
        assert taken(outbox, 0) == [f"k{n}"]
        outbox.report(f"k{n}", DONE, 0)
        outbox.settled(f"k{n}")
    assert len(outbox.destinations()) < 200
