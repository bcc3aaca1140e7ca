"""Which conditions are the same for everybody, as far as their form shows it."""

from __future__ import annotations

from rulelang.check.typed import Apply, Const, Typed
from rulelang.types.model import Kind

_UNORDERED = frozenset({Kind.DURATION, Kind.ANY})


def constant(typed: Typed) -> bool | None:
    """The value that a condition always has; None when it depends on anything."""
    match typed:
        case Const(_, _, bool(flag)):
            return flag
        case Apply(_, _, "not", (inner,)):
            value = constant(inner)
            return None if value is None else not value
        case Apply(_, _, "and", args):
            return _junction(args, decisive=False)
        case Apply(_, _, "or", args):
            return _junction(args, decisive=True)
        case Apply(_, _, op, (Const() as left, Const() as right)):
            return _comparison(op, left, right)
        case Apply(_, _, "in", (_, Const(_, _, []))):
            return False
        case _:
            return None


def _junction(args: tuple[Typed, ...], decisive: bool) -> bool | None:
    values = [constant(arg) for arg in args]
    if decisive in values:
        return decisive
    return None if None in values else not decisive


def _comparison(op: str, left: Const, right: Const) -> bool | None:
    a, b = left.value, right.value
    match op:
        case "eq" | "ne" if left.type.kind not in _UNORDERED:
            return bool(a == b) == (op == "eq")
        case "in" if isinstance(b, list):
            return a in b
        case "lt" | "le" | "gt" | "ge" if left.type.kind not in _UNORDERED and type(a) is type(b):
            return bool({"lt": a < b, "le": a <= b, "gt": a > b, "ge": a >= b}[op])
        case _:
            return None
