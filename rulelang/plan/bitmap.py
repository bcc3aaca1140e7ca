"""Many rules of one node as columns of bitmaps: the conjunction of one mask a field are the rules that match.

After the bitmap indices of databases (O'Neil and Quass, *Improved Query Performance with Variant Indexes*, SIGMOD
1997), turned round: rules are the rows, and an event asks. Work is a look-up and an `&` of a few hundred bytes a
field, whatever the number of rules, and a test of its own for what no column knows of a rule that is left.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping

from rulelang.plan.bank import AllSearch, Bank
from rulelang.plan.frame import Frame, Values
from rulelang.plan.leaf import Row, Test, Visit, compile_test
from rulelang.plan.predicates import By, Place, Predicate, Predicates
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
        self._bank = Bank()
        self._either = Bank()
        self._either_users = 0
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
        known, either, others = _sorted_out(tests)
        for predicate in known:
            if predicate.column is not None:
                self._bank.toggle(predicate.column, predicate.negated, bit)
        if either is not None:
            self._either_users ^= bit
            for column in either.either:
                self._either.toggle(column, False, bit)
        for predicate in others:
            self._toggle_other(predicate, bit)

    def _toggle_other(self, predicate: Predicate, bit: int) -> None:
        users = self._others.get(predicate, 0) ^ bit
        if users:
            self._others[predicate] = users
        else:
            del self._others[predicate]
            self._compiled.pop(predicate, None)

    # --- searching ---------------------------------------------------------------------------------

    def compiled(self, frame: Frame) -> Visit:
        """The function for the rules as they are now."""
        if self.run is None:
            self._idle = set(self._not_worth_it())
            self._open_places = self._idle | self._bank.rough()
            self._shared = self._most_shared()
            self._checks = {}
            self.run = self._visit(frame)
        return self.run

    def _not_worth_it(self) -> Iterator[Place]:
        """Columns that decide on so few rules that testing those of them that are left is cheaper."""
        for place, column in self._bank.columns():
            if column.involved.bit_count() < min(WORTH[place[1]], len(self.rows) // 4):
                yield place

    def _most_shared(self) -> dict[Predicate, int]:
        often = [item for item in self._others.items() if item[1].bit_count() >= SHARED]
        return dict(sorted(often, key=lambda item: -item[1].bit_count())[:MAX_SHARED])

    def _undecided(self) -> int:
        """The rules that always need a test of their own."""
        mask = 0
        for place, column in self._bank.columns():
            if place in self._idle:
                mask |= column.involved
        for predicate, users in self._others.items():
            if predicate not in self._shared:
                mask |= users
        return mask

    def _visit(self, frame: Frame) -> Visit:
        shared = [(users, self._test(predicate, frame)) for predicate, users in self._shared.items()]
        search = AllSearch(self._bank, self._alive, self._idle, frame)
        lazy, keys, ordered, searched = search.lazy, search.keys, search.ordered, search.searched
        either, either_users = self._either.any_search(frame), self._either_users
        not_either = self._alive & ~either_users
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
                if value == value:  # As in `position`, which is not called for speed.
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
            if mask & either_users:
                found, in_doubt = either(values, scope)
                mask &= found | not_either
                doubt |= in_doubt
            for users, test in shared:
                asking = mask & users
                if asking and not test(values, scope):
                    mask ^= asking
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
        known, either, others = _sorted_out(self._tests[index])
        left_open = [test for test in known if test.column and test.column.place in self._open_places]
        if either is not None and self._either.rough():
            left_open.append(either)
        left_open += [predicate for predicate in others if predicate not in self._shared]
        tests = self._checks[index] = tuple(self._test(predicate, frame) for predicate in left_open)
        frame.renew(values, scope)
        return tests

    def _test(self, predicate: Predicate, frame: Frame) -> Test:
        found = self._compiled.get(predicate)
        if found is None:
            found = self._compiled[predicate] = compile_test(predicate, frame)
        return found


def _sorted_out(tests: Predicates) -> tuple[list[Predicate], Predicate | None, list[Predicate]]:
    """The tests that columns take (one of each place that wants and one that does not), one `or`, and the others."""
    known: dict[tuple[Place, bool], Predicate] = {}
    either: Predicate | None = None
    others = []
    for predicate in tests:
        column = predicate.column
        if column is not None and (column.place, predicate.negated) not in known:
            known[column.place, predicate.negated] = predicate
        elif predicate.either and either is None:
            either = predicate
        else:
            others.append(predicate)
    return list(known.values()), either, others
