"""What stands before a place in a text, and what the grammar allows there.

The text up to the place is read by the parser's own machine with a stand-in for the word being typed; then the
blocks that are open are closed, so that there is a tree in which the stand-in can be found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from grammar.tables import load
from rulelang.editor.walk import children
from rulelang.source import Source, Span
from rulelang.syntax import nodes
from rulelang.syntax.builder import Builder
from rulelang.syntax.items import split
from rulelang.syntax.lalr import Machine, reductions
from rulelang.syntax.lexer import tokenize
from rulelang.syntax.newlines import breaks
from rulelang.syntax.tokens import END_OF_INPUT, Token

STAND_IN = "stand_in_for_what_is_typed"
"""A name that no author writes; it stands for the word under the cursor."""

_CLOSERS = (END_OF_INPUT, "RPAR", "RSQB", "THEN", "END", "DO", "SEMICOLON", "AND", "NAME", "TEXT", "NUMBER")
"""What may be fed to complete an item, the best first."""

_PIECES = re.compile(r'"(?:[^"\\]|\\.)*"|(?P<open>")|(?P<comment>#|//)')
_WORD = re.compile(r"`?\w*\Z", re.ASCII)
_REST = re.compile(r"\w*`?", re.ASCII)
_OPEN = {"LPAR": 1, "LSQB": 1, "RPAR": -1, "RSQB": -1}
_TRIES = 8
_MOST_CLOSERS = 200


@dataclass(frozen=True)
class Cursor:
    """A place in a text where something is being typed.

    `replace` is the word, or the text in quotes, that a suggestion takes the place of; `tokens` are those of the
    item before it; `path` leads from the item to the stand-in, the outermost node first, and is empty when no
    word can stand here. `item` is the kind of item (`rule`, `declaration`, or "" between items).
    """

    source: Source
    replace: Span
    quoted: bool
    item: str
    tokens: tuple[Token, ...]
    accepted: frozenset[str]
    path: tuple[nodes.Node, ...]
    begins_line: bool
    column_0: bool

    @property
    def rule(self) -> nodes.Rule | None:
        """The rule as far as it stands before the place."""
        return next((node for node in self.path if isinstance(node, nodes.Rule)), None)

    @property
    def conditional(self) -> nodes.Declaration | None:
        """The declaration whose condition the place is in; None elsewhere."""
        inside = any(isinstance(node, nodes.Provided) for node in self.path)
        return next((node for node in self.path if inside and isinstance(node, nodes.Declaration)), None)


def cursor_at(source: Source, offset: int) -> Cursor | None:
    """What is at a place; None inside a comment, a number or a test, where there is nothing to suggest."""
    offset = max(0, min(offset, len(source.text)))
    line = source.text.rfind("\n", 0, offset) + 1
    start, quoted = offset, False
    for piece in _PIECES.finditer(source.text, line, offset):
        if piece["comment"]:
            return None
        if piece["open"]:
            start, quoted = piece.start(), True
            break
    if not quoted:
        word = _WORD.search(source.text, line, offset)
        assert word is not None
        start = word.start()
        if word.group()[:1].isdigit():
            return None
    return _cursor(source, start, _replaced(source, start, offset, quoted), quoted)


def _replaced(source: Source, start: int, offset: int, quoted: bool) -> Span:
    if not quoted:
        rest = _REST.match(source.text, offset)
        return Span(start, rest.end() if rest else offset)
    end = source.text.find("\n", offset)
    tail = source.text[offset : end if end >= 0 else len(source.text)]
    closed = tail.count('"') % 2 == 1
    return Span(start, offset + tail.index('"') + 1 if closed else offset)


def _cursor(source: Source, start: int, replace: Span, quoted: bool) -> Cursor | None:
    before = Source(source.path, source.text[:start])
    known = tokenize(before).tokens
    first = not known or "\n" in source.text[known[-1].end : start]
    kind, text = ("TEXT", f'"{STAND_IN}"') if quoted else ("NAME", STAND_IN)
    typed = Token(kind, text, start, start + len(text), first)
    # The stand-in must be found where it would stand if it were in the text.
    item = split(Source(source.path, before.text + text), (*known, typed))[-1]
    column_0 = start == 0 or source.text[start - 1] == "\n"
    tokens = item.tokens[:-1]
    if item.start == "test":
        return None
    if item.start == "junk" or not tokens:
        return Cursor(source, replace, quoted, "", (), frozenset(), (), first, column_0)
    builder = Builder(before)
    machine = _read(before, item.start, list(tokens), typed, builder)
    accepted = frozenset() if machine is None else _accepted(machine)
    path = _completed(machine, typed) if machine is not None else ()
    return Cursor(source, replace, quoted, item.start, tokens, accepted, path, first, column_0)


def _read(source: Source, start: str, tokens: list[Token], typed: Token, builder: Builder) -> Machine | None:
    """The machine after the tokens; a statement with a mistake is left out and the rest read again."""
    bound = reductions(builder)
    for _ in range(_TRIES):
        builder.begin()
        machine = Machine(start, bound)
        fault = next(_faults(machine, tokens, typed), None)
        if fault is None:
            return machine
        if fault == len(tokens):
            # Nothing may follow the line before: an item that ends there.
            return None
        begin = _statement(tokens, fault)
        end = next((n for n in range(fault + 1, len(tokens)) if _starts(tokens, n)), len(tokens))
        if end == len(tokens) or not begin:
            return None
        del tokens[begin:end]
    return None


def _faults(machine: Machine, tokens: list[Token], typed: Token) -> Iterator[int]:
    """Feed the tokens with the ends of lines between them; yields the first that cannot stand."""
    depth = 0
    ahead = [*tokens, typed, Token(END_OF_INPUT, "", typed.end, typed.end, True)]
    for at, token in enumerate(ahead[:-1]):
        if at and token.first and not depth and breaks(ahead[at - 1], token, ahead[at + 1]):
            end = ahead[at - 1].end
            if not machine.feed(Token("SEMICOLON", "", end, end, False)):
                yield at
                return
        if token is typed:
            return
        if not machine.feed(token):
            yield at
            return
        depth += _OPEN.get(token.kind, 0)


def _statement(tokens: list[Token], at: int) -> int:
    while at and not _starts(tokens, at):
        at -= 1
    return at


def _starts(tokens: list[Token], at: int) -> bool:
    return tokens[at].first or tokens[at - 1].kind == "SEMICOLON"


def _accepted(machine: Machine) -> frozenset[str]:
    actions = load().actions
    kinds = {kind for state in machine.states for kind in actions[state]}
    return frozenset(kind for kind in kinds if kind.isupper() and machine.accepts(kind))


def _completed(machine: Machine, typed: Token) -> tuple[nodes.Node, ...]:
    """The way to the stand-in once the item has been brought to an end."""
    if not machine.feed(typed):
        return ()
    for _ in range(_MOST_CLOSERS):
        kind = next((kind for kind in _CLOSERS if machine.accepts(kind)), None)
        if kind is None:
            return ()
        text = {"TEXT": '""', "NUMBER": "1", "NAME": "x"}.get(kind, "")
        machine.feed(Token(kind, text, typed.end, typed.end, False))
        if kind == END_OF_INPUT:
            return tuple(_way(machine.values[0])) if isinstance(machine.values[0], nodes.Node) else ()
    return ()


def _way(root: nodes.Node) -> list[nodes.Node]:
    """The nodes from the item to the stand-in, which is looked for along the right edge of the tree."""
    if is_stand_in(root):
        return [root]
    inner = [c for c in children(root) if isinstance(c, nodes.Node)]
    for child in reversed(inner):
        found = _way(child)
        if found:
            return [root, *found]
    return []


def is_stand_in(node: nodes.Node) -> bool:
    """Whether a node is the word being typed, or a path that ends with it."""
    match node:
        case nodes.Word(_, text) | nodes.TextLit(_, text):
            return text == STAND_IN
        case nodes.Name(_, parts):
            return parts[-1] == STAND_IN
        case _:
            return False
