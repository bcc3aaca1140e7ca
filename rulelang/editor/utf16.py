"""Offsets as browsers count them: UTF-16 code units from the beginning of a text."""

from __future__ import annotations

from bisect import bisect_left


class Utf16:
    """Converts between offsets in code points and in UTF-16 code units of one text."""

    def __init__(self, text: str) -> None:
        self._length = len(text)
        # Characters beyond the basic plane take two units; most texts have none.
        wide = [] if text.isascii() else [at for at, c in enumerate(text) if c > "\uffff"]
        self._points = wide
        self._units = [at + number for number, at in enumerate(wide)]

    def units(self, point: int) -> int:
        """The offset in UTF-16 code units of an offset in code points."""
        point = max(0, min(point, self._length))
        return point + bisect_left(self._points, point)

    def point(self, units: int) -> int:
        """The offset in code points (clamped to the text); the middle of a pair counts as its beginning."""
        return max(0, min(units - bisect_left(self._units, units), self._length))
