"""The newline rule: where a line end ends a statement the way `;` does."""

from __future__ import annotations

from rulelang.syntax.tokens import Token


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_BEGIN = _set(
    "NAME RULE ON ON_EXIT IF WAIT WAIT_ARMS FOR_EACH STOP DO END ELSE ELIF SET EMPTY ENROL EXIT WITH "
    "LET SPLIT CASE OTHERWISE MATCH REPEAT PARALLEL"
)
"""What can begin a statement. An operator word can too, when `:` follows (an entry of a declaration)."""

_OPERATOR_WORDS = _set("IS CONTAINS BETWEEN STARTS ENDS MATCHES")

_CONTINUE = _set(
    "EQ NE LT LE GT GE PLUS MINUS STAR SLASH COMMA COLON DOT SEMICOLON AND OR NOT IN ON OR_ON WHEN DO THEN ELSE IF "
    "ELIF OTHERWISE WAIT WAIT_ARMS UNTIL TIMEOUT LET MATCH CASE REPEAT IS CONTAINS BETWEEN STARTS ENDS WITH MATCHES "
    "LPAR LSQB ARROW LBRACE"
)
"""What cannot end a statement: an operator, or a word that wants something behind it."""

_GO_ON = {"where": "", "as": "", "restart": "ON"}
"""Words that belong to the statement before them, wherever the line ends; some only before a certain word."""


def breaks(before: Token, token: Token, after: Token) -> bool:
    """Whether the line end between `before` and `token`, the first of its line, ends a statement.

    Inside brackets no line end does; that is the caller's concern.
    """
    kind = token.kind
    if after.kind == "COLON":
        return kind in _BEGIN or kind in _OPERATOR_WORDS
    if before.kind in _CONTINUE:
        return False
    if kind == "NAME":
        return token.text not in _GO_ON or _GO_ON[token.text] not in ("", after.kind)
    return kind in _BEGIN and not (kind == "ON" and after.text == "error")
