"""What is typed at the prompt: what kind of thing it is, and whether it is finished."""

from __future__ import annotations

from rulelang.source import Source
from rulelang.syntax.blocks import Blocks
from rulelang.syntax.items import split
from rulelang.syntax.lexer import tokenize
from rulelang.syntax.tokens import DECLARATIONS, Token

_LISTS = frozenset(("status", "pipeline", "person", "team", "tags"))
"""Declarations that are one line."""

_ALONE = frozenset(("workspace", "policy"))
"""Words of declarations that stand on a line of their own."""


def is_rules(text: str) -> bool:
    """Whether a text is rules or declarations rather than a command or an expression."""
    tokens = tokenize(Source("prompt", text)).tokens
    if not tokens:
        return False
    first, following = tokens[0], tokens[1] if len(tokens) > 1 else None
    if first.kind in ("RULE", "ON"):
        return True
    if first.text not in DECLARATIONS:
        return False
    # `status = trial` and `tags` are expressions, `status for contact: trial` a declaration.
    if following is None:
        return first.text in _ALONE
    return following.kind in ("TEXT", "COLON") or following.text == "for"


def is_finished(text: str) -> bool:
    """Whether rules are complete as they stand, so that no further line is asked for."""
    source = Source("prompt", text)
    tokens = tokenize(source).tokens
    items = split(source, tokens)
    if not items:
        return True
    last = items[-1].tokens
    return _rule(last) if items[-1].start == "rule" else _declaration(last)


def _rule(tokens: tuple[Token, ...]) -> bool:
    """A rule on one line is finished once a step follows its `do`; one of several lines with its `end`."""
    blocks, begun = Blocks(), None
    for number, token in enumerate(tokens):
        blocks.note(token)
        if token.kind == "DO" and begun is None:
            begun = number
        if token.kind == "END" and not blocks.open:
            return True
    one_line = not any(token.first for token in tokens[1:])
    return one_line and begun is not None and begun < len(tokens) - 1 and len(blocks.open) == 1


def _declaration(tokens: tuple[Token, ...]) -> bool:
    if tokens[0].text in _LISTS:
        return any(token.kind == "COLON" for token in tokens) and tokens[-1].kind not in ("COLON", "COMMA")
    return tokens[-1].kind == "END"
