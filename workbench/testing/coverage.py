"""Coverage: programs that note which of their instructions run, and how each of their conditions comes out.

Nothing in the machine knows of it: it runs programs whose code and conditions are watched from outside.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, SupportsIndex

from rulelang.plan import model
from rulelang.plan.interpret import holds
from rulelang.plan.scope import Scope
from runtime.actions import Library
from runtime.plans import PlanSet
from runtime.program import (
    Act,
    Arm,
    Condition,
    Draw,
    Exit,
    Goal,
    Halt,
    Instruction,
    Jump,
    JumpUnless,
    Listen,
    Loop,
    Program,
    Sleep,
    Test,
)


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that no test has made happen, at a line of the file."""

    line: int
    what: str


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """What tests have exercised of a rule: `covered` of `total` steps, arms and outcomes."""

    plan: model.Plan
    covered: int
    total: int
    gaps: tuple[Gap, ...]


class Coverage:
    """What has been seen of each rule. Items are (part of the plan, what), such as (`do.0`, `made`).

    `rules` are the keys of those that are watched; None for all.
    """

    def __init__(self, rules: Container[str] | None = None) -> None:
        self._rules = rules
        self._items: dict[str, dict[tuple[str, str], None]] = defaultdict(dict)
        self._seen: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)

    def plan_set(self, plans: Sequence[model.Plan], library: Library) -> PlanSet:
        """A plan set whose rules are watched."""
        return _WatchedPlans(plans, library, self)

    def watches(self, rule: str) -> bool:
        """Whether a rule is watched."""
        return self._rules is None or rule in self._rules

    def expect(self, rule: str, id: str, *what: str) -> None:
        """There is something to be seen."""
        self._items[rule].update({(id, one): None for one in what})

    def see(self, rule: str, id: str, what: str) -> None:
        """It has been seen."""
        self._seen[rule][id, what] += 1

    def counts(self, rule: str) -> list[tuple[str, str, int]]:
        """How often each item of a rule has been seen: part of the plan, what, and the number, 0 for never."""
        return [(id, what, self._seen[rule][id, what]) for id, what in self._items[rule]]

    def report(self, plans: Iterable[model.Plan]) -> list[RuleCoverage]:
        """What was exercised of each rule, in their order."""
        return [self._rule(plan) for plan in plans]

    def _rule(self, plan: model.Plan) -> RuleCoverage:
        items, seen = self._items[plan.key], self._seen[plan.key]
        gaps = [Gap(_line(plan, id), f"never {what}") for id, what in items if (id, what) not in seen]
        ordered = tuple(sorted(dict.fromkeys(gaps), key=lambda gap: gap.line))
        return RuleCoverage(plan, len(items) - len(gaps), len(items), ordered)


def _line(plan: model.Plan, id: str) -> int:
    """The line of a part, or of the nearest part around it whose place is known."""
    while id and id not in plan.spans:
        id = id.rpartition(".")[0]
    start = plan.spans.get(id, (0, 0))[0]
    return plan.line + plan.text.count("\n", 0, start)


class _WatchedPlans(PlanSet):
    """A plan set that sees how triggers and conditions come out, and installs programs that are watched."""

    def __init__(self, plans: Sequence[model.Plan], library: Library, coverage: Coverage) -> None:
        self._coverage = coverage
        self._watched: list[Program] = []
        super().__init__(plans, library)
        self._watched = [p for p in self.live.values() if coverage.watches(p.plan.key)]
        for plan in plans:
            if coverage.watches(plan.key):
                _expect_header(coverage, plan, _of_clock(library))

    def add(self, plan: model.Plan) -> Program:
        """Make a plan known, watched."""
        known = plan.hash in self._programs
        program = super().add(plan)
        if not known and self._coverage.watches(plan.key):
            program = self._programs[plan.hash] = _Watch(self._coverage, plan).program(program)
        return program

    def match(self, event_type: str, kind: str, scope: Scope) -> list[Program]:
        """As ever, and note how each condition came out."""
        for program in self._watched:
            if program.plan.subject == kind:
                self._note(program.plan, event_type, scope)
        return super().match(event_type, kind, scope)

    def _note(self, plan: model.Plan, event_type: str, scope: Scope) -> None:
        fired = False
        for number, trigger in enumerate(plan.triggers):
            if trigger.event == event_type:
                came = holds(trigger.when, scope)
                self._coverage.see(plan.key, f"on.{number}", "fired" if came else "passed by")
                fired = fired or came
        if fired and plan.when is not None:
            self._coverage.see(plan.key, "when", _outcome(holds(plan.when, scope)))


def _of_clock(library: Library) -> frozenset[str]:
    """The triggers that come of time: a rule hears its own moments only, so that none passes it by."""
    return frozenset(name for name, t in library.catalogue.triggers.items() if t.clock is not None)


def _expect_header(coverage: Coverage, plan: model.Plan, of_clock: Container[str]) -> None:
    for number, trigger in enumerate(plan.triggers):
        if trigger.event == "rule.start":
            continue  # started by name, past the matcher; its steps tell
        passes = trigger.when is not None and trigger.trigger not in of_clock
        coverage.expect(plan.key, f"on.{number}", "fired", *(["passed by"] if passes else []))
    if plan.when is not None:
        # What begins a rule is looked at only when it has become true.
        coverage.expect(plan.key, "when", "true", *(["false"] if plan.begins is None else []))


