"""One attempt at an effect, from its turn to its outcome. A plain coroutine: it needs no event loop of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from runtime.actions import ActionError, Facts
from runtime.engine.work import Begin, Look, Result, Work
from runtime.model import JSON, Effect, Outcome, OutcomeKind
from runtime.outbox import Ready

Write: TypeAlias = Callable[[Work], Awaitable[Result]]
"""Has a work committed, and gives its result."""


class Sender(Protocol):
    """The part of `runtime.actions.EffectAction` that acts on the world."""

    async def prepare(self, effect: Effect, facts: Facts) -> JSON:
        """See EffectAction."""

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """See EffectAction."""


async def perform(
    ready: Ready, action: Sender | None, write: Write, holds: Callable[[Facts], bool]
) -> Outcome | None:
    """Compose the message unless it is kept already, put the attempt on record, deliver.

    The message is stored before it is sent for the first time. The facts at sending are those of the last commit
    before it: `holds` tells whether those at hand still are. None when no attempt is to be made any more.
    """
    if action is None:
        return Outcome(OutcomeKind.FAILED, f"the action `{ready.row.effect.action}` is not installed here")
    prepared: JSON = ready.row.prepared
    if prepared is None:
        looked: Result = ready
        if ready.facts is None or not holds(ready.facts):
            looked = await write(Look(ready.row.effect.key))
        if not isinstance(looked, Ready):
            return None
        try:
            prepared = await _prepare(looked, action)
        except _CannotPrepare as failure:
            return failure.outcome
    if prepared is not None or not ready.begun or ready.facts is None or not holds(ready.facts):
        granted = await write(Begin(ready.row.effect.key, ready.attempt, prepared))
        if not isinstance(granted, Ready):
            return None
        ready = granted
    return await _deliver(ready, action)


class _CannotPrepare(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


async def _prepare(ready: Ready, action: Sender) -> JSON:
    assert ready.facts is not None
    try:
        return await action.prepare(ready.row.effect, ready.facts)
    except ActionError as error:
        raise _CannotPrepare(Outcome(OutcomeKind.FAILED, str(error))) from None
    except Exception as error:
        reason = f"the message could not be composed ({type(error).__name__})"
        raise _CannotPrepare(Outcome(OutcomeKind.RETRY, reason)) from error


async def _deliver(ready: Ready, action: Sender) -> Outcome:
    assert ready.facts is not None
    try:
        return await action.deliver(ready.row.effect, ready.row.prepared, ready.facts)
    except ActionError as error:
        return Outcome(OutcomeKind.FAILED, str(error))
    except Exception as error:
        return Outcome(OutcomeKind.UNKNOWN, f"an internal error ended the attempt ({type(error).__name__})")
