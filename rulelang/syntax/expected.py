"""In the words of the author: what was found at a mistake, and what could have stood there."""

from __future__ import annotations

from rulelang.diagnostics.syntax import listed, quoted
from rulelang.syntax.lalr import Machine
from rulelang.syntax.tokens import END_OF_INPUT, Token

_NOUNS = {
    "TEXT": "the text",
    "NUMBER": "the number",
    "MONEY": "the amount",
    "PERCENT": "the percentage",
    "DURATION": "the duration",
    "DATE": "the date",
    "DATETIME": "the moment",
    "TIME": "the time of day",
}
_WORDS = (
    ("SET", "`set`"),
    ("EMPTY", "`empty`"),
    ("WITH", "`with`"),
    ("TIMES_WORD", "`times`"),
    ("PER_WORD", "`per`"),
    ("AFTER_WORD", "`after`"),
    ("CASE", "`case`"),
    ("PERCENT", "a percentage"),
    ("ON", "`on`"),
    ("IN", "`in`"),
    ("AND", "`and`"),
    ("OR", "`or`"),
    ("THEN", "`then`"),
    ("WHEN", "`when`"),
    ("DO", "`do`"),
    ("COMMA", "`,`"),
    ("COLON", "`:`"),
    ("RPAR", "`)`"),
    ("RSQB", "`]`"),
    ("SEMICOLON", "a new line"),
    ("END", "`end`"),
)
_MOST = 4


def found(token: Token, whole: str = "rule") -> str:
    """A token as a message names it; `whole` says what ends at the end of the input."""
    if token.kind == END_OF_INPUT:
        return f"the end of the {whole}"
    if token.kind == "SEMICOLON" and not token.text:
        return "the end of the line"
    noun = _NOUNS.get(token.kind)
    return f"{noun} {quoted(token.text)}" if noun else quoted(token.text)


def expected(machine: Machine) -> str:
    """What could come next, as a phrase such as ``an operator, `then` or a new line``."""
    parts = _kinds_of_words(machine)
    if "a step" not in parts:
        parts += [word for kind, word in _WORDS if machine.accepts(kind) and not _covered(kind, parts)]
    return listed(parts[:_MOST]) if parts else "nothing more"


def _kinds_of_words(machine: Machine) -> list[str]:
    accepts = machine.accepts
    if accepts("WAIT"):
        return ["a step"]
    if accepts("NOT") and accepts("NUMBER"):
        return ["a condition" if _after_condition_word(machine) else "a value"]
    if accepts("EQ") and accepts("PLUS"):
        return ["an operator"]
    if _after(machine, "ON", "OR_ON"):
        return ["an event"]
    if accepts("NAME") and accepts("DO") and _after(machine, "ERROR_WORD"):
        return ["`continue`", "`retry`"]
    if accepts("NUMBER"):
        return ["a word or a value"] if accepts("EQ") or accepts("COLON") else ["a value"]
    if accepts("NAME"):
        return ["a name"]
    return []


def _covered(kind: str, parts: list[str]) -> bool:
    """Whether a general word such as `an operator` already says it."""
    if "an operator" in parts:
        return kind in ("AND", "OR", "IN", "SET", "EMPTY", "WITH")
    return bool(parts) and kind in ("SET", "EMPTY", "WITH", "PERCENT")


def _after_condition_word(machine: Machine) -> bool:
    return _after(machine, "WHEN", "IF", "ELIF", "WHERE_WORD", "WHILE_WORD")


def _after(machine: Machine, *kinds: str) -> bool:
    last = machine.values[-1] if machine.values else None
    return isinstance(last, Token) and last.kind in kinds
