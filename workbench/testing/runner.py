"""Runs tests, each on a virtual clock and records of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from rulelang.calendar import CalendarError
from rulelang.diagnostics.model import Diagnostic
from rulelang.plan.model import Plan
from runtime.actions import Library
from runtime.model import Entry, EntryKind, SubjectKey
from runtime.plans import PlanSet
from runtime.simulate import Simulation, SimulationError
from runtime.timeline import timeline_text
from workbench.testing.judging import judge
from workbench.testing.meaning import Meaning
from workbench.testing.model import Expectation, Statement, Test
from workbench.testing.proving import USUAL, Prover, Sequences
from workbench.testing.results import FAILED, Result, beginning
from workbench.testing.script import Script
from workbench.testing.stage import Stage

_LINES = 16


def tested(plans: Iterable[Plan]) -> list[Plan]:
    """All rules that are not disabled, as if they were live."""
    return [msgspec.structs.replace(plan, state="live") for plan in plans if plan.state != "disabled"]


class Runner:
    """Runs tests against the rules of a workspace."""

    def __init__(
        self,
        library: Library,
        meaning: Meaning,
        plans: Sequence[Plan],
        plan_set: Callable[[Sequence[Plan], Library], PlanSet] = PlanSet,
        sequences: Sequences = USUAL,
    ) -> None:
        self._library = library
        self._meaning = meaning
        self._plans = plans
        self._plan_set = plan_set
        self._sequences = sequences

    def run(self, test: Test) -> Result:
        """Run one test up to its end or its first failure; a property on random sequences."""
        if test.invariants:
            prover = Prover(self._library, self._meaning, self._plans, self._sequences)
            return prover.run(test)
        stage = self._stage(test)
        for statement in test.statements:
            failure = self._step(test, stage, statement)
            if failure is not None:
                return Result(test, failure, tuple(self._told(stage.entries())))
        return Result(test)

    def played(self, test: Test) -> Stage:
        """The stage after all that a test does; what it expects is passed over.

        Raises:
            SimulationError: the rules do not come to rest.
        """
        stage = self._stage(test)
        for statement in test.statements:
            if not isinstance(statement, Expectation):
                stage.carry_out(statement)
        return stage

    def _stage(self, test: Test) -> Stage:
        start = beginning(test.statements, self._meaning)
        script = Script()
        schema = self._meaning.checked.schema
        simulation = Simulation(
            self._library, schema, self._plans, start, script.answer, plan_set=self._plan_set
        )
        return Stage(simulation, self._meaning, script)

    def _step(self, test: Test, stage: Stage, statement: Statement) -> Diagnostic | None:
        if isinstance(statement, Expectation):
            miss = judge(statement, stage)
            return None if miss is None else _failure(test, statement, miss.message, miss.found)
        try:
            stage.carry_out(statement)
        except (SimulationError, CalendarError) as error:
            return _failure(test, statement, str(error), "")
        return None

    def _told(self, entries: Sequence[tuple[SubjectKey, Entry]]) -> Iterable[str]:
        """The last lines of the timeline, without the rules that were not meant."""
        told = [e for e in entries if e[1].kind != EntryKind.NOT_MATCHED or e[1].step]
        lines = list(timeline_text(told, self._meaning.zone))
        return lines if len(lines) <= _LINES else ["  …", *lines[-_LINES:]]


def _failure(test: Test, statement: Statement, message: str, found: str) -> Diagnostic:
    return Diagnostic(FAILED, message, test.source, statement.span, label=found)
