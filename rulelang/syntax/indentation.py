"""Which `end` closes which block, held against how the author indented them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rulelang.source import Source
from rulelang.syntax.blocks import TRACKED, Blocks
from rulelang.syntax.tokens import Token


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An `end` on a line of its own that stands in another column than the line of the block it closes.

    `outward` says that it stands further left: then the block is probably the one without an `end`.
    """

    opener: Token
    end: Token
    outward: bool


def mismatches(source: Source, tokens: Sequence[Token]) -> Iterator[Mismatch]:
    """The pairs of a block and its `end` that do not line up, in the order of the `end`s."""
    blocks, columns = Blocks(), list[int]()
    column = 0
    for token in tokens:
        if token.first:
            column = source.position(token.start).column
        last = blocks.open[-1:]
        blocks.note(token)
        if token.kind == "END" and last:
            opened = columns.pop()
            if token.first and column != opened:
                yield Mismatch(last[0], token, column < opened)
        elif len(blocks.open) > len(columns):
            columns.append(column)


def left_open(tokens: Sequence[Token]) -> bool:
    """Whether some block has no `end`; of a rule that parsed it is the rule's own."""
    blocks = Blocks()
    for token in tokens:
        if token.kind in TRACKED:
            blocks.note(token)
    return bool(blocks.open)
