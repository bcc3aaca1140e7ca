"""Trees without their places, and programs printed from them."""

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
            return f"`{name}`({', '.join(map(_argument, args))})"
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


def _argument(argument: n.Argument) -> str:
    value = print_expression(argument.value)
    return f"`{argument.name}`: {value}" if argument.name else value


def print_steps(steps: tuple[Any, ...], indent: str) -> str:
    return "".join(f"{indent}{_step(step, indent)}\n" for step in steps)


def _step(step: Any, indent: str) -> str:
    match step:
        case n.ActionStep(_, phrase, when):
            return _phrase(phrase) + _when(when)
        case n.WaitStep(_, mode, value, when):
            return f"wait {'until ' if mode == 'until' else ''}{print_expression(value)}{_when(when)}"
        case n.StopStep(_, when):
            return f"stop{_when(when)}"
        case n.BlockStep(_, steps, when):
            return f"do\n{print_steps(steps, indent + '  ')}{indent}end{_when(when)}"
        case n.IfStep(_, branches, otherwise):
            words = ["if"] + ["elif"] * (len(branches) - 1)
            text = f"\n{indent}".join(
                f"{word} {print_expression(b.condition)} then\n{print_steps(b.steps, indent + '  ').rstrip()}"
                for word, b in zip(words, branches, strict=True)
            )
            rest = f"\n{indent}else\n{print_steps(otherwise, indent + '  ').rstrip()}" if otherwise else ""
            return f"{text}{rest}\n{indent}end"
    raise AssertionError(step)


def _when(condition: Any) -> str:
    return f" when {print_expression(condition)}" if condition is not None else ""


def _phrase(phrase: n.Phrase) -> str:
    text = ""
    for part in phrase.parts:
        match part:
            case n.Word(_, word):
                text += f" {word}"
            case n.Operand(_, value):
                text += f" {print_expression(value)}"
            case n.Arguments(_, items):
                text += f"({', '.join(map(_argument, items))})"
    return text.strip()


def print_rule(rule: n.Rule) -> str:
    """A rule in its long form."""
    head = "rule"
    head += f" {print_expression(rule.name)}" if rule.name else ""
    head += f" for {rule.subject.text}" if rule.subject else ""
    head += f" {rule.state.text}" if rule.state else ""
    lines = [head, *[f"  on {_phrase(trigger.phrase)}" for trigger in rule.triggers]]
    lines += [f"  when {print_expression(rule.when)}"] if rule.when is not None else []
    lines += [f"  enrol {' '.join(w.text for w in rule.enrol.words)}"] if rule.enrol else []
    lines += [f"  exit when {print_expression(clause.condition)}" for clause in rule.exits]
    return "\n".join(lines) + f"\ndo\n{print_steps(rule.steps, '  ')}end\n"
