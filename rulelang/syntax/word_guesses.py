"""Words and signs written otherwise than in this language: misspelt, borrowed from others, glued, reserved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from grammar.tables import load
from rulelang.diagnostics import syntax as say
from rulelang.diagnostics.model import Diagnostic
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Span
from rulelang.syntax.changes import ENOUGH, Change, at_place, spelt, swap
from rulelang.syntax.tokens import Token

if TYPE_CHECKING:
    from rulelang.syntax.recovery import Recovery

_LITERALS = frozenset(("NUMBER", "MONEY", "PERCENT", "DURATION", "DATE", "DATETIME", "TIME"))
_AS_NAMES = frozenset(
    (
        "TIMEOUT",
        "LET",
        "SPLIT",
        "CASE",
        "OTHERWISE",
        "MATCH",
        "REPEAT",
        "PARALLEL",
        "ON",
        "STOP",
        "WAIT",
        "END",
        "IF",
    )
)
"""Reserved words that people take for names."""

_OTHER_WORDS = {
    "elseif": "elif",
    "elsif": "elif",
    "equals": "=",
    "equal": "=",
    "eq": "=",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "neq": "!=",
    "has": "contains",
    "includes": "contains",
    "include": "contains",
    "contain": "contains",
    "like": "matches",
    "startswith": "starts with",
    "endswith": "ends with",
    "exists": "is set",
    "where": "when",
    "while": "repeat while",
    "unless": "if not",
    "default": "else",
}
"""Words of other languages."""


def arrows(state: Recovery, token: Token) -> Iterator[Change]:
    """`=>`, `->`, `{`, `}` and `:` stand for words of the language."""
    following = state.tokens[state.at + 1].kind if state.at + 1 < len(state.tokens) else ""
    meant = {
        "ARROW": (">=", "do", "then") if following in _LITERALS else ("do", "then", ">="),
        "LBRACE": ("do", "then"),
        "RBRACE": ("end",),
        "COLON": ("do", "then"),
    }.get(token.kind, ())
    if token.kind in ("LBRACE", "RBRACE"):
        yield from _else_braces(state, token, following)
    for word in meant:
        if token.kind == "RBRACE" and state.braces:
            yield Change(state.at, state.at + 1, spelt(token, word), ())
        yield swap(state, token, word, say.instead(state.source, token.span, token.text, word))


def _else_braces(state: Recovery, token: Token, following: str) -> Iterator[Change]:
    """`} else {`: neither brace stands for a word."""
    before = state.tokens[state.at - 1].kind if state.at else ""
    if (token.kind == "LBRACE" and before == "ELSE") or (
        token.kind == "RBRACE" and following in ("ELSE", "ELIF")
    ):
        message = say.stray(state.source, token.span, f"`{token.text}`", "blocks have no braces")
        yield Change(state.at, state.at + 1, (), () if state.braces else (message,))


def mixed_up(state: Recovery, token: Token) -> Iterator[Change]:
    """`do` and `then`, `if` and `when` taken for each other."""
    meant = {"DO": "then", "THEN": "do", "IF": "when"}.get(token.kind)
    if meant and not (token.kind == "IF" and token.first):
        help_ = "`if` begins a step of its own; a condition on a rule or a step begins with `when`"
        note = help_ if meant == "when" else ""
        change = swap(state, token, meant, say.instead(state.source, token.span, token.text, meant, note))
        yield replace(change, enough=1) if meant == "when" else change


def misused_is(state: Recovery, token: Token) -> Iterator[Change]:
    """`is` with something other than `set` and `empty` behind it."""
    behind = [t.kind for t in state.tokens[max(0, state.at - 2) : state.at]]
    place = state.cut()
    if place is None or not (behind[-1:] == ["IS"] or behind == ["IS", "NOT"]):
        return
    negated = behind[-1] == "NOT"
    at = state.at - (2 if negated else 1)
    first = state.tokens[at]
    meant, last = _is_meant(negated, token.kind)
    until = last and state.at + 1 or state.at
    span = Span(first.start, state.tokens[until - 1].end)
    begin = state.begin_of(place[1])
    yield Change(
        begin,
        until,
        (*state.tokens[begin:at], *spelt(first, meant)),
        (
            say.instead(
                state.source, span, state.source.slice(span), meant, "`is` is for `is set` and `is empty`"
            ),
        ),
        place[1],
    )


def _is_meant(negated: bool, kind: str) -> tuple[str, bool]:
    """What to write, and whether the word behind `is` belongs to it."""
    if kind == "NULL":
        return ("is set" if negated else "is not set"), True
    if kind in ("IN", "CONTAINS", "BETWEEN", "MATCHES"):
        return (f"not {kind.lower()}" if negated else kind.lower()), True
    return ("!=" if negated else "="), False


def or_on(state: Recovery, token: Token) -> Iterator[Change]:
    if token.kind == "OR":
        yield Change(
            state.at,
            state.at + 1,
            (at_place(state, token, "OR_ON"),),
            (say.or_without_on(state.source, token.span),),
        )


def near(state: Recovery, token: Token) -> Iterator[Change]:
    """A misspelt word of the language: here, or earlier in the statement where it passed for a name."""
    place = state.cut()
    if place is None:
        return
    begin = state.begin_of(place[1])
    for at in range(state.at, max(begin, state.at - ENOUGH) - 1, -1):
        candidate = state.tokens[at]
        late = candidate.text == "where" and any(t.kind == "TIMEOUT" for t in state.tokens[begin:at])
        for meant in () if late else _meant(candidate):
            other = candidate.text.lower() in _OTHER_WORDS
            diagnostic = _misspelt(state, candidate, meant, other)
            tokens = (*state.tokens[begin:at], *spelt(candidate, meant))
            yield Change(begin, at + 1, tokens, (diagnostic,), place[1])


def _meant(token: Token) -> Iterator[str]:
    if token.kind != "NAME" or token.text.startswith("`"):
        return
    word = token.text.lower()
    if word in _OTHER_WORDS:
        yield _OTHER_WORDS[word]
    near = _keyword_like(word) if len(word) > 1 else None
    if near:
        yield near


@lru_cache(4096)
def _keyword_like(word: str) -> str | None:
    tables = load()
    return did_you_mean(word, [w for w in (*tables.fixed, *tables.soft) if w.isalpha() and len(w) > 1])


def glued(state: Recovery, token: Token) -> Iterator[Change]:
    """Two words written as one: `dosend email`."""
    place = state.cut()
    if place is None:
        return
    begin = state.begin_of(place[1])
    for at in range(state.at - 1, begin - 1, -1):
        candidate = state.tokens[at]
        for word in ("do", "then", "when", "on"):
            if (
                candidate.kind == "NAME"
                and candidate.text.startswith(word)
                and len(candidate.text) > len(word) + 1
            ):
                tokens = (*state.tokens[begin:at], *split_word(candidate, word))
                yield Change(
                    begin, at + 1, tokens, (say.glued(state.source, candidate.span, word),), place[1]
                )


def split_word(token: Token, word: str) -> tuple[Token, Token]:
    """The keyword that a name begins with, and the rest."""
    middle = token.start + len(word)
    keyword = Token(load().fixed[word], word, token.start, middle, token.first)
    return keyword, Token("NAME", token.text[len(word) :], middle, token.end, False)


def _misspelt(state: Recovery, token: Token, meant: str, other: bool) -> Diagnostic:
    if meant == "elif":
        return say.else_if(state.source, token.span, token.text)
    say_it = say.instead if other else say.misspelt
    return say_it(state.source, token.span, token.text, meant)


def names(state: Recovery, token: Token) -> Iterator[Change]:
    """A reserved word where a name should stand."""
    late = token.kind == "TIMEOUT" and state.tokens[state.at - 1].kind in ("ON", "OR_ON", "WHERE_WORD")
    if token.kind in _AS_NAMES and not token.first and not late:
        change = at_place(state, token, "NAME")
        message = say.reserved(state.source, token.span, token.text)
        yield Change(state.at, state.at + 1, (change,), (message,))


def commas(state: Recovery, token: Token) -> Iterator[Change]:
    """`,` or `and` between two steps."""
    if token.kind in ("COMMA", "AND") and state.blocks and not state.brackets:
        message = say.instead(
            state.source, token.span, token.text, ";", "steps are divided by `;` or new lines"
        )
        yield swap(state, token, ";", message)
