"""Which keys of a table a value has: itself, the items of a list, parts, beginnings or ends of a text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeAlias

from rulelang.plan.predicates import By

Find: TypeAlias = Callable[[Any], Iterable[Any]]


class Finder:
    """Finds in a value (in the form that its kind of search wants) what may be a key; `keys` may change.

    Every key that the value has is found, each once, and perhaps some that are no keys.
    """

    __slots__ = ("_is_affix", "_keys", "_sizes", "find")

    def __init__(self, by: By, keys: Collection[Any]) -> None:
        self._keys = keys
        self._sizes: tuple[int, ...] = ()
        self.find: Find = {
            By.KEY: lambda value: (value,),
            By.ELEMENT: self._elements,
            By.PREFIX: self._prefixes,
            By.SUFFIX: self._suffixes,
        }[by]
        self._is_affix = by in (By.PREFIX, By.SUFFIX)
        for key in keys:
            self.measure(key)

    def measure(self, key: Any) -> None:
        """Take note of a new key. One that went is still looked for, which does no harm."""
        if self._is_affix and len(key) not in self._sizes:
            self._sizes = (*self._sizes, len(key))

    def _elements(self, value: Any) -> Iterable[Any]:
        if value.__class__ is str:
            return [part for part in self._keys if part in value]
        found: Iterable[Any] = value
        return found

    def _prefixes(self, value: Any) -> Iterable[str]:
        if value.__class__ is not str:
            return ()
        size = len(value)
        return [value[:length] for length in self._sizes if length <= size]

    def _suffixes(self, value: Any) -> Iterable[str]:
        if value.__class__ is not str:
            return ()
        size = len(value)
        return [value[size - length :] for length in self._sizes if length <= size]
