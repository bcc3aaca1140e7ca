"""Python source for plan expressions. Text only; `compile` is the one module that executes it.

Names in the source are generated, and literals and field names are constants beside it (`C0`, `C1` …), never a part
of it, so that equal shapes give equal source.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from rulelang.plan.ir import Get, Ir, Lit, Op
from rulelang.plan.operators import is_number, operator_of, searcher
from rulelang.plan.scope import JSON
from rulelang.plan.views import NO_KEY, Form, key

View: TypeAlias = Callable[[tuple[str, ...], Form], str]
"""Gives the source that reads a path in a form."""

MAX_NODES, MAX_DEPTH = 2_000, 30
"""Larger or deeper expressions are left to the interpreter: Python's own compiler has limits too."""

_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
_SYMBOLS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_HELPERS = {
    "lt": "less({0}, {1})",
    "le": "at_most({0}, {1})",
    "gt": "less({1}, {0})",
    "ge": "at_most({1}, {0})",
}


def is_small(ir: Ir) -> bool:
    """Whether code is generated for an expression."""
    level: tuple[Ir, ...] = (ir,)
    nodes = 0
    for _ in range(MAX_DEPTH):
        nodes += len(level)
        level = tuple(arg for node in level if isinstance(node, Op) for arg in node.a)
        if not level or nodes > MAX_NODES:
            break
    return not level and nodes <= MAX_NODES


