"""How source text is put on a terminal: tabs, wide and combining characters, and nothing that controls it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

TAB = 4
WIDEST = 140
"""Columns of a source line that are shown; of a longer one a part around the mistake."""

_BEFORE = 60
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def harmless(text: str) -> str:
    """The text on one line, each control or invisible character as a visible one."""
    return "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    if " " <= char <= "~":
        return char
    if char < " ":
        return " " if char in "\t\n\r" else chr(0x2400 + ord(char))
    if char == "\x7f":
        return "\u2421"
    return "\ufffd" if unicodedata.category(char) in _HIDDEN else char


def _width(char: str) -> int:
    if char < "\x7f":
        return 1
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


@dataclass(frozen=True, slots=True)
class Line:
    """A source line as shown. `columns[n]` is the display column of code point n; one more for the end."""

    text: str
    columns: tuple[int, ...]
    offset: int

    def column(self, index: int) -> int:
        """Where code point `index` of the source line is shown."""
        at = index - self.offset
        return self.columns[max(0, min(at, len(self.columns) - 1))]


def shown(text: str, focus: int) -> Line:
    """A source line for the terminal; of a very long one the part around code point `focus`."""
    start, lead = 0, ""
    if len(text) > WIDEST:
        start = max(0, min(focus, len(text)) - _BEFORE)
        lead = "…" if start else ""
        tail = "…" if start + WIDEST < len(text) else ""
        text = text[start : start + WIDEST]
    else:
        tail = ""
    parts, columns, at = [lead], [], len(lead)
    for char in text:
        columns.append(at)
        piece = " " * (TAB - at % TAB) if char == "\t" else _visible(char)
        parts.append(piece)
        at += len(piece) if char == "\t" else _width(piece)
    return Line("".join(parts) + tail, (*columns, at), start)
