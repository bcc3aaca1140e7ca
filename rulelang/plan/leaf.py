"""Generated functions over rules: a small rule set as a whole, or the rules at the end of a way through the tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from rulelang.plan.compile import Reads, build, build_large
from rulelang.plan.emit import Constants, Emitter, is_small
from rulelang.plan.frame import Frame, Values
from rulelang.plan.interpret import holds
from rulelang.plan.ir import Path
from rulelang.plan.predicates import Bound, Predicate, Predicates
from rulelang.plan.scope import Scope
from rulelang.plan.views import Form

Visit: TypeAlias = Callable[[Values, Scope, list[int]], object]
"""Appends the ordinals of the rules that match to the list."""

Test: TypeAlias = Callable[[Values, Scope], bool]
"""Whether an event passes."""

MAX_GUARDS = 4
"""How deeply shared tests are nested."""

_VISIT = "run(F, S, out)"
_SYMBOLS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}


class Row:
    """One conjunction of one rule. `ordinal` is the rule's place in the order."""

    __slots__ = ("ordinal", "tests")

    def __init__(self, ordinal: int, tests: Predicates) -> None:
        self.ordinal = ordinal
        self.tests = tests


Tested: TypeAlias = dict[Row, Predicates]
"""Rows with the tests that are left of them."""


class _Code:
    """A function in the making. Views are placeholders until it is known how often an event looks at each.

    `weight` is how likely an event reaches the source that is being written.
    """

    def __init__(self, *, on_frame: bool) -> None:
        self.constants = Constants()
        self.emitter = Emitter(self.view, self.constants, keyed=on_frame)
        self.constant = self.constants.name
        self.weight = 1.0
        self._places: dict[tuple[Path, Form], int] = {}
        self._weights: list[float] = []

    def view(self, path: Path, form: Form) -> str:
        """A placeholder."""
        index = self._places.setdefault((path, form), len(self._weights))
        if index == len(self._weights):
            self._weights.append(0.0)
        self._weights[index] += self.weight
        return f"{{x{index}}}"

    def test(self, predicate: Predicate) -> str:
        """Source of one test; what is too large for generated code is given to the interpreter."""
        if is_small(predicate.ir):
            return self.emitter.condition(predicate.ir)
        return f"{self.constant(holds)}({self.constants.held(predicate.ir)}, S)"

    def tests(self, predicates: Predicates) -> str:
        """Source of a conjunction."""
        before, parts = self.weight, []
        for predicate in predicates:
            parts.append(self.test(predicate))
            self.weight *= predicate.likely
        self.weight = before
        return " and ".join(parts) or "True"

    def filled(self, lines: Sequence[str], source: Callable[[Path, Form, float], str]) -> list[str]:
        """The lines with sources, given path, form and weight, in place of the views."""
        views = zip(self._places.items(), self._weights, strict=True)
        named = {f"x{index}": source(path, form, weight) for ((path, form), index), weight in views}
        return [line.format_map(named) for line in lines]

    def from_frame(self, header: str, body: Sequence[str], frame: Frame) -> Callable[..., Any]:
        """The finished function of a frame's values. What is looked at more than once becomes a local."""
        head: list[str] = []

        def source(path: Path, form: Form, weight: float) -> str:
            load = self._load(frame, frame.slot(path, form))
            if weight < 1.25:
                return load
            head.append(f"y{len(head)} = {load}")
            return f"y{len(head) - 1}"

        filled = self.filled(body, source)
        make = build_large if len(body) > 2 else build
        return make(header, [*head, *filled], self.constants)

    def _load(self, frame: Frame, slot: int) -> str:
        """Slots are constants too, so that rules of one shape share their code."""
        name = self.constant(slot)
        if frame.is_eager(slot):
            return f"F[{name}]"
        return f"(F[{name}] if F[{name}] is not UNSET else {self.constant(frame.fill)}(F, {name}, S))"

    def from_scope(self, body: Sequence[str]) -> Callable[[Scope], list[Any]]:
        """The finished function of a scope. What an event hardly looks at is read where it is needed."""
        reads = Reads(self.constants)

        def source(path: Path, form: Form, weight: float) -> str:
            return reads.local(path, form) if weight > 0.6 else reads.once(path, form)

        filled = self.filled(body, source)
        return build_large("run(S)", [*reads.lines, *filled], self.constants)


