"""From a plan to a program: nested steps become a flat list with jumps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from rulelang.catalog.model import Performs
from rulelang.plan import model
from rulelang.plan.compile import compile_condition, compile_value
from rulelang.plan.ir import Get, Ir, Lit, Op
from rulelang.plan.parts import names_given
from runtime.actions import Library
from runtime.program import (
    Act,
    Arm,
    BranchEnd,
    Draw,
    Each,
    Ear,
    Exit,
    Fork,
    Goal,
    Halt,
    Instruction,
    Jump,
    JumpUnless,
    Let,
    Listen,
    Loop,
    LoopStart,
    PlanError,
    Program,
    Sleep,
    Test,
)

_FROM_NOW = frozenset({"now", "today", "fn.business_time"})
_STANDING = (Act, Sleep, Listen, Goal, Fork, Halt)


def compile_program(plan: model.Plan, library: Library) -> Program:
    """Make a plan ready to run.

    Raises:
        PlanError: the plan uses an action that the library lacks.
    """
    assembler = _Assembler(library, plan)
    assembler.steps(plan.steps)
    end = len(assembler.code)
    assembler.emit(Halt("", None))
    last = len(assembler.code) if plan.on_exit else None
    assembler.steps(plan.on_exit)
    for awaited in plan.exit_on:
        assembler.listen_for("success" if awaited.goal else "exit", "", "", (awaited.awaited,))
    exits = tuple(Exit(_test(ir)) for ir in plan.exits) + tuple(
        Exit(_test(ir), goal=True) for ir in plan.goals
    )
    assembler.note(*plan.exits, *plan.goals)
    code = tuple(assembler.code)
    watched = [*(e.test.ir for e in exits), *_watched(code)]
    return Program(
        plan=plan,
        code=code,
        at={i.id: n for n, i in enumerate(code) if isinstance(i, _STANDING) and i.id},
        end=end,
        last=last,
        when=None if plan.when is None else compile_condition(plan.when),
        per=None if plan.enrolment.per is None else compile_value(plan.enrolment.per),
        exits=exits,
        goals=tuple(i for i in code if isinstance(i, Goal)),
        ears={event: tuple(ears) for event, ears in assembler.ears.items()},
        keeps_event=assembler.keeps_event,
        kinds=frozenset((plan.subject, *(i.kind for i in code if isinstance(i, Each)))),
        names=names_given(plan),
        starts={i.branch: n + 1 for n, i in enumerate(code) if isinstance(i, Each)},
        roots=frozenset(root for ir in watched for root in roots(ir)) - {"event", "run", "awaited"},
    )


def _watched(code: Iterable[Instruction]) -> Iterator[Ir]:
    """Expressions that are evaluated again when something changes."""
    for item in code:
        match item:
            case Sleep(mode="date"):
                yield item.value_ir
            case Listen():
                yield from (arm.test.ir for arm in item.arms if arm.test is not None)
            case Goal(test=Test() as test):
                yield test.ir


class _Assembler:
    def __init__(self, library: Library, plan: model.Plan) -> None:
        self.library = library
        self.plan = plan
        self.code: list[Instruction] = []
        self.ears: dict[str, list[Ear]] = {}
        self.keeps_event = plan.enrolment.running == "queue"
        self._loops: tuple[str, ...] = ()
        self._jumps: list[tuple[int, model.GoToStep]] = []
        self._labels: dict[str, int] = {}
        self._depth = 0

    # --- lists of steps ---

    def steps(self, steps: Sequence[model.Step]) -> None:
        """Add steps; a wait that says `skip if past` learns where the step behind it ends."""
        self._depth += 1
        skipping: list[int] = []
        for step in steps:
            ending, skipping = skipping, []
            if isinstance(step, model.WaitStep) and step.skip_if_past:
                skipping.append(len(self.code))
            self._step(step)
            self._land(ending)
        self._land(skipping)
        self._depth -= 1
        if self._depth == 0:
            self._resolve_jumps()

    def _land(self, sleeps: Iterable[int]) -> None:
        for place in sleeps:
            sleep = self.code[place]
            assert isinstance(sleep, Sleep)
            self.code[place] = Sleep(
                sleep.id, sleep.mode, sleep.value, sleep.value_ir, sleep.when, sleep.day, len(self.code)
            )

    def _step(self, step: model.Step) -> None:
        build: Callable[[Any], None] = getattr(self, _BUILDERS[type(step)])
        build(step)

    def emit(self, instruction: Instruction) -> int:
        """Add an instruction; its place."""
        self.code.append(instruction)
        return len(self.code) - 1

    # --- single steps ---

    def action(self, step: model.ActionStep) -> None:
        """An action, with the steps of `on error` behind it."""
        declaration = self.library.catalogue.actions.get(step.action)
        local = self.library.local.get(step.action)
        effect = self.library.effects.get(step.action)
        if declaration is None or (local is None) == (effect is None):
            raise PlanError(
                f"rule `{self.plan.key}` uses the action `{step.action}`, which is not installed here"
            )
        if (declaration.performs is Performs.LOCAL) != (local is not None):
            raise PlanError(
                f"the action `{step.action}` is declared {declaration.performs} but installed otherwise"
            )
        self.note(step.when, *step.args.values(), *step.params.values())
        self.keeps_event = self.keeps_event or declaration.uses_event
        place = self._reserve()
        on_error = self._on_error(step.on_error)
        self.code[place] = Act(
            step.id,
            declaration,
            _values(step.args),
            local,
            effect,
            _maybe(step.when),
            self._loops,
            step.bind,
            on_error,
            step.on_error.retry if step.on_error else None,
            _values(step.params),
            step.and_wait,
            _constant(step.args),
        )

    def _on_error(self, on_error: model.OnError | None) -> int | None:
        if on_error is None or not (on_error.goes_on or on_error.steps):
            return None
        if not on_error.steps:
            return len(self.code)
        around = self._reserve()
        target = len(self.code)
        self.steps(on_error.steps)
        self.code[around] = Jump(len(self.code))
        return target

    def wait(self, step: model.WaitStep) -> None:
        """A plain wait."""
        self.note(step.value, step.when)
        self.listen_for("restart", step.id, "", step.restart)
        mode = _fixed(step.mode, step.value)
        self.emit(Sleep(step.id, mode, compile_value(step.value), step.value, _maybe(step.when), step.day))

    def listen(self, step: model.ListenStep) -> None:
        """A wait with alternatives: the head, then the steps of each arm."""
        self.note(step.when)
        head = self._reserve()
        arms: list[Arm] = []
        ends: list[int] = []
        for arm in step.arms:
            self.note(arm.value)
            self.listen_for("arm", step.id, arm.id, arm.awaited)
            arms.append(self._arm(arm))
            self.steps(arm.steps)
            ends.append(self._reserve())
        self._join(ends)
        self.code[head] = Listen(step.id, tuple(arms), _maybe(step.when), len(self.code))

    def _arm(self, arm: model.Arm) -> Arm:
        here = len(self.code)
        if arm.kind == "timeout":
            assert arm.value is not None
            mode = _fixed("date", arm.value) if arm.at else "for"
            timer = Sleep(arm.id, mode, compile_value(arm.value), arm.value, None)
            return Arm(arm.id, arm.kind, here, value=timer)
        return Arm(arm.id, arm.kind, here, test=_maybe(arm.value))

    def split(self, step: model.SplitStep) -> None:
        """A split: the draw, then the steps of each branch."""
        head = self._reserve()
        branches: list[tuple[str, int, int]] = []
        ends: list[int] = []
        for arm in step.arms:
            branches.append((arm.name, arm.share, len(self.code)))
            self.steps(arm.steps)
            ends.append(self._reserve())
        otherwise = len(self.code)
        self.steps(step.otherwise)
        self._join(ends)
        self.code[head] = Draw(step.id, step.name, tuple(branches), otherwise)

    def repeat(self, step: model.RepeatStep) -> None:
        """A loop: the head, the steps, a jump back."""
        self.note(step.times, step.condition)
        self.emit(LoopStart(step.id))
        head = self._reserve()
        outer, self._loops = self._loops, (*self._loops, step.id)
        self.steps(step.steps)
        self._loops = outer
        self.emit(Jump(head))
        times = None if step.times is None else compile_value(step.times)
        self.code[head] = Loop(step.id, times, _maybe(step.condition), step.most, len(self.code))

    def let(self, step: model.LetStep) -> None:
        """A value under a name."""
        self.note(step.value)
        self.emit(Let(step.name, compile_value(step.value)))

    def parallel(self, step: model.ParallelStep) -> None:
        """Branches for child runs, each closed by an end of its own."""
        head = self._reserve()
        branches: list[tuple[str, int]] = []
        for branch in step.branches:
            branches.append((branch.id, len(self.code)))
            self.block(branch)
            self.emit(BranchEnd())
        self.code[head] = Fork(step.id, tuple(branches), len(self.code))

    def each(self, step: model.EachStep) -> None:
        """Steps for related records, closed by an end of their own; this run passes them by."""
        self.note(step.when, step.where)
        head = self._reserve()
        self.steps(step.steps)
        self.emit(BranchEnd())
        join = len(self.code)
        branch = f"{step.id}.do"
        self.code[head] = Each(
            step.id, branch, step.kind, step.many, step.most, _maybe(step.when), _maybe(step.where), join
        )

    def go_to(self, step: model.GoToStep) -> None:
        """A jump forward, resolved when all labels are known."""
        self.note(step.when)
        self._jumps.append((self._reserve(), step))

    def label(self, step: model.LabelStep) -> None:
        """A place to go to."""
        self._labels[step.id] = len(self.code)

    def goal(self, step: model.GoalStep) -> None:
        """A place that is jumped to when an event comes."""
        self.note(step.condition)
        self.listen_for("goal", step.id, "", step.awaited)
        self.emit(Goal(step.id, step.name, _maybe(step.condition), step.passes))

    def stop(self, step: model.StopStep) -> None:
        """The end of the run."""
        self.note(step.when)
        self.emit(Halt(step.id, _maybe(step.when)))

    def block(self, step: model.BlockStep) -> None:
        """Steps under one condition."""
        if step.when is None:
            self.steps(step.steps)
            return
        self.note(step.when)
        hole = self._reserve()
        self.steps(step.steps)
        self.code[hole] = JumpUnless(compile_condition(step.when), len(self.code))

    def choose(self, step: model.IfStep) -> None:
        """Branches of an `if`."""
        ends: list[int] = []
        for branch in step.branches:
            self.note(branch.when)
            hole = self._reserve()
            self.steps(branch.steps)
            ends.append(self._reserve())
            self.code[hole] = JumpUnless(compile_condition(branch.when), len(self.code))
        self.steps(step.otherwise)
        self._join(ends)

    # --- helpers ---

    def listen_for(self, kind: str, step: str, arm: str, awaited: Iterable[model.Awaited]) -> None:
        """Note the events that a run may be waiting for."""
        for item in awaited:
            self.note(item.when)
            ear = Ear(kind, step, arm, _maybe(item.when), item.bind, item.from_now)
            self.ears.setdefault(item.event, []).append(ear)

    def note(self, *irs: Ir | None) -> None:
        """Remember whether the event that started the run is read."""
        self.keeps_event = self.keeps_event or any(ir is not None and "event" in roots(ir) for ir in irs)

    def _reserve(self) -> int:
        return self.emit(Jump(-1))

    def _join(self, ends: Iterable[int]) -> None:
        for hole in ends:
            self.code[hole] = Jump(len(self.code))

    def _resolve_jumps(self) -> None:
        for hole, step in self._jumps:
            self.code[hole] = Jump(self._labels[step.target], _maybe(step.when), step.id)
        self._jumps.clear()


_BUILDERS: Mapping[type, str] = {
    model.ActionStep: "action",
    model.WaitStep: "wait",
    model.ListenStep: "listen",
    model.IfStep: "choose",
    model.SplitStep: "split",
    model.RepeatStep: "repeat",
    model.LetStep: "let",
    model.ParallelStep: "parallel",
    model.EachStep: "each",
    model.GoToStep: "go_to",
    model.LabelStep: "label",
    model.GoalStep: "goal",
    model.BlockStep: "block",
    model.StopStep: "stop",
}


def _fixed(mode: str, value: Ir) -> str:
    """The mode of a wait. A moment that is reckoned from now is fixed when the wait begins: changes do not move it."""
    return "fixed" if mode == "date" and any(n in _FROM_NOW for n in _operators(value)) else mode


def _operators(ir: Ir) -> Iterator[str]:
    if isinstance(ir, Op):
        yield ir.n
        for arg in ir.a:
            yield from _operators(arg)


def _test(ir: Ir) -> Test:
    return Test(compile_condition(ir), ir)


def _maybe(ir: Ir | None) -> Test | None:
    return None if ir is None else _test(ir)


def _constant(args: Mapping[str, Ir]) -> dict[str, Any] | None:
    values = {name: ir.v for name, ir in args.items() if isinstance(ir, Lit)}
    return values if len(values) == len(args) else None


def _values(args: Mapping[str, Ir]) -> dict[str, Any]:
    return {name: compile_value(ir) for name, ir in args.items()}


def roots(ir: Ir) -> frozenset[str]:
    """The roots that an expression reads."""
    return frozenset(get.p[0] for get in _gets(ir))


def _gets(ir: Ir) -> Iterator[Get]:
    match ir:
        case Get():
            yield ir
        case Op():
            for arg in ir.a:
                yield from _gets(arg)
        case Lit():
            return
