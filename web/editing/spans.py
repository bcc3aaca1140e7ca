"""Where the parts of plans stand in the files that are being edited."""

from __future__ import annotations

from typing import Any

from rulelang.source import Span
from rulelang.workspace import CheckedWorkspace, RuleState
from web.editing.convert import Places


class PlanPlaces:
    """The places of rules and their steps in the files of a workspace."""

    def __init__(self, checked: CheckedWorkspace) -> None:
        self._checked = checked
        self._places = Places()

    def of(self, rule: str, part: str = "") -> dict[str, Any] | None:
        """The place of a step or condition, else of what is around it, else of the rule; None for other rules."""
        state = self._checked.keys.get(rule)
        if state is None or state.plan is None:
            return None
        return self._places.place(self._checked.files[state.plan.file].source, _span(state, part))

    def at(self, rule: str, part: str) -> dict[str, Any]:
        """The same, to be put among other keys; empty when nothing is known."""
        return self.of(rule, part) or {}


def _span(state: RuleState, part: str) -> Span:
    assert state.plan is not None
    spans = state.plan.spans
    while part and part not in spans:
        part = part.rpartition(".")[0]
    if not part:
        return state.node.header_span
    start = state.node.span.start
    low, high = spans[part]
    return Span(start + low, start + high)
