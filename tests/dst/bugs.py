"""Mistakes that an engine could make, one each: the simulation has to find every one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import uuid4

from msgspec.structs import replace

from runtime.actions import Facts
from runtime.engine.attempt import Write, perform
from runtime.engine.core import EngineCore
from runtime.engine.cycle import Cycle
from runtime.engine.rules import Rules
from runtime.engine.unit import Unit
from runtime.engine.work import Answer, Begin, Look, Result, Work
from runtime.machine import Machine
from runtime.model import EffectStatus, Input, Outcome, OutcomeKind, SubjectState, TimerInput, Transition
from runtime.outbox import Ready
from runtime.store.protocol import DueRun, StoredEvent
from tests.dst.process import Parts

Holds: TypeAlias = Callable[[Facts], bool]


async def _marks_done_first(ready: Ready, action: Any, write: Write, holds: Holds) -> Outcome | None:
    """The result is written before the attempt is made."""
    await write(Answer(ready.row.effect.key, ready.attempt, Outcome(OutcomeKind.DONE)))
    return await perform(replace(ready, facts=None, begun=False), action, write, holds)


async def _new_key_each_try(ready: Ready, action: Any, write: Write, holds: Holds) -> Outcome | None:
    """The receiver sees another key with every attempt."""

    class Renamed:
        prepare = action.prepare

        async def deliver(self, effect: Any, prepared: Any, facts: Any) -> Outcome:
            return await action.deliver(replace(effect, key=f"{effect.key}-{uuid4()}"), prepared, facts)

    return await perform(ready, Renamed(), write, holds)


async def _does_not_begin(ready: Ready, action: Any, write: Write, holds: Holds) -> Outcome | None:
    """Nothing is on record before the attempt."""
    looked = await write(Look(ready.row.effect.key))
    if not isinstance(looked, Ready):
        return None
    effect, facts = ready.row.effect, looked.facts
    return await action.deliver(effect, await action.prepare(effect, facts), facts)


async def _old_facts(ready: Ready, action: Any, write: Write, holds: Holds) -> Outcome | None:
    """Consent is what it was when the message was composed."""
    effect = ready.row.effect
    looked = ready if ready.facts is not None else await write(Look(effect.key))
    if not isinstance(looked, Ready):
        return None
    prepared = looked.row.prepared or await action.prepare(effect, looked.facts)
    granted = await write(Begin(effect.key, ready.attempt, prepared))
    return await action.deliver(effect, prepared, looked.facts) if isinstance(granted, Ready) else None


async def _keeps_facts(ready: Ready, action: Any, write: Write, holds: Holds) -> Outcome | None:
    """Takes the facts of an effect that had to queue for those of now."""
    return await perform(ready, action, write, lambda facts: True)


async def _composes_each_time(ready: Ready, action: Any, write: Write, holds: Holds) -> Outcome | None:
    """Every attempt has a message of its own."""
    granted = await write(Begin(ready.row.effect.key, ready.attempt))
    if not isinstance(granted, Ready):
        return None
    effect = ready.row.effect
    return await action.deliver(effect, await action.prepare(effect, granted.facts), granted.facts)


class _AcceptsDuplicates(EngineCore):
    """Forgets which events it knows."""

    def _prepare_arrivals(self, unit: Unit, arrivals: Sequence[Any]) -> dict[str, StoredEvent]:
        super()._prepare_arrivals(unit, arrivals)
        return {}


class _LastTimerFirst(EngineCore):
    """Fires the timer that was due last first."""

    def _handle_due(self, unit: Unit, due: Sequence[DueRun]) -> None:
        super()._handle_due(unit, due[::-1])


class _FiresEarly(EngineCore):
    """Takes a wait that is nearly over for one that is."""

    def process(self, works: Sequence[Work], now: int, *args: Any, **named: Any) -> Any:
        return super().process(works, now + 90_000, *args, **named)


class _DeletesThenSends(EngineCore):
    """Takes an effect off the outbox when its attempt begins, not when it has ended."""

    def _on_other(self, unit: Unit, work: Work) -> Result:
        if isinstance(work, Answer):
            row = unit.row(work.key)
            if row is not None and row.status == EffectStatus.CANCELLED and row.finished_at is None:
                unit.effects[work.key] = replace(row, status=EffectStatus.PENDING)
        result = super()._on_other(unit, work)
        if isinstance(work, Begin) and isinstance(result, Ready):
            unit.effects[work.key] = replace(unit.effects[work.key], status=EffectStatus.CANCELLED)
        return result


class _ForgetsRecorded(Cycle):
    """Does not look for recorded events when it starts."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._pending = False


class _LosesDepth(Rules):
    """A wait makes a run forget how deep in a cascade it is."""

    def build_machine(self) -> Machine:
        class Shallow(Machine):
            def advance(
                self, state: SubjectState, related: Any, input: Input, now: int, counters: Mapping[str, int]
            ) -> Transition:
                if isinstance(input, TimerInput) and input.run in state.runs:
                    run = replace(state.runs[input.run], depth=0)
                    state = replace(state, runs={**state.runs, input.run: run})
                return super().advance(state, related, input, now, counters)

        return Shallow(self.library, self.schema, self.plans, self.bounds, self.explain)


BUGS: dict[str, Parts] = {
    "acknowledges before the commit": Parts(acknowledges_first=True),
    "marks done before sending": Parts(perform=_marks_done_first),
    "makes a new key for each try": Parts(perform=_new_key_each_try),
    "fires timers last in, first out": Parts(core=_LastTimerFirst),
    "fires timers early": Parts(core=_FiresEarly),
    "deletes an effect, then sends it": Parts(core=_DeletesThenSends),
    "accepts an event twice": Parts(core=_AcceptsDuplicates),
    "does not record an attempt before making it": Parts(perform=_does_not_begin),
    "forgets recorded events after a crash": Parts(cycle=_ForgetsRecorded),
    "takes consent from before": Parts(perform=_old_facts),
    "takes facts that have aged in the queue": Parts(perform=_keeps_facts),
    "composes a message again for each try": Parts(perform=_composes_each_time),
    "loses the depth of a cascade in a wait": Parts(rules=_LosesDepth),
}
