"""Columns of bitmaps: from the value of one field to the mask of the rules that accept it. A rule is a bit."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from rulelang.plan.finding import Finder
from rulelang.plan.predicates import By, Cut, Interval

MAX_CUTS = 256
"""A column keeps so many masks; with more thresholds they are rough: they may accept too much, never too little."""


class Masks(dict[Any, int]):
    """Masks by key; a key without rules is not there."""

    def toggle(self, key: Any, bit: int) -> None:
        """Add a rule, or take it out."""
        mask = self.get(key, 0) ^ bit
        if mask:
            self[key] = mask
        else:
            del self[key]


class Keyed:
    """Tests for keys: `eq`, `in`, `contains`, and their negations.

    `asking` are the rules that accept nothing but the keys they name.
    """

    def __init__(self) -> None:
        self.asking = 0
        self.wanted = Masks()
        self.unwanted = Masks()

    def toggle(self, keys: tuple[Any, ...], negated: bool, bit: int) -> None:
        """Add a rule that accepts only these keys, or all but these; or take it out."""
        if not negated:
            self.asking ^= bit
        masks = self.unwanted if negated else self.wanted
        for key in keys:
            masks.toggle(key, bit)

    @property
    def involved(self) -> int:
        """The rules that have a test here."""
        return reduce(or_, self.unwanted.values(), self.asking)

    def accepting(self, alive: int) -> dict[Any, int]:
        """The rules that accept each key, of all that are `alive`."""
        free = alive & ~self.asking
        wanted, unwanted = self.wanted, self.unwanted
        return {
            key: (free | wanted.get(key, 0)) & ~unwanted.get(key, 0)
            for key in wanted.keys() | unwanted.keys()
        }


class Searched:
    """A column made ready in which a value may have several keys, such as the items of a list."""

    __slots__ = ("_find", "_free", "_unwanted", "_wanted")

    def __init__(self, column: Keyed, by: By, alive: int) -> None:
        self._wanted: dict[Any, int] = column.wanted
        self._unwanted: dict[Any, int] = column.unwanted
        self._find = Finder(by, tuple(column.wanted.keys() | column.unwanted.keys())).find
        self._free = alive & ~column.asking

    def accepting(self, value: Any) -> int:
        """The rules that accept a value."""
        found = self._find(value)
        mask, wanted, unwanted = self._free, self._wanted, self._unwanted
        for key in found:
            if key in wanted:
                mask |= wanted[key]
        if unwanted:
            for key in found:
                if key in unwanted:
                    mask &= ~unwanted[key]
        return mask


class Ordered:
    """Comparisons and their negations: the rules toggled at each cut, in order, give the mask at any value.

    `asking` are the rules that accept no value but those in their interval, so no missing one either; `involved`
    are all that have a test here.
    """

    def __init__(self) -> None:
        self.asking = 0
        self.involved = 0
        self._below = 0
        self._cuts = Masks()

    def toggle(self, interval: Interval, negated: bool, bit: int) -> None:
        """Add a rule that accepts only this interval, or all but this; or take it out."""
        self.involved ^= bit
        if not negated:
            self.asking ^= bit
        start, end = interval.start, interval.end
        if start is not None and end is not None and not start < end:
            return
        if start is None:
            self._below ^= bit
        for cut in (start, end):
            if cut is not None:
                self._cuts.toggle(cut, bit)

    def steps(self, alive: int) -> tuple[list[Any], list[int]]:
        """Sorted values, and masks: `masks[2 * i]` below `values[i]`, `masks[2 * i + 1]` at it."""
        cuts: dict[Cut, int] = self._cuts
        values = sorted({value for value, _ in cuts})
        masks = [(alive & ~self.asking) ^ self._below]
        for value in values:
            masks.append(masks[-1] ^ cuts.get((value, 0), 0))
            masks.append(masks[-1] ^ cuts.get((value, 1), 0))
        return (values, masks) if len(values) <= MAX_CUTS else _thinned(values, masks)

    @property
    def is_rough(self) -> bool:
        """Whether `steps` gives rough masks."""
        return len({value for value, _ in self._cuts}) > MAX_CUTS


def _thinned(values: list[Any], masks: list[int]) -> tuple[list[Any], list[int]]:
    """Every so many values only, with the masks of all rules that accept anything up to the next of them."""
    stride = -(-len(values) // MAX_CUTS)
    rough = masks[:1]
    for index in range(0, len(values), stride):
        union = reduce(or_, masks[2 * index + 1 : 2 * (index + stride) + 1])
        rough += [union, union]
    return values[::stride], rough
