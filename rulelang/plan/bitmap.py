"""Many rules of one node as columns of bitmaps: the conjunction of one mask a field are the rules that match.

After the bitmap indices of databases (O'Neil and Quass, *Improved Query Performance with Variant Indexes*, SIGMOD
1997), turned round: rules are the rows, and an event asks. Work is a look-up and an `&` of a few hundred bytes a
field, whatever the number of rules, and a test of its own for what no column knows of a rule that is left.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from rulelang.plan.columns import Keyed, Ordered, Searched, Steps
from rulelang.plan.frame import Frame, Values
from rulelang.plan.ir import Path
from rulelang.plan.leaf import Row, Test, Visit, compile_test
from rulelang.plan.predicates import FORMS, Access, By, Predicate, Predicates
from rulelang.plan.scope import Scope
from rulelang.plan.views import UNSET, Form

BLOCK = 16_384
"""So many rules in one block: masks of two kilobytes."""

SHARED, MAX_SHARED = 4, 64
"""A test of no column that so many rules share is made once for all of them, up to so many tests a block."""

WORTH: Mapping[By | Form, int] = {
    By.KEY: 4,
    Form.NUMBER: 8,
    Form.TEXT: 8,
    By.PREFIX: 20,
    By.SUFFIX: 20,
    By.ELEMENT: 32,
}
"""A column is searched if it decides on so many rules, or on a quarter of all."""

_READ_AT_ONCE = (By.KEY, Form.NUMBER, Form.TEXT)

Place: TypeAlias = tuple[Path, By | Form]
"""A column: a path, and how keys are found there or in which form values are compared."""


def is_indexable(predicate: Predicate) -> bool:
    """Whether a column knows the test."""
    return predicate.column is not None


class Block:
    """Rules in columns, with a generated test for those that columns alone do not decide."""

    def __init__(self) -> None:
        self.rows: dict[Row, int] = {}
        self.run: Visit | None = None
        self._tests: list[Predicates] = []
        self._ordinals = array("q")
        self._vacant: list[int] = []
        self._alive = 0
        self._keyed: dict[tuple[Path, By], Keyed] = {}
        self._ordered: dict[tuple[Path, Form], Ordered] = {}
        self._others: dict[Predicate, int] = {}
        self._compiled: dict[Predicate, Test] = {}
        self._idle: set[Place] = set()
        self._open_places: set[Place] = set()
        self._shared: dict[Predicate, int] = {}
        self._checks: dict[int, tuple[Test, ...]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def tests_of(self, row: Row) -> Predicates:
        """The tests that a rule was added with."""
        return self._tests[self.rows[row]]

    def add(self, row: Row, tests: Predicates) -> None:
        """Take a rule in."""
        index = self._vacant.pop() if self._vacant else self._new_seat()
        self.rows[row] = index
        self._tests[index] = tests
        self._ordinals[index] = row.ordinal
        self._toggle(tests, 1 << index)

    def _new_seat(self) -> int:
        self._tests.append(())
        self._ordinals.append(0)
        return len(self._tests) - 1

    def remove(self, row: Row) -> None:
        """Let a rule go."""
        index = self.rows.pop(row)
        self._toggle(self._tests[index], 1 << index)
        self._tests[index] = ()
        self._vacant.append(index)

    def _toggle(self, tests: Predicates, bit: int) -> None:
        self.run = None
        self._alive ^= bit
        known, others = _sorted_out(tests)
        for predicate in known:
            self._toggle_column(predicate, bit)
        for predicate in others:
            users = self._others.get(predicate, 0) ^ bit
            if users:
                self._others[predicate] = users
            else:
                del self._others[predicate]
                self._compiled.pop(predicate, None)

    def _toggle_column(self, predicate: Predicate, bit: int) -> None:
        found = predicate.column
        if isinstance(found, Access):
            column = self._keyed.setdefault((found.path, found.by), Keyed())
            column.toggle(found.keys, predicate.negated, bit)
        elif found is not None:
            steps = self._ordered.setdefault((found.path, found.form), Ordered())
            steps.toggle(found, predicate.negated, bit)

    # --- searching ---------------------------------------------------------------------------------

    def compiled(self, frame: Frame) -> Visit:
        """The function for the rules as they are now."""
        if self.run is None:
            self._idle = set(self._not_worth_it())
            self._open_places = self._idle | {
                place for place, steps in self._ordered.items() if steps.is_rough
            }
            self._shared = self._most_shared()
            self._checks = {}
            self.run = self._visit(frame)
        return self.run

    def _columns(self) -> Iterator[tuple[Place, Keyed | Ordered]]:
        yield from self._keyed.items()
        yield from self._ordered.items()

    def _not_worth_it(self) -> Iterator[Place]:
        """Columns that decide on so few rules that testing those of them that are left is cheaper."""
        for place, column in self._columns():
            if column.involved.bit_count() < min(WORTH[place[1]], len(self.rows) // 4):
                yield place

    def _most_shared(self) -> dict[Predicate, int]:
        often = [item for item in self._others.items() if item[1].bit_count() >= SHARED]
        return dict(sorted(often, key=lambda item: -item[1].bit_count())[:MAX_SHARED])

    def _undecided(self) -> int:
        """The rules that always need a test of their own."""
        mask = 0
        for place, column in self._columns():
            if place in self._idle:
                mask |= column.involved
        for predicate, users in self._others.items():
            if predicate not in self._shared:
                mask |= users
        return mask

    def _lazy(self, frame: Frame) -> list[int]:
        """The slots of keys and comparisons that may not have been read when an event comes here."""
        places = [place for place, _ in self._columns() if place not in self._idle]
        slots = [frame.slot(path, _form(by)) for path, by in places if by in _READ_AT_ONCE]
        return [slot for slot in slots if not frame.is_eager(slot)]

    def _keys(self, frame: Frame) -> list[tuple[int, dict[Any, int], int]]:
        """For each column of keys: slot, masks, and the mask for all other values."""
        return [
            (frame.slot(path, Form.KEY), column.accepting(self._alive), self._alive & ~column.asking)
            for (path, by), column in self._keyed.items()
            if by is By.KEY and (path, by) not in self._idle
        ]

    def _searched(self, frame: Frame) -> list[tuple[int, int, Callable[[Any], int]]]:
        """For each other column of keys: the rules with a test, the slot, and the mask as a function."""
        return [
            (column.involved, frame.slot(path, FORMS[by]), Searched(column, by, self._alive).accepting)
            for (path, by), column in self._keyed.items()
            if by is not By.KEY and (path, by) not in self._idle
        ]

    def _steps(self, frame: Frame) -> list[tuple[int, Steps]]:
        """For each column of comparisons: slot and steps."""
        return [
            (frame.slot(path, form), column.steps(self._alive))
            for (path, form), column in self._ordered.items()
            if (path, form) not in self._idle
        ]

    def _visit(self, frame: Frame) -> Visit:
        shared = [(users, self._test(predicate, frame)) for predicate, users in self._shared.items()]
        lazy, keys, ordered, searched = (
            self._lazy(frame),
            self._keys(frame),
            self._steps(frame),
            self._searched(frame),
        )
        alive, undecided, fill = self._alive, self._undecided(), frame.fill
        ordinals, examine = self._ordinals, self._examine

        def visit(values: Values, scope: Scope, out: list[int]) -> None:
            for slot in lazy:
                if values[slot] is UNSET:
                    fill(values, slot, scope)
            mask = alive
            for slot, masks, others in keys:
                mask &= masks.get(values[slot], others)
            doubt = undecided
            for slot, (cuts, steps, missing, doubts) in ordered:
                value = values[slot]
                if value == value:  # NaN and ABSENT are not
                    at = bisect_right(cuts, value)
                    at += at - (at > 0 and cuts[at - 1] == value)
                    mask &= steps[at]
                    if doubts is not None:
                        doubt |= doubts[at]
                else:
                    mask &= missing
            for involved, slot, accepting in searched:
                if mask & involved:
                    value = values[slot]
                    mask &= accepting(value if value is not UNSET else fill(values, slot, scope))
            for users, test in shared:
                if mask & users and not test(values, scope):
                    mask &= ~users
            left = mask & doubt
            mask ^= left
            while mask:
                top = mask.bit_length() - 1
                mask ^= 1 << top
                out.append(ordinals[top])
            if left:
                examine(left, frame, values, scope, out)

        return visit

    def _examine(self, left: int, frame: Frame, values: Values, scope: Scope, out: list[int]) -> None:
        """Test one by one the rules that columns do not decide."""
        checks = self._checks
        while left:
            top = left.bit_length() - 1
            left ^= 1 << top
            for test in checks.get(top) or self._check(top, frame, values, scope):
                if not test(values, scope):
                    break
            else:
                out.append(self._ordinals[top])

    def _check(self, index: int, frame: Frame, values: Values, scope: Scope) -> tuple[Test, ...]:
        """The tests of one rule that columns do not decide, made when an event first needs them."""
        known, others = _sorted_out(self._tests[index])
        left_open = [predicate for predicate in known if _place(predicate) in self._open_places]
        left_open += [predicate for predicate in others if predicate not in self._shared]
        tests = self._checks[index] = tuple(self._test(predicate, frame) for predicate in left_open)
        frame.renew(values, scope)
        return tests

    def _test(self, predicate: Predicate, frame: Frame) -> Test:
        found = self._compiled.get(predicate)
        if found is None:
            found = self._compiled[predicate] = compile_test(predicate, frame)
        return found


def _place(predicate: Predicate) -> Place | None:
    found = predicate.column
    if found is None:
        return None
    return found.path, found.by if isinstance(found, Access) else found.form


def _sorted_out(tests: Predicates) -> tuple[list[Predicate], list[Predicate]]:
    """The tests that columns take, one of each place that wants and one that does not, and the others."""
    known: dict[tuple[Place, bool], Predicate] = {}
    others = []
    for predicate in tests:
        place = _place(predicate)
        if place is None or (place, predicate.negated) in known:
            others.append(predicate)
        else:
            known[place, predicate.negated] = predicate
    return list(known.values()), others


def _form(kind: By | Form) -> Form:
    return FORMS[kind] if isinstance(kind, By) else kind
