"""Ways through syntax trees and checked trees that need no case for each kind of node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from rulelang.check.typed import CheckedRule
from rulelang.source import Span
from rulelang.syntax.moving import Items
from rulelang.syntax.nodes import Node

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


_names: dict[type, tuple[str, ...]] = {}


def _names_of(value: DataclassInstance) -> tuple[str, ...]:
    kind = type(value)
    if kind not in _names:
        skipped = ("node", "source", "diagnostics") if kind is CheckedRule else ()
        _names[kind] = tuple(f.name for f in fields(value) if f.name not in skipped)
    return _names[kind]


def children(value: object) -> Iterator[object]:
    """The parts of a node that have places of their own, in the order of its fields."""
    if isinstance(value, (tuple, Items)):
        found: Iterator[object] = iter(value)
    elif isinstance(value, Mapping):
        found = iter(value.values())
    elif is_dataclass(value) and not isinstance(value, type):
        found = (getattr(value, name) for name in _names_of(value))
    else:
        return
    for child in found:
        if isinstance(child, (tuple, Items, Mapping)):
            yield from children(child)
        elif is_dataclass(child) and not isinstance(child, (type, Span)) and hasattr(child, "span"):
            yield child


def everything(value: object) -> Iterator[object]:
    """A node and all inside it, outer ones first, without recursion: expressions may be deep."""
    todo = [value]
    while todo:
        each = todo.pop()
        yield each
        todo.extend(reversed(list(children(each))))


def around(node: Node, offset: int) -> tuple[Node, ...]:
    """The nodes around a place, the outermost first; a place at either end of a node belongs to it."""
    found: list[Node] = [node]
    while True:
        inner = [c for c in children(found[-1]) if isinstance(c, Node) and touches(c.span, offset)]
        if not inner:
            return tuple(found)
        found.append(inner[-1])


def touches(span: Span, offset: int) -> bool:
    """Whether a place lies in a span or at one of its ends."""
    return span.start <= offset <= span.end
