"""Near misses: which known names somebody may have meant by a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 60


def distance(left: str, right: str, limit: int) -> int:
    """The edits that turn `left` into `right`, or `limit + 1` when there are more.

    An edit inserts, drops or changes a letter or swaps two neighbours (optimal string alignment distance).
    """
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before: list[int] = []
    above = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        row = [i]
        for j, b in enumerate(right, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
        before, above = above, row
    return min(above[-1], limit + 1)


def near_misses(word: str, known: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """The names among `known` that differ from `word` by a slip or two, nearest first, at most `count`.

    One edit is allowed for each three letters, at least one; letter case does not count, and a name that
    `word` begins (three letters or more) is near as well. Of equally near names a swap goes before the rest, then
    the longest common beginning, then the order of `known`. Long words (over 60 letters) have no near misses.
    """
    if not 0 < len(word) <= _LONGEST:
        return ()
    folded = word.casefold()
    limit = max(1, len(folded) // 3)
    ranked = [(_rank(folded, name.casefold(), limit), name) for name in dict.fromkeys(known)]
    near = [(rank, name) for rank, name in ranked if rank is not None]
    return tuple(name for _, name in sorted(near, key=lambda entry: entry[0])[:count])


def _rank(word: str, name: str, limit: int) -> tuple[int, int, int] | None:
    """What to sort by, smallest first; None when `name` is not near."""
    if name == word:
        return (0, 0, 0)
    edits = distance(word, name, limit)
    if edits > limit or edits >= max(len(word), len(name)):
        begun = len(word) >= 3 and name.startswith(word)
        return (limit + 1, 1, len(name)) if begun else None
    swapped = len(word) == len(name) and sorted(word) == sorted(name)
    return (edits, 0 if swapped else 1, -_common(word, name))


def _common(left: str, right: str) -> int:
    """How many letters two words begin with alike."""
    for count, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return count
    return min(len(left), len(right))


def listed(names: Iterable[str], joint: str = "or") -> str:
    """Names in backquotes as a sentence lists them: `` `a`, `b` or `c` ``."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {joint} {quoted[-1]}"
