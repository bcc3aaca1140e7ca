"""From a text to its syntax tree, item by item."""

from __future__ import annotations

import gc
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from grammar.tables import load
from rulelang.diagnostics import syntax as say
from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source, Span
from rulelang.syntax import expected
from rulelang.syntax.blocks import OPENERS
from rulelang.syntax.builder import Builder
from rulelang.syntax.cache import ParseCache, Reader
from rulelang.syntax.depth import MAX_DEPTH, too_deep
from rulelang.syntax.indentation import left_open, mismatches
from rulelang.syntax.items import Item, split
from rulelang.syntax.lalr import Machine, Reduction, reductions
from rulelang.syntax.lexer import MAX_TOKENS, tokenize
from rulelang.syntax.moving import Items, Placed, moved_diagnostic
from rulelang.syntax.newlines import breaks
from rulelang.syntax.nodes import Declaration, Expr, Module, Rule, Word
from rulelang.syntax.recovery import Recovery
from rulelang.syntax.tokens import CUT, END_OF_INPUT, Token
from rulelang.syntax.word_guesses import split_word

MAX_NESTING = 64
MAX_MISTAKES = 100

MAX_SLIPS = 10
"""How often an item is read again with a slip corrected that passed for a word of a phrase."""

_BULK = 1 << 16

