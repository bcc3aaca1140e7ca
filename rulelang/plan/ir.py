"""Expressions of a plan: three node types, every name resolved, every overload chosen.

`Lit` a constant, `Get` a path into the scope, `Op` an operator with its arguments. The list of operators with
their meaning is in docs/plan-format.md. Missing values: comparisons with a missing value are false, `ne` and
`not` are exact negations, arithmetic with a missing value is missing.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Path: TypeAlias = tuple[str, ...]
"""A root and the keys under it, as in `Get`."""

Scalar: TypeAlias = str | int | float | bool | None


class Lit(msgspec.Struct, frozen=True, tag="lit", tag_field="k"):
    """A constant.

    Dates are `YYYY-MM-DD`, instants `YYYY-MM-DDTHH:MM:SS.mmmZ`, times `HH:MM`, durations `1d12h`.
    """

    v: Scalar | list[Scalar]


class Get(msgspec.Struct, frozen=True, tag="get", tag_field="k"):
    """A path: the root (`contact`, `account`, `opportunity`, `event`, `run`) and the keys under it."""

    p: tuple[str, ...]


class Op(msgspec.Struct, frozen=True, tag="op", tag_field="k"):
    """An operator applied to arguments; `n` is its name."""

    n: str
    a: tuple[Lit | Get | Op, ...]


Ir: TypeAlias = Lit | Get | Op

TRUE = Lit(True)


def conjuncts(expr: Ir | None) -> tuple[Ir, ...]:
    """The parts of a top-level `and`, flattened; empty for None (always true)."""
    # Not `==`: Lit(1) equals Lit(True).
    if expr is None or (isinstance(expr, Lit) and expr.v is True):
        return ()
    if isinstance(expr, Op) and expr.n == "and":
        return tuple(part for arg in expr.a for part in conjuncts(arg))
    return (expr,)


def conjoin(*parts: Ir | None) -> Ir | None:
    """The `and` of all parts that say something; None when nothing does."""
    flat = tuple(c for part in parts for c in conjuncts(part))
    if not flat:
        return None
    return flat[0] if len(flat) == 1 else Op("and", flat)
