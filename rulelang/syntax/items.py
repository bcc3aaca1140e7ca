"""Splits the tokens of a file into items (rules and declarations), so that a broken one harms no other."""

from __future__ import annotations

from dataclasses import dataclass

from rulelang.source import Source
from rulelang.syntax.newlines import breaks
from rulelang.syntax.tokens import END_OF_INPUT, Token

DECLARATIONS = frozenset(("workspace", "status", "pipeline", "fields", "person", "team", "tags", "event"))


@dataclass(frozen=True, slots=True)
class Item:
    """The tokens of one item. `start` is the grammar's start symbol, `junk` where no item begins."""

    start: str
    tokens: tuple[Token, ...]


class Splitter:
    """Walks the tokens once and notes where items begin."""

    def __init__(self, source: Source, tokens: tuple[Token, ...]) -> None:
        end = len(source.text)
        self._text = source.text
        self._tokens = (*tokens, Token(END_OF_INPUT, "", end, end, True))
        self._kind = ""
        self._titled = self._done_header = False
        self._block = self._colon = False

    def split(self) -> list[Item]:
        """The items in order; what stands before the first or after a closed one is junk."""
        items: list[Item] = []
        begin = 0
        for at in range(len(self._tokens) - 1):
            statement = self._statement(at)
            start = self._starts(at) if statement else ""
            if start:
                self._close(items, begin, at)
                begin = at
                self._open(start, at)
            self._note(at, statement and not start)
        self._close(items, begin, len(self._tokens) - 1)
        return items

    def _open(self, start: str, at: int) -> None:
        self._kind = start
        self._done_header = self._block = self._colon = False
        self._titled = self._tokens[at].kind == "RULE"

    def _close(self, items: list[Item], begin: int, end: int) -> None:
        if begin < end:
            items.append(Item(self._kind or "junk", self._tokens[begin:end]))

    def _note(self, at: int, statement: bool) -> None:
        """Learn what tells how far the item goes: a rule's `do`; whether a declaration is a line or a block."""
        kind = self._tokens[at].kind
        if self._kind == "rule":
            self._done_header = self._done_header or kind == "DO"
        elif self._kind == "declaration":
            self._block = (self._block or statement) and kind != "END"
            self._colon = self._colon or (kind == "COLON" and not self._block) or kind == "END"

    def _starts(self, at: int) -> str:
        """The kind of item that begins at a token where a statement begins, or ""."""
        token, after = self._tokens[at], self._tokens[at + 1]
        if token.kind == "RULE" or (token.kind == "ON" and self._on_starts(at)):
            return "rule"
        if token.kind == "NAME" and token.text in DECLARATIONS and self._declares(token, after):
            return "declaration"
        return "junk" if self._closed() else ""

    def _closed(self) -> bool:
        """Whether a declaration of one line, or a block, has come to its end."""
        return self._kind == "declaration" and self._colon

    def _statement(self, at: int) -> bool:
        """Whether a token is where a statement begins."""
        if at == 0:
            return True
        before, token, after = self._tokens[at - 1], self._tokens[at], self._tokens[at + 1]
        return before.kind in ("SEMICOLON", "END") or breaks(before, token, after) or self._column_0(token)

    def _column_0(self, token: Token) -> bool:
        return token.start == 0 or self._text[token.start - 1] == "\n"

    def _on_starts(self, at: int) -> bool:
        if self._kind != "rule" or self._done_header:
            after = self._tokens[at + 1]
            return self._column_0(self._tokens[at]) or after.text not in ("exit", "error")
        return self._column_0(self._tokens[at]) and not self._titled

    def _declares(self, token: Token, after: Token) -> bool:
        if self._block and after.kind == "COLON":
            return self._column_0(token)
        if token.text == "workspace":
            return after.first
        return after.kind in ("TEXT", "COLON") or after.text == "for"
