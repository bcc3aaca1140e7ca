"""What people may ask of a run or an effect that stands still."""

from __future__ import annotations

from msgspec.structs import replace

from runtime.engine.unit import Unit
from runtime.engine.work import CancelRun, Decide, Done, Replay, Skip
from runtime.model import (
    CancelInput,
    EffectInput,
    EffectRow,
    EffectStatus,
    Entry,
    EntryKind,
    Run,
    RunStatus,
)
from runtime.outbox import Ready
from runtime.store.protocol import JournalRow

_STANDING = frozenset({EffectStatus.DEAD, EffectStatus.UNKNOWN})


def cancel(unit: Unit, work: CancelRun) -> Done:
    """End a live run."""
    run = unit.run(work.run)
    if run is None:
        return Done("there is no live run with this id")
    unit.advance(run.subject, CancelInput(run.id, work.reason))
    return Done()


def replay(unit: Unit, work: Replay) -> Done:
    """Try a dead letter or an unknown outcome again, with the same key and message."""
    row, run, problem = _standing(unit, work.key)
    if row is None or run is None:
        return Done(problem)
    row = replace(
        row, status=EffectStatus.PENDING, next_at=max(unit.now, 1), result={}, error="", finished_at=None
    )
    unit.effects[work.key] = row
    unit.again.append(Ready(row, row.attempts + 1))
    unit.keep_run(run.subject, replace(run, status=RunStatus.EFFECT, reason=""))
    effect = row.effect
    entry = Entry(
        unit.now,
        EntryKind.RESUMED,
        rule=run.rule,
        run=run.id,
        step=effect.step,
        action=effect.action,
        reason=f"to be tried again, asked by {work.by}",
    )
    unit.journal.append(JournalRow(run.subject, run.id, "", (entry,)))
    return Done()


def skip(unit: Unit, work: Skip) -> Done:
    """Let the run go on as if the effect had been left out."""
    row, run, problem = _standing(unit, work.key)
    if row is None or run is None:
        return Done(problem)
    unit.effects[work.key] = replace(row, status=EffectStatus.CANCELLED, finished_at=unit.now)
    reason = f"skipped by {work.by}"
    unit.advance(run.subject, EffectInput(work.key, run.id, EffectStatus.CANCELLED, reason))
    return Done()


def decide(unit: Unit, work: Decide) -> Done:
    """Let a message that is held go out, as it is or changed, or refuse it. A decision is made once."""
    row = unit.row(work.key)
    if row is None:
        return Done("there is no message with this key")
    problem = _undecidable(unit, row)
    if problem:
        return Done(problem)
    message = {**row.prepared["message"], **work.changes}
    if "text" in work.changes and "html" not in work.changes:
        # What was written as text must not go out beside another text.
        message.pop("html", None)
    said = {"approved": work.by} if work.approved else {"refused": work.by, "note": work.note}
    row = replace(row, prepared={**row.prepared, "message": message, **said}, next_at=max(unit.now, 1))
    unit.effects[work.key] = row
    unit.dropped.append(work.key)
    unit.again.append(Ready(row, row.attempts + 1))
    effect = row.effect
    verb = "approved" if work.approved else "refused"
    reason = f"{verb} by {work.by}" + (f": {work.note}" if work.note else "")
    entry = Entry(
        unit.now,
        EntryKind.RESUMED,
        rule=effect.rule,
        run=effect.run,
        step=effect.step,
        action=effect.action,
        reason=reason,
    )
    unit.journal.append(JournalRow(effect.subject, effect.run, "", (entry,)))
    return Done()


def _undecidable(unit: Unit, row: EffectRow) -> str:
    prepared = row.prepared
    if not isinstance(prepared, dict) or "held" not in prepared:
        return "this effect is no message that is held for a person"
    if row.status != EffectStatus.PENDING or "approved" in prepared or "refused" in prepared:
        return "it has been decided, or it is too late: the run has gone on"
    if row.next_at == 0:
        return "the message is being prepared; ask again in a moment"
    run = unit.states[row.effect.subject].runs.get(row.effect.run)
    return "" if run is not None and run.effect == row.effect.key else "the run of this message has ended"


def _standing(unit: Unit, key: str) -> tuple[EffectRow | None, Run | None, str]:
    """The effect and the run that stands at it, or why there is nothing to do."""
    row = unit.row(key)
    if row is None:
        return None, None, "there is no effect with this key"
    if row.status not in _STANDING:
        return (
            None,
            None,
            f"the effect is {row.status}: only one that is dead or unknown waits for a decision",
        )
    run = unit.states[row.effect.subject].runs.get(row.effect.run)
    if run is None or run.effect != key:
        return None, None, "the run of this effect has ended or gone on"
    return row, run, ""
