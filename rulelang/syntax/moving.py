"""The same nodes and diagnostics at another place of the text: what an edit further up does to the items below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any, Generic, TypeVar, overload

from rulelang.diagnostics.model import Diagnostic, Fix, Label
from rulelang.source import Source, Span
from rulelang.syntax.nodes import Node

T = TypeVar("T", bound=Node)
_FIELDS: dict[type, tuple[str, ...]] = {}


def moved(node: T, by: int) -> T:
    """The node with every span `by` code points further on."""
    return node if by == 0 else _moved(node, by)


def _moved(value: Any, by: int) -> Any:
    if isinstance(value, Span):
        return Span(value.start + by, value.end + by)
    if isinstance(value, Node):
        return type(value)(*[_moved(getattr(value, name), by) for name in field_names(type(value))])
    if isinstance(value, tuple):
        return tuple([_moved(entry, by) for entry in value])
    return value


class Placed(Generic[T]):
    """A node at another place, moved there when somebody asks for it: most items below an edit are never looked at.

    `base` is the node where it was read, whose words are the same; only its places may be others.
    """

    __slots__ = ("_node", "base", "by")

    def __init__(self, base: T, by: int = 0) -> None:
        self.base, self.by = base, by
        self._node: T | None = None

    @property
    def node(self) -> T:
        """The node at its place."""
        if self._node is None:
            self._node = moved(self.base, self.by)
        return self._node

    @property
    def span(self) -> Span:
        """The place of the node."""
        span = self.base.span
        return span if self.by == 0 else Span(span.start + self.by, span.end + self.by)


class Items(Sequence[T]):
    """Nodes in the order written; equal to whatever sequence holds the same ones."""

    __slots__ = ("placed",)

    def __init__(self, placed: Iterable[Placed[T]]) -> None:
        self.placed = tuple(placed)

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[T]: ...
    def __getitem__(self, at: int | slice) -> T | Sequence[T]:
        return Items(self.placed[at]) if isinstance(at, slice) else self.placed[at].node

    def __len__(self) -> int:
        return len(self.placed)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


def field_names(kind: type) -> tuple[str, ...]:
    """The fields of a class of nodes, in order."""
    names = _FIELDS.get(kind)
    if names is None:
        names = _FIELDS[kind] = tuple(field.name for field in fields(kind))
    return names


def moved_diagnostic(diagnostic: Diagnostic, source: Source, by: int) -> Diagnostic:
    """The diagnostic in another text that holds the same words `by` code points further on."""
    labels = tuple(Label(_moved(label.span, by), label.text, label.source) for label in diagnostic.labels)
    fixes = tuple(Fix(fix.title, _moved(fix.span, by), fix.replacement) for fix in diagnostic.fixes)
    return replace(diagnostic, source=source, span=_moved(diagnostic.span, by), labels=labels, fixes=fixes)
