"""The plain interpreter of plan expressions: what they mean, and why a condition is false.

The generated code of `compile` and `matcher` is tested against this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rulelang.plan.ir import Get, Ir, Lit, Op, conjuncts
from rulelang.plan.operators import UnknownOperatorError, operator_of
from rulelang.plan.scope import JSON, Scope
from rulelang.plan.wording import describe, show

__all__ = [
    "Explanation",
    "UnknownOperatorError",
    "apply",
    "evaluate",
    "explain",
    "fetch",
    "first_false",
    "holds",
]


def evaluate(ir: Ir, scope: Scope) -> JSON:
    """The value of an expression; None is a missing one. Data of any shape raises nothing.

    Raises:
        UnknownOperatorError: the expression was not made for this version.
    """
    if isinstance(ir, Lit):
        return ir.v
    if isinstance(ir, Get):
        return fetch(ir.p, scope)
    if ir.n == "and":
        return all(evaluate(arg, scope) is True for arg in ir.a)
    if ir.n == "or":
        return any(evaluate(arg, scope) is True for arg in ir.a)
    return apply(ir, [evaluate(arg, scope) for arg in ir.a], scope)


def apply(op: Op, args: list[JSON], scope: Scope) -> JSON:
    """An operator on values.

    Raises:
        UnknownOperatorError: this version does not have it, or not with so many arguments.
    """
    return operator_of(op).call(scope, *args)


def fetch(path: tuple[str, ...], scope: Scope) -> JSON:
    """The value at a path; missing when a part of it is."""
    value: JSON = scope.values
    for key in path:
        # The first test is for speed: abstract classes are slow to ask.
        if value.__class__ is not dict and not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def holds(ir: Ir | None, scope: Scope) -> bool:
    """Whether a condition is true; None (no condition) is."""
    return ir is None or evaluate(ir, scope) is True


# --- why -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Explanation:
    """One node of an evaluated expression: its words, its value, and the same for its arguments."""

    ir: Ir
    text: str
    value: JSON
    parts: tuple[Explanation, ...] = ()


def explain(ir: Ir, scope: Scope) -> Explanation:
    """The expression with the value of every part, also of those that short-circuiting would skip."""
    text = describe(ir, scope.subject)
    if not isinstance(ir, Op):
        return Explanation(ir, text, evaluate(ir, scope))
    parts = tuple(explain(arg, scope) for arg in ir.a)
    return Explanation(ir, text, apply(ir, [part.value for part in parts], scope), parts)


def first_false(ir: Ir | None, scope: Scope) -> str:
    """One sentence on the first part of a condition that does not hold, with the values found.

    Such as `status is "customer", not "trial"` or `country is missing`; "" when the condition holds.
    """
    for part in conjuncts(ir):
        if evaluate(part, scope) is not True:
            return _Failure(scope).of(part)
    return ""


class _Failure:
    """Says of a condition that is false why it is."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def of(self, ir: Ir) -> str:
        """The sentence for any condition that does not hold."""
        if not isinstance(ir, Op):
            return self.bare(ir)
        if ir.n == "and":
            return first_false(ir, self.scope)
        if ir.n == "or":
            return self.either(ir)
        if ir.n == "not":
            return self.excluded(ir.a[0])
        return self.comparison(ir)

    def bare(self, ir: Ir) -> str:
        """A field or constant that stands alone as a condition."""
        if isinstance(ir, Lit):
            return "the condition is never true"
        value = evaluate(ir, self.scope)
        return (
            f"{self.words(ir)} is missing"
            if value is None
            else f"{self.words(ir)} is {show(value)}, not true"
        )

    def either(self, op: Op) -> str:
        """All alternatives are false; the first three are told."""
        told = [self.of(arg) for arg in op.a[:3]] or ["no alternative holds"]
        if len(op.a) > 3:
            told.append(f"{len(op.a) - 3} more alternatives do not hold either")
        return ", and ".join(dict.fromkeys(told))

    def excluded(self, ir: Ir) -> str:
        """`not …` is false because what follows holds."""
        if isinstance(ir, Op) and ir.n == "not":
            return self.of(ir.a[0])
        if isinstance(ir, Op) and ir.n in _HELD and ir.n != "is_set":
            return f"{self.found(ir.a[0])}, {_HELD[ir.n].format(*self.shown(ir.a[1:]))}".rstrip(", ")
        if isinstance(ir, Op) and ir.n == "is_set":
            return self.found(ir.a[0])
        if isinstance(ir, Get):
            return self.found(ir)
        return f"{self.words(ir)} holds"

    def comparison(self, op: Op) -> str:
        """An operator with a value on its left; the first missing side is the reason when one is missing."""
        if op.n == "is_set":
            return f"{self.words(op.a[0])} is missing"
        if op.n not in _FAILED:
            return f"{self.words(op)} is {show(evaluate(op, self.scope))}, not true"
        for arg in op.a:
            if op.n not in ("ne", "is_empty") and evaluate(arg, self.scope) is None:
                return f"{self.words(arg)} is missing"
        if op.n.startswith("duration."):
            spans = [str(evaluate(arg, self.scope)) for arg in op.a]
            return f"{self.words(op.a[0])} is {spans[0]}, {_FAILED[op.n].format(spans[1])}"
        wanted = _ordering(op.n, evaluate(op.a[-1], self.scope)) or _FAILED[op.n]
        return f"{self.found(op.a[0])}, {wanted.format(*self.shown(op.a[1:]))}"

    def found(self, ir: Ir) -> str:
        """`score is 42`; the words alone where they are the value."""
        return f"{self.words(ir)} is {show(evaluate(ir, self.scope))}"

    def shown(self, args: tuple[Ir, ...]) -> list[str]:
        """The values on the right; those that are no constants with their words."""
        return [self.operand(arg) for arg in args]

    def operand(self, ir: Ir) -> str:
        """A value wanted: lists without brackets, computed ones with where they come from."""
        value = evaluate(ir, self.scope)
        text = ", ".join(map(show, value)) if isinstance(value, list) else show(value)
        is_plain = isinstance(ir, Lit) or (isinstance(ir, Op) and ir.n == "list")
        return text if is_plain else f"{text} ({self.words(ir)})"

    def words(self, ir: Ir) -> str:
        """The expression as the author would write it."""
        return describe(ir, self.scope.subject)


