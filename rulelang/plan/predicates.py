"""Conditions as the matcher sees them: conjuncts, each with the table or the threshold it could be found through."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

import msgspec

from rulelang.plan.emit import keys_of
from rulelang.plan.ir import Get, Ir, Lit, Op, Path, conjuncts
from rulelang.plan.operators import is_number
from rulelang.plan.scope import JSON
from rulelang.plan.views import FALSE, TRUE, Form

MAX_KEYS = 64
"""A list longer than this is tested, not entered into a table under each of its items."""

MAX_ALTERNATIVES = 8

_FLIPPED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
# How likely an average event passes a test, and what making it costs beside a comparison of two texts.
_LIKELY = {"eq": 0.1, "in": 0.25, "contains": 0.2, "starts_with": 0.2, "ends_with": 0.2, "matches": 0.3}
_COSTS = {"contains": 1.2, "starts_with": 2.0, "ends_with": 2.0, "or": 2.0, "matches": 20.0}
_CHEAP = frozenset({"eq", "ne", "in", "ge", "gt", "le", "lt", "between", "not", "is_set", "is_empty"})


class By(StrEnum):
    """How a table finds its keys in a value."""

    __hash__ = str.__hash__

    KEY = "key"
    """the value is the key"""
    ELEMENT = "element"
    """keys are items of a list or parts of a text"""
    PREFIX = "prefix"
    SUFFIX = "suffix"


_SEARCHES = {"contains": By.ELEMENT, "starts_with": By.PREFIX, "ends_with": By.SUFFIX}
FORMS = {By.KEY: Form.KEY, By.ELEMENT: Form.ELEMENTS, By.PREFIX: Form.TEXT, By.SUFFIX: Form.TEXT}
"""How a value must be looked at for each kind of search."""


Place: TypeAlias = tuple[Path, By | Form]
"""A column: a path, and how keys are found there or in which form values are compared."""


@dataclass(frozen=True, slots=True)
class Access:
    """An equality-like test: true only if one of `keys` is found in the value at `path`."""

    path: Path
    by: By
    keys: tuple[Any, ...]

    @property
    def form(self) -> Form:
        """How the value must be looked at."""
        return FORMS[self.by]

    @property
    def place(self) -> Place:
        """The column that it belongs to."""
        return self.path, self.by


@dataclass(frozen=True, slots=True)
class Bound:
    """A comparison of the value at `path` with a constant: `ge` means that the value is at least `value`."""

    path: Path
    form: Form
    name: str
    value: Any


Cut: TypeAlias = tuple[Any, int]
"""A place between values: just before one (0) or just after it (1)."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A test that the value at `path` lies between two cuts; None where there is no end."""

    path: Path
    form: Form
    start: Cut | None
    end: Cut | None

    @property
    def place(self) -> Place:
        """The column that it belongs to."""
        return self.path, self.form


class Predicate:
    """One conjunct. Equal ones are one object, so that conditions share them and nodes can factor them out.

    `access` leads to it through a table. `column` is what a bitmap column knows it by: a table of keys or an
    interval, which `negated` says must not be met; `either` are the columns of an `or` of which one must be met.
    """

    __slots__ = ("__weakref__", "access", "bound", "column", "either", "ir", "likely", "negated", "rank")

    def __init__(self, ir: Ir) -> None:
        self.ir = ir
        positive, self.negated = _positive(ir)
        access = access_of(positive)
        self.access = None if self.negated else access
        self.bound = bound_of(ir)
        self.column = access or interval_of(positive)
        self.either = _either(ir) if self.column is None else ()
        self.likely = _likely(positive, access)
        if self.negated:
            self.likely = 1 - self.likely
        # Tests in the order of (1 - selectivity) / cost, best first.
        self.rank = (self.likely - 1) / _cost(positive)


Predicates: TypeAlias = tuple[Predicate, ...]


class Interner:
    """Makes predicates, one object for equal expressions for as long as a condition uses it."""

    def __init__(self) -> None:
        self._known: WeakValueDictionary[bytes, Predicate] = WeakValueDictionary()
        self._encode = msgspec.json.Encoder().encode

    def alternatives(self, condition: Ir | None) -> list[Predicates]:
        """The condition as one conjunction, or as several of which one must hold.

        Several only where no conjunct leads to a table but every branch of an `or` does.
        """
        parts = conjuncts(condition)
        whole = self._predicates(parts)
        if any(predicate.access is not None for predicate in whole):
            return [whole]
        for part in parts:
            branches = self._branches(part)
            if branches:
                others = tuple(other for other in parts if other is not part)
                return [self._predicates((*branch, *others)) for branch in branches]
        return [whole]

    def _branches(self, part: Ir) -> list[tuple[Ir, ...]]:
        """The branches of an `or` as conjunctions if each leads to a table, else none."""
        if not isinstance(part, Op) or part.n != "or" or not 0 < len(part.a) <= MAX_ALTERNATIVES:
            return []
        branches = [conjuncts(arg) for arg in part.a]
        return branches if all(any(map(access_of, branch)) for branch in branches) else []

    def _predicates(self, parts: tuple[Ir, ...]) -> Predicates:
        return tuple(sorted(dict.fromkeys(map(self._predicate, parts)), key=lambda found: found.rank))

    def _predicate(self, ir: Ir) -> Predicate:
        try:
            code = self._encode(ir)
        except UnicodeEncodeError:
            return Predicate(ir)
        # JSON has no infinities and writes them as null, so what has a null is not shared.
        if b"null" in code:
            return Predicate(ir)
        found = self._known.get(code)
        if found is None:
            found = self._known[code] = Predicate(ir)
        return found


