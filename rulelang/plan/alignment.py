"""Which parts of two lists stand for each other: what says the same first, what is of the same kind last.

Unlike a text diff this never guesses: a part that could stand for several others stands for none, and parts
whose order was changed stand for none. The idea of fixing what is unmistakable first is that of the patience diff
(Bram Cohen, 2003); docs/deploy.md describes the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Level: TypeAlias = Callable[[T], Hashable | None]
"""What must be equal at one level; None for a part that this level says nothing about."""

Pair: TypeAlias = tuple[int, int]


def align(old: Sequence[T], new: Sequence[T], levels: Sequence[Level[T]]) -> list[Pair]:
    """Places in `old` with those in `new` that stand for them, in order.

    Each level fills the gaps that the one before has left. Parts whose order was changed are left out for good.
    """
    pairs: list[Pair] = []
    moved: set[Pair] = set()
    for level in levels:
        before = [level(part) for part in old]
        after = [level(part) for part in new]
        while True:
            for n, m in moved:
                before[n] = after[m] = None
            found = list(_in_gaps(before, after, pairs))
            kept = _without_crossings(found)
            moved.update(pair for pair in found if pair not in kept)
            pairs = sorted([*pairs, *kept])
            if len(kept) == len(found) and not kept:
                break
    return pairs


def _in_gaps(
    before: Sequence[Hashable | None], after: Sequence[Hashable | None], pairs: Sequence[Pair]
) -> Iterator[Pair]:
    start_old = start_new = 0
    for end_old, end_new in (*pairs, (len(before), len(after))):
        yield from _matches(before, after, range(start_old, end_old), range(start_new, end_new))
        start_old, start_new = end_old + 1, end_new + 1


def _matches(
    before: Sequence[Hashable | None], after: Sequence[Hashable | None], old: range, new: range
) -> Iterator[Pair]:
    """Parts that are alike and as many on both sides, each with its like."""
    for value in dict.fromkeys(before[n] for n in old if before[n] is not None):
        mine = [n for n in old if before[n] == value]
        theirs = [n for n in new if after[n] == value]
        if len(mine) == len(theirs):
            yield from zip(mine, theirs, strict=True)


def _without_crossings(pairs: list[Pair]) -> list[Pair]:
    """The pairs that keep their order to all others."""
    return [(old, new) for old, new in pairs if not any((old < o) != (new < n) for o, n in pairs if o != old)]
