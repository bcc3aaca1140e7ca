"""Splits the tokens of a file into items (rules and declarations), so that a broken one harms no other."""

from __future__ import annotations

from dataclasses import dataclass

from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Source
from rulelang.syntax.blocks import TRACKED, Blocks
from rulelang.syntax.newlines import breaks
from rulelang.syntax.tokens import CUT, DECLARATIONS, END_OF_INPUT, TESTS, Token

_SHAPES = {
    "tags": "COLON",
    "status": "for",
    "health": "for",
    "fields": "for",
    "workspace": "line",
    "policy": "line",
}
"""What follows the word of a declaration; a name in quotes if nothing else is said."""

_START = {"rule": "rule", "on": "rule", "segment": "segment"}
"""What the grammar calls an item that begins with a word, where that is no declaration like most."""

_CLOSING = frozenset(("SEMICOLON", "END", CUT))
"""The kinds of tokens behind which a statement begins."""

_NOTED = TRACKED | {"COLON"}
"""The kinds of tokens that say how far an item is."""


@dataclass(frozen=True, slots=True)
class Item:
    """The tokens of one item. `start` is the grammar's start symbol, `test`, or `junk` where no item begins.

    `meant` is the word that the first token should have been, when it is misspelt.
    """

    start: str
    tokens: tuple[Token, ...]
    meant: str = ""


def split(source: Source, tokens: tuple[Token, ...]) -> list[Item]:
    """The items of a file in order. What stands where no item begins is an item of its own, `junk`."""
    splitter = _Splitter(source, tokens)
    items: list[Item] = []
    begin, start, meant = 0, "junk", ""
    before = ""
    for at, token in enumerate(tokens):
        kind = token[0]
        if not (token[4] or kind in _NOTED or before in _CLOSING):
            before = kind
            continue
        before, found = kind, splitter.next(at)
        if found is not None:
            if begin < at:
                items.append(Item(start, tokens[begin:at], meant))
            begin, (start, meant) = at, found
    if begin < len(tokens):
        items.append(Item(start, tokens[begin:], meant))
    return items


class _Splitter:
    """Walks the tokens once and says where items begin. It knows as little of each as that needs."""

    def __init__(self, source: Source, tokens: tuple[Token, ...]) -> None:
        end = len(source.text)
        self._text = source.text
        self._tokens = (*tokens, Token(END_OF_INPUT, "", end, end, True))
        self._kind = "junk"
        self._titled = self._header = self._block = self._closed = False
        self._blocks = Blocks()

    def next(self, at: int) -> tuple[str, str] | None:
        """The kind of item that begins at a token (and what a misspelt first word should be), or None."""
        statement = self._statement(at)
        found = self._begins(at) if statement else None
        if found is not None:
            self._open(found[0], at)
        self._note(at, statement and found is None)
        return found

    def _open(self, kind: str, at: int) -> None:
        self._kind = "declaration" if kind == "segment" else kind
        self._titled = self._tokens[at].kind == "RULE"
        self._header, self._block, self._closed, self._blocks = True, False, False, Blocks()

    def _note(self, at: int, statement: bool) -> None:
        """Learn where a header ends, whether a declaration is a line or a block, and where an item is closed."""
        kind = self._tokens[at].kind
        if self._kind == "rule":
            if kind in TRACKED:
                self._header = self._header and kind != "DO"
                self._blocks.note(self._tokens[at])
                self._closed = self._closed or (kind == "END" and not self._blocks.open)
        elif self._kind == "declaration":
            self._block = self._block or statement
            self._closed = self._closed or kind == "END" or (kind == "COLON" and not self._block)
        elif self._kind == "test":
            self._closed = self._closed or kind == "END"

    def _statement(self, at: int) -> bool:
        """Whether a token is where a statement begins."""
        if at == 0:
            return True
        before, token, after = self._tokens[at - 1], self._tokens[at], self._tokens[at + 1]
        if before.kind in _CLOSING or self._column_0(token):
            return True
        return token.first and breaks(before, token, after)

    def _column_0(self, token: Token) -> bool:
        return token.start == 0 or self._text[token.start - 1] == "\n"

    def _begins(self, at: int) -> tuple[str, str] | None:
        token, after = self._tokens[at], self._tokens[at + 1]
        if token.kind == "RULE" or (token.kind == "ON" and self._on_begins(at, token, after)):
            return ("rule", "")
        if token.kind == "WHEN" and self._when_begins(at):
            return ("rule", "")
        if token.kind == "NAME":
            if token.text in TESTS and after.kind == "TEXT" and self._column_0(token):
                return ("test", "")
            meant = self._keyword(token, after)
            if meant:
                return _START.get(meant, "declaration"), "" if meant == token.text else meant
        outside = self._closed and (
            self._kind == "declaration" or (self._column_0(token) and token.kind == "NAME")
        )
        return ("junk", "") if outside and token.kind not in ("END", "SEMICOLON") else None

    def _on_begins(self, at: int, token: Token, after: Token) -> bool:
        if self._kind != "rule" or not self._header:
            if self._column_0(token):
                return not (after.kind == "EXIT" and self._tokens[at + 2].first)
            return not (after.text in ("exit", "error") or self._blocks.waiting)
        return self._column_0(token) and not self._titled

    def _when_begins(self, at: int) -> bool:
        """Whether a `when` begins a rule: in the first column, outside a rule or with its `do` on the same line.

        A condition of a step has no `do` behind it.
        """
        if not self._column_0(self._tokens[at]) or (self._kind == "rule" and self._header):
            return False
        if self._kind != "rule" or self._closed:
            return True
        for token in self._tokens[at + 1 :]:
            if token.first or token.kind == "DO":
                return token.kind == "DO" and not token.first
        return False

    def _keyword(self, token: Token, after: Token) -> str:
        """The word that begins an item here: the token itself, or in the first column a word it is near to."""
        word = token.text
        if word in DECLARATIONS:
            if self._kind == "declaration" and self._block and not self._closed and after.kind == "COLON":
                return word if self._column_0(token) else ""
            return word if _shaped(word, after) else ""
        if not self._column_0(token):
            return ""
        if word.lower() == "on" and after.kind == "NAME":
            return "on"
        meant = did_you_mean(word, ("rule", *sorted(DECLARATIONS))) or ""
        return meant if meant and _shaped(meant, after) and after.kind != "COLON" else ""


def _shaped(word: str, after: Token) -> bool:
    shape = _SHAPES.get(word, "TEXT")
    if shape == "line":
        return after.first
    return after.kind == shape or (after.kind == "NAME" and after.text == shape) or after.kind == "COLON"
