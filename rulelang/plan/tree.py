"""The access-predicate tree: rules of one trigger, cut by table look-ups on their equality-like conjuncts.

After Fabret et al., *Filtering Algorithms and Implementation for Very Fast Publish/Subscribe Systems*, SIGMOD 2001
(access predicates), and Hanson et al., *Scalable Trigger Processing*, ICDE 1999 (expression signatures). A node is
built when an event first reaches it, and changing a rule touches the nodes on its way only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rulelang.plan.bitmap import BLOCK, Block, is_indexable
from rulelang.plan.finding import Find, Finder
from rulelang.plan.frame import Fill, Frame, Values
from rulelang.plan.ir import Path
from rulelang.plan.leaf import Chunk, Row, Tested, Visit, compile_bounds
from rulelang.plan.predicates import FORMS, Access, Bound, By, Predicates
from rulelang.plan.scope import Scope
from rulelang.plan.thresholds import Thresholds, search
from rulelang.plan.views import UNSET, Form

GAIN = 24
"""A table must spare an event about so many tests to be worth its look-up."""

SHARE, MANY_KEYS, MAX_BLOCKS = 0.75, 256, 4
"""Columns of bitmaps do as well as a table that leads on from a smaller share of the rules, unless it has so many
keys, or the rules are more than so many blocks."""

DENSE = 240
"""So many rules with tests are put into columns, fewer are tested by one generated function."""

MAX_LEVELS = 40
SORTED = 4
"""So many thresholds on one field are searched, fewer are tested one by one."""

CHUNK_ROWS, CHUNK_TESTS = 80, 400
"""How much one generated function holds: it is generated anew when one of its rules changes."""


class Split:
    """A table from the keys found at a path to the nodes of the rules that want one of them."""

    __slots__ = ("_finder", "by", "path", "table")

    def __init__(self, path: Path, by: By) -> None:
        self.path = path
        self.by = by
        self.table: dict[Any, Node] = {}
        self._finder = Finder(by, self.table)

    def find(self, predicates: Predicates) -> int | None:
        """Where the first of the predicates stands that leads through this table."""
        for index, predicate in enumerate(predicates):
            access = predicate.access
            if access is not None and access.path == self.path and access.by is self.by:
                return index
        return None

    def enter(self, key: Any, node: Node) -> None:
        """Let a key lead to a new node."""
        self.table[key] = node
        self._finder.measure(key)

    def part(self, frame: Frame) -> Visit:
        """The look-up as a function."""
        slot = frame.slot(self.path, FORMS[self.by])
        if self.by is By.KEY:
            return _look_up(slot, self.table, frame.fill)
        return _look_up_several(slot, self.table, self._finder.find, frame.fill)


def _look_up(slot: int, table: dict[Any, Node], fill: Fill) -> Visit:
    get = table.get

    def visit(values: Values, scope: Scope, out: list[int]) -> None:
        key = values[slot]
        if key is UNSET:
            key = fill(values, slot, scope)
        child = get(key)
        if child is not None:
            child.visit(values, scope, out)

    return visit


def _look_up_several(slot: int, table: dict[Any, Node], find: Find, fill: Fill) -> Visit:
    get = table.get

    def visit(values: Values, scope: Scope, out: list[int]) -> None:
        value = values[slot]
        if value is UNSET:
            value = fill(values, slot, scope)
        for key in find(value):
            child = get(key)
            if child is not None:
                child.visit(values, scope, out)

    return visit


class Rest:
    """The rules of a node that no table leads on from."""

    __slots__ = ("always", "blocks", "chunks", "groups", "is_dense", "limit", "where")

    def __init__(self) -> None:
        self.always: list[int] = []
        self.groups: dict[tuple[Path, Form, str], Thresholds] = {}
        self.chunks: list[Chunk] = []
        self.blocks: list[Block] = []
        self.where: dict[Row, Chunk | Block] = {}
        self.is_dense = False
        self.limit = 0

    def add(self, row: Row, tests: Predicates) -> None:
        """Place a rule by what is left to test."""
        bound = tests[0].bound if len(tests) == 1 else None
        if not tests:
            self.always.append(row.ordinal)
        elif bound is not None:
            self._group(bound).add(bound.value, row.ordinal)
        else:
            place = self.where[row] = self._block() if self._goes_in_block(tests) else self._chunk(len(tests))
            place.add(row, tests)

    def remove(self, row: Row, tests: Predicates) -> None:
        """Remove a rule that was added with the same tests."""
        bound = tests[0].bound if len(tests) == 1 else None
        if not tests:
            self.always.remove(row.ordinal)
        elif bound is not None:
            self._group(bound).remove(bound.value, row.ordinal)
        else:
            self._remove_tested(row)

    def _remove_tested(self, row: Row) -> None:
        place = self.where.pop(row)
        place.remove(row)
        if not len(place):
            self.chunks = [chunk for chunk in self.chunks if chunk is not place]
            self.blocks = [block for block in self.blocks if block is not place]

    def _group(self, bound: Bound) -> Thresholds:
        return self.groups.setdefault((bound.path, bound.form, bound.name), Thresholds())

    def _goes_in_block(self, tests: Predicates) -> bool:
        return self.is_dense and any(map(is_indexable, tests))

    def _block(self) -> Block:
        """The last block if it has room, else a new one."""
        if not self.blocks or len(self.blocks[-1]) >= BLOCK:
            self.blocks.append(Block())
        return self.blocks[-1]

    def _chunk(self, tests: int) -> Chunk:
        """The last chunk if it has room, else a new one."""
        last = self.chunks[-1] if self.chunks else None
        if last is None or len(last) >= CHUNK_ROWS or last.tests + tests > CHUNK_TESTS:
            last = Chunk()
            self.chunks.append(last)
        return last

    def fill(self, rows: Tested) -> None:
        """Place many rules at once, in blocks if they are many."""
        self.is_dense = len(rows) >= DENSE
        for row, tests in rows.items():
            self.add(row, tests)
        self.limit = 2 * len(self.where) + GAIN

    def take_tested(self) -> Tested:
        """Remove and return the rules that have tests of their own."""
        tested = {row: place.tests_of(row) for row, place in self.where.items()}
        self.chunks.clear()
        self.blocks.clear()
        self.where.clear()
        return tested

    def parts(self, frame: Frame) -> Iterator[Visit]:
        """The functions that find the matching ones."""
        if self.always:
            yield _always(self.always)
        few: list[tuple[Bound, int]] = []
        for (path, form, name), group in self.groups.items():
            if len(group.bounds) >= SORTED:
                yield search(frame.slot(path, form), name, group, frame.fill)
            else:
                pairs = zip(group.bounds, group.ordinals, strict=True)
                few += [(Bound(path, form, name, bound), ordinal) for bound, ordinal in pairs]
        if few:
            yield compile_bounds(few, frame)
        yield from (block.compiled(frame) for block in self.blocks)
        yield from (chunk.compiled(frame) for chunk in self.chunks)


def _always(ordinals: list[int]) -> Visit:
    return lambda values, scope, out: out.extend(ordinals)


def _nothing(values: Values, scope: Scope, out: list[int]) -> None:
    pass


def _sequence(parts: list[Visit]) -> Visit:
    """One function for several."""
    if len(parts) <= 1:
        return parts[0] if parts else _nothing

    def visit(values: Values, scope: Scope, out: list[int]) -> None:
        for part in parts:
            part(values, scope, out)

    return visit


class Node:
    """Rules that share the tests on the way here. `visit` finds those that match; building is its first call."""

    __slots__ = ("frame", "level", "rest", "size", "splits", "unbuilt", "visit")

    def __init__(self, frame: Frame, level: int = 0) -> None:
        self.frame = frame
        self.level = level
        self.size = 0
        self.unbuilt: Tested | None = {}
        self.splits: list[Split] = []
        self.rest = _NO_REST
        self.visit: Visit = self._build_and_visit

    def add(self, row: Row, tests: Predicates) -> None:
        """Place a rule of which `tests` are left."""
        self.size += 1
        if self.unbuilt is not None:
            self.unbuilt[row] = tests
        elif not self._add_to_split(row, tests):
            self.rest.add(row, tests)
            self.visit = self._build_and_visit

    def remove(self, row: Row, tests: Predicates) -> None:
        """Remove a rule that was added with the same tests."""
        self.size -= 1
        if self.unbuilt is not None:
            del self.unbuilt[row]
        elif not self._remove_from_split(row, tests):
            self.rest.remove(row, tests)
            self.visit = self._build_and_visit

    def _add_to_split(self, row: Row, tests: Predicates) -> bool:
        for split in self.splits:
            at = split.find(tests)
            if at is not None:
                self._descend(split, at, row, tests)
                return True
        return False

    def _descend(self, split: Split, at: int, row: Row, tests: Predicates) -> None:
        """Enter a rule under each of its keys."""
        left = tests[:at] + tests[at + 1 :]
        table = split.table
        for key in _access(tests, at).keys:
            if key not in table:
                split.enter(key, Node(self.frame, self.level + 1))
            table[key].add(row, left)

    def _remove_from_split(self, row: Row, tests: Predicates) -> bool:
        for split in self.splits:
            at = split.find(tests)
            if at is not None:
                self._leave(split, at, row, tests)
                return True
        return False

    def _leave(self, split: Split, at: int, row: Row, tests: Predicates) -> None:
        left = tests[:at] + tests[at + 1 :]
        for key in _access(tests, at).keys:
            child = split.table[key]
            child.remove(row, left)
            if not child.size:
                del split.table[key]

    def _build_and_visit(self, values: Values, scope: Scope, out: list[int]) -> None:
        self._build()
        self.frame.renew(values, scope)
        self.visit(values, scope, out)

    def _build(self) -> None:
        if self.unbuilt is not None:
            rows, self.unbuilt, self.rest = self.unbuilt, None, Rest()
            self._cut(rows)
        elif len(self.rest.where) > self.rest.limit:
            self._cut(self.rest.take_tested())
        parts = [split.part(self.frame) for split in self.splits]
        self.visit = _sequence(parts + list(self.rest.parts(self.frame)))

    def _cut(self, rows: Tested) -> None:
        """Move rules into tables for as long as one pays; the rest is tested here."""
        while self.level < MAX_LEVELS:
            split = _best_split(rows)
            if split is None:
                break
            self.splits.append(split)
            rows = {row: tests for row, tests in rows.items() if not self._moved(split, row, tests)}
        self.rest.fill(rows)

    def _moved(self, split: Split, row: Row, tests: Predicates) -> bool:
        at = split.find(tests)
        if at is not None:
            self._descend(split, at, row, tests)
        return at is not None


_NO_REST = Rest()


def _access(tests: Predicates, at: int) -> Access:
    access = tests[at].access
    assert access is not None
    return access


class _Gain:
    """What a table on one path would spare: rules that use it, less those that an average event still reaches."""

    __slots__ = ("entries", "keys", "rules")

    def __init__(self) -> None:
        self.rules = 0
        self.entries = 0
        self.keys: set[Any] = set()

    def add(self, access: Access) -> None:
        self.rules += 1
        self.entries += len(access.keys)
        self.keys.update(access.keys)

    @property
    def total(self) -> float:
        # One key more than is mentioned: values that no rule asks for.
        return self.rules - self.entries / (len(self.keys) + 1)

    def pays(self, rules: int) -> bool:
        """Whether a table is better than testing all these rules here."""
        wide = rules > MAX_BLOCKS * BLOCK or self.rules >= SHARE * rules or len(self.keys) > MANY_KEYS
        return wide and self.total >= GAIN


def _best_split(rows: Tested) -> Split | None:
    """The table that spares most, if it spares enough."""
    if len(rows) < GAIN:
        return None
    gains: dict[tuple[Path, By], _Gain] = {}
    for tests in rows.values():
        for place, access in _accesses(tests).items():
            gain = gains.get(place)
            if gain is None:
                gain = gains[place] = _Gain()
            gain.add(access)
    worth = {place: gain.total for place, gain in gains.items() if gain.pays(len(rows))}
    return Split(*max(worth, key=worth.__getitem__)) if worth else None


def _accesses(tests: Predicates) -> dict[tuple[Path, By], Access]:
    """The tables that a rule could enter, each with the predicate that `Split.find` would take."""
    found: dict[tuple[Path, By], Access] = {}
    for predicate in tests:
        access = predicate.access
        if access is not None:
            found.setdefault((access.path, access.by), access)
    return found
