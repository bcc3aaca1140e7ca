"""The rules at the end of a way through the tree: one generated function tests them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias

from rulelang.plan.compile import Locals, build
from rulelang.plan.emit import Emitter, is_small
from rulelang.plan.frame import Frame, Values
from rulelang.plan.interpret import holds
from rulelang.plan.predicates import Bound, Path, Predicate, Predicates
from rulelang.plan.scope import Scope
from rulelang.plan.views import Form

Visit: TypeAlias = Callable[[Values, Scope, list[int]], object]

MAX_GUARDS = 4
"""How deeply shared tests are nested."""

_SYMBOLS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}


class Row:
    """One conjunction of one rule. `ordinal` is the rule's place in the order."""

    __slots__ = ("ordinal", "tests")

    def __init__(self, ordinal: int, tests: Predicates) -> None:
        self.ordinal = ordinal
        self.tests = tests


Tested: TypeAlias = dict[Row, Predicates]
"""Rows with the tests that are left of them."""


class Slots:
    """Views as slots of a frame, loaded at the head of a generated function."""

    def __init__(self, frame: Frame) -> None:
        self.emitter = Emitter(self.view)
        self.head: list[str] = ["add = out.append"]
        self._frame = frame
        self._names: dict[int, str] = {}

    def view(self, path: Path, form: Form) -> str:
        """The local variable that holds the slot."""
        slot = self._frame.slot(path, form)
        if slot not in self._names:
            name = self._names[slot] = f"{form}{slot}"
            self.head.append(f"{name} = F[{slot}]")
            if not self._frame.is_eager(slot):
                fill = self.emitter.constant(self._frame.fill)
                self.head.append(f"if {name} is UNSET: {name} = {fill}(F, {slot}, S)")
        return self._names[slot]

    def function(self, body: Sequence[str]) -> Visit:
        """The finished function."""
        return build("run(F, S, out)", [*self.head, *body], self.emitter.constants)


def test_source(emitter: Emitter, predicate: Predicate) -> str:
    """Source of one test; what is too large for generated code is given to the interpreter."""
    if is_small(predicate.ir):
        return emitter.condition(predicate.ir)
    return f"{emitter.constant(holds)}({emitter.constant(predicate.ir)}, S)"


def compile_bounds(bounds: Sequence[tuple[Bound, int]], frame: Frame) -> Visit:
    """A function that tests a few comparisons one by one."""
    code = Slots(frame)
    body = []
    for bound, ordinal in bounds:
        view, limit = code.view(bound.path, bound.form), code.emitter.constant(bound.value)
        body.append(f"if {view} {_SYMBOLS[bound.name]} {limit}: add({code.emitter.constant(ordinal)})")
    return code.function(body)


class Chunk:
    """Rules that one generated function tests. Tests that several share are made once and guard the others."""

    __slots__ = ("rows", "run", "tests")

    def __init__(self) -> None:
        self.rows: Tested = {}
        self.tests = 0
        self.run: Visit | None = None

    def add(self, row: Row, tests: Predicates) -> None:
        """Take a rule in."""
        self.rows[row] = tests
        self.tests += len(tests)
        self.run = None

    def remove(self, row: Row) -> None:
        """Let a rule go."""
        self.tests -= len(self.rows.pop(row))
        self.run = None

    def compiled(self, frame: Frame) -> Visit:
        """The function for the rules as they are now."""
        if self.run is None:
            code = Slots(frame)
            body = list(_guarded(code.emitter, list(self.rows.items()), MAX_GUARDS))
            self.run = code.function(body)
        return self.run


def _guarded(emitter: Emitter, rows: list[tuple[Row, Predicates]], levels: int) -> list[str]:
    """Tests of many rules, the one that most of them share first."""
    lines: list[str] = []
    while rows:
        guard = _most_shared(rows) if levels else None
        if guard is None:
            return lines + [_alone(emitter, row, tests) for row, tests in rows]
        inside = [(row, tuple(t for t in tests if t is not guard)) for row, tests in rows if guard in tests]
        rows = [(row, tests) for row, tests in rows if guard not in tests]
        lines.append(f"if {test_source(emitter, guard)}:")
        lines += [f" {line}" for line in _guarded(emitter, inside, levels - 1)]
    return lines


def _most_shared(rows: list[tuple[Row, Predicates]]) -> Predicate | None:
    """The test that most rules share, the cheapest of several; None if each stands alone."""
    counts = Counter(predicate for _, tests in rows for predicate in tests)
    best = max(counts, key=lambda predicate: (counts[predicate], -predicate.rank), default=None)
    return best if best is not None and counts[best] > 1 else None


def _alone(emitter: Emitter, row: Row, tests: Predicates) -> str:
    add = f"add({emitter.constant(row.ordinal)})"
    condition = " and ".join(test_source(emitter, predicate) for predicate in tests)
    return f"if {condition}: {add}" if condition else add


def compile_all(rows: Sequence[tuple[object, Predicates]]) -> Callable[[Scope], list[object]]:
    """A function from a scope to the references of the rows that match, in the order given."""
    code = Locals()
    emitter = code.emitter
    body = ["out = []", "add = out.append"]
    for ref, tests in rows:
        condition = " and ".join(test_source(emitter, predicate) for predicate in tests) or "True"
        body.append(f"if {condition}: add({emitter.constant(ref)})")
    return build("run(S)", [*code.lines, *body, "return out"], emitter.constants)
