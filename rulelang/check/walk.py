"""What is inside steps: the blocks of each kind, and the names that steps give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rulelang.source import Span
from rulelang.syntax import nodes

Steps = Sequence[nodes.Step]


def blocks(step: nodes.Step) -> Iterator[Steps]:
    """The lists of steps directly inside a step, in the order written."""
    match step:
        case nodes.ActionStep(on_error=nodes.OnError(steps=tuple() as inner)):
            yield inner
        case nodes.LetStep(action=nodes.ActionStep() as action):
            yield from blocks(action)
        case nodes.IfStep(_, branches, otherwise):
            yield from (branch.steps for branch in branches)
            yield otherwise or ()
        case nodes.MatchStep(_, _, cases, otherwise) | nodes.SplitStep(_, _, cases, otherwise):
            yield from (case.steps for case in cases)
            yield otherwise or ()
        case nodes.ListenStep(_, arms):
            yield from (arm.steps for arm in arms)
        case nodes.ParallelStep(_, branches):
            yield from (branch.steps for branch in branches)
        case nodes.BlockStep() | nodes.RepeatStep() | nodes.EachStep():
            yield step.steps


def every(steps: Steps) -> Iterator[nodes.Step]:
    """All steps, those inside others too, in the order written."""
    for step in steps:
        yield step
        for block in blocks(step):
            yield from every(block)


def names_given(steps: Steps) -> dict[str, Span]:
    """The names that steps give to values, with the first place of each."""
    found: dict[str, Span] = {}
    for step in every(steps):
        for word in _given(step):
            found.setdefault(word.text, word.span)
    return found


def _given(step: nodes.Step) -> Iterator[nodes.Word]:
    match step:
        case nodes.LetStep(_, name):
            yield name
        case nodes.WaitStep(restart=awaited) | nodes.GoalStep(awaited=awaited):
            yield from (a.name for a in awaited if a.name is not None)
        case nodes.ListenStep(_, arms):
            yield from (a.name for arm in arms for a in arm.awaited if a.name is not None)
            if step.name is not None:
                yield step.name
