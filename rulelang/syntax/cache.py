"""Remembers the items of a file by their text, so that an edit parses one item again and moves the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source
from rulelang.syntax.items import Item
from rulelang.syntax.moving import Placed, moved_diagnostic
from rulelang.syntax.nodes import Declaration, Rule

Result: TypeAlias = "tuple[Placed[Rule | Declaration] | None, list[Diagnostic]]"
_Key: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Entry:
    start: int
    node: Rule | Declaration | None
    diagnostics: list[Diagnostic]


class ParseCache:
    """The items of one file as they were parsed last. One cache serves one file and one thread."""

    def __init__(self) -> None:
        self._entries: dict[_Key, _Entry] = {}
        self.parsed = 0
        """How many items the last parse had to read."""

    def reader(self, source: Source) -> Reader:
        """What serves one parse of the file; only the items it meets are kept."""
        self.parsed = 0
        return Reader(self, source, self._entries)

    def replace(self, entries: dict[_Key, _Entry], parsed: int) -> None:
        """Keep these entries instead of all others."""
        self._entries, self.parsed = entries, parsed


class Reader:
    """One parse with a cache."""

    def __init__(self, cache: ParseCache, source: Source, entries: dict[_Key, _Entry]) -> None:
        self._cache, self._source, self._old = cache, source, entries
        self._new: dict[_Key, _Entry] = {}
        self._parsed = 0

    def find(self, item: Item) -> Result | None:
        """The result for an item of the same text, placed where it stands now; it is kept."""
        key = self._key(item)
        entry = self._old.get(key)
        if entry is None:
            self._parsed += 1
            return None
        self._new[key] = entry
        by = item.tokens[0].start - entry.start
        node = Placed(entry.node, by) if entry.node else None
        return node, [moved_diagnostic(d, self._source, by) for d in entry.diagnostics]

    def keep(self, item: Item, node: Rule | Declaration | None, diagnostics: list[Diagnostic]) -> None:
        """Remember the result for an item."""
        self._new[self._key(item)] = _Entry(item.tokens[0].start, node, diagnostics)

    def done(self) -> None:
        """The parse is over: forget what it did not meet."""
        self._cache.replace(self._new, self._parsed)

    def _key(self, item: Item) -> _Key:
        first, last = item.tokens[0], item.tokens[-1]
        return item.start, item.meant, self._source.text[first.start : last.end]