def access_of(ir: Ir) -> Access | None:
    """The table that a conjunct could be found through."""
    if isinstance(ir, Get):
        return Access(ir.p, By.KEY, (TRUE,))
    if not isinstance(ir, Op):
        return None
    if ir.n == "or":
        return _merged(ir)
    field, literal, _ = _sides(ir)
    if field is None or literal is None:
        return None
    if ir.n in _SEARCHES and isinstance(literal.v, str) and ir.a[0] is field:
        return Access(field.p, _SEARCHES[ir.n], (literal.v,))
    items = _wanted(ir, literal.v)
    return None if items is None or len(items) > MAX_KEYS else Access(field.p, By.KEY, items)


def _wanted(op: Op, literal: JSON) -> tuple[Any, ...] | None:
    """The keys that `eq` or `in` with this literal allow; None for other operators and lists in lists."""
    if op.n == "eq" and not isinstance(literal, list):
        return tuple(keys_of([literal]))
    if op.n == "in" and isinstance(literal, list) and op.a[1].__class__ is Lit:
        return tuple(keys_of(literal))
    return None


def _merged(op: Op) -> Access | None:
    """`status = a or status = b` is like `status in [a, b]`."""
    found = [access_of(arg) for arg in op.a]
    first = found[0] if found else None
    if first is None or first.by is not By.KEY:
        return None
    keys: dict[Any, None] = {}
    for access in found:
        if access is None or access.path != first.path or access.by is not By.KEY:
            return None
        keys.update(dict.fromkeys(access.keys))
    return Access(first.path, By.KEY, tuple(keys)) if len(keys) <= MAX_KEYS else None


def _likely(ir: Ir, access: Access | None) -> float:
    if access is not None and access.keys in ((TRUE,), (FALSE,)):
        return 0.5
    return _LIKELY.get(ir.n, 0.5) if isinstance(ir, Op) else 0.5


def _cost(ir: Ir) -> float:
    if not isinstance(ir, Op) or ir.n in _CHEAP:
        return 1.0
    return _COSTS.get(ir.n, 8.0)


def _positive(ir: Ir) -> tuple[Ir, bool]:
    """The test without its negations, and whether it is negated."""
    negated = False
    while isinstance(ir, Op) and ir.n in ("not", "ne"):
        ir = ir.a[0] if ir.n == "not" else Op("eq", ir.a)
        negated = not negated
    return ir, negated


def _either(ir: Ir) -> tuple[Access | Interval, ...]:
    """The columns of the branches of an `or`, if each branch has one of its own."""
    if not isinstance(ir, Op) or ir.n != "or":
        return ()
    found = [access_of(branch) or interval_of(branch) for branch in ir.a]
    columns = tuple(column for column in found if column is not None)
    places = {column.place for column in columns}
    return columns if len(places) == len(found) else ()


def interval_of(ir: Ir) -> Interval | None:
    """The interval that a conjunct wants a field to be in."""
    bound = bound_of(ir)
    if bound is not None:
        return _half_open(bound)
    if not isinstance(ir, Op) or ir.n != "between":
        return None
    field, low, high = ir.a
    lower, upper = bound_of(Op("ge", (field, low))), bound_of(Op("le", (field, high)))
    if lower is None or upper is None or lower.form is not upper.form or not isinstance(field, Get):
        return None
    return Interval(lower.path, lower.form, (lower.value, 0), (upper.value, 1))


def _half_open(bound: Bound) -> Interval:
    if bound.name in ("ge", "gt"):
        return Interval(bound.path, bound.form, (bound.value, int(bound.name == "gt")), None)
    return Interval(bound.path, bound.form, None, (bound.value, int(bound.name == "le")))


def bound_of(ir: Ir) -> Bound | None:
    """The threshold that a conjunct compares a field with."""
    if not isinstance(ir, Op) or ir.n not in _FLIPPED:
        return None
    field, literal, mirrored = _sides(ir)
    if field is None or literal is None or literal.v != literal.v:
        return None
    name = _FLIPPED[ir.n] if mirrored else ir.n
    if is_number(literal.v):
        return Bound(field.p, Form.NUMBER, name, literal.v)
    return Bound(field.p, Form.TEXT, name, literal.v) if isinstance(literal.v, str) else None


def _sides(op: Op) -> tuple[Get | None, Lit | None, bool]:
    """The field and the literal of an operator on one of each, and whether the literal stands first."""
    if len(op.a) != 2:
        return None, None, False
    left, right = op.a
    if isinstance(left, Get) and isinstance(right, Lit):
        return left, right, False
    if isinstance(left, Lit) and isinstance(right, Get):
        return right, left, True
    return None, None, False
