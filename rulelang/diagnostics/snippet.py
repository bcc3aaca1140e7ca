"""The lines of a source with what is said about them underlined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rulelang.diagnostics.model import Diagnostic, Fix, Severity
from rulelang.diagnostics.terminal import harmless, shown
from rulelang.source import Source, Span

_COLORS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}


@dataclass(frozen=True, slots=True)
class Palette:
    """ANSI colours, or none."""

    color: bool

    def paint(self, style: str, text: str) -> str:
        """The text in an SGR style such as `1;31`."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.color and text else text

    def severity(self, severity: Severity, text: str) -> str:
        """The text in the colour of a severity."""
        return self.paint(_COLORS[severity], text)

    def strong(self, text: str) -> str:
        """The text in bold."""
        return self.paint("1", text)

    def frame(self, text: str) -> str:
        """Line numbers and frames."""
        return self.paint("34", text)

    def good(self, text: str) -> str:
        """What a fix writes."""
        return self.paint("32", text)


@dataclass(frozen=True, slots=True)
class Mark:
    """An underline of one line: code points `start` to `end` of the line, and the text behind it."""

    line: int
    start: int
    end: int
    text: str
    primary: bool


def snippet(diagnostic: Diagnostic, palette: Palette) -> tuple[int, list[str]]:
    """The width of the margin for line numbers, and the lines that show where the mistake is."""
    own = [*_marks(diagnostic.source, diagnostic.span, diagnostic.label, True)]
    foreign: dict[int, tuple[Source, list[Mark]]] = {}
    for label in diagnostic.labels:
        source = label.source or diagnostic.source
        marks = _marks(source, label.span, label.text, False)
        if source is diagnostic.source:
            own += marks
        else:
            foreign.setdefault(id(source), (source, []))[1].extend(marks)
    margin = max(len(str(mark.line)) for mark in [*own, *(m for _, ms in foreign.values() for m in ms)]) + 1
    lines = _block(diagnostic.source, own, "-->", margin, diagnostic.severity, palette)
    for source, marks in foreign.values():
        lines += _block(source, marks, ":::", margin, diagnostic.severity, palette)
    return margin, [*lines, _edge(margin, palette)]


def _marks(source: Source, span: Span, text: str, primary: bool) -> list[Mark]:
    """A span as underlines: one, or for several lines one on the first and one on the last."""
    start, end = source.position(span.start), source.position(span.end)
    if start.line == end.line:
        return [Mark(start.line, start.column - 1, end.column - 1, text, primary)]
    first, last = source.line(start.line), source.line(end.line)
    head = Mark(start.line, start.column - 1, len(first.rstrip()), "", primary)
    indent = len(last) - len(last.lstrip())
    return [head, Mark(end.line, min(indent, end.column - 1), end.column - 1, text, primary)]


def _block(
    source: Source, marks: Sequence[Mark], arrow: str, margin: int, severity: Severity, palette: Palette
) -> list[str]:
    first = next((mark for mark in marks if mark.primary), marks[0])
    place = f"{harmless(source.path)}:{first.line}:{first.start + 1}"
    lines = [f"{' ' * margin}{palette.frame(arrow)} {place}", _edge(margin, palette)]
    before = 0
    for number, group in groupby(sorted(marks, key=lambda m: (m.line, m.start)), key=lambda m: m.line):
        if before and number > before + 1:
            lines.append(_between(source, before, number, margin, palette))
        lines += _line(source, number, list(group), margin, severity, palette)
        before = number
    return lines


def _between(source: Source, before: int, number: int, margin: int, palette: Palette) -> str:
    """One line left out is shown, more are dots."""
    if number == before + 2:
        return _numbered(before + 1, shown(source.line(before + 1), 0).text, margin, palette)
    return palette.frame("...")


def _line(
    source: Source, number: int, marks: Sequence[Mark], margin: int, severity: Severity, palette: Palette
) -> Iterator[str]:
    """A source line and the rows under it."""
    focus = next((mark.start for mark in marks if mark.primary), marks[0].start)
    line = shown(source.line(number), focus)
    yield _numbered(number, line.text, margin, palette)
    placed = [(line.column(m.start), max(line.column(m.end), line.column(m.start) + 1), m) for m in marks]
    for row in _rows(placed):
        painted = "".join(_paint(text, mark, severity, palette) for text, mark in row).rstrip()
        yield f"{_edge(margin, palette)} {painted}"


def _rows(placed: list[tuple[int, int, Mark]]) -> Iterator[list[tuple[str, Mark | None]]]:
    """The underlines with the last label, then each further label under its own, from right to left."""
    row, at = [], 0
    for start, end, mark in sorted(placed, key=lambda p: (p[0], p[2].primary)):
        if end > at:
            start = max(start, at)
            row += [(" " * (start - at), None), (("^" if mark.primary else "-") * (end - start), mark)]
            at = end
    *others, (_, _, last) = sorted(placed, key=lambda p: p[0])
    yield [*row, (f" {harmless(last.text)}", last)]
    others = [entry for entry in others if entry[2].text]
    for n in range(len(others) - 1, -1, -1):
        yield _hanging(others[: n + 1])


def _hanging(marks: Sequence[tuple[int, int, Mark]]) -> list[tuple[str, Mark | None]]:
    """The label of the last mark under its first column, a bar for each mark left of it."""
    row: list[tuple[str, Mark | None]] = []
    at = 0
    for start, _, mark in marks[:-1]:
        if start >= at:
            row += [(" " * (start - at), None), ("|", mark)]
            at = start + 1
    start, _, mark = marks[-1]
    return [*row, (" " * max(0, start - at), None), (harmless(mark.text), mark)]


def _paint(text: str, mark: Mark | None, severity: Severity, palette: Palette) -> str:
    if mark is None or not text.strip():
        return text
    return palette.severity(severity, text) if mark.primary else palette.frame(text)


def _numbered(number: int, text: str, margin: int, palette: Palette) -> str:
    return f"{palette.frame(f'{number:>{margin - 1}}  |'.replace('  |', ' |'))} {text}".rstrip()


def _edge(margin: int, palette: Palette) -> str:
    return palette.frame(" " * margin + "|")


def fixed(source: Source, fix: Fix, margin: int, palette: Palette) -> list[str]:
    """The lines as a fix would leave them, what it writes underlined; nothing for a fix of several lines."""
    start, end = source.position(fix.span.start), source.position(fix.span.end)
    if start.line != end.line:
        return []
    line = source.line(start.line)
    text = line[: start.column - 1] + fix.replacement + line[end.column - 1 :]
    lines, at = [_edge(margin, palette)], start.column - 1
    for number, part in enumerate(text.split("\n"), start.line):
        written = shown(part, at)
        lines.append(_numbered(number, written.text, margin, palette))
        until = min(len(part), at + len(fix.replacement)) if number == start.line else len(part)
        sign = "~" if fix.span.start < fix.span.end else "+"
        under = sign * (written.column(until) - written.column(at))
        if under:
            lines.append(f"{_edge(margin, palette)} {' ' * written.column(at)}{palette.good(under)}")
        at = 0
    return lines
