"""Source text and the spans that point into it: the first value of the pipeline."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points, `start` up to but not including `end`, in one source."""

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The smallest span that covers this one and `other`."""
        return Span(min(self.start, other.start), max(self.end, other.end))


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text as people count it: `line` and `column` start at 1, columns are code points."""

    line: int
    column: int


@dataclass(frozen=True)
class Source:
    """One text with a display path. A byte order mark and CRLF are normalised by `Source.of`."""

    path: str
    text: str
    _line_starts: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        object.__setattr__(self, "_line_starts", starts)

    @classmethod
    def of(cls, path: str, text: str) -> Source:
        """A source from raw text: the byte order mark is dropped, CRLF and lone CR become LF."""
        return cls(path, text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))

    def position(self, offset: int) -> Position:
        """The line and column of a code point offset (clamped to the text)."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of line `number` (from 1) without its newline; empty past the end."""
        if not 1 <= number <= len(self._line_starts):
            return ""
        start = self._line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]

    def slice(self, span: Span) -> str:
        """The text under a span."""
        return self.text[span.start : span.end]

    def utf16_position(self, offset: int) -> tuple[int, int]:
        """Line and character from 0 with UTF-16 code units, as LSP and browsers count."""
        at = self.position(offset)
        before = self.text[self._line_starts[at.line - 1] : max(0, min(offset, len(self.text)))]
        return at.line - 1, len(before.encode("utf-16-le", "surrogatepass")) // 2

    def utf16_offset(self, line: int, character: int) -> int:
        """The code point offset of a line and character from 0 in UTF-16 code units (clamped to the text)."""
        if not 0 <= line < len(self._line_starts):
            return 0 if line < 0 else len(self.text)
        units = self.line(line + 1).encode("utf-16-le", "surrogatepass")[: 2 * max(0, character)]
        # Half a pair of surrogates, which no client should send, counts as not there.
        if len(units) > 1 and 0xD8 <= units[-1] <= 0xDB:
            units = units[:-2]
        return self._line_starts[line] + len(units.decode("utf-16-le", "surrogatepass"))
