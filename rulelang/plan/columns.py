"""Columns of bitmaps: from the value of one field to the mask of the rules that accept it. A rule is a bit."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import and_, or_
from typing import Any, NamedTuple, TypeAlias

from rulelang.plan.finding import Finder
from rulelang.plan.predicates import By, Cut, Interval

MAX_CUTS = 512
"""With more thresholds a column keeps masks for some of them, and says of which rules they are in doubt."""


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


Accept: TypeAlias = Callable[[Any], int]
"""The mask of the rules that accept a value."""


def searched(column: Keyed, by: By, alive: int) -> Accept:
    """A column made ready in which a value may have several keys, such as the items of a list."""
    sizes = {len(key) for key in column.wanted.keys() | column.unwanted.keys()}
    if by is not By.ELEMENT and len(sizes) == 1 and 0 not in sizes:
        return _by_affix(column, by, alive, *sizes)
    find = Finder(by, tuple(column.wanted.keys() | column.unwanted.keys())).find
    free, wanted = alive & ~column.asking, column.wanted
    kept = {key: alive & ~mask for key, mask in column.unwanted.items()}

    def accept(value: Any) -> int:
        found, mask = find(value), free
        for key in found:
            if key in wanted:
                mask |= wanted[key]
        if kept:
            for key in found:
                if key in kept:
                    mask &= kept[key]
        return mask

    return accept


def _by_affix(column: Keyed, by: By, alive: int, size: int) -> Accept:
    """All beginnings, or all ends, are of one length: one look-up finds the only one that a text can have."""
    masks, free = column.accepting(alive), alive & ~column.asking
    part = slice(size) if by is By.PREFIX else slice(-size, None)
    return lambda value: masks.get(value[part], free) if value.__class__ is str else free


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

    @property
    def is_rough(self) -> bool:
        """Whether `steps` leaves doubts."""
        return len({value for value, _ in self._cuts}) > MAX_CUTS

    def steps(self, alive: int) -> Steps:
        """The column made ready for searching."""
        cuts: dict[Cut, int] = self._cuts
        values = sorted({value for value, _ in cuts})
        masks = [(alive & ~self.asking) ^ self._below]
        for value in values:
            masks.append(masks[-1] ^ cuts.get((value, 0), 0))
            masks.append(masks[-1] ^ cuts.get((value, 1), 0))
        missing = alive & ~self.asking
        return Steps(values, masks, missing) if len(values) <= MAX_CUTS else _thinned(values, masks, missing)


class Steps(NamedTuple):
    """A column of comparisons to search: `masks[2 * i]` below `values[i]`, `masks[2 * i + 1]` at it.

    `doubts`, if there are any, are rules that a mask includes but some value there does not satisfy; `missing` is
    the mask for a missing value.
    """

    values: list[Any]
    masks: list[int]
    missing: int
    doubts: list[int] | None = None


def _thinned(values: list[Any], masks: list[int], missing: int) -> Steps:
    """Every so many values only, with the masks of all rules that accept anything up to the next of them."""
    stride = -(-len(values) // MAX_CUTS)
    rough, doubts = masks[:1], [0]
    for index in range(0, len(values), stride):
        covered = masks[2 * index + 1 : 2 * (index + stride) + 1]
        union, common = reduce(or_, covered), reduce(and_, covered)
        rough += [union, union]
        doubts += [union ^ common] * 2
    return Steps(values[::stride], rough, missing, doubts)
