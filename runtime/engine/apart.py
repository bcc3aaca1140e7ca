"""Works handled one by one, each in a transaction of its own: slow, and used only when one of them is suspected."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runtime.engine.core import EngineCore
from runtime.engine.work import Begin, Committed, Look, Recorded, Replay, Result, Work
from runtime.model import Millis
from runtime.outbox import Ready
from runtime.store.protocol import StoreUnavailable

_HARMLESS = (Look, Begin, Replay)
"""Works that call no rule."""


def apart(
    core: EngineCore,
    works: Sequence[Work],
    now: Millis,
    timers: int,
    events: int,
    suspect: Callable[[Work], Exception | None] = lambda work: None,
) -> Committed:
    """As EngineCore.process, one input at a time; what calls no rule comes last, so that its facts are fresh.

    `suspect` may name an error for which a work is set aside as failed without being tried. One that breaks its
    transaction, such as by a value that cannot be stored, is set aside for that.

    Raises:
        StoreUnavailable: the store cannot be written; the works before are committed, and repeating all is safe.
    """
    total = Committed(results=[])
    recorded = 0
    for work in core.waiting(now, timers, events):
        recorded += isinstance(work, Recorded)
        _add(total, _alone(core, work, now, suspect(work)))
    results: dict[int, Result] = {}
    for number, work in enumerate(works):
        if not isinstance(work, _HARMLESS):
            committed = _alone(core, work, now, suspect(work))
            results[number] = committed.results[0]
            _add(total, committed)
    harmless = [number for number in range(len(works)) if number not in results]
    committed = core.process([works[number] for number in harmless], now)
    results.update(zip(harmless, committed.results, strict=True))
    _add(total, committed)
    total.results = [results[number] for number in range(len(works))]
    total.pending = total.pending or recorded == events > 0
    return total


def _alone(core: EngineCore, work: Work, now: Millis, error: Exception | None) -> Committed:
    try:
        return core.process((work,), now, error=error)
    except StoreUnavailable:
        raise
    except Exception as broken:
        return core.process((work,), now, error=broken)


def _add(total: Committed, more: Committed) -> None:
    """Add what another transaction did. Facts handed out before it may have changed with it."""
    aged = [Ready(ready.row, ready.attempt) for ready in total.ready]
    total.ready = [*aged, *more.ready]
    total.dropped = [*total.dropped, *more.dropped]
    total.faults = [*total.faults, *more.faults]
    total.conflicts = [*total.conflicts, *more.conflicts]
    total.started += more.started
    total.ended += more.ended
    total.timers += more.timers
    total.handled += more.handled
    total.next_due = more.next_due
    total.pending = total.pending or more.pending
