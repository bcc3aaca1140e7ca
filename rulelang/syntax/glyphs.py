"""Characters that look like others, cannot be seen, or change the order in which text is shown."""

from __future__ import annotations

import re
import unicodedata

# U+202A-202E and U+2066-2069 reorder what stands around them (Boucher and Anderson, Trojan Source, 2021).
FORBIDDEN = re.compile("\0+|[\u202a-\u202e\u2066-\u2069]+|[\ud800-\udfff]+")
INVISIBLE = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u2064\ufeff]+")
SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
LINE_ENDS = re.compile("[\u000b\u000c\u0085\u2028\u2029]+")

_SIGNS = {
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u2212": "-",
    "\u00d7": "*",
    "\u22c5": "*",
    "\u00f7": "/",
    "\u2264": "<=",
    "\u2a7d": "<=",
    "\u2265": ">=",
    "\u2a7e": ">=",
    "\u2260": "!=",
    "\u2227": "and",
    "\u2228": "or",
    "\u00ac": "not",
    "\u2192": "=>",
    "\u21d2": "=>",
    "\u037e": ";",
    "\u3002": ".",
}

# Letters of other scripts drawn like a Latin one (from the confusables of Unicode TS 39).
_LETTERS = str.maketrans(
    "абвгдеёзіїјкмнопрстухѕԁԛԝһӏАВЕЅІЈКМНОРСТУХԌԚԜАαβγεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧıɡℓ",
    "a6brdee3iijkmhonpctyxsdqwhlABESIJKMHOPCTYXGQWAaByeikvoptuxABEZHIKMNOPTYXigl",
)

OPENING_QUOTES = {
    "“": "”“„",
    "”": "”“",
    "„": "“”",
    "«": "»",
    "»": "«",
    "‘": "’‘",
    "’": "’‘",
    "‚": "‘’",
    "'": "'",
    "＂": "＂",
}
"""Quotation marks that are not `"`, each with those that may close it."""


def sign_like(char: str) -> str:
    """The sign or word of the language that a character stands for, or ""."""
    plain = _SIGNS.get(char) or unicodedata.normalize("NFKC", char)
    return (
        plain
        if plain != char and plain.isascii() and plain.strip() and not plain.isalnum() or char in _SIGNS
        else ""
    )


def letters_like(word: str) -> str:
    """The ASCII word that `word` is drawn like, or "" when some letter is like none."""
    plain = unicodedata.normalize("NFKC", word).translate(_LETTERS)
    return plain if plain.isascii() else ""


def name_of(char: str) -> str:
    """A character as a message names it: `U+0435 CYRILLIC SMALL LETTER IE`."""
    name = unicodedata.name(char, "")
    return f"U+{ord(char):04X} {name}".rstrip()