_FAILED = {
    "eq": "not {}",
    "ne": "which is excluded",
    "lt": "not less than {}",
    "le": "not at most {}",
    "gt": "not more than {}",
    "ge": "not at least {}",
    "in": "not one of {}",
    "contains": "without {}",
    "starts_with": "not starting with {}",
    "ends_with": "not ending with {}",
    "matches": "not matching {}",
    "between": "not between {} and {}",
    "is_empty": "not empty",
    "duration.lt": "not shorter than {}",
    "duration.le": "not at most {}",
    "duration.gt": "not longer than {}",
    "duration.ge": "not at least {}",
    "duration.eq": "not {}",
}
_HELD = {
    "eq": "which is excluded",
    "ne": "not {}",
    "lt": "less than {}",
    "le": "at most {}",
    "gt": "more than {}",
    "ge": "at least {}",
    "in": "one of {}",
    "contains": "with {}",
    "starts_with": "starting with {}",
    "ends_with": "ending with {}",
    "matches": "matching {}",
    "between": "between {} and {}",
    "is_set": "",
    "is_empty": "which is empty",
}
_DATES = {"lt": "not before {}", "le": "not up to {}", "gt": "not after {}", "ge": "not on or after {}"}


def _ordering(name: str, bound: JSON) -> str:
    """Dates and times come before and after each other; "" for other values."""
    return _DATES.get(name, "") if isinstance(bound, str) and ("-" in bound or ":" in bound) else ""
