"""Markdown as a terminal shows it: headings in bold, links as their text, tables in columns or row by row."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

_LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")
_RULE = re.compile(r"\|[\s:|-]+\|\s*\Z")
_CELL = re.compile(r"(?:`[^`]*`|\\\||[^|])+|(?<=\|)(?=\|)")
"""A cell of a table; a stroke within backquotes or behind a backslash is part of it."""
_GAP = "  "


def shown(markdown: str, width: int, color: bool) -> str:
    """A page for a terminal of so many columns."""
    return "\n".join(_Page(width, color).lines(markdown.split("\n"))).rstrip("\n") + "\n"


class _Page:
    def __init__(self, width: int, color: bool) -> None:
        self._width, self._color = max(width, 40), color

    def lines(self, source: Sequence[str]) -> Iterator[str]:
        """The lines of the page."""
        at = 0
        while at < len(source):
            end = self._end(source, at)
            yield from self._block(source[at:end])
            at = end

    def _end(self, source: Sequence[str], at: int) -> int:
        """Where the block ends that begins at a line: code, table, paragraph, or a line by itself."""
        kind = _kind(source[at])
        end = at + 1
        if kind == "fence":
            while end < len(source) and _kind(source[end]) != "fence":
                end += 1
            return min(end + 1, len(source))
        while kind in ("text", "table") and end < len(source) and _kind(source[end]) == kind:
            end += 1
        return end

    def _block(self, lines: Sequence[str]) -> Iterator[str]:
        match _kind(lines[0]):
            case "fence":
                # Behind the language may stand the file that the text is of.
                file = lines[0].strip().strip("`").partition(" ")[2].strip()
                yield from [f"{file}:"] if file else []
                inside = lines[1:-1] if _kind(lines[-1]) == "fence" and len(lines) > 1 else lines[1:]
                yield from (f"    {line}".rstrip() for line in inside)
            case "heading":
                yield from map(self._strong, self._wrapped(lines[0].lstrip("#").strip()))
            case "table":
                yield from self._table([_cells(line) for line in lines if not _RULE.match(line)])
            case "text":
                yield from self._wrapped(" ".join(map(str.strip, lines)))
            case "item":
                indent = " " * (len(lines[0]) - len(lines[0].lstrip()))
                yield from self._wrapped(lines[0].strip(), indent, f"{indent}  ")
            case _:
                yield lines[0]

    def _wrapped(self, text: str, first: str = "", rest: str = "") -> list[str]:
        return textwrap.wrap(
            _inline(text), self._width, initial_indent=first, subsequent_indent=rest, break_long_words=False
        )

    def _table(self, rows: Sequence[Sequence[str]]) -> Iterator[str]:
        """Columns where they fit; else each row as an entry with what is said of it below."""
        head, *body = rows
        widths = [max(len(row[n]) if n < len(row) else 0 for row in rows) for n in range(len(head))]
        if sum(widths) + len(_GAP) * len(widths) <= self._width:
            for n, row in enumerate(rows):
                line = _GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
                if line:
                    yield self._strong(line) if n == 0 else line
            return
        for row in body:
            yield from map(self._strong, self._wrapped(row[0]))
            for text in filter(None, row[1:]):
                yield from self._wrapped(text, "    ", "    ")

    def _strong(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self._color and text else text


def _kind(line: str) -> str:
    bare = line.lstrip()
    if bare.startswith("```"):
        return "fence"
    if line.startswith("#"):
        return "heading"
    if line.startswith("|"):
        return "table"
    if not bare:
        return "empty"
    if bare.startswith(("- ", "* ")) or re.match(r"\d+\. ", bare):
        return "item"
    return "code" if line.startswith("    ") else "text"


def _cells(line: str) -> list[str]:
    return [_inline(cell.strip().replace("\\|", "|")) for cell in _CELL.findall(line.strip()[1:-1])]


def _inline(text: str) -> str:
    """Text without the marks of links and emphasis; backquotes stay, as in messages."""
    text = _LINK.sub(lambda found: found[1] if "://" not in found[2] else f"{found[1]} ({found[2]})", text)
    return re.sub(r"\*{1,2}([^*`\s][^*`]*)\*{1,2}", r"\1", text)