_NEST = {"LPAR": 1, "LSQB": 1, "RPAR": -1, "RSQB": -1, "CASE": -1, "END": -1, **dict.fromkeys(OPENERS, 1)}
_DEEPER = [kind for kind, by in _NEST.items() if by > 0]
_BRACKETS = frozenset(("LPAR", "LSQB", "RPAR", "RSQB"))


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text says, and what is wrong with it. An item of which nothing parsed is left out."""

    module: Module
    diagnostics: tuple[Diagnostic, ...]


def parse(source: Source, cache: ParseCache | None = None) -> Parsed:
    """The syntax tree of a file. Never raises: every mistake is a diagnostic.

    A rule with a mistake is in the tree as `broken`, with an ErrorStep for each step that did not parse. With a
    `cache` that has seen the file before, only the items whose text changed are parsed.
    """
    with collector_paused(len(source.text) > _BULK):
        return _parse(source, cache)


def _parse(source: Source, cache: ParseCache | None) -> Parsed:
    items, tests, diagnostics = (_cached(source, cache) if cache else None) or _read(source, None)
    diagnostics.sort(key=lambda d: d.span)
    return Parsed(Module(Span(0, len(source.text)), Items(items), tuple(tests)), tuple(diagnostics))


_OPEN_QUOTES = frozenset(("E0035", "E0036"))
"""The codes of texts whose quotes are not closed on their line."""

_Read = tuple[list[Placed[Rule | Declaration]], list[Span], list[Diagnostic]]
"""The items, where tests stand, and what is wrong."""


def _cached(source: Source, cache: ParseCache) -> _Read | None:
    """What a file says, read part by part as far as the parts are new; None when its mistakes are too many."""
    reader = cache.reader()
    items: list[Placed[Rule | Declaration]] = []
    tests: list[Span] = []
    diagnostics: list[Diagnostic] = []
    for start, text in reader.parts(source.text):
        part = reader.part(text)
        if part is None:
            part = reader.keep_part(text, *_read(Source(source.path, text), reader))
        items += [Placed(placed.base, placed.by + start) for placed in part.items]
        tests += [Span(span.start + start, span.end + start) for span in part.tests]
        diagnostics += [moved_diagnostic(d, source, start) for d in part.diagnostics]
    if any(d.code in _OPEN_QUOTES for d in diagnostics):
        # A text whose quotes are not closed may go on in the next part: then the file is read as a whole.
        part = reader.keep_part(source.text, *_read(source, reader))
        items, tests, diagnostics = list(part.items), list(part.tests), list(part.diagnostics)
    reader.done()
    return (items, tests, diagnostics) if len(diagnostics) < MAX_MISTAKES else None


def _read(source: Source, reader: Reader | None) -> _Read:
    """What a text says, item by item; those that `reader` knows are not parsed again."""
    lexed = tokenize(source)
    builder = Builder(source)
    bound = reductions(builder)
    items: list[Placed[Rule | Declaration]] = []
    tests: list[Span] = []
    diagnostics = list(lexed.diagnostics)
    broken = [d.span.start for d in lexed.diagnostics]
    for item in split(source, lexed.tokens):
        if item.start == "test":
            tests.append(item.tokens[0].span.to(item.tokens[-1].span))
            continue
        kept = reader.find(source, item) if reader else None
        if kept is None:
            node, found = _item(source, item, builder, bound)
            if reader:
                reader.keep(source, item, node, found)
            kept = (Placed(node) if node is not None else None), found
        placed, found = kept
        diagnostics += found
        if placed is not None:
            if isinstance(placed.base, Rule) and (any(d.is_error for d in found) or _hit(item, broken)):
                placed = Placed(replace(placed.base, broken=True), placed.by)
            items.append(placed)
        if len(diagnostics) >= MAX_MISTAKES:
            diagnostics.append(say.too_many_mistakes(source, diagnostics[-1].span, MAX_MISTAKES))
            break
    return items, tests, diagnostics


@contextmanager
def collector_paused(pause: bool = True) -> Iterator[None]:
    """Switch the cyclic garbage collector off meanwhile: twice as fast, and no node is part of a cycle."""
    pause = pause and gc.isenabled()
    if pause:
        gc.disable()
    try:
        yield
    finally:
        if pause:
            gc.enable()


def parse_expression(source: Source) -> tuple[Expr | None, tuple[Diagnostic, ...]]:
    """The expression that a text holds, for the prompt; None when there is none."""
    lexed = tokenize(source)
    if lexed.tokens and lexed.tokens[-1].kind == CUT:
        return None, lexed.diagnostics
    builder = Builder(source)
    node, found = _parsed(source, Item("prompt", lexed.tokens), builder, reductions(builder))
    return node, tuple(sorted((*lexed.diagnostics, *found), key=lambda d: d.span))


def _item(
    source: Source, item: Item, builder: Builder, bound: list[Reduction]
) -> tuple[Rule | Declaration | None, list[Diagnostic]]:
    first, last = item.tokens[0], item.tokens[-1]
    if last.kind == CUT:
        return None, []
    if item.start == "junk":
        return _outside(source, item, builder, bound)
    if len(item.tokens) > MAX_TOKENS:
        return None, [say.rule_too_long(source, first.span, MAX_TOKENS)]
    node, found = _parsed(source, item, builder, bound)
    if item.start == "rule" and not found and left_open(item.tokens):
        found = [
            say.loose_end(source, m.end.span, m.opener.span, m.opener.text)
            for m in mismatches(source, item.tokens)
        ]
    if item.meant:
        found.insert(0, say.misspelt(source, first.span, first.text, item.meant))
    return node, found


def _outside(
    source: Source, item: Item, builder: Builder, bound: list[Reduction]
) -> tuple[Rule | None, list[Diagnostic]]:
    """Tokens where no item begins: perhaps a rule whose `on` is glued to the next word or left out."""
    first = item.tokens[0]
    if any(token.kind == "DO" for token in item.tokens):
        if first.kind == "NAME" and first.text.startswith("on"):
            rule = Item("rule", (*split_word(first, "on"), *item.tokens[1:]))
            node, found = _parsed(source, rule, builder, bound)
            return node, [say.glued(source, first.span, "on"), *found]
        if first.kind in ("WHEN", "DO"):
            return None, [say.no_trigger(source, first.span)]
    found_token = expected.found(first)
    if first.kind == "END":
        return None, [say.stray(source, first.span, found_token, "no block is open here")]
    return None, [say.no_item(source, first.span, found_token)]


def _parsed(
    source: Source, item: Item, builder: Builder, bound: list[Reduction]
) -> tuple[Any, list[Diagnostic]]:
    """The node of an item, as far as it could be read, and the messages about it."""
    tokens = _terminated(item)
    deep = _too_deep(tokens)
    if deep is not None:
        return None, [say.nested_too_deeply(source, deep.span, MAX_NESTING)]
    reading = _Reading(source, item.start, tokens, builder, bound)
    node = reading.read()
    while builder.misspelt and len(reading.slips) < MAX_SLIPS:
        node = reading.again(*builder.misspelt[0])
    if node is not None and len(tokens) > MAX_DEPTH and too_deep(node):
        return None, [say.nested_too_deeply(source, tokens[0].span, MAX_NESTING)]
    return node, [*reading.slips, *reading.diagnostics]


class _Reading:
    """One item being read, and read again with slips corrected that passed for words of a phrase."""

    def __init__(
        self, source: Source, start: str, tokens: list[Token], builder: Builder, bound: list[Reduction]
    ) -> None:
        self._source, self._start, self._tokens = source, start, tokens
        self._builder, self._bound = builder, bound
        self.diagnostics: list[Diagnostic] = []
        self.slips: list[Diagnostic] = []

    def read(self) -> Any:
        """The node of the item, None when nothing of it could be kept."""
        machine = Machine(self._start, self._bound)
        self._builder.begin()
        if machine.feed_all(_statements(self._tokens)):
            self.diagnostics = self._builder.diagnostics
            return machine.values[0]
        self._builder.begin()
        recovery = Recovery(self._source, list(self._tokens), Machine(self._start, self._bound))
        node = recovery.run()
        self.diagnostics = recovery.diagnostics
        for diagnostic in self._builder.diagnostics:
            # Recovery may read a part twice, and has spoken of a block without `end` that has no step either.
            if not any(d.span == diagnostic.span for d in self.diagnostics):
                self.diagnostics.append(diagnostic)
        return node

    def again(self, word: Word, meant: str) -> Any:
        """Read the item with a misspelt `when` or its kin corrected; it had passed for a word of a phrase."""
        at = next(n for n, token in enumerate(self._tokens) if token.start == word.span.start)
        kind = load().fixed.get(meant, "NAME")
        self._tokens[at] = self._tokens[at]._replace(kind=kind, text=meant)
        say_it = say.instead if word.text == "where" else say.misspelt
        self.slips.append(say_it(self._source, word.span, word.text, meant))
        return self.read()


def _terminated(item: Item) -> list[Token]:
    """The tokens with the misspelt first word corrected and the end of the input behind them."""
    end = item.tokens[-1].end if item.tokens else 0
    tokens = [*item.tokens, Token(END_OF_INPUT, "", end, end, True)]
    if item.meant:
        kind = {"rule": "RULE", "on": "ON"}.get(item.meant, "NAME")
        tokens[0] = tokens[0]._replace(kind=kind, text=item.meant)
    return tokens


def _statements(tokens: list[Token]) -> list[Token]:
    """The tokens of an item with a `;` for each line end that ends a statement."""
    found: list[Token] = []
    add, depth = found.append, 0
    for at, token in enumerate(tokens):
        kind, first = token[0], token[4]
        if (
            first
            and at
            and not depth
            and kind != END_OF_INPUT
            and breaks(tokens[at - 1], token, tokens[at + 1])
        ):
            end = tokens[at - 1].end
            add(Token("SEMICOLON", "", end, end, False))
        add(token)
        if kind in _BRACKETS:
            depth += _NEST[kind]
    return found


def _too_deep(tokens: list[Token]) -> Token | None:
    """The bracket or block that is nested deeper than the bound, None when there is none."""
    kinds = [token[0] for token in tokens]
    if sum(map(kinds.count, _DEEPER)) <= MAX_NESTING:
        return None
    depth = 0
    for token in tokens:
        depth = max(0, depth + _NEST.get(token.kind, 0))
        if depth > MAX_NESTING:
            return token
    return None


def _hit(item: Item, places: list[int]) -> bool:
    """Whether one of the places stands in an item."""
    at = bisect_left(places, item.tokens[0].start)
    return at < len(places) and places[at] < item.tokens[-1].end
