"""Where a template text stands in a source, also when it was written with escapes inside a rule's quotes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rulelang.source import Source, Span

_ESCAPE = re.compile(r"\\(?:u\{[0-9A-Fa-f]{1,6}\}|.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """Turns offsets in a template text into spans of the source. `starts` has one entry more than characters."""

    source: Source
    starts: tuple[int, ...] | range

    @classmethod
    def of(cls, source: Source, offset: int, text: str) -> Place:
        """The place of `text` whose first character stands at `offset`, as it is or written with escapes."""
        if source.text.startswith(text, offset):
            return cls(source, range(offset, offset + len(text) + 1))
        return cls(source, _escaped_starts(source.text, offset, len(text)))

    def span(self, start: int, end: int) -> Span:
        """The span of the source under `text[start:end]`."""
        last = len(self.starts) - 1
        return Span(self.starts[min(start, last)], self.starts[min(end, last)])

    def within(self, start: int, end: int) -> Place:
        """The place of a slice of the text."""
        return Place(self.source, self.starts[start : end + 1])


def _escaped_starts(source: str, offset: int, length: int) -> tuple[int, ...]:
    starts = [offset]
    for _ in range(length):
        escape = _ESCAPE.match(source, starts[-1])
        starts.append(escape.end() if escape else starts[-1] + 1)
    return tuple(starts)