class Constants:
    """What generated source refers to: data as `C0`, `C1` …, functions as `H0` …; equal data share a name."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.objects: list[Any] = []
        self._names: dict[Any, str] = {}

    def name(self, value: Any) -> str:
        """The name of a constant."""
        if callable(value):
            return self.held(value)
        try:
            # A float by its text, because 0.0 equals -0.0.
            identity = (value.__class__, repr(value) if value.__class__ is float else value)
            return self._named(identity, value, "C", self.values)
        except TypeError:
            return self._named((value.__class__, id(value)), value, "C", self.values)

    def held(self, value: Any) -> str:
        """The name of a function, or of data in a place where Python does not like to see a literal."""
        return self._named((value.__class__, id(value), "H"), value, "H", self.objects)

    def _named(self, identity: Any, value: Any, letter: str, values: list[Any]) -> str:
        if identity not in self._names:
            self._names[identity] = f"{letter}{len(values)}"
            values.append(value)
        return self._names[identity]


class Emitter:
    """Turns expressions into source that means what `interpret` says.

    The source refers to the scope as `S`, to what `view` gives, to `constants` and to the helpers of `compile`.
    """

    def __init__(self, view: View, constants: Constants, *, keyed: bool = False) -> None:
        """`keyed`: views cost nothing, so that all equalities of a field should look at it in one form."""
        self.view = view
        self.keyed = keyed
        self.constants = constants
        self.constant = self.constants.name

    def condition(self, ir: Ir) -> str:
        """Source of a condition: true or false, never anything else. Parenthesised where it must be."""
        if isinstance(ir, Lit):
            return "True" if ir.v is True else "False"
        if isinstance(ir, Get):
            return f"({self._equals(ir, True)})"
        operator_of(ir)
        if ir.n in ("and", "or"):
            return self._joined(ir)
        special = _CONDITIONS.get(ir.n)
        found = special(self, ir) if special else None
        return f"({found})" if found else f"({self._call(ir)} is True)"

    def value(self, ir: Ir) -> str:
        """Source of any value."""
        if isinstance(ir, Lit):
            return self.constants.held(ir.v)
        if isinstance(ir, Get):
            return self.view(ir.p, Form.RAW)
        return self.condition(ir) if operator_of(ir).condition else self._call(ir)

    def _call(self, op: Op) -> str:
        arguments = ", ".join(["S", *map(self.value, op.a)])
        return f"{self.constant(operator_of(op).call)}({arguments})"

    def _joined(self, op: Op) -> str:
        if not op.a:
            return "True" if op.n == "and" else "False"
        return "(" + f" {op.n} ".join(map(self.condition, op.a)) + ")"

    def negation(self, op: Op) -> str:
        """`not x`."""
        return f"not {self.condition(op.a[0])}"

    def equality(self, op: Op) -> str:
        """`eq`; a literal on one side decides how the other is looked at."""
        left, right = op.a
        if isinstance(left, Lit):
            left, right = right, left
        if isinstance(right, Lit) and not isinstance(right.v, list):
            return self._equals(left, right.v)
        return f"same({self.value(left)}, {self.value(right)})"

    def _equals(self, ir: Ir, literal: JSON) -> str:
        if literal is None:
            return "False"
        if self.keyed and isinstance(ir, Get):
            return f"{self.view(ir.p, Form.KEY)} == {self.constant(key(literal))}"
        if isinstance(literal, bool):
            return f"{self.value(ir)} is {literal}"
        if isinstance(literal, str):
            return f"{self.value(ir)} == {self.constant(literal)}"
        if isinstance(ir, Get):
            return f"{self.view(ir.p, Form.NUMBER)} == {self.constant(literal)}"
        return f"same({self.value(ir)}, {self.constant(literal)})"

    def inequality(self, op: Op) -> str:
        """`ne`, the exact negation of `eq`."""
        return f"not ({self.equality(op)})"

    def ordering(self, op: Op) -> str:
        """`lt le gt ge`."""
        left, right, name = *op.a, op.n
        if isinstance(left, Lit):
            left, right, name = right, left, _MIRRORED[name]
        form = _form_of(right)
        if isinstance(left, Get) and isinstance(right, Lit) and form is not None:
            return f"{self.view(left.p, form)} {_SYMBOLS[name]} {self.constant(right.v)}"
        return _HELPERS[name].format(self.value(left), self.value(right))

    def between(self, op: Op) -> str | None:
        """`between` with two literals of one type."""
        value, low, high = op.a
        form = _form_of(low)
        if not isinstance(value, Get) or not isinstance(low, Lit) or not isinstance(high, Lit):
            return None
        if form is None or form is not _form_of(high):
            return None
        return f"{self.constant(low.v)} <= {self.view(value.p, form)} <= {self.constant(high.v)}"

    def membership(self, op: Op) -> str | None:
        """`in` with a literal list of scalars."""
        value, items = op.a
        if not isinstance(value, Get) or not isinstance(items, Lit) or not isinstance(items.v, list):
            return None
        return f"{self.view(value.p, Form.KEY)} in {self.constant(keys_of(items.v))}"

    def containment(self, op: Op) -> str | None:
        """`contains` with a literal text."""
        whole, part = op.a
        if not isinstance(whole, Get) or not isinstance(part, Lit) or not isinstance(part.v, str):
            return None
        return f"{self.constant(part.v)} in {self.view(whole.p, Form.WHOLE)}"

    def affix(self, op: Op) -> str | None:
        """`starts_with` and `ends_with` with a literal text."""
        text, part = op.a
        if not isinstance(text, Get) or not isinstance(part, Lit) or not isinstance(part.v, str):
            return None
        method = "startswith" if op.n == "starts_with" else "endswith"
        return f"{self.view(text.p, Form.TEXT)}.{method}({self.constant(part.v)})"

    def search(self, op: Op) -> str | None:
        """`matches` with a literal pattern, compiled once."""
        text, pattern = op.a
        if not isinstance(pattern, Lit) or not isinstance(pattern.v, str):
            return None
        return f"{self.constant(searcher(pattern.v))}({self.value(text)})"

    def presence(self, op: Op) -> str:
        """`is_set` and `is_empty`."""
        value = self.value(op.a[0])
        return f"{value} is not None" if op.n == "is_set" else f"is_empty({value})"


def keys_of(items: list[JSON]) -> frozenset[Any]:
    """The items of a list as keys; missing ones, which equal nothing, are left out."""
    return frozenset(found for found in map(key, items) if found is not NO_KEY)


def _form_of(ir: Ir) -> Form | None:
    """How a value must be looked at to be ordered against a literal; None when `ir` is none or has no order."""
    if not isinstance(ir, Lit):
        return None
    if is_number(ir.v):
        return Form.NUMBER
    return Form.TEXT if isinstance(ir.v, str) else None


_CONDITIONS: dict[str, Callable[[Emitter, Op], str | None]] = {
    "not": Emitter.negation,
    "eq": Emitter.equality,
    "ne": Emitter.inequality,
    "lt": Emitter.ordering,
    "le": Emitter.ordering,
    "gt": Emitter.ordering,
    "ge": Emitter.ordering,
    "between": Emitter.between,
    "in": Emitter.membership,
    "contains": Emitter.containment,
    "starts_with": Emitter.affix,
    "ends_with": Emitter.affix,
    "matches": Emitter.search,
    "is_set": Emitter.presence,
    "is_empty": Emitter.presence,
}