def compile_all(rows: Sequence[tuple[object, Predicates]]) -> Callable[[Scope], list[Any]]:
    """A function from a scope to the references of the rows that match, in the order given."""
    code = _Code(on_frame=False)
    body = ["out = []"]
    for ref, tests in rows:
        body.append(f"if {code.tests(tests)}: out.append({code.constants.held(ref)})")
    return code.from_scope([*body, "return out"])


def compile_test(predicate: Predicate, frame: Frame) -> Test:
    """A function that makes one test. Tests of one shape share its code."""
    code = _Code(on_frame=True)
    return code.from_frame("run(F, S)", [f"return {code.test(predicate)}"], frame)


def compile_bounds(bounds: Sequence[tuple[Bound, int]], frame: Frame) -> Visit:
    """A function that tests a few comparisons one by one."""
    code = _Code(on_frame=True)
    body = []
    for bound, ordinal in bounds:
        view, limit = code.view(bound.path, bound.form), code.constant(bound.value)
        body.append(f"if {view} {_SYMBOLS[bound.name]} {limit}: out.append({code.constant(ordinal)})")
    return code.from_frame(_VISIT, body, frame)


class Chunk:
    """Rules that one generated function tests. Tests that several share are made once and guard the others."""

    __slots__ = ("rows", "run", "tests")

    def __init__(self) -> None:
        self.rows: Tested = {}
        self.tests = 0
        self.run: Visit | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, row: Row, tests: Predicates) -> None:
        """Take a rule in."""
        self.rows[row] = tests
        self.tests += len(tests)
        self.run = None

    def remove(self, row: Row) -> None:
        """Let a rule go."""
        self.tests -= len(self.rows.pop(row))
        self.run = None

    def tests_of(self, row: Row) -> Predicates:
        """The tests that a rule was added with."""
        return self.rows[row]

    def compiled(self, frame: Frame) -> Visit:
        """The function for the rules as they are now."""
        if self.run is None:
            code = _Code(on_frame=True)
            body = _guarded(code, list(self.rows.items()), MAX_GUARDS)
            self.run = code.from_frame(_VISIT, body, frame)
        return self.run


def _guarded(code: _Code, rows: list[tuple[Row, Predicates]], levels: int) -> list[str]:
    """Tests of many rules, the one that most of them share first."""
    lines: list[str] = []
    while rows:
        guard = _most_shared(rows) if levels else None
        if guard is None:
            return lines + [_alone(code, row, tests) for row, tests in rows]
        inside = [(row, tuple(t for t in tests if t is not guard)) for row, tests in rows if guard in tests]
        rows = [(row, tests) for row, tests in rows if guard not in tests]
        lines.append(f"if {code.test(guard)}:")
        code.weight *= guard.likely
        lines += [f" {line}" for line in _guarded(code, inside, levels - 1)]
        code.weight /= guard.likely
    return lines


def _most_shared(rows: list[tuple[Row, Predicates]]) -> Predicate | None:
    """The test that spares most of the others, if two rules share it."""
    counts = Counter(predicate for _, tests in rows for predicate in tests)
    shared = [predicate for predicate, count in counts.items() if count > 1]
    return min(shared, key=lambda predicate: predicate.rank * counts[predicate], default=None)


def _alone(code: _Code, row: Row, tests: Predicates) -> str:
    return f"if {code.tests(tests)}: out.append({code.constant(row.ordinal)})"
