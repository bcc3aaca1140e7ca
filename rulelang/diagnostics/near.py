"""Near misses: which known names somebody may have meant by a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable


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
    `word` begins (three letters or more) is near as well. Long words (over 60 letters) have no near misses.
    """
    if not 0 < len(word) <= 60:
        return ()
    folded = word.casefold()
    limit = max(1, len(folded) // 3)
    found = []
    for name in dict.fromkeys(known):
        edits = _edits(folded, name.casefold(), limit)
        if edits <= limit:
            found.append((edits, name))
    return tuple(name for _, name in sorted(found)[:count])


def _edits(word: str, name: str, limit: int) -> int:
    edits = distance(word, name, limit)
    if edits > limit and len(word) >= 3 and name.startswith(word):
        return limit
    return edits


def listed(names: Iterable[str], joint: str = "or") -> str:
    """Names in backquotes as a sentence lists them: `` `a`, `b` or `c` ``."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {joint} {quoted[-1]}"
