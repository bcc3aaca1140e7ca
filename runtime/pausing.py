"""Paused rules: their runs stand still, hear what happens, and go on as the policy says once the rule is resumed.

While a rule is paused nothing moves its runs: a wait that is over, an answer of the outbox, an event or the end of
another rule is noted in the run (`held`) and takes effect in that order when the rule is live again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as dataclass_replace
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from rulelang.types.policy import COUNT, RESTART
from runtime.model import JSON, EffectInput, EntryKind, Event, Millis, Run, RunStatus
from runtime.program import Fork, Listen, Program, Sleep
from runtime.timing import WaitError, wake_at

if TYPE_CHECKING:
    from runtime.turn import Turn

MAX_HELD = 100
"""Events that a run keeps for the end of a pause; the oldest go first."""
_MAX_PAUSES = 20
_SHOWN = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"))


class Pause(msgspec.Struct, frozen=True):
    """A pause that is over, of whose runs not all go on yet: from `start` to `end`, with what is to become of waits."""

    start: Millis
    end: Millis
    mode: str


class Pausing:
    """Holds and resumes runs within a turn."""

    __slots__ = ("_turn",)

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    # --- while it is paused ---

    def hold_timer(self, run: Run) -> None:
        """A wait was over while the rule was paused."""
        self._hold(replace(run, due=None), {"due": run.due}, "its wait is over, but the rule is paused")

    def hold_answer(self, run: Run, input: EffectInput) -> None:
        """The outbox has answered while the rule was paused."""
        self._hold(run, {"answer": msgspec.to_builtins(input)}, "its step is done, but the rule is paused")

    def hold_join(self, run: Run) -> None:
        """What the run waited for has ended while the rule was paused."""
        self._hold(run, {"joined": True}, "what it waited for has ended, but the rule is paused")

    def hold_event(self, run: Run, event: Event, data: dict[str, JSON]) -> None:
        """An event came that the run may be waiting for."""
        heard = [*run.locals.get("held", {}).get("heard", ()), [event.id, event.type, data]][-MAX_HELD:]
        held = {**run.locals.get("held", {}), "heard": heard}
        self._turn.update(replace(run, locals={**run.locals, "held": held}))

    def _hold(self, run: Run, what: dict[str, JSON], reason: str) -> None:
        held = {**run.locals.get("held", {}), **what}
        self._turn.update(replace(run, locals={**run.locals, "held": held}))
        self._turn.note(EntryKind.PAUSED, run, step=run.position, reason=reason)

    # --- once it is resumed ---

    def catch_up(self) -> None:
        """Resume the runs of this subject whose pause is over, before anything else happens to them."""
        for id in list(self._turn.working.runs):
            run = self._turn.working.runs.get(id)
            pause = self._turn.plans.resuming.get(run.rule) if run is not None else None
            if run is not None and pause is not None and _concerns(pause, run):
                self._resume(run, pause)

    def _resume(self, run: Run, pause: Pause) -> None:
        turn = self._turn
        program = turn.program(run)
        pauses = [*run.locals.get("pauses", ()), [pause.start, pause.end, pause.mode]][-_MAX_PAUSES:]
        held = dict(run.locals.get("held", {}))
        due = held.pop("due", run.due)
        run = replace(run, locals={**run.locals, "pauses": pauses, "held": held})
        if run.status == RunStatus.WAITING and due is not None:
            new = self._due(run, program, due, pause)
            if new != run.due:
                reason = f"the rule was paused for {_length(pause)}"
                run = replace(run, due=new)
                turn.note(EntryKind.PAUSED, run, step=run.position, reason=reason, due=new)
        turn.update(run)
        if run.rule not in turn.plans.paused:
            self._go_on(run, program, held)

    def _go_on(self, run: Run, program: Program, held: dict[str, JSON]) -> None:
        """Let what was held take effect."""
        turn = self._turn
        run = replace(run, locals={k: v for k, v in run.locals.items() if k != "held"})
        turn.update(run)
        if "answer" in held and run.status == RunStatus.EFFECT:
            turn.steps.answered(run, program, msgspec.convert(held["answer"], EffectInput))
        elif held.get("joined"):
            self._join(run, program)
        for id, type_, data in held.get("heard", ()):
            now = turn.working.runs.get(run.id)
            if now is None:
                return
            event = Event(id, type_, turn.now, turn.now, turn.working.key, data=data)
            turn.listening.hear_run(now, event, data)
        now = turn.working.runs.get(run.id)
        if now is not None and "exiting" not in now.locals:
            turn.listening.revisit_run(now)

    def _join(self, run: Run, program: Program) -> None:
        place = program.at[run.position]
        fork = program.code[place]
        self._turn.note(EntryKind.RESUMED, run, step=run.position)
        self._turn.steps.proceed(run, program, fork.join if isinstance(fork, Fork) else place + 1)

    # --- when waits end ---

    def _due(self, run: Run, program: Program, due: Millis, pause: Pause) -> Millis:
        """When a wait that was to end at `due` ends after the pause; not before the pause did."""
        place = program.at.get(run.position)
        timers = list(_timers(program.code[place] if place is not None else None))
        if pause.mode == COUNT:
            return max(due, pause.end)
        if pause.mode == RESTART:
            found = [self._anew(run, timer, due, pause) for timer in timers]
            return max(min(found, default=due), pause.end)
        later = due + pause.end - pause.start
        if place is None or any(timer.mode in ("for", "fixed") for timer in timers):
            return later
        if due > pause.end or not timers:
            return max(due, pause.end)
        timer = timers[0]
        return later if timer.mode == "date" else max(self._anew(run, timer, later, pause), pause.end)

    def _anew(self, run: Run, timer: Sleep, due: Millis, pause: Pause) -> Millis:
        """When a wait that begins at the end of the pause ends; a date stays what it is."""
        if timer.mode == "date":
            return due
        scope = dataclass_replace(self._turn.run_scope(run), now=pause.end)
        try:
            return wake_at(timer, scope)
        except WaitError:
            return due


def after_pauses(run: Run, due: Millis) -> Millis:
    """When a date that a run comes to wait for counts as reached, if it passed while the rule was paused.

    The run's clock stood still then: the date comes as much later as the pause took, unless the policy says that
    waits count regardless or begin anew.
    """
    for start, end, mode in run.locals.get("pauses", ()):
        if mode not in (COUNT, RESTART) and start <= due < end:
            due += end - start
    return due


def _concerns(pause: Pause, run: Run) -> bool:
    known = run.locals.get("pauses", ())
    return run.started_at < pause.end and not any(start == pause.start for start, _, _ in known)


def _timers(step: object) -> Iterator[Sleep]:
    """What a step waits for by the clock."""
    match step:
        case Sleep():
            yield step
        case Listen():
            yield from (arm.value for arm in step.arms if arm.value is not None)


def _length(pause: Pause) -> str:
    left = pause.end - pause.start
    parts = []
    for size, unit in _SHOWN:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "a moment"
