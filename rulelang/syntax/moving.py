"""The same nodes and diagnostics at another place of the text: what an edit further up does to the items below."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

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
