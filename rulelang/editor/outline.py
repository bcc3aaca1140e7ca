"""The outline of a file and the lines that can be folded."""

from __future__ import annotations

from collections.abc import Iterator

from rulelang.editor.model import Folding, Symbol, SymbolKind
from rulelang.editor.walk import everything
from rulelang.source import Source, Span
from rulelang.syntax import nodes
from rulelang.syntax.lexer import tokenize
from rulelang.workspace import FileState

_BLOCKS = (
    nodes.Rule,
    nodes.Declaration,
    nodes.IfStep,
    nodes.MatchStep,
    nodes.SplitStep,
    nodes.RepeatStep,
    nodes.EachStep,
    nodes.ParallelStep,
    nodes.ListenStep,
    nodes.BlockStep,
    nodes.Case,
)


def symbols(file: FileState) -> tuple[Symbol, ...]:
    """Rules with their triggers and declarations with their entries, from top to bottom."""
    keys = {rule.span: rule.key for rule in file.rules}
    return tuple(
        _rule(file.source, item, keys.get(item.span, ""))
        if isinstance(item, nodes.Rule)
        else _declaration(file.source, item)
        for item in file.parsed.module.items
    )


def _rule(source: Source, rule: nodes.Rule, key: str) -> Symbol:
    triggers = tuple(
        Symbol(source.slice(t.phrase.span), SymbolKind.TRIGGER, t.phrase.span, t.phrase.span)
        for t in rule.triggers
    )
    if rule.name is not None:
        return Symbol(rule.name.value, SymbolKind.RULE, rule.span, rule.name.span, triggers)
    # A rule without a name is known by what sets it off.
    selection = triggers[0].span if triggers else Span(rule.span.start, rule.span.start)
    name = f"on {triggers[0].name}" if triggers else key
    if not triggers and rule.when is not None:
        selection, name = rule.when.span, f"when {source.slice(rule.when.span)}"
    return Symbol(name, SymbolKind.RULE, rule.span, selection, triggers)


def _declaration(source: Source, item: nodes.Declaration) -> Symbol:
    entries = tuple(
        Symbol(source.slice(e.span), SymbolKind.ENTRY, e.span, e.parts[0].span)
        for e in item.entries
        if e.parts
    )
    head = " ".join(source.slice(item.keyword.span.to(part.span)) for part in item.head[:1])
    line = source.line(source.position(item.span.start).line)
    name = (
        head
        if item.keyword.text in ("person", "team", "event", "pipeline", "segment")
        else line.partition(":")[0]
    )
    return Symbol(
        name.strip() or item.keyword.text, SymbolKind.DECLARATION, item.span, item.keyword.span, entries
    )


def folding(file: FileState) -> tuple[Folding, ...]:
    """Blocks and runs of comments of more than one line, by their first line."""
    found = {*_blocks(file), *_comments(file.source)}
    return tuple(sorted(found, key=lambda f: (f.first, f.last)))


def _blocks(file: FileState) -> Iterator[Folding]:
    source = file.source
    for item in file.parsed.module.items:
        for node in everything(item):
            if isinstance(node, _BLOCKS):
                end = node.span.start + len(source.slice(node.span).rstrip())
                first, last = source.position(node.span.start).line, source.position(end).line
                if last > first:
                    yield Folding(first, last)


def _comments(source: Source) -> Iterator[Folding]:
    lines = [
        line
        for line in (source.position(span.start).line for span in tokenize(source).comments)
        if source.line(line).lstrip().startswith(("#", "//"))
    ]
    first = before = 0
    for line in (*lines, 0):
        if line != before + 1 or not first:
            if first and before > first:
                yield Folding(first, before, comment=True)
            first = line
        before = line
