"""Columns of bitmaps for many fields, made ready for searching."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any

from rulelang.plan.columns import Accept, Keyed, Ordered, Steps, searched
from rulelang.plan.frame import Frame, Values
from rulelang.plan.ir import Path
from rulelang.plan.predicates import FORMS, Access, By, Interval, Place
from rulelang.plan.scope import Scope
from rulelang.plan.views import UNSET, Form


class Bank:
    """One column for each place that rules test."""

    def __init__(self) -> None:
        self.keyed: dict[tuple[Path, By], Keyed] = {}
        self.ordered: dict[tuple[Path, Form], Ordered] = {}

    def toggle(self, test: Access | Interval, negated: bool, bit: int) -> None:
        """Add a rule with this test, or take it out."""
        if isinstance(test, Access):
            self.keyed.setdefault((test.path, test.by), Keyed()).toggle(test.keys, negated, bit)
        else:
            self.ordered.setdefault((test.path, test.form), Ordered()).toggle(test, negated, bit)

    def columns(self) -> Iterator[tuple[Place, Keyed | Ordered]]:
        """All columns with their places."""
        yield from self.keyed.items()
        yield from self.ordered.items()

    def rough(self) -> set[Place]:
        """The places whose columns leave doubts."""
        return {place for place, column in self.ordered.items() if column.is_rough}

    def any_search(self, frame: Frame) -> Callable[[Values, Scope], tuple[int, int]]:
        """A search for rules that have a test here which the event passes, and those of them that are in doubt."""
        keys, several = self._wanted(frame), self._several(frame)
        ordered = [(frame.slot(*place), column.steps(0)) for place, column in self.ordered.items()]
        fill = frame.fill

        def search(values: Values, scope: Scope) -> tuple[int, int]:
            found = doubt = 0
            for slot, wanted in keys:
                value = values[slot]
                found |= wanted.get(value if value is not UNSET else fill(values, slot, scope), 0)
            for slot, steps in ordered:
                value = values[slot]
                at = position(steps.values, value if value is not UNSET else fill(values, slot, scope))
                if at is not None:
                    found |= steps.masks[at]
                    doubt |= steps.doubts[at] if steps.doubts is not None else 0
            for slot, accepting in several:
                value = values[slot]
                found |= accepting(value if value is not UNSET else fill(values, slot, scope))
            return found, doubt

        return search

    def _wanted(self, frame: Frame) -> list[tuple[int, dict[Any, int]]]:
        columns = self.keyed.items()
        return [
            (frame.slot(path, FORMS[by]), column.wanted) for (path, by), column in columns if by is By.KEY
        ]

    def _several(self, frame: Frame) -> list[tuple[int, Accept]]:
        columns = [(path, by, column) for (path, by), column in self.keyed.items() if by is not By.KEY]
        return [(frame.slot(path, FORMS[by]), searched(column, by, 0)) for path, by, column in columns]


def position(cuts: list[Any], value: Any) -> int | None:
    """Where the mask for a value stands in `Steps.masks`; None for a missing value."""
    if value != value:  # NaN and ABSENT
        return None
    at = bisect_right(cuts, value)
    return at + at - (at > 0 and cuts[at - 1] == value)


class AllSearch:
    """The columns of a bank that are worth searching, with the masks of all rules `alive` that accept a value."""

    def __init__(self, bank: Bank, alive: int, idle: set[Place], frame: Frame) -> None:
        self.keys: list[tuple[int, dict[Any, int], int]] = []
        """Slot, masks by key, the mask for all other values."""
        self.searched: list[tuple[int, int, Accept]] = []
        """The rules with a test, slot, the mask as a function."""
        self.ordered: list[tuple[int, Steps]] = []
        self.lazy: list[int] = []
        """Slots of `keys` and `ordered` that may not have been read when an event comes."""
        for (path, by), column in bank.keyed.items():
            if (path, by) not in idle:
                self._add_keyed(frame.slot(path, FORMS[by]), by, column, alive)
        for (path, form), steps in bank.ordered.items():
            if (path, form) not in idle:
                self.ordered.append((frame.slot(path, form), steps.steps(alive)))
        slots = [slot for slot, *_ in self.keys] + [slot for slot, _ in self.ordered]
        self.lazy = [slot for slot in slots if not frame.is_eager(slot)]

    def _add_keyed(self, slot: int, by: By, column: Keyed, alive: int) -> None:
        if by is By.KEY:
            self.keys.append((slot, column.accepting(alive), alive & ~column.asking))
        else:
            self.searched.append((column.involved, slot, searched(column, by, alive)))
