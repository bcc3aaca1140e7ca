"""From text to tokens: one regular expression, joined from the terminals of the grammar."""

from __future__ import annotations

import re
from functools import cache

from grammar.tables import load
from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source, Span
from rulelang.syntax.tokens import Token, TokenList


@cache
def master_pattern() -> re.Pattern[str]:
    """All terminals in one pattern; the group that matched names the terminal."""
    tables = load()
    signs = sorted((s for s in tables.fixed if not s[0].isalpha()), key=len, reverse=True)
    groups = [f"(?P<{name}>{pattern})" for name, pattern in tables.terminals]
    return re.compile(
        "|".join([*groups, f"(?P<SIGN>{'|'.join(map(re.escape, signs))})", r"(?P<BAD>.)"]), re.ASCII
    )


def tokenize(source: Source) -> TokenList:
    """The tokens of a source. Never raises: what is wrong becomes a diagnostic and a corrected token."""
    fixed = load().fixed
    tokens: list[Token] = []
    comments: list[Span] = []
    diagnostics: list[Diagnostic] = []
    first = True
    for match in master_pattern().finditer(source.text):
        kind = match.lastgroup or ""
        text = match.group()
        if kind == "SPACE":
            first = first or "\n" in text
            continue
        if kind == "COMMENT":
            comments.append(Span(*match.span()))
            continue
        if kind == "NAME" or kind == "SIGN":
            kind = fixed.get(text, kind)
        tokens.append(Token(kind, text, match.start(), match.end(), first))
        first = False
    return TokenList(source, tuple(_join_or_on(tokens)), tuple(comments), tuple(diagnostics))


def _join_or_on(tokens: list[Token]) -> list[Token]:
    joined: list[Token] = []
    for token in tokens:
        if token.kind == "ON" and joined and joined[-1].kind == "OR":
            before = joined.pop()
            token = Token("OR_ON", "or on", before.start, token.end, before.first)
        joined.append(token)
    return joined
