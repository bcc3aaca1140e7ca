"""Changes of in-memory tables that can be taken back: the rollback of MemoryStore."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Any, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class UndoLog:
    """Makes changes and remembers how to take each one back."""

    def __init__(self) -> None:
        self._steps: list[Callable[[], object]] = []

    def put(self, table: dict[K, V], key: K, value: V) -> None:
        """Set `table[key]`."""
        if key in table:
            before = table[key]
            self._steps.append(lambda: table.__setitem__(key, before))
        else:
            self._steps.append(lambda: table.pop(key))
        table[key] = value

    def drop(self, table: dict[K, V], key: K) -> None:
        """Remove `table[key]` if it is there. Order of insertion is not kept on the way back."""
        if key in table:
            before = table.pop(key)
            self._steps.append(lambda: table.__setitem__(key, before))

    def insert(self, ordered: list[Any], item: Any) -> None:
        """Insert into a sorted list."""
        insort(ordered, item)
        self._steps.append(lambda: _remove(ordered, item))

    def remove(self, ordered: list[Any], item: Any) -> None:
        """Remove from a sorted list if it is there."""
        if _remove(ordered, item):
            self._steps.append(lambda: insort(ordered, item))

    def rollback(self) -> None:
        """Take everything back, the latest change first."""
        while self._steps:
            self._steps.pop()()


def _remove(ordered: list[Any], item: Any) -> bool:
    index = bisect_left(ordered, item)
    found = index < len(ordered) and ordered[index] == item
    if found:
        del ordered[index]
    return found
