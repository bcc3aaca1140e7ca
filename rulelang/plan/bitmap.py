"""Many rules of one node as columns of bitmaps: the conjunction of one mask a field are the rules that match.

After the bitmap indices of databases (O'Neil and Quass, *Improved Query Performance with Variant Indexes*, SIGMOD
1997), turned round: rules are the rows, and an event asks. Work is a look-up and an `&` of a few hundred bytes a
field, whatever the number of rules, and a test of its own for what no column knows of a rule that is left.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Any, TypeAlias

from rulelang.plan.columns import Keyed, Ordered, Searched
from rulelang.plan.frame import Frame, Values
from rulelang.plan.ir import Path
from rulelang.plan.leaf import Row, Test, Visit, compile_test
from rulelang.plan.predicates import Access, Predicate, Predicates
from rulelang.plan.scope import Scope
from rulelang.plan.views import UNSET, Form

BLOCK = 8_192
"""So many rules in one block: masks of a kilobyte."""

SHARED, MAX_SHARED = 4, 64
"""A test of no column that so many rules share is made once for all of them, up to so many tests a block."""

Place: TypeAlias = tuple[Path, Form]


def is_indexable(predicate: Predicate) -> bool:
    """Whether a column knows the test."""
    return predicate.column is not None


class Block:
    """Rules in columns, with a generated test for those that columns alone do not decide."""

    def __init__(self) -> None:
        self.rows: dict[Row, int] = {}
        self.run: Visit | None = None
        self._tests: list[Predicates] = []
        self._ordinals: list[int] = []
        self._bits: list[int] = []
        self._vacant: list[int] = []
        self._alive = 0
        self._keyed: dict[Place, Keyed] = {}
        self._ordered: dict[Place, Ordered] = {}
        self._others: dict[Predicate, int] = {}
        self._compiled: dict[Predicate, Test] = {}
        self._rough: frozenset[Place] = frozenset()
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
        self._toggle(tests, self._bits[index])

    def _new_seat(self) -> int:
        self._bits.append(1 << len(self._bits))
        self._tests.append(())
        self._ordinals.append(0)
        return len(self._bits) - 1

    def remove(self, row: Row) -> None:
        """Let a rule go."""
        index = self.rows.pop(row)
        self._toggle(self._tests[index], self._bits[index])
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
            column = self._keyed.setdefault((found.path, found.form), Keyed())
            column.toggle(found.keys, predicate.negated, bit)
        elif found is not None:
            steps = self._ordered.setdefault((found.path, found.form), Ordered())
            steps.toggle(found, predicate.negated, bit)

    # --- searching ---------------------------------------------------------------------------------

    def compiled(self, frame: Frame) -> Visit:
        """The function for the rules as they are now."""
        if self.run is None:
            self._rough = frozenset(place for place, steps in self._ordered.items() if steps.is_rough)
            self._shared = self._most_shared()
            self._checks = {}
            self.run = self._visit(frame)
        return self.run

    def _most_shared(self) -> dict[Predicate, int]:
        often = [item for item in self._others.items() if item[1].bit_count() >= SHARED]
        return dict(sorted(often, key=lambda item: -item[1].bit_count())[:MAX_SHARED])

    def _undecided(self) -> int:
        """The rules that need a test of their own."""
        mask = 0
        for place in self._rough:
            mask |= self._ordered[place].involved
        for predicate, users in self._others.items():
            if predicate not in self._shared:
                mask |= users
        return mask

    def _lazy(self, frame: Frame) -> list[int]:
        """The slots that may not have been read when an event comes here."""
        slots = [frame.slot(*place) for place in (*self._keyed, *self._ordered)]
        return [slot for slot in slots if not frame.is_eager(slot)]

    def _keys(self, frame: Frame) -> list[tuple[int, dict[Any, int], int]]:
        """For each column of keys: slot, masks, and the mask for all other values."""
        return [
            (frame.slot(path, form), column.accepting(self._alive), self._alive & ~column.asking)
            for (path, form), column in self._keyed.items()
            if form is Form.KEY
        ]

    def _elements(self, frame: Frame) -> list[tuple[int, Callable[[Any], int]]]:
        """For each column of elements: slot, and the mask for a value as a function."""
        return [
            (frame.slot(path, form), Searched(column, self._alive).accepting)
            for (path, form), column in self._keyed.items()
            if form is Form.ELEMENTS
        ]

    def _steps(self, frame: Frame) -> list[tuple[int, list[Any], list[int], int]]:
        """For each column of comparisons: slot, cuts, masks, and the mask for a missing value."""
        return [
            (frame.slot(path, form), *column.steps(self._alive), self._alive & ~column.asking)
            for (path, form), column in self._ordered.items()
        ]

    def _visit(self, frame: Frame) -> Visit:
        shared = [(users, self._test(predicate, frame)) for predicate, users in self._shared.items()]
        lazy, keys, elements, steps = (
            self._lazy(frame),
            self._keys(frame),
            self._elements(frame),
            self._steps(frame),
        )
        alive, undecided, fill = self._alive, self._undecided(), frame.fill
        ordinals, bits, checks, check = self._ordinals, self._bits, self._checks, self._check

        def visit(values: Values, scope: Scope, out: list[int]) -> None:
            for slot in lazy:
                if values[slot] is UNSET:
                    fill(values, slot, scope)
            mask = alive
            for slot, masks, others in keys:
                mask &= masks.get(values[slot], others)
            for slot, cuts, masks_between, missing in steps:
                value = values[slot]
                if value == value:  # NaN and ABSENT are not
                    at = bisect_right(cuts, value)
                    mask &= masks_between[2 * at - (at > 0 and cuts[at - 1] == value)]
                else:
                    mask &= missing
            for slot, accepting in elements:
                mask &= accepting(values[slot])
            for users, test in shared:
                if mask & users and not test(values, scope):
                    mask &= ~users
            left = mask & undecided
            mask ^= left
            while mask:
                top = mask.bit_length() - 1
                mask ^= bits[top]
                out.append(ordinals[top])
            while left:
                top = left.bit_length() - 1
                left ^= bits[top]
                for test in checks.get(top) or check(top, frame, values, scope):
                    if not test(values, scope):
                        break
                else:
                    out.append(ordinals[top])

        return visit

    def _check(self, index: int, frame: Frame, values: Values, scope: Scope) -> tuple[Test, ...]:
        """The tests of one rule that columns do not decide, made when an event first needs them."""
        known, others = _sorted_out(self._tests[index])
        rough = [predicate for predicate in known if _place(predicate) in self._rough]
        rest = [predicate for predicate in others if predicate not in self._shared]
        tests = self._checks[index] = tuple(self._test(predicate, frame) for predicate in rough + rest)
        frame.renew(values, scope)
        return tests

    def _test(self, predicate: Predicate, frame: Frame) -> Test:
        found = self._compiled.get(predicate)
        if found is None:
            found = self._compiled[predicate] = compile_test(predicate, frame)
        return found


def _place(predicate: Predicate) -> Place | None:
    found = predicate.column
    return (found.path, found.form) if found is not None else None


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
