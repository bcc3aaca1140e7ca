"""Which words and literals of the language get which colour: one table for all that colour rules."""

from __future__ import annotations

from dataclasses import dataclass

from grammar.tables import load

SCOPES = {
    "COMMENT": "comment.line",
    "TEXT": "string.quoted.double",
    "DATETIME": "constant.numeric.datetime",
    "DATE": "constant.numeric.date",
    "TIME": "constant.numeric.time",
    "PERCENT": "constant.numeric.percent",
    "MONEY": "constant.numeric.money",
    "DURATION": "constant.numeric.duration",
    "NUMBER": "constant.numeric",
}
"""The scope of each terminal that has a pattern and a colour of its own."""

OPERATORS = frozenset(
    ["and", "or", "not", "in", "is", "contains", "between", "starts", "ends", "with", "matches"]
)
"""Words that are operators."""

CONSTANTS = frozenset(("true", "false", "null"))
"""Words that are values."""

_NAMES = frozenset(("set", "empty"))
"""Words that are verbs of phrases more often than parts of operators."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words and signs of the grammar by colour. `leading` are coloured at the beginning of a line only."""

    control: tuple[str, ...]
    leading: tuple[str, ...]
    signs: tuple[str, ...]


def words() -> Words:
    """The words of the grammar as it is."""
    tables = load()
    reserved = [word for word in tables.fixed if word.isalpha() and word not in _NAMES]
    control = tuple(word for word in reserved if word not in OPERATORS | CONSTANTS)
    signs = [s for s in tables.fixed if not s[0].isalpha() and s not in "()[],;:."]
    ordered = sorted(signs, key=lambda sign: (-len(sign), sign))
    return Words(control, (*tables.soft, "enrol", "enroll"), tuple(ordered))
