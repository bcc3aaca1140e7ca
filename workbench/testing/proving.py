"""Tries a property on random sequences, and shows the smallest that breaks it as a test to keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from rulelang.diagnostics.model import Diagnostic
from rulelang.plan.model import Plan
from runtime.actions import Library
from runtime.model import Millis
from workbench.testing.chance import World
from workbench.testing.holding import Trial, Violation
from workbench.testing.meaning import Meaning
from workbench.testing.model import After, At, Fire, Given, Statement, Test
from workbench.testing.results import BROKEN, Result, beginning
from workbench.testing.shrinking import shrunk
from workbench.testing.writing import Unwritable, block, fired, given, moment, span_text


@dataclass(frozen=True, slots=True)
class Sequences:
    """How many sequences are tried for each property, and the seed from which they are made."""

    count: int = 100
    seed: int = 0


USUAL = Sequences()
"""What is tried unless somebody asks for more."""


class Prover:
    """Tries properties on random sequences."""

    def __init__(
        self, library: Library, meaning: Meaning, plans: Sequence[Plan], sequences: Sequences
    ) -> None:
        self._library, self._meaning, self._plans = library, meaning, plans
        self._count, self._seed = sequences.count, sequences.seed

    def run(self, prop: Test) -> Result:
        """Whether a property holds for all sequences; with the first that breaks it, made small, when not."""
        start = beginning(prop.statements, self._meaning)
        world = World(self._meaning, self._plans, start)
        for number in range(1, self._count + 1):
            steps = world.sequence(Random(f"{self._seed}/{prop.name}/{number}"), prop.statements)
            found = self._try(prop, start, steps)
            if found is not None:
                return self._broken(prop, start, steps, found, number)
        return Result(prop)

    def _try(self, prop: Test, start: Millis, steps: Sequence[Statement]) -> Violation | None:
        trial = Trial(self._library, self._meaning, self._plans, start, prop.invariants)
        return trial.first([*(s for s in prop.statements if not isinstance(s, At)), *steps])

    def _broken(
        self, prop: Test, start: Millis, steps: Sequence[Statement], first: Violation, number: int
    ) -> Result:
        def breaks(smaller: Sequence[Statement]) -> bool:
            found = self._try(prop, start, smaller)
            return found is not None and found.invariant is first.invariant

        small = shrunk(steps, breaks)
        found = self._try(prop, start, small) or first
        span = found.invariant.span
        words = " ".join(prop.source.slice(span).split())
        failure = Diagnostic(BROKEN, f"`{words}` does not hold", prop.source, span, label=found.found)
        return Result(prop, failure, tuple(self._shown(prop, start, small, number)), _HEADING)

    def _shown(self, prop: Test, start: Millis, steps: Sequence[Statement], number: int) -> Iterator[str]:
        """The sequence as a test, with where it comes from."""
        own = [prop.source.slice(s.span) for s in prop.statements if not isinstance(s, At)]
        lines = [f"at {moment(start)}", *(" ".join(line.split()) for line in own)]
        lines += [self._written(step) for step in steps]
        yield from block("test", prop.name, lines)
        yield f"# found by sequence {number} of --seed {self._seed}"

    def _written(self, step: Statement) -> str:
        schema = self._meaning.checked.schema
        try:
            match step:
                case Given(_, key, fields):
                    return given(key, fields, schema)
                case Fire(_, raw):
                    return fired(raw, schema)
                case After(_, duration):
                    return f"after {span_text(duration)}"
        except Unwritable as error:
            return f"# {error}"
        raise TypeError(step)


_HEADING = "the shortest sequence found"
