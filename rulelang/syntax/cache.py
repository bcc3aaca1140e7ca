"""Remembers a file by the texts of its parts and items, so that an edit reads one item again and moves the others.

A part begins with a line that begins with `rule`, where an item begins whatever stands before; so what a part means
does not depend on the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source, Span
from rulelang.syntax.items import Item
from rulelang.syntax.moving import Placed, moved_diagnostic
from rulelang.syntax.nodes import Declaration, Rule

Result: TypeAlias = "tuple[Placed[Rule | Declaration] | None, list[Diagnostic]]"
_Key: TypeAlias = tuple[str, str, str]

_LARGE = 1 << 18
"""A text of more characters is one part: bounds of the whole file may cut it short."""

_BOUNDARY = "\nrule "


@dataclass(frozen=True, slots=True)
class _Entry:
    start: int
    node: Rule | Declaration | None
    diagnostics: list[Diagnostic]


@dataclass(frozen=True, slots=True)
class Part:
    """What a part of a file says, with places from its beginning; `entries` are its items for the cache."""

    items: tuple[Placed[Rule | Declaration], ...]
    tests: tuple[Span, ...]
    diagnostics: tuple[Diagnostic, ...]
    entries: Mapping[_Key, _Entry]


class ParseCache:
    """The parts and items of one file as they were parsed last. One cache serves one file and one thread."""

    def __init__(self) -> None:
        self._entries: dict[_Key, _Entry] = {}
        self._parts: dict[str, Part] = {}
        self.parsed = 0
        """How many items the last parse had to read."""

    def reader(self) -> Reader:
        """What serves one parse of the file; only what it meets is kept."""
        self.parsed = 0
        return Reader(self, self._entries, self._parts)

    def replace(self, entries: dict[_Key, _Entry], parts: dict[str, Part], parsed: int) -> None:
        """Keep these instead of all others."""
        self._entries, self._parts, self.parsed = entries, parts, parsed


class Reader:
    """One parse with a cache."""

    def __init__(self, cache: ParseCache, entries: dict[_Key, _Entry], parts: dict[str, Part]) -> None:
        self._cache, self._old, self._old_parts = cache, entries, parts
        self._new: dict[_Key, _Entry] = {}
        self._new_parts: dict[str, Part] = {}
        self._met: dict[_Key, _Entry] = {}
        self._parsed = 0

    # --- parts ---

    def parts(self, text: str) -> Iterator[tuple[int, str]]:
        """The parts of a text and where each begins; a file that was never read is one, which is quicker to read."""
        start = 0
        end = text.find(_BOUNDARY) if self._old_parts and len(text) <= _LARGE else -1
        while end >= 0:
            yield start, text[start : end + 1]
            start = end + 1
            end = text.find(_BOUNDARY, start)
        yield start, text[start:]

    def part(self, text: str) -> Part | None:
        """The part of this text as it was read; it is kept."""
        found = self._new_parts.get(text) or self._old_parts.get(text)
        if found is not None:
            self._new_parts[text] = found
            self._new.update(found.entries)
        return found

    def keep_part(
        self,
        text: str,
        items: list[Placed[Rule | Declaration]],
        tests: list[Span],
        diagnostics: list[Diagnostic],
    ) -> Part:
        """Remember a part that has just been read, with the items met since the part before."""
        part = Part(tuple(items), tuple(tests), tuple(diagnostics), self._met)
        self._new.update(self._met)
        self._met = {}
        self._new_parts[text] = part
        return part

    def done(self) -> None:
        """The parse is over: forget what it did not meet."""
        self._cache.replace(self._new, self._new_parts, self._parsed)

    # --- items ---

    def find(self, source: Source, item: Item) -> Result | None:
        """The result for an item of the same text, placed where it stands now; it is kept."""
        key = _key(source, item)
        entry = self._met.get(key) or self._new.get(key) or self._old.get(key)
        if entry is None:
            self._parsed += 1
            return None
        self._met[key] = entry
        by = item.tokens[0].start - entry.start
        node = Placed(entry.node, by) if entry.node else None
        return node, [moved_diagnostic(d, source, by) for d in entry.diagnostics]

    def keep(
        self, source: Source, item: Item, node: Rule | Declaration | None, diagnostics: list[Diagnostic]
    ) -> None:
        """Remember the result for an item."""
        self._met[_key(source, item)] = _Entry(item.tokens[0].start, node, diagnostics)


def _key(source: Source, item: Item) -> _Key:
    first, last = item.tokens[0], item.tokens[-1]
    return item.start, item.meant, source.text[first.start : last.end]
