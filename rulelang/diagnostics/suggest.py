"""The one name that somebody most likely meant by a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable

from rulelang.diagnostics.near import distance

_LONGEST = 60


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The name among `known` nearest to `word`, or None when none is near.

    Letter case does not count. One slip (a letter more, less or other, or two swapped: optimal string
    alignment distance) is allowed for each three letters, at least one; of equally near names a swap goes
    before the rest, then the longest common beginning, then the order of `known`.
    """
    if not 0 < len(word) <= _LONGEST:
        return None
    folded = word.casefold()
    limit = max(1, len(folded) // 3)
    ranked = [(_rank(folded, name.casefold(), limit), name) for name in dict.fromkeys(known)]
    near = [(rank, name) for rank, name in ranked if rank is not None]
    return min(near, key=lambda entry: entry[0])[1] if near else None


def _rank(word: str, name: str, limit: int) -> tuple[int, int, int] | None:
    """What to sort by, smallest first; None when `name` is not near."""
    if name == word:
        return (0, 0, 0)
    edits = distance(word, name, limit)
    if edits > limit or edits >= max(len(word), len(name)):
        begun = len(word) >= 3 and name.startswith(word)
        return (limit + 1, 1, -len(word)) if begun else None
    swapped = len(word) == len(name) and sorted(word) == sorted(name)
    return (edits, 0 if swapped else 1, -_common(word, name))


def _common(left: str, right: str) -> int:
    """How many letters two words begin with alike."""
    for count, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return count
    return min(len(left), len(right))
