"""From tokens to the syntax tree, item by item, with recovery inside each."""

from __future__ import annotations

from dataclasses import dataclass

from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source, Span
from rulelang.syntax.builder import Builder
from rulelang.syntax.items import Item, Splitter
from rulelang.syntax.lalr import Machine, reductions
from rulelang.syntax.lexer import tokenize
from rulelang.syntax.newlines import breaks
from rulelang.syntax.nodes import Declaration, Expr, Module, Rule
from rulelang.syntax.tokens import END_OF_INPUT, Token


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text says, and what is wrong with it. Items that did not parse at all are left out."""

    module: Module
    diagnostics: tuple[Diagnostic, ...]


def parse(source: Source) -> Parsed:
    """The syntax tree of a file. Never raises: every mistake is a diagnostic."""
    lexed = tokenize(source)
    diagnostics = list(lexed.diagnostics)
    bound = reductions(Builder())
    items: list[Rule | Declaration] = []
    for item in Splitter(source, lexed.tokens).split():
        machine = Machine(item.start if item.start != "junk" else "rule", bound)
        bad = _run(machine, item)
        if bad is None:
            items.append(machine.values[0])
        else:
            diagnostics.append(Diagnostic("E0001", f"unexpected `{bad.text}`", source, bad.span))
    return Parsed(Module(Span(0, len(source.text)), tuple(items)), tuple(diagnostics))


def parse_expression(source: Source) -> tuple[Expr | None, tuple[Diagnostic, ...]]:
    """The expression that a text holds, for the prompt."""
    lexed = tokenize(source)
    machine = Machine("prompt", reductions(Builder()))
    bad = _run(machine, Item("prompt", lexed.tokens))
    if bad is None and machine.values:
        return machine.values[0], lexed.diagnostics
    at = bad.span if bad else Span(0, 0)
    return None, (*lexed.diagnostics, Diagnostic("E0001", "unexpected end", source, at))


def _run(machine: Machine, item: Item) -> Token | None:
    tokens = item.tokens
    end = tokens[-1].end if tokens else 0
    last = Token(END_OF_INPUT, "", end, end, True)
    depth = 0
    for at, token in enumerate(tokens):
        after = tokens[at + 1] if at + 1 < len(tokens) else last
        if at and not depth and breaks(tokens[at - 1], token, after):
            machine.feed(Token("SEMICOLON", ";", tokens[at - 1].end, tokens[at - 1].end, False))
        depth += (token.kind in ("LPAR", "LSQB")) - (token.kind in ("RPAR", "RSQB"))
        if not machine.feed(token):
            return token
    return None if machine.feed(last) else last
