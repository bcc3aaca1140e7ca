"""Attempts at effects as the core sees them: the mark before each, and what follows from its outcome."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from runtime.engine.unit import Unit
from runtime.engine.work import Answer, Begin, CancelRun, Decide, Look, Replay, Skip, Work
from runtime.model import EffectStatus, OutcomeKind
from runtime.outbox import Ready
from runtime.retry import RetryPolicy, settle
from runtime.retry import begin as begun
from runtime.statistics import FINAL, count_effect

_ABOUT_EFFECTS = (Look, Begin, Answer, Replay, Skip, Decide)


def load(unit: Unit, works: Iterable[Work]) -> None:
    """Bring in, all at once, the effects and runs that these works name, and whom they are for."""
    keys = [work.key for work in works if isinstance(work, _ABOUT_EFFECTS)]
    unit.load_rows(keys)
    subjects = [row.effect.subject for row in (unit.row(key) for key in keys) if row is not None]
    cancelled = [work.run for work in works if type(work) is CancelRun]
    if cancelled:
        unit.load_runs(cancelled)
    unit.load(subjects)
    unit.load_linked(subjects)


def look(unit: Unit, work: Look) -> Ready | None:
    """The effect as it is; None when it is not to be attempted any more."""
    row = unit.row(work.key)
    if row is None or row.status != EffectStatus.PENDING:
        return None
    return Ready(row, row.attempts + 1)


def begin(unit: Unit, work: Begin) -> Ready | None:
    """Put on record that an attempt begins; None when the effect is not to be attempted any more."""
    row = unit.row(work.key)
    if row is None or row.status != EffectStatus.PENDING:
        return None
    row = begun(row, work.attempt)
    if row.prepared is None and work.prepared is not None:
        row = replace(row, prepared=work.prepared)
    unit.effects[work.key] = row
    return Ready(row, work.attempt, begun=True)


def answer(unit: Unit, work: Answer, policy: RetryPolicy) -> None:
    """Record how an attempt ended, and let the run go on when there will be no other.

    An answer that comes after its run has ended is kept when the effect was done all the same. An attempt that
    failed before it began (nothing could be composed) counts as one. A repeated answer, as after a commit whose own
    answer was lost, changes nothing, but says again that the effect waits for its next attempt.
    """
    row = unit.row(work.key)
    if row is None or row.attempts not in (work.attempt, work.attempt - 1):
        return
    if row.status == EffectStatus.CANCELLED and work.outcome.kind == OutcomeKind.DONE:
        unit.effects[work.key] = replace(row, status=EffectStatus.DONE, result=work.outcome.result, error="")
    if row.status != EffectStatus.PENDING:
        return
    if row.attempts == work.attempt and row.next_at:
        unit.again.append(Ready(row, row.attempts + 1))
        return
    idempotent = unit.rules.idempotent(row.effect.action)
    settled = settle(replace(row, attempts=work.attempt), work.outcome, idempotent, unit.now, policy)
    unit.effects[work.key] = settled.row
    if settled.row.status in FINAL:
        count_effect(unit.tally, row.effect.rule, settled.row.status, row.effect.action)
    if settled.final is None:
        unit.again.append(Ready(settled.row, settled.row.attempts + 1))
    else:
        unit.advance(row.effect.subject, settled.final)
