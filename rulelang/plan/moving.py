"""What of a condition changes by the mere passing of time, and when it does next.

A condition is a formula over comparisons. One that time moves is followed when exactly one of its sides moves, and only
ever forward or backward: then it changes at most once, at a moment that bisection finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rulelang.plan.ir import Get, Ir, Lit, Op

_CLOCK = frozenset({"now", "today", "fn.days_since", "fn.days_until", "fn.hours_since", "fn.age"})
"""Operators that time moves in one direction, where their arguments stand still."""

_JUMPING = frozenset({"fn.next_anniversary"})
"""Operators that time moves to and fro."""

_STEADY = frozenset(
    {
        "add",
        "sub",
        "neg",
        "mul",
        "date.add",
        "date.sub",
        "date.diff",
        "date.of",
        "duration.add",
        "duration.sub",
        "fn.ceil",
        "fn.date",
        "fn.days_between",
        "fn.floor",
        "fn.round",
        "instant.add",
        "instant.diff",
        "instant.of",
        "instant.sub",
    }
)
"""Operators that pass on in which direction an argument moves, turned round or not."""

_ORDER = frozenset({"lt", "le", "gt", "ge", "duration.lt", "duration.le", "duration.gt", "duration.ge"})
_LOGIC = frozenset({"and", "or", "not"})

FAR = 100 * 366 * 86_400_000
"""How far ahead changes are looked for, in milliseconds."""


class UnsteadyError(ValueError):
    """A part of a condition that time moves in a way that cannot be followed. `ir` is that part."""

    def __init__(self, ir: Ir) -> None:
        super().__init__("it moves to and fro")
        self.ir = ir


def moves(ir: Ir) -> bool:
    """Whether the value of an expression may change without any change of the data."""
    if isinstance(ir, Get):
        return ir.p[0] == "counts"
    return isinstance(ir, Op) and (ir.n in _CLOCK or ir.n in _JUMPING or any(map(moves, ir.a)))


def atoms(ir: Ir) -> Iterator[Ir]:
    """The comparisons that time moves; each changes at most once as long as the data stay.

    Raises:
        UnsteadyError: one of them cannot be followed.
    """
    if not isinstance(ir, Op) or not moves(ir):
        return
    if ir.n in _LOGIC:
        for arg in ir.a:
            yield from atoms(arg)
        return
    for comparison in _sides(ir):
        left, right = comparison.a
        mover, other = (left, right) if moves(left) else (right, left)
        if not moves(mover):
            continue
        if moves(other) or not _steady(mover):
            raise UnsteadyError(ir)
        yield comparison


def _sides(ir: Op) -> tuple[Op, ...]:
    """A comparison as comparisons of order, each with two sides."""
    if ir.n in _ORDER:
        return (ir,)
    if ir.n in ("eq", "ne"):
        return Op("le", ir.a), Op("ge", ir.a)
    if ir.n == "duration.eq":
        return Op("duration.le", ir.a), Op("duration.ge", ir.a)
    if ir.n == "between":
        return Op("ge", (ir.a[0], ir.a[1])), Op("le", (ir.a[0], ir.a[2]))
    raise UnsteadyError(ir)


def _steady(ir: Ir) -> bool:
    if isinstance(ir, Get):
        return True
    if not isinstance(ir, Op):
        return False
    moving = [arg for arg in ir.a if moves(arg)]
    if ir.n in _CLOCK:
        return not moving
    return ir.n in _STEADY and len(moving) == 1 and _steady(moving[0])


def count_of(atom: Ir) -> str:
    """The name of the count that moves a comparison; "" where the clock itself does."""
    if isinstance(atom, Get):
        return atom.p[1] if atom.p[0] == "counts" else ""
    if isinstance(atom, Op):
        return next((name for arg in atom.a if (name := count_of(arg))), "")
    return ""


def candidate(atom: Op) -> tuple[Ir, str, int] | None:
    """For `x < now - 7d` and its kin: the side that stands, the duration, and 1 or -1 for which way to move it.

    The moment of change is near the standing side moved by that; None where the form is another.
    """
    left, right = atom.a
    mover, other = (left, right) if moves(left) else (right, left)
    match mover:
        case Op("now" | "today", ()):
            return other, "0s", 1
        case Op("instant.sub" | "date.sub", (Op("now" | "today", ()), Lit(str() as by))):
            return other, by, 1
        case Op("instant.add" | "date.add", (Op("now" | "today", ()), Lit(str() as by))):
            return other, by, -1
    return None


def first_change(holds: Callable[[int], bool], low: int, high: int) -> int | None:
    """The first whole number behind `low`, up to `high`, where `holds` is other than at `low`; it changes but once."""
    before = holds(low)
    if holds(high) == before:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle) == before:
            low = middle
        else:
            high = middle
    return high
