"""Which steps can never be reached."""

from __future__ import annotations

from collections.abc import Sequence

from rulelang.check.branching import WHOLE
from rulelang.check.context import Context
from rulelang.diagnostics import messages
from rulelang.syntax import nodes


def warn_unreachable(context: Context, steps: Sequence[nodes.Step]) -> None:
    """Warn of the first step of a block that no way leads to. Jumps lead to labels and goals."""
    for step, following in zip(steps, steps[1:], strict=False):
        if _ends(step) and not _is_place(following):
            leaves = _leaves(step)
            context.report(messages.unreachable(context.source, following.span, step.span, leaves))
            return


def _is_place(step: nodes.Step) -> bool:
    return isinstance(step, nodes.LabelStep | nodes.GoalStep)


def _leaves(step: nodes.Step) -> bool:
    """Whether the run goes on elsewhere, instead of ending."""
    return isinstance(step, nodes.GoToStep)


def _all_end(steps: Sequence[nodes.Step]) -> bool:
    """Whether the end of a block is never reached."""
    ended = False
    for step in steps:
        ended = (ended and not _is_place(step)) or _ends(step)
    return ended


def _ends(step: nodes.Step) -> bool:
    """Whether what follows a step is never reached from it."""
    match step:
        case nodes.StopStep(_, None) | nodes.GoToStep(_, _, None):
            return True
        case nodes.BlockStep(_, steps, None):
            return _all_end(steps)
        case nodes.IfStep(_, branches, otherwise):
            return all(_all_end(arm) for arm in (*(b.steps for b in branches), otherwise or ()))
        case nodes.MatchStep(_, _, cases, otherwise):
            return all(_all_end(arm) for arm in (*(c.steps for c in cases), otherwise or ()))
        case nodes.SplitStep(_, _, cases, otherwise):
            full = sum(c.share.value * 100 for c in cases if c.share is not None) >= WHOLE
            rest = () if full else (otherwise or (),)
            return all(_all_end(arm) for arm in (*(c.steps for c in cases), *rest))
        case nodes.ListenStep(_, arms, None):
            return bool(arms) and all(_all_end(arm.steps) for arm in arms)
        case nodes.ParallelStep(_, branches):
            return any(b.when is None and _stops(b.steps) for b in branches)
        case _:
            return False


def _stops(steps: Sequence[nodes.Step]) -> bool:
    """Whether a branch of `parallel` surely ends the whole run."""
    return any(isinstance(step, nodes.StopStep) and step.when is None for step in steps)
