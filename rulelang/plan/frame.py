"""The fields that the rules of one trigger look at, read once an event.

A field that many rules use is read for every event; a rare one when a node first asks for it, so that an event does
not pay for fields that only other rules mention.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeAlias

from rulelang.plan.compile import Reads, build
from rulelang.plan.emit import Constants
from rulelang.plan.ir import Path
from rulelang.plan.predicates import Predicates
from rulelang.plan.scope import Scope
from rulelang.plan.views import Form, reader

Values: TypeAlias = list[Any]
"""One event's values by slot; UNSET where nobody has asked yet."""

Fill: TypeAlias = Callable[[Values, int, Scope], Any]
"""Reads a slot that is UNSET, and keeps it."""

COMMON = 16
"""A field is read for every event if one rule in so many looks at it in the same form."""


class Frame:
    """The slots of one rule set. Slots are only ever added, so that code that knows a slot stays right."""

    def __init__(self) -> None:
        self._slots: dict[tuple[Path, Form], int] = {}
        self._views: list[tuple[Path, Form]] = []
        self._eager: list[bool] = []
        self._readers: list[Callable[[Scope], Any]] = []
        self._uses: Counter[tuple[Path, Form]] = Counter()
        self._rules = 0
        self.read: Callable[[Scope], Values] = self._build_and_read
        """Gives the values for one event: common fields read, the others UNSET."""

    def count(self, predicates: Predicates, change: int) -> None:
        """Note that a rule with these predicates came (`change` 1) or went (-1)."""
        self._rules += change
        for predicate in predicates:
            found = predicate.column
            if found is not None:
                self._uses[found.path, found.form] += change

    def slot(self, path: Path, form: Form) -> int:
        """The slot of a path in a form, new if need be."""
        found = self._slots.get((path, form))
        if found is None:
            found = self._slots[path, form] = len(self._views)
            self._views.append((path, form))
            self._eager.append(False)
            self._readers.append(reader(path, form))
            self.read = self._build_and_read
        if not self._eager[found] and self._is_common(path, form):
            self._eager[found] = True
            self.read = self._build_and_read
        return found

    def _is_common(self, path: Path, form: Form) -> bool:
        return self._uses[path, form] * COMMON >= self._rules

    def is_eager(self, slot: int) -> bool:
        """Whether the slot is filled for every event, from now on."""
        return self._eager[slot]

    def _build_and_read(self, scope: Scope) -> Values:
        self.read = self._build()
        return self.read(scope)

    def renew(self, values: Values, scope: Scope) -> None:
        """Read again, in place, if slots have come or become common since `values` was read."""
        if self.read == self._build_and_read:
            values[:] = self.read(scope)

    def fill(self, values: Values, slot: int, scope: Scope) -> Any:
        """Read a slot that is UNSET, and keep it."""
        value = values[slot] = self._readers[slot](scope)
        return value

    def _build(self) -> Callable[[Scope], Values]:
        constants = Constants()
        reads = Reads(constants)
        slots = zip(self._views, self._eager, strict=True)
        names = [reads.local(*view) if eager else "UNSET" for view, eager in slots]
        return build("run(S)", [*reads.lines, f"return [{', '.join(names)}]"], constants)
