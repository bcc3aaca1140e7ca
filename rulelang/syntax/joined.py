"""Words that change or join the token before them, so that one token of lookahead is enough for the parser."""

from __future__ import annotations

from rulelang.syntax.tokens import Token

_PAIRS = {"ON": "or", "WAIT": "and", "IF": "skip"}
_ARMS = frozenset(("ON", "UNTIL", "TIMEOUT"))
JOINING = frozenset((*_PAIRS, *_ARMS, "DO"))
"""The kinds of tokens that may do so."""


def join(tokens: list[Token], token: Token, column_0: bool) -> Token:
    """The token to put behind the others. `column_0` says that it stands in the first column.

    `or on`, `and wait` and `skip if` become one token, `on exit` does in front of `do`; a `wait` with alternatives
    on lines of their own becomes a WAIT_ARMS, the `for` that begins a statement in front of `do` a FOR_EACH.
    """
    before, kind = tokens[-1], token.kind
    if kind == "DO":
        if before.kind == "EXIT" and not token.first and [t.kind for t in tokens[-2:-1]] == ["ON"]:
            on = tokens[-2]
            tokens[-2:] = [Token("ON_EXIT", "on exit", on.start, before.end, on.first)]
        else:
            _mark_each(tokens)
    elif before.text == _PAIRS.get(kind) and not (column_0 or (token.first and kind == "IF")):
        tokens.pop()
        name, words = f"{before.text.upper()}_{kind}", f"{before.text} {token.text}"
        return Token(name, words, before.start, token.end, before.first)
    elif kind in _ARMS and (before.kind == "SEMICOLON" or token.first):
        at = -2 if before.kind == "SEMICOLON" else -1
        if len(tokens) >= -at and tokens[at].kind == "WAIT":
            tokens[at] = tokens[at]._replace(kind="WAIT_ARMS")
    return token


_BEGINS = frozenset(("SEMICOLON", "DO", "THEN", "ELSE", "END"))
_LONGEST = 200
"""Tokens between `for` and its `do`."""


def _mark_each(tokens: list[Token]) -> None:
    """Make the `for` that begins the statement before a `do` a token of its own; elsewhere it is a name."""
    for at in range(len(tokens) - 1, max(len(tokens) - _LONGEST, -1), -1):
        token = tokens[at]
        begins = at > 0 and (token.first or tokens[at - 1].kind in _BEGINS)
        if begins and token.text == "for":
            tokens[at] = token._replace(kind="FOR_EACH")
        if begins and token.text not in ("where", "at"):
            return
