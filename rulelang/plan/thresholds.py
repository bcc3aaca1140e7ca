"""Rules of which nothing is left but one comparison: sorted by their constants, and found by bisection."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Any

from rulelang.plan.frame import Fill, Values
from rulelang.plan.leaf import Visit
from rulelang.plan.scope import Scope
from rulelang.plan.views import UNSET


class Thresholds:
    """Rules of which nothing is left but one comparison of one field, sorted by the constant they compare with."""

    __slots__ = ("bounds", "ordinals")

    def __init__(self) -> None:
        self.bounds: list[Any] = []
        self.ordinals: list[int] = []

    def add(self, bound: Any, ordinal: int) -> None:
        """Insert one, in O(log n) comparisons."""
        at = bisect_right(self.bounds, bound)
        self.bounds.insert(at, bound)
        self.ordinals.insert(at, ordinal)

    def remove(self, bound: Any, ordinal: int) -> None:
        """Remove one that was added."""
        at = self.ordinals.index(ordinal, bisect_left(self.bounds, bound))
        del self.bounds[at], self.ordinals[at]


_CUTS = {
    "ge": (bisect_right, True),
    "gt": (bisect_left, True),
    "le": (bisect_left, False),
    "lt": (bisect_right, False),
}
"""How to search, and whether the thresholds below the place found match or those above it."""


def search(slot: int, name: str, group: Thresholds, fill: Fill) -> Visit:
    """The search as a function: appends the ordinals of the rules whose threshold the value in a slot passes."""
    bounds, ordinals = group.bounds, group.ordinals
    bisect, below = _CUTS[name]

    def visit(values: Values, scope: Scope, out: list[int]) -> None:
        value = values[slot]
        if value is UNSET:
            value = fill(values, slot, scope)
        if value == value:  # NaN and ABSENT are not
            at = bisect(bounds, value)
            out += ordinals[:at] if below else ordinals[at:]

    return visit
