"""The one name that somebody most likely meant by a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable

from rulelang.diagnostics.near import near_misses


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The name among `known` nearest to `word` (near.py), or None when none is near."""
    return next(iter(near_misses(word, known, 1)), None)
