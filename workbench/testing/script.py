"""How the outside answers in a test: as its `answers` statements say, else with success."""

from __future__ import annotations

from runtime.egress.client import Reply
from runtime.egress.outcome import outcome_of
from runtime.model import EffectRow, Outcome, OutcomeKind
from runtime.simulate import delivered
from workbench.testing.model import Answers


class Script:
    """The answers that are still to be given, in the order in which they were said."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Answers, int | None]] = []

    def add(self, said: Answers) -> None:
        """Answer so from now on; it takes the place of what was said of the same target for good."""
        kept = [(a, n) for a, n in self._waiting if a.target != said.target or n is not None]
        self._waiting = [*kept, (said, said.times)]

    def answer(self, row: EffectRow) -> Outcome:
        """The outcome of one attempt."""
        for at, (said, left) in enumerate(self._waiting):
            if fits(said.target, row.effect.action):
                if left == 1:
                    del self._waiting[at]
                elif left is not None:
                    self._waiting[at] = (said, left - 1)
                return _outcome(said)
        return delivered(row)


def fits(target: str, action: str) -> bool:
    """Whether a word means an action: its name, or a word of it."""
    return target == action or target in action.split("_")


def _outcome(said: Answers) -> Outcome:
    if said.status:
        return outcome_of(Reply(said.status, {}, b""))
    kind = OutcomeKind.SUPPRESSED if said.kind == "refused" else OutcomeKind(said.kind)
    return Outcome(kind, said.reason or f"the test lets it end as {said.kind}")
