"""Whether the author put parentheses around an `and` inside an `or`: the tree does not tell, the text does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rulelang.source import Source
from rulelang.syntax.nodes import Binary, Expr

_MARK = re.compile(r'"(?:\\.|[^"\\\n])*"|(?:#|//)[^\n]*|[()]')


def unparenthesised(source: Source, node: Binary, operands: Sequence[Expr]) -> Iterator[Binary]:
    """The operands of an `or` chain that are an `and` without parentheses around it."""
    ors = _op_positions(node)
    for index, operand in enumerate(operands):
        if not isinstance(operand, Binary) or operand.op != "and":
            continue
        at = ors[max(index - 1, 0)]
        between = sorted((at, operand.op_span.start))
        if _net_depth(source.text[between[0] : between[1]]) == 0:
            yield operand


def _op_positions(node: Binary) -> list[int]:
    """Where the operators of a chain stand, from left to right."""
    found = [node.op_span.start]
    left = node.left
    while isinstance(left, Binary) and left.op == node.op:
        found.append(left.op_span.start)
        left = left.left
    return found[::-1]


def _net_depth(text: str) -> int:
    """How many parentheses a text opens, less those it closes; those in quotes and comments do not count."""
    marks = (match.group() for match in _MARK.finditer(text))
    return sum(1 if mark == "(" else -1 if mark == ")" else 0 for mark in marks)
