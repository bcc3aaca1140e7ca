"""When a condition changes next by the mere passing of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from rulelang.calendar import (
    CalendarError,
    Duration,
    midnight,
    parse_date,
    parse_duration,
    parse_instant,
    shift,
    shift_date,
)
from rulelang.plan.compile import Condition, Value, compile_condition, compile_value
from rulelang.plan.ir import Ir, Op
from rulelang.plan.moving import FAR, atoms, candidate, count_of, first_change
from rulelang.plan.scope import Scope
from runtime.counting import Counts
from runtime.model import Millis

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Atom:
    """A comparison that time moves: by the clock, or by events of a `count` that cease to count.

    `standing` and `by` say where to look first: at the side that stands, moved by a duration.
    """

    holds: Condition
    count: str
    standing: Value | None = None
    by: Duration = Duration()

    @classmethod
    def of(cls, ir: Ir) -> Atom:
        """An atom of a condition (`rulelang.plan.moving.atoms`)."""
        near = candidate(ir) if isinstance(ir, Op) else None
        if near is None:
            return cls(compile_condition(ir), count_of(ir))
        standing, by, sign = near
        length = parse_duration(by)
        return cls(compile_condition(ir), "", compile_value(standing), length if sign > 0 else -length)


def atoms_of(irs: Iterable[Ir]) -> tuple[Atom, ...]:
    """All atoms of some conditions."""
    return tuple(Atom.of(atom) for ir in irs for atom in atoms(ir))


def next_change(atom: Atom, scope: Scope, counts: Counts) -> Millis | None:
    """The first moment after `scope.now` at which the atom holds other than now, if the data stay; None for never."""

    def at(moment: Millis) -> bool:
        return atom.holds(Scope(scope.values, moment, scope.zone, scope.people, scope.subject))

    if atom.count:
        return _when_counted(atom, scope, counts)
    return _near(atom, at, scope) or first_change(at, scope.now, scope.now + FAR)


def _when_counted(atom: Atom, scope: Scope, counts: Counts) -> Millis | None:
    """The atom by how many events will have ceased to count, without asking when each does."""
    name = atom.count
    number = counts[name]

    def without(gone: int) -> bool:
        values = {**scope.values, "counts": {name: number - gone}}
        return atom.holds(Scope(values, scope.now, scope.zone, scope.people, scope.subject))

    gone = first_change(without, 0, number) if number else None
    return None if gone is None else counts.falls(name, number - gone + 1)


def _near(atom: Atom, at: Callable[[Millis], bool], scope: Scope) -> Millis | None:
    """The moment of change where it is where it should be; None where one has to search."""
    moments = [moment for moment in _guesses(atom, scope) if moment > scope.now]
    before = at(scope.now) if moments else False
    for moment in moments:
        if at(moment) != before and at(moment - 1) == before:
            return moment
    return None


def _guesses(atom: Atom, scope: Scope) -> tuple[Millis, ...]:
    value = atom.standing(scope) if atom.standing is not None else None
    if not isinstance(value, str):
        return ()
    try:
        if "T" in value:
            moment = shift(parse_instant(value), atom.by, scope.zone)
            return moment, moment + 1
        day = shift_date(parse_date(value), atom.by)
        return midnight(day, scope.zone), midnight(day + _DAY, scope.zone)
    except (CalendarError, OverflowError):
        return ()
