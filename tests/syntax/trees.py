"""Trees without their places, and expressions printed from them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from rulelang.syntax import nodes as n


def bare(value: Any) -> Any:
    """A node as nested tuples, without its places; two programs that say the same are equal."""
    if isinstance(value, n.Node):
        names = [f.name for f in fields(value) if not f.name.endswith(("span", "spans"))]
        return (type(value).__name__, *[bare(getattr(value, name)) for name in names])
    return tuple(map(bare, value)) if isinstance(value, tuple) else value


_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


def print_expression(node: Any) -> str:
    """An expression with parentheses around every operator."""
    match node:
        case n.TextLit(_, value):
            return '"' + "".join(_escaped(char) for char in value) + '"'
        case n.NumberLit(_, value):
            return f"{value:f}"
        case n.MoneyLit(_, amount, currency):
            return f"{_SIGNS[currency]}{amount:f}" if currency in _SIGNS else f"{amount:f}{currency}"
        case n.PercentLit(_, value):
            return f"{value:f}%"
        case n.DurationLit(_, parts):
            return "".join(f"{count}{unit}" for count, unit in parts)
        case n.DateLit():
            return f"{node.year:04}-{node.month:02}-{node.day:02}"
        case n.DateTimeLit(_, text):
            return text
        case n.TimeLit(_, hour, minute):
            return f"{hour}:{minute:02}"
        case n.BoolLit(_, value):
            return "true" if value else "false"
        case n.NullLit():
            return "null"
        case n.Name(_, parts):
            return ".".join(f"`{part}`" for part in parts)
        case n.ListLit(_, items):
            return f"[{', '.join(map(print_expression, items))}]"
        case n.Call(_, name, _, args):
            return f"`{name}`({', '.join(map(print_argument, args))})"
        case n.Unary(_, op, operand):
            return f"({op} {print_expression(operand)})"
        case n.Binary(_, op, _, left, right):
            return f"({print_expression(left)} {op} {print_expression(right)})"
        case n.Between(_, value, low, high):
            return f"({print_expression(value)} between {print_expression(low)} and {print_expression(high)})"
        case n.Test(_, value, what, negated):
            return f"({print_expression(value)} is {'not ' if negated else ''}{what})"
    raise AssertionError(node)


def _escaped(char: str) -> str:
    named = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}.get(char)
    return named or (char if char.isalnum() else f"\\u{{{ord(char):x}}}")


def print_argument(argument: n.Argument) -> str:
    value = print_expression(argument.value)
    return f"`{argument.name}`: {value}" if argument.name else value
