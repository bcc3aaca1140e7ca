"""When an effect is tried again, and what becomes of it when not: pure functions of row, outcome and time.

The delays are those that Standard Webhooks recommends (github.com/standard-webhooks/standard-webhooks, spec), spread
by full jitter (M. Brooker, "Exponential Backoff And Jitter", 2015). The jitter is a hash of key and attempt, so
that the same attempt is always due at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from msgspec.structs import replace

from runtime.model import JSON, EffectInput, EffectRow, EffectStatus, Millis, Outcome, OutcomeKind

_MINUTE = 60_000
_HOUR = 60 * _MINUTE


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`delays[n]` is the longest pause after attempt n+1; one attempt more than there are delays is made.

    `longest` caps what a receiver may ask for with Retry-After.
    """

    delays: tuple[Millis, ...] = (
        5_000,
        5 * _MINUTE,
        30 * _MINUTE,
        2 * _HOUR,
        5 * _HOUR,
        10 * _HOUR,
        14 * _HOUR,
        20 * _HOUR,
        24 * _HOUR,
    )
    longest: Millis = 24 * _HOUR

    @property
    def attempts(self) -> int:
        """How many attempts are made in all."""
        return len(self.delays) + 1


class Settled(NamedTuple):
    """The row after an attempt; `final` is what its run is told, None when there will be another attempt."""

    row: EffectRow
    final: EffectInput | None


def in_flight(row: EffectRow) -> bool:
    """Whether an attempt had begun and nothing is known of how it ended."""
    return row.status == EffectStatus.PENDING and row.attempts > 0 and row.next_at == 0


def begin(row: EffectRow, attempt: int) -> EffectRow:
    """The row with the mark that this attempt begins; written before the attempt is made."""
    return replace(row, attempts=attempt, next_at=0)


def settle(row: EffectRow, outcome: Outcome, idempotent: bool, now: Millis, policy: RetryPolicy) -> Settled:
    """What follows from the outcome of an attempt.

    An unknown outcome is tried again only when repeating does no harm (`idempotent`); otherwise somebody must look.
    """
    match outcome.kind:
        case OutcomeKind.DONE:
            return finish(row, EffectStatus.DONE, outcome, now)
        case OutcomeKind.SUPPRESSED:
            return finish(row, EffectStatus.SUPPRESSED, outcome, now)
        case OutcomeKind.FAILED:
            return finish(row, EffectStatus.DEAD, outcome, now)
        case OutcomeKind.HELD:
            due = now + max(int((outcome.retry_after or 0.0) * 1000), 1)
            return Settled(replace(row, next_at=due, error=outcome.reason), None)
        case OutcomeKind.UNKNOWN if not idempotent:
            return finish(row, EffectStatus.UNKNOWN, outcome, now)
    # Attempts are numbered for ever; when a person has a dead letter tried again, another round begins.
    if row.attempts % allowed(row, policy) == 0:
        return finish(row, EffectStatus.DEAD, outcome, now)
    due = next_attempt(row, outcome, now, policy)
    return Settled(replace(row, next_at=due, error=outcome.reason, result=outcome.result), None)


def allowed(row: EffectRow, policy: RetryPolicy) -> int:
    """How many attempts are made in all: those of the policy, or fewer when the rule says so."""
    tries = row.effect.tries
    return policy.attempts if tries is None else min(policy.attempts, tries + 1)


def finish(row: EffectRow, status: EffectStatus, outcome: Outcome, now: Millis) -> Settled:
    """The row in a state that needs no further attempt, and the word for its run."""
    error = "" if status is EffectStatus.DONE else outcome.reason
    done = replace(row, status=status, next_at=0, result=outcome.result, error=error, finished_at=now)
    result = {**outcome.result, **_written_by(row)}
    return Settled(done, EffectInput(row.effect.key, row.effect.run, status, outcome.reason, result))


def _written_by(row: EffectRow) -> dict[str, JSON]:
    """Who wrote a text that was composed: it belongs into the run's journal."""
    prepared = row.prepared
    return {"composer": prepared["composer"]} if isinstance(prepared, dict) and "composer" in prepared else {}


def next_attempt(row: EffectRow, outcome: Outcome, now: Millis, policy: RetryPolicy) -> Millis:
    """When to try again: after the jittered pause of this attempt, and not before the receiver asked for."""
    place = (row.attempts - 1) % allowed(row, policy)
    pause = jittered(policy.delays[place], row.effect.key, row.attempts)
    if outcome.retry_after is not None and outcome.retry_after > 0:
        pause = max(pause, min(int(outcome.retry_after * 1000), policy.longest))
    return now + max(pause, 1)


def jittered(pause: Millis, key: str, attempt: int) -> Millis:
    """A pause between 0 and `pause`, the same for the same key and attempt."""
    digest = blake2b(f"{key}\0{attempt}".encode(), digest_size=8).digest()
    return pause * int.from_bytes(digest, "big") >> 64
