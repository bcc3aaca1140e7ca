"""Lists in expressions: literals, `in`, `contains`; and patterns, the other operand with rules of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rulelang.check.compare import align, is_null
from rulelang.check.context import Context, Expected
from rulelang.check.convert import as_date, comparable, is_any
from rulelang.check.names import is_field, resolve
from rulelang.check.patterns import pattern_fault
from rulelang.check.typed import Apply, Bad, Const, Typed
from rulelang.check.values import CLOSED, TEXTUAL
from rulelang.diagnostics import messages
from rulelang.source import Span
from rulelang.syntax import nodes
from rulelang.types.model import ANY, BOOL, DATE, TEXT, Kind, Type

Typer = Callable[[Context, nodes.Expr, Expected], Typed]


def list_literal(
    context: Context, span: Span, items: Sequence[nodes.Expr], expected: Expected, typer: Typer
) -> Typed:
    """`[a, b]` where a list is expected; its items share one type."""
    item = expected.type.item if expected.type.kind is Kind.LIST and expected.type.item else ANY
    wanted = Expected(item, expected.text, expected.declared)
    typed = [typer(context, node, wanted) for node in items]
    first = next((t for t in typed if not is_any(t)), None)
    for value in typed:
        if first is not None and not is_any(value) and not comparable(first.type, value.type):
            return _mixed(context, value, first)
    return _list(span, typed, first.type if first is not None else item)


def _mixed(context: Context, value: Typed, first: Typed) -> Typed:
    return context.report(messages.mixed_list(context.source, context.part(first), context.part(value)))


def _list(span: Span, items: Sequence[Typed], item: Type) -> Typed:
    type_ = Type(Kind.LIST, item=item)
    if all(isinstance(value, Const) for value in items):
        return Const(type_, span, [value.value for value in items if isinstance(value, Const)])
    return Apply(type_, span, "list", tuple(items))


# --- in --------------------------------------------------------------------------------------------


def membership(context: Context, node: nodes.Binary, typer: Typer) -> Typed:
    """`x in [a, b]`, or in a field that holds a list."""
    if isinstance(node.right, nodes.ListLit):
        return _one_of(context, node, node.right, typer)
    if isinstance(node.right, nodes.Name) and not is_field(context, node.right):
        return _bare_list(context, node.right)
    whole = typer(context, node.right, Expected(ANY))
    item = whole.type.item if whole.type.kind is Kind.LIST and whole.type.item else ANY
    value = typer(context, node.left, Expected(item, context.text(node.right.span)))
    if whole.type.kind is not Kind.LIST and not is_any(whole):
        text = context.text(node.right.span)
        context.report(messages.not_a_list(context.source, node.right.span, text, whole.type))
    elif not comparable(value.type, item):
        _refuse_item(context, whole, value)
    return Apply(BOOL, node.span, "in", (value, whole))


def _bare_list(context: Context, right: nodes.Name) -> Typed:
    """A word after `in` that is no field: most probably a value that wants brackets around it."""
    if len(right.parts) > 1:
        return resolve(context, right, Expected(ANY))
    word = context.text(right.span)
    return context.report(messages.not_a_list(context.source, right.span, word, Type(Kind.ENUM)))


def _refuse_item(context: Context, whole: Typed, value: Typed) -> None:
    context.report(messages.incomparable(context.source, context.part(whole), context.part(value)))


def _one_of(context: Context, node: nodes.Binary, right: nodes.ListLit, typer: Typer) -> Typed:
    left = _needy(context, node.left, right, typer)
    expected = context.expecting(left)
    items = [typer(context, item, expected) for item in right.items]
    pairs = [_aligned(context, left, item) for item in items]
    if all(p is not None for p in pairs) and any(t.type == DATE for t in items):
        left, items = as_date(left), [as_date(item) for item in items]
    return Apply(BOOL, node.span, "in", (left, _list(right.span, items, left.type)))


def _needy(context: Context, left: nodes.Expr, right: nodes.ListLit, typer: Typer) -> Typed:
    """The left side; a bare word that is no field takes its type from a field among the items."""
    if isinstance(left, nodes.Name | nodes.TextLit) and not is_field(context, left):
        known = next((item for item in right.items if is_field(context, item)), None)
        if known is not None:
            return typer(context, left, context.expecting(typer(context, known, Expected(ANY))))
    return typer(context, left, Expected(ANY))


def _aligned(context: Context, left: Typed, item: Typed) -> bool | None:
    if is_null(item):
        context.report(messages.null_value(context.source, item.span))
        return None
    return True if align(context, left, item) is not None else None


# --- contains --------------------------------------------------------------------------------------


def contains(context: Context, node: nodes.Binary, typer: Typer) -> Typed:
    """`list contains item` or `text contains text`."""
    whole = typer(context, node.left, Expected(ANY))
    part = typer(context, node.right, _wanted_part(context, whole))
    if whole.type.kind is Kind.LIST:
        _check_item(context, whole, part)
    elif whole.type.kind in TEXTUAL:
        if part.type.kind not in TEXTUAL and not is_any(part):
            text = context.text(part.span)
            context.report(messages.needs_text(context.source, part.span, "contains", text, part.type))
    elif not is_any(whole):
        text = context.text(whole.span)
        context.report(messages.no_contents(context.source, whole.span, text, whole.type))
    return Apply(BOOL, node.span, "contains", (whole, part))


def _wanted_part(context: Context, whole: Typed) -> Expected:
    if whole.type.kind is Kind.LIST:
        return Expected(whole.type.item or ANY, context.text(whole.span))
    return (
        Expected(TEXT, context.text(whole.span)) if whole.type.kind in (Kind.TEXT, *CLOSED) else Expected(ANY)
    )


def _check_item(context: Context, whole: Typed, part: Typed) -> None:
    if is_null(part) or not comparable(whole.type.item or ANY, part.type):
        _refuse_item(context, whole, part)


# --- patterns --------------------------------------------------------------------------------------


def check_pattern(context: Context, pattern: Typed) -> None:
    """The right side of `matches`: a literal that RE2 accepts."""
    if isinstance(pattern, Bad) or pattern.type.kind not in (Kind.TEXT, Kind.ANY):
        return
    if not isinstance(pattern, Const):
        context.report(messages.pattern_not_literal(context.source, pattern.span))
    elif fault := pattern_fault(pattern.value):
        context.report(messages.bad_pattern(context.source, pattern.span, fault))
