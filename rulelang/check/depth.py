"""How deep expressions are nested, measured without recursion."""

from __future__ import annotations

from collections.abc import Iterator

from rulelang.syntax import nodes

MAX_DEPTH = 64
"""The deepest nesting of an expression; each operator of a chain of arithmetic is a level."""


def too_deep(root: nodes.Expr, most: int) -> bool:
    """Whether an expression is nested deeper than `most`; a chain of `and` or of `or` counts as one level."""
    # Each level takes at least an operator and an operand, so that short texts need no walk.
    if root.span.end - root.span.start <= 2 * most:
        return False
    todo: list[tuple[nodes.Expr, int]] = [(root, 1)]
    while todo:
        node, depth = todo.pop()
        if depth > most:
            return True
        op = node.op if isinstance(node, nodes.Binary) else ""
        for child in children(node):
            chained = op in ("and", "or") and isinstance(child, nodes.Binary) and child.op == op
            todo.append((child, depth if chained else depth + 1))
    return False


def children(node: nodes.Expr) -> Iterator[nodes.Expr]:
    """The expressions directly inside another, in the order written."""
    match node:
        case nodes.Unary(_, _, operand):
            yield operand
        case nodes.Binary():
            yield from (node.left, node.right)
        case nodes.Between():
            yield from (node.value, node.low, node.high)
        case nodes.Test(_, value):
            yield value
        case nodes.ListLit(_, items):
            yield from items
        case nodes.InSegment(record=record) if record is not None:
            yield record
        case nodes.Happening():
            yield from (part for part in (node.window, node.where) if part is not None)
        case nodes.Call():
            yield from (argument.value for argument in node.args)
