"""Changes of a document as the editor sends them: whole texts, or ranges in UTF-16 units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_BREAK = re.compile(r"\r\n|\n|\r")


def edited(text: str, changes: Iterable[Mapping[str, Any]]) -> str:
    """The text after changes, each of the text that the one before has left."""
    for change in changes:
        if change.get("range") is None:
            text = str(change["text"])
        else:
            start, end = (_offset(text, change["range"][edge]) for edge in ("start", "end"))
            text = text[:start] + str(change["text"]) + text[max(start, end) :]
    return text


def _offset(text: str, position: Mapping[str, Any]) -> int:
    """The code point of a place; what lies behind the end of a line or of the text is that end."""
    line, units = int(position["line"]), int(position["character"])
    start, end = _line(text, max(0, line))
    for at in range(start, end):
        if units <= 0:
            return at
        units -= 2 if ord(text[at]) > 0xFFFF else 1
    return end


def _line(text: str, number: int) -> tuple[int, int]:
    """Where a line begins and ends, without its break."""
    start = 0
    for found in _BREAK.finditer(text):
        if number == 0:
            return start, found.start()
        start, number = found.end(), number - 1
    return (start, len(text)) if number == 0 else (len(text), len(text))
