"""The facts about a contact that a model may see: few, short, and with nothing hidden in them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from runtime.model import JSON

MAX_FACT = 200
"""The longest fact, in characters."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def allowed_facts(fields: Mapping[str, JSON], names: Iterable[str]) -> dict[str, str]:
    """The named fields that have a value, as clean text."""
    found = {name: clean(_text(fields.get(name))) for name in names}
    return {name: text for name, text in found.items() if text}


def clean(text: str) -> str:
    """Text on one line without invisible characters (controls, joiners, tags, bidi marks), bounded."""
    visible = (" " if c.isspace() else c for c in text[: 4 * MAX_FACT] if c.isspace() or _visible(c))
    return " ".join("".join(visible).split())[:MAX_FACT]


def _visible(character: str) -> bool:
    return unicodedata.category(character) not in _HIDDEN


def _text(value: JSON) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
        case list():
            return ", ".join(_text(item) for item in value)
        case _:
            return ""
