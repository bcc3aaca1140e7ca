"""Which rules an event starts: a set of rules for each event type and subject kind, searched through a tree.

Work follows the rules that match and not those installed. A matcher builds itself while it is used and belongs to one
thread.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple

from rulelang.plan.frame import Frame
from rulelang.plan.ir import Ir
from rulelang.plan.leaf import Row, compile_all
from rulelang.plan.predicates import Interner
from rulelang.plan.scope import Scope
from rulelang.plan.tree import Node

SMALL = 48
"""Rule sets up to this size are one generated function without a tree."""


class Entry(NamedTuple):
    """A trigger of a rule: events of `event_type` about a subject of `subject_kind` for which `condition` holds.

    `ref` is what a match returns. A rule with several triggers has several entries of one `ref`.
    """

    ref: Hashable
    event_type: str
    subject_kind: str
    condition: Ir | None


class _Placed(NamedTuple):
    ordinal: int
    rows: tuple[tuple[RuleSet, Row], ...]


class RuleSet:
    """The rules of one event type and subject kind."""

    def __init__(self) -> None:
        self.refs: dict[int, Any] = {}
        self._frame = Frame()
        self._root = Node(self._frame)
        self._extra = 0
        self.match: Callable[[Scope], list[Any]] = self._prepare

    def add(self, row: Row, ref: Hashable) -> None:
        """Take a row in."""
        self._extra += row.ordinal in self.refs
        self.refs[row.ordinal] = ref
        self._frame.count(row.tests, 1)
        self._root.add(row, row.tests)
        self.match = self._prepare

    def remove(self, row: Row, last: bool) -> None:
        """Let a row go, the `last` of its rule here or not."""
        self._frame.count(row.tests, -1)
        self._root.remove(row, row.tests)
        if last:
            del self.refs[row.ordinal]
        else:
            self._extra -= 1
        self.match = self._prepare

    def _prepare(self, scope: Scope) -> list[Any]:
        """Choose how to search after a change."""
        rows = self._root.unbuilt
        if rows is None or len(rows) > SMALL or self._extra:
            self.match = self._search
        else:
            ordered = sorted(rows.items(), key=lambda item: item[0].ordinal)
            self.match = compile_all([(self.refs[row.ordinal], tests) for row, tests in ordered])
        return self.match(scope)

    def _search(self, scope: Scope) -> list[Any]:
        found: list[int] = []
        self._root.visit(self._frame.read(scope), scope, found)
        if len(found) > 1:
            if self._extra:
                found = list(set(found))
            found.sort()
        refs = self.refs
        return [refs[ordinal] for ordinal in found]


class Matcher:
    """Finds the entries whose trigger and condition an event fits.

    Matches come in the order in which their `ref` was first added; `replace` keeps a place, `remove` gives it up.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._sets: dict[tuple[str, str], RuleSet] = {}
        self._placed: dict[Hashable, _Placed] = {}
        self._next = 0
        self._interner = Interner()
        for entry in entries:
            self.add(entry)

    def __len__(self) -> int:
        """How many rules (distinct `ref`s) there are."""
        return len(self._placed)

    def __contains__(self, ref: Hashable) -> bool:
        return ref in self._placed

    def add(self, entry: Entry) -> None:
        """Add an entry; a `ref` that is here already gets one more and keeps its place."""
        known = self._placed.get(entry.ref)
        ordinal, rows = known if known is not None else (self._next, ())
        if known is None:
            self._next += 1
        self._placed[entry.ref] = _Placed(ordinal, (*rows, *self._install(entry, ordinal)))

    def _install(self, entry: Entry, ordinal: int) -> list[tuple[RuleSet, Row]]:
        where = (entry.event_type, entry.subject_kind)
        found = self._sets.get(where)
        if found is None:
            found = self._sets[where] = RuleSet()
        rows = [Row(ordinal, tests) for tests in self._interner.alternatives(entry.condition)]
        for row in rows:
            found.add(row, entry.ref)
        return [(found, row) for row in rows]

    def remove(self, ref: Hashable) -> None:
        """Remove all entries of a `ref`.

        Raises:
            KeyError: there is none.
        """
        self._uninstall(self._placed.pop(ref))

    def replace(self, ref: Hashable, entries: Sequence[Entry]) -> None:
        """Exchange all entries of a `ref`, which keeps its place in the order. All must be of this `ref`.

        Raises:
            KeyError: there is none.
            ValueError: an entry is of another `ref`.
        """
        if any(entry.ref != ref for entry in entries):
            raise ValueError("all entries must be of the rule that is replaced")
        ordinal = self._placed[ref].ordinal
        self._uninstall(self._placed[ref])
        rows = [row for entry in entries for row in self._install(entry, ordinal)]
        self._placed[ref] = _Placed(ordinal, tuple(rows))

    def _uninstall(self, placed: _Placed) -> None:
        rows = list(placed.rows)
        while rows:
            rule_set, row = rows.pop()
            rule_set.remove(row, last=all(other is not rule_set for other, _ in rows))

    def match(self, event_type: str, subject_kind: str, scope: Scope) -> list[Any]:
        """The `ref`s of the entries that fit, each once."""
        found = self._sets.get((event_type, subject_kind))
        return found.match(scope) if found is not None else []

    def candidates(self, event_type: str, subject_kind: str) -> list[Any]:
        """The `ref`s of all entries of this trigger, whatever their conditions say."""
        found = self._sets.get((event_type, subject_kind))
        return [ref for _, ref in sorted(found.refs.items())] if found is not None else []
