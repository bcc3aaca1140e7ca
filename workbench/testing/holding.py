"""One sequence of events against the invariants of a property: what goes out and what is done, seen as it happens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rulelang.calendar import CalendarError, shift
from rulelang.plan.interpret import holds
from rulelang.plan.model import Plan
from rulelang.plan.wording import describe
from runtime.actions import Library
from runtime.model import EffectRow, Entry, EntryKind, Millis, Outcome, SubjectKey
from runtime.simulate import Simulation, SimulationError, run_now
from workbench.testing.judging import WORDS
from workbench.testing.meaning import Meaning
from workbench.testing.model import Statement
from workbench.testing.properties import Always, AtMost, Ends, NeverDoes, NeverSends
from workbench.testing.script import Script, fits
from workbench.testing.stage import Stage

_RUNS = 1000


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold, and in words what happened instead."""

    invariant: Statement
    found: str


@dataclass(frozen=True, slots=True)
class _Sent:
    at: Millis
    action: str
    key: SubjectKey
    rule: str


class Trial:
    """The rules at work on one sequence."""

    def __init__(
        self,
        library: Library,
        meaning: Meaning,
        plans: Sequence[Plan],
        start: Millis,
        watched: Sequence[Statement],
    ) -> None:
        self._watched, self._meaning = watched, meaning
        self._script = Script()
        self._sent: list[_Sent] = []
        self._found: list[Violation] = []
        self._told = 0
        simulation = Simulation(library, meaning.checked.schema, plans, start, self._answer, explain=False)
        self._stage = Stage(simulation, meaning, self._script)

    def first(self, steps: Sequence[Statement]) -> Violation | None:
        """The first invariant that does not hold, None when all do."""
        try:
            for step in steps:
                self._stage.carry_out(step)
                self._look()
                if self._found:
                    return self._found[0]
            self._wait()
        except (SimulationError, CalendarError) as error:
            return Violation(self._watched[0], str(error)) if isinstance(error, SimulationError) else None
        return self._found[0] if self._found else None

    # --- as it happens ---

    def _answer(self, row: EffectRow) -> Outcome:
        """Note what goes out, and judge the record as it is at this moment."""
        outcome = self._script.answer(row)
        effect, now = row.effect, self._stage.simulation.now
        if outcome.kind == "done":
            self._sent.append(_Sent(now, effect.action, effect.subject, effect.rule))
            for each in self._watched:
                if isinstance(each, NeverSends) and _is(each.message, effect.action):
                    self._judge(each, each.subject, effect.subject, f"{effect.action} by `{effect.rule}`")
        return outcome

    def _judge(self, invariant: NeverSends | NeverDoes, kind: str, key: SubjectKey, what: str) -> None:
        state = self._stage.simulation.subject(key)
        if key.kind != kind or state is None:
            return
        if holds(invariant.condition, self._stage.scope(state)):
            words = describe(invariant.condition, kind)
            self._found.append(
                Violation(invariant, f"{what} for {key.kind} {key.id}, for which `{words}` holds")
            )

    def _look(self) -> None:
        """What the last step has done."""
        entries = self._stage.entries()
        new, self._told = entries[self._told :], len(entries)
        for each in self._watched:
            match each:
                case NeverDoes():
                    self._done(each, new)
                case AtMost():
                    self._found += self._too_many(each)
                case Always():
                    self._found += self._untrue(each)

    def _done(self, invariant: NeverDoes, new: Sequence[tuple[SubjectKey, Entry]]) -> None:
        for key, entry in new:
            if entry.kind == EntryKind.ACTION and entry.action == invariant.action:
                self._judge(invariant, invariant.subject, key, f"{entry.action} by `{entry.rule}`")

    def _too_many(self, invariant: AtMost) -> Iterator[Violation]:
        by_key: dict[SubjectKey, list[_Sent]] = defaultdict(list)
        for sent in self._sent:
            if _is(invariant.message, sent.action):
                by_key[sent.key].append(sent)
        for key, found in by_key.items():
            for n in range(len(found) - invariant.count):
                last = found[n + invariant.count]
                if last.at < shift(found[n].at, invariant.within, self._meaning.zone):
                    text = (
                        f"{invariant.count + 1} went out for {key.kind} {key.id}, the last by `{last.rule}`"
                    )
                    yield Violation(invariant, text)
                    return

    def _untrue(self, invariant: Always) -> Iterator[Violation]:
        states, _ = run_now(self._stage.simulation.store.list_subjects(invariant.subject, _RUNS))
        for state in states:
            if not holds(invariant.condition, self._stage.scope(state)):
                yield Violation(invariant, f"it does not hold for {state.key.kind} {state.key.id}")
                return

    # --- at the end ---

    def _wait(self) -> None:
        """Let enough time pass for the runs that must end, and look at them."""
        limits = [each for each in self._watched if isinstance(each, Ends)]
        simulation = self._stage.simulation
        if limits:
            ends = [shift(simulation.now, each.within, self._meaning.zone) for each in limits]
            simulation.advance_to(max(ends))
            self._look()
        runs, _ = run_now(simulation.store.list_runs(_RUNS))
        for each in limits:
            for run in runs:
                end = shift(run.started_at, each.within, self._meaning.zone)
                late = run.ended_at > end if run.ended_at is not None else simulation.now >= end
                if late and each.rule in ("", run.rule):
                    who = f"{run.subject.kind} {run.subject.id}"
                    self._found.append(
                        Violation(each, f"a run of `{run.rule}` for {who} was still {run.status}")
                    )
                    return


def _is(message: str, action: str) -> bool:
    """Whether an action sends a kind of message; the empty kind is any."""
    return not message or fits(WORDS.get(message, message), action)
