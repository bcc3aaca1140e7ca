"""Effects that are pending on disk but not in the outbox: after a start, a failed commit, or a full queue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from runtime.engine.work import Answer
from runtime.model import EffectRow, Millis, Outcome, OutcomeKind
from runtime.outbox import Outbox, Ready
from runtime.retry import in_flight

Unfinished: TypeAlias = Callable[[int, str], Awaitable[list[EffectRow]]]
"""Reads a page of effects that are pending on disk: how many, and after which key."""

PAGE = 500
CRASHES = 3
"""An effect during whose attempts the process has ended this often is a dead letter."""


async def offer_unfinished(
    unfinished: Unfinished,
    answer: Callable[[Sequence[Answer]], Awaitable[object]],
    outbox: Outbox,
    now: Callable[[], Millis],
    restarted: bool,
) -> None:
    """Queue every effect that is pending on disk.

    After a restart an attempt that had begun is of unknown outcome and answered as such. Within one process it
    is known that no attempt was made, for those under way are in the outbox.
    """
    after = ""
    while True:
        rows = await unfinished(PAGE, after)
        unknown = []
        for row in rows:
            if row.effect.key in outbox:
                continue
            if restarted and in_flight(row):
                unknown.append(Answer(row.effect.key, row.attempts, interrupted(row)))
            else:
                attempt = row.attempts if in_flight(row) else row.attempts + 1
                outbox.add(Ready(row, attempt), now())
        if unknown:
            await answer(unknown)
        if len(rows) < PAGE:
            return
        after = rows[-1].effect.key


def interrupted(row: EffectRow) -> Outcome:
    """The outcome of an attempt during which the process ended."""
    crashes = int(row.result.get("crashes", 0)) + 1
    if crashes >= CRASHES:
        return Outcome(OutcomeKind.FAILED, f"the server ended {crashes} times during an attempt at this")
    return Outcome(OutcomeKind.UNKNOWN, "the server ended during the attempt", {"crashes": crashes})