def _outcome(value: bool) -> str:
    return "true" if value else "false"


class _Code(tuple[Instruction, ...]):
    """The code of a program; whoever reads an instruction is told to `seen`."""

    seen: Callable[[int], None]

    def __getitem__(self, at: SupportsIndex | slice) -> Any:
        if not isinstance(at, slice):
            self.seen(at.__index__())
        return super().__getitem__(at)


class _Watch:
    """Makes the watched program of a plan."""

    def __init__(self, coverage: Coverage, plan: model.Plan) -> None:
        self._coverage = coverage
        self._plan = plan
        self._places: dict[int, list[tuple[str, str]]] = {}

    def program(self, program: Program) -> Program:
        """The program, watched."""
        conditions = iter(
            list(_jump_conditions(self._plan.steps)) + list(_jump_conditions(self._plan.on_exit))
        )
        changed = [self._instruction(at, item, conditions) for at, item in enumerate(program.code)]
        code = _Code(changed)
        code.seen = self._reached
        exits = zip(_exit_ids(self._plan), program.exits, strict=True)
        goals = [item for item in changed if isinstance(item, Goal)]
        started = program.when
        return replace(
            program,
            code=code,
            exits=tuple(Exit(self._test(id, exit.test), exit.goal) for id, exit in exits),
            goals=tuple(goals),
            when=None if started is None else self._condition("when", started),
        )

    def _reached(self, at: int) -> None:
        for place in self._places.get(at, ()):
            self._coverage.see(self._plan.key, *place)

    def _instruction(self, at: int, item: Instruction, conditions: Iterator[str]) -> Instruction:
        match item:
            case JumpUnless(when, target):
                return JumpUnless(self._condition(next(conditions), when), target)
            case Act(when=test) | Sleep(when=test) | Halt(when=test):
                if item.id:
                    self._place(at, item.id, "made" if test is None else "reached")
                return item if test is None else replace(item, when=self._test(f"{item.id}.when", test))
            case Jump(_, Test() as test, id):
                return replace(item, when=self._test(f"{id}.when", test))
            case Listen():
                return self._listen(at, item)
            case Goal(id, _, test):
                self._place(at, id, "reached")
                return item if test is None else replace(item, test=self._test(f"{id}.condition", test))
            case Loop(id, _, condition):
                self._place(at, id, "reached")
                test = None if condition is None else self._test(f"{id}.condition", condition)
                return replace(item, condition=test)
            case Draw(id):
                for name, _, target in item.branches:
                    self._place(target, id, f'drawn as "{name}"')
        return item

    def _listen(self, at: int, item: Listen) -> Listen:
        self._place(at, item.id, "reached")
        when = None if item.when is None else self._test(f"{item.id}.when", item.when)
        return replace(item, arms=tuple(self._arm(arm) for arm in item.arms), when=when)

    def _arm(self, arm: Arm) -> Arm:
        self._place(arm.target, arm.id, "taken")
        return arm if arm.test is None else replace(arm, test=self._test(f"{arm.id}.value", arm.test))

    def _place(self, at: int, id: str, what: str) -> None:
        """To read the instruction at `at` is to see that."""
        self._coverage.expect(self._plan.key, id, what)
        self._places.setdefault(at, []).append((id, what))

    def _test(self, id: str, test: Test) -> Test:
        return replace(test, holds=self._condition(id, test.holds))

    def _condition(self, id: str, condition: Condition) -> Condition:
        begins = id == "when" and self._plan.begins is not None
        self._coverage.expect(self._plan.key, id, "true", *([] if begins else ["false"]))

        def watched(scope: Scope) -> bool:
            held = condition(scope)
            self._coverage.see(self._plan.key, id, _outcome(held))
            return held

        return watched


def _exit_ids(plan: model.Plan) -> list[str]:
    return [f"exit.{n}" for n in range(len(plan.exits))] + [f"goal.{n}" for n in range(len(plan.goals))]


def _jump_conditions(steps: Iterable[model.Step]) -> Iterator[str]:
    """The places of the conditions that stand as jumps in the code, in the order of the code."""
    for step in steps:
        match step:
            case model.IfStep(_, branches, otherwise):
                for branch in branches:
                    yield f"{branch.id}.when"
                    yield from _jump_conditions(branch.steps)
                yield from _jump_conditions(otherwise)
            case model.BlockStep(id, inner, when):
                if when is not None:
                    yield f"{id}.when"
                yield from _jump_conditions(inner)
            case _:
                for nested in _inside(step):
                    yield from _jump_conditions(nested)


def _inside(step: model.Step) -> Iterator[Sequence[model.Step]]:
    """The lists of steps within a step that is neither a block nor an `if`."""
    match step:
        case model.ActionStep(on_error=model.OnError() as on_error):
            yield on_error.steps
        case model.ListenStep():
            yield from (arm.steps for arm in step.arms)
        case model.SplitStep():
            yield from (arm.steps for arm in step.arms)
            yield step.otherwise
        case model.RepeatStep() | model.EachStep():
            yield step.steps
        case model.ParallelStep():
            yield step.branches
