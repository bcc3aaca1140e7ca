"""How deep a tree is, measured without recursion, so that whoever walks it with recursion is safe."""

from __future__ import annotations

from typing import Any

from rulelang.syntax.moving import field_names
from rulelang.syntax.nodes import Node

MAX_DEPTH = 250
"""The deepest tree of one item. 64 levels of parentheses and blocks and a long chain of operators fit in."""


def too_deep(root: Node) -> bool:
    """Whether a tree is deeper than the bound."""
    todo: list[tuple[Any, int]] = [(root, 1)]
    while todo:
        value, depth = todo.pop()
        if depth > MAX_DEPTH:
            return True
        if isinstance(value, Node):
            todo += [(getattr(value, name), depth + 1) for name in field_names(type(value))]
        elif isinstance(value, tuple):
            todo += [(entry, depth) for entry in value]
    return False
