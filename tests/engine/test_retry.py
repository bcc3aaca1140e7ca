"""When an effect is tried again."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from runtime.model import Effect, EffectRow, EffectStatus, Outcome, OutcomeKind, SubjectKey
from runtime.retry import RetryPolicy, begin, in_flight, jittered, settle

POLICY = RetryPolicy()
NOW = 1_000_000
HOUR = 3_600_000


def row(attempts: int = 1, key: str = "k") -> EffectRow:
    effect = Effect(key, "r", "rule", "do.0", "tell", SubjectKey("contact", "c"), "alpha", {}, NOW)
    return EffectRow(effect, attempts=attempts)


def outcome(kind: str, retry_after: float | None = None) -> Outcome:
    return Outcome(kind, "it said so", {"status": 1}, retry_after)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (OutcomeKind.DONE, EffectStatus.DONE),
        (OutcomeKind.FAILED, EffectStatus.DEAD),
        (OutcomeKind.SUPPRESSED, EffectStatus.SUPPRESSED),
        (OutcomeKind.UNKNOWN, EffectStatus.UNKNOWN),
    ],
)
def test_final_outcomes(kind: OutcomeKind, status: EffectStatus) -> None:
    settled = settle(row(), outcome(kind), idempotent=False, now=NOW, policy=POLICY)
    assert settled.row.status == status
    assert settled.row.finished_at == NOW
    assert settled.final is not None
    assert (settled.final.key, settled.final.run, settled.final.status) == ("k", "r", status)


@pytest.mark.parametrize(("kind", "idempotent"), [(OutcomeKind.RETRY, False), (OutcomeKind.UNKNOWN, True)])
def test_another_attempt_is_due_within_its_delay(kind: OutcomeKind, idempotent: bool) -> None:
    for attempt, delay in enumerate(POLICY.delays, start=1):
        settled = settle(row(attempt), outcome(kind), idempotent, NOW, POLICY)
        assert settled.final is None
        assert settled.row.status == EffectStatus.PENDING
        assert NOW < settled.row.next_at <= NOW + delay


def test_the_tries_are_bounded() -> None:
    settled = settle(row(POLICY.attempts), outcome(OutcomeKind.RETRY), True, NOW, POLICY)
    assert settled.row.status == EffectStatus.DEAD
    assert POLICY.attempts == 10


def test_a_rule_may_bound_the_tries_further() -> None:
    bounded = replace(row(), effect=replace(row().effect, tries=2))
    ends = [
        settle(replace(bounded, attempts=n), outcome(OutcomeKind.RETRY), True, NOW, POLICY).final is not None
        for n in range(1, 12)
    ]
    assert ends == [n % 3 == 0 for n in range(1, 12)]


def test_another_round_of_tries_ends_as_the_first() -> None:
    for attempt in (POLICY.attempts + 1, 2 * POLICY.attempts - 1):
        settled = settle(row(attempt), outcome(OutcomeKind.RETRY), True, NOW, POLICY)
        assert settled.row.status == EffectStatus.PENDING
    assert settle(row(2 * POLICY.attempts), outcome(OutcomeKind.RETRY), True, NOW, POLICY).final is not None


def test_retry_after_is_honoured_and_capped() -> None:
    def due(seconds: float) -> int:
        return settle(row(), outcome(OutcomeKind.RETRY, seconds), False, NOW, POLICY).row.next_at - NOW

    assert due(90) == 90_000
    assert due(1e9) == 24 * HOUR
    assert 0 < due(0) <= 5_000
    assert 0 < due(-5) <= 5_000


def test_jitter_is_spread_and_repeatable() -> None:
    pauses = [jittered(1000, f"key{n}", 1) for n in range(400)]
    assert pauses == [jittered(1000, f"key{n}", 1) for n in range(400)]
    assert min(pauses) < 100
    assert max(pauses) > 900
    assert 400 < sum(pauses) / len(pauses) < 600
    assert jittered(1000, "k", 1) != jittered(1000, "k", 2)


def test_an_attempt_is_in_flight_from_its_mark_to_its_outcome() -> None:
    fresh = row(0)
    assert not in_flight(fresh)
    begun = begin(fresh, 1)
    assert in_flight(begun)
    waiting = settle(begun, outcome(OutcomeKind.RETRY), False, NOW, POLICY).row
    assert not in_flight(waiting)
    assert in_flight(begin(waiting, 2))
    assert not in_flight(settle(begun, outcome(OutcomeKind.DONE), False, NOW, POLICY).row)
