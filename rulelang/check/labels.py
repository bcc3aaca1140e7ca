"""Where `go to` leads, and which names of a rule's places are there twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rulelang.check.context import Context
from rulelang.check.walk import blocks, every
from rulelang.diagnostics import flow as say
from rulelang.source import Span
from rulelang.syntax import nodes


def check_places(context: Context, steps: Sequence[nodes.Step], last: Sequence[nodes.Step]) -> None:
    """Report jumps that lead nowhere, backward or into a block, and places that share a name.

    `last` are the steps `on exit`, which are a block of their own.
    """
    labels: list[nodes.TextLit] = []
    splits: list[nodes.TextLit] = []
    goals: list[nodes.TextLit] = []
    for step in every((*steps, *last)):
        match step:
            case nodes.LabelStep(_, name):
                labels.append(name)
            case nodes.SplitStep(_, nodes.TextLit() as name):
                splits.append(name)
            case nodes.GoalStep(_, nodes.TextLit() as name):
                goals.append(name)
    for what, names in (("labels", labels), ("splits", splits), ("goals", goals)):
        _check_unique(context, what, names)
    jumps = _Jumps(context, {label.value: label.span for label in reversed(labels)})
    for block in (steps, last):
        jumps.walk(block, frozenset(), frozenset())


def _check_unique(context: Context, what: str, names: Sequence[nodes.TextLit]) -> None:
    first: dict[str, Span] = {}
    for name in names:
        place = first.setdefault(name.value, name.span)
        if place is not name.span:
            context.report(say.named_twice(context.source, name.span, what, name.value, place))


@dataclass(frozen=True, slots=True)
class _Jumps:
    context: Context
    labels: Mapping[str, Span]

    def walk(self, steps: Sequence[nodes.Step], ahead: frozenset[str], beyond: frozenset[str]) -> None:
        """Check a block. `ahead` are the labels behind it, `beyond` those that lie outside a branch around it."""
        for at, step in enumerate(steps):
            later = (s.name.value for s in steps[at + 1 :] if isinstance(s, nodes.LabelStep))
            visible = ahead.union(later)
            if isinstance(step, nodes.GoToStep):
                self._check(step, visible, beyond)
            apart = isinstance(step, nodes.ParallelStep | nodes.EachStep)
            for block in blocks(step):
                if apart:
                    self.walk(block, frozenset(), beyond | visible)
                else:
                    self.walk(block, visible, beyond)

    def _check(self, step: nodes.GoToStep, visible: frozenset[str], beyond: frozenset[str]) -> None:
        name, context = step.name.value, self.context
        if name in visible:
            return
        label = self.labels.get(name)
        if label is None:
            context.report(say.unknown_label(context.source, step.name.span, name, tuple(self.labels)))
        elif name not in beyond and label.start < step.span.start:
            context.report(say.backward(context.source, step.name.span, name, label))
        else:
            branch = name in beyond
            context.report(say.out_of_reach(context.source, step.name.span, name, label, branch))
