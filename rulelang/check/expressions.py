"""Types of expressions: every name resolved, every overload chosen, one message for each mistake."""

from __future__ import annotations

from rulelang.check import arithmetic, compare, lists
from rulelang.check.calls import call
from rulelang.check.constants import constant
from rulelang.check.context import NOTHING_EXPECTED, Context, Expected
from rulelang.check.convert import is_any, refuse_record
from rulelang.check.depth import MAX_DEPTH, too_deep
from rulelang.check.literals import literal
from rulelang.check.names import is_field, resolve
from rulelang.check.precedence import unparenthesised
from rulelang.check.segments import membership
from rulelang.check.typed import Apply, Bad, Const, Typed
from rulelang.check.values import CLOSED, TEXTUAL, text_value
from rulelang.diagnostics import followed, messages
from rulelang.source import Span
from rulelang.syntax import nodes
from rulelang.types.model import BOOL, TEXT, Kind

_TEXT_TESTS = {"starts with": "starts_with", "ends with": "ends_with", "matches": "matches"}


def typed(context: Context, node: nodes.Expr, expected: Expected = NOTHING_EXPECTED) -> Typed:
    """The typed form of a whole expression. `expected` says what bare words and texts in quotes may stand for."""
    if too_deep(node, MAX_DEPTH):
        return context.report(messages.too_deep(context.source, node.span, MAX_DEPTH))
    return expression(context, node, expected)


def expression(context: Context, node: nodes.Expr, expected: Expected = NOTHING_EXPECTED) -> Typed:
    """The typed form of an expression, or of a part of one, whose depth is known to be bounded."""
    match node:
        case nodes.TextLit(span, value):
            return _text(context, span, value, expected)
        case nodes.Name():
            return resolve(context, node, expected)
        case nodes.Binary():
            return _binary(context, node)
        case nodes.Unary(span, "not", operand):
            return negated(span, _operand_condition(context, operand))
        case nodes.Unary(span, _, operand):
            return arithmetic.negation(context, span, expression(context, operand))
        case nodes.Between():
            return _between(context, node)
        case nodes.Test():
            return _test(context, node)
        case nodes.ListLit(span, items):
            return lists.list_literal(context, span, items, expected, expression)
        case nodes.Call():
            return call(context, node, expression)
        case nodes.InSegment():
            return membership(context, node, expression(context, node.record) if node.record else None)
        case nodes.Happening():
            return _happening(context, node)
        case _:
            return literal(context, node)


def _happening(context: Context, node: nodes.Happening) -> Typed:
    if context.counter is not None:
        return context.counter(context, node)
    help_ = "they are counted in conditions of rules and segments"
    text = context.text(node.span)
    return context.report(followed.bad_count(context.source, node.span, text, "cannot be known here", help_))


def condition(context: Context, node: nodes.Expr) -> Typed:
    """The typed form of a whole condition, with warnings about its form."""
    if too_deep(node, MAX_DEPTH):
        return context.report(messages.too_deep(context.source, node.span, MAX_DEPTH))
    found = _operand_condition(context, node)
    value = constant(found)
    if value is not None:
        context.report(messages.always(context.source, node.span, value, context.text(node.span)))
    return found


def negated(span: Span, typed: Typed) -> Typed:
    """The exact negation; `!=` for `=`, and no double negation."""
    match typed:
        case Apply(_, _, "not", (inner,)):
            return inner
        case _:
            return Apply(BOOL, span, "not", (typed,))


def _text(context: Context, span: Span, value: str, expected: Expected) -> Typed:
    if expected.type.kind in CLOSED:
        return text_value(context, value, span, expected)
    return Const(TEXT, span, value)


# --- conditions ------------------------------------------------------------------------------------


def _operand_condition(context: Context, node: nodes.Expr) -> Typed:
    typed = expression(context, node)
    if typed.type == BOOL or is_any(typed):
        return typed
    if typed.type.kind is Kind.RECORD:
        return refuse_record(context, typed)
    text = context.text(node.span)
    hint = f"write {messages.q(f'{text} is set')}" if isinstance(node, nodes.Name) else ""
    return context.report(messages.not_a_condition(context.source, node.span, text, typed.type, hint))


def _binary(context: Context, node: nodes.Binary) -> Typed:
    match node.op:
        case "and" | "or":
            return _junction(context, node)
        case "in":
            return lists.membership(context, node, expression)
        case "not in":
            return negated(node.span, lists.membership(context, node, expression))
        case "contains":
            return lists.contains(context, node, expression)
        case op if op in _TEXT_TESTS:
            return _text_test(context, node)
        case op if op in arithmetic.NAMES:
            left, right = expression(context, node.left), expression(context, node.right)
            return arithmetic.arithmetic(context, node.span, op, left, right)
        case op:
            left, right = pair(context, node.left, node.right)
            return compare.comparison(context, node.span, op, left, right)


def _junction(context: Context, node: nodes.Binary) -> Typed:
    """`and`, `or`: the parts of a chain become arguments of one operator."""
    operands = _chain(node)
    if node.op == "or":
        for inner in unparenthesised(context.source, node, operands):
            text = context.text(inner.span)
            context.report(messages.mixed_and_or(context.source, inner.op_span, inner.span, text))
    parts = tuple(_operand_condition(context, operand) for operand in operands)
    return Apply(BOOL, node.span, node.op, parts)


def _chain(node: nodes.Binary) -> tuple[nodes.Expr, ...]:
    """The operands of a chain of one operator, from left to right, without recursion along the chain."""
    operands: list[nodes.Expr] = [node.right]
    left = node.left
    while isinstance(left, nodes.Binary) and left.op == node.op:
        operands.append(left.right)
        left = left.left
    return (left, *reversed(operands))


def pair(context: Context, left: nodes.Expr, right: nodes.Expr) -> tuple[Typed, Typed]:
    """Both sides of a comparison: the side that means something by itself gives the other its expected type."""
    if _leans(context, left) and not _leans(context, right):
        second = expression(context, right)
        return expression(context, left, context.expecting(second)), second
    first = expression(context, left)
    return first, expression(context, right, context.expecting(first))


def _leans(context: Context, node: nodes.Expr) -> bool:
    """Whether a side takes its meaning from the other one."""
    if isinstance(node, nodes.Name):
        return len(node.parts) == 1 and not is_field(context, node)
    return isinstance(node, nodes.TextLit | nodes.ListLit)


def _between(context: Context, node: nodes.Between) -> Typed:
    value = expression(context, node.value)
    expected = context.expecting(value)
    low, high = expression(context, node.low, expected), expression(context, node.high, expected)
    return compare.between(context, node.span, value, low, high)


def _test(context: Context, node: nodes.Test) -> Typed:
    value = expression(context, node.value)
    if value.type.kind is Kind.RECORD and not _is_part(value):
        value = refuse_record(context, value)
    found = Apply(BOOL, node.span, f"is_{node.what}", (value,))
    return negated(node.span, found) if node.negated else found


def _is_part(value: Typed) -> bool:
    return not isinstance(value, Bad | Const | Apply) and len(value.path) > 1


def _text_test(context: Context, node: nodes.Binary) -> Typed:
    left, right = expression(context, node.left), expression(context, node.right, Expected(TEXT, "text"))
    for side in (left, right):
        if side.type.kind not in TEXTUAL and not is_any(side):
            text = context.text(side.span)
            context.report(messages.needs_text(context.source, side.span, node.op, text, side.type))
    if node.op == "matches":
        lists.check_pattern(context, right)
    return Apply(BOOL, node.span, _TEXT_TESTS[node.op], (left, right))
