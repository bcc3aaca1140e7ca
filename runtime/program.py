"""A plan made ready to run: steps in a flat list, conditions compiled, names looked up once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rulelang.catalog.model import Action, Performs
from rulelang.plan import model
from rulelang.plan.compile import compile_condition, compile_value
from rulelang.plan.ir import Get, Ir, Lit, Op
from rulelang.plan.scope import Scope
from runtime.actions import EffectAction, Library, LocalAction
from runtime.model import JSON

Condition: TypeAlias = Callable[[Scope], bool]
Value: TypeAlias = Callable[[Scope], JSON]


class PlanError(Exception):
    """A plan names something that this installation does not have, such as an action of a missing package."""


@dataclass(frozen=True, slots=True)
class Act:
    """Perform an action; exactly one of `local` and `effect` is set."""

    id: str
    action: Action
    args: Mapping[str, Value]
    local: LocalAction | None
    effect: EffectAction | None
    when: Condition | None
    when_ir: Ir | None


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait; `mode` as in the plan."""

    id: str
    mode: str
    value: Value
    value_ir: Ir
    when: Condition | None
    when_ir: Ir | None


@dataclass(frozen=True, slots=True)
class JumpUnless:
    """Go on at `target` unless the condition holds."""

    when: Condition
    target: int


@dataclass(frozen=True, slots=True)
class Jump:
    """Go on at `target`."""

    target: int


@dataclass(frozen=True, slots=True)
class Halt:
    """The run completes here, if `when` holds."""

    id: str
    when: Condition | None
    when_ir: Ir | None


Instruction: TypeAlias = Act | Sleep | JumpUnless | Jump | Halt


@dataclass(frozen=True, slots=True)
class Exit:
    """An exit condition."""

    when: Condition
    ir: Ir


@dataclass(frozen=True, slots=True)
class Program:
    """A plan ready to run. `at` maps the id of each step that a run can stand at to its place in `code`.

    `keeps_event`: some step reads the event that started the run. `roots`: records that conditions tested
    after the start read (`contact`, `account`, `opportunity`).
    """

    plan: model.Plan
    code: tuple[Instruction, ...]
    at: Mapping[str, int]
    when: Condition | None
    exits: tuple[Exit, ...]
    keeps_event: bool
    roots: frozenset[str]


def compile_program(plan: model.Plan, library: Library) -> Program:
    """Make a plan ready to run.

    Raises:
        PlanError: the plan uses an action that the library lacks.
    """
    assembler = _Assembler(library, plan)
    assembler.steps(plan.steps)
    watched = [
        *plan.exits,
        *(i.value_ir for i in assembler.code if isinstance(i, Sleep) and i.mode == "date"),
    ]
    return Program(
        plan=plan,
        code=tuple(assembler.code),
        at={i.id: n for n, i in enumerate(assembler.code) if isinstance(i, (Act, Sleep, Halt))},
        when=_condition(plan.when),
        exits=tuple(Exit(compile_condition(ir), ir) for ir in plan.exits),
        keeps_event=assembler.keeps_event or any("event" in _roots(ir) for ir in plan.exits),
        roots=frozenset().union(*(_roots(ir) for ir in watched)) - {"event"},
    )


class _Assembler:
    def __init__(self, library: Library, plan: model.Plan) -> None:
        self.library = library
        self.plan = plan
        self.code: list[Instruction] = []
        self.keeps_event = False

    def steps(self, steps: Sequence[model.Step]) -> None:
        for step in steps:
            match step:
                case model.ActionStep():
                    self.code.append(self._act(step))
                case model.WaitStep():
                    self._note(step.value, step.when)
                    self.code.append(
                        Sleep(
                            step.id,
                            step.mode,
                            compile_value(step.value),
                            step.value,
                            _condition(step.when),
                            step.when,
                        )
                    )
                case model.StopStep():
                    self._note(step.when)
                    self.code.append(Halt(step.id, _condition(step.when), step.when))
                case model.BlockStep():
                    self._guarded(step.when, step.steps)
                case model.IfStep():
                    self._if(step)

    def _act(self, step: model.ActionStep) -> Act:
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
        self._note(step.when, *step.args.values())
        self.keeps_event = self.keeps_event or declaration.uses_event
        args = {name: compile_value(ir) for name, ir in step.args.items()}
        return Act(step.id, declaration, args, local, effect, _condition(step.when), step.when)

    def _guarded(self, when: Ir | None, steps: Sequence[model.Step]) -> None:
        if when is None:
            self.steps(steps)
            return
        self._note(when)
        hole = self._reserve()
        self.steps(steps)
        self.code[hole] = JumpUnless(compile_condition(when), len(self.code))

    def _if(self, step: model.IfStep) -> None:
        ends: list[int] = []
        for branch in step.branches:
            self._note(branch.when)
            hole = self._reserve()
            self.steps(branch.steps)
            ends.append(self._reserve())
            self.code[hole] = JumpUnless(compile_condition(branch.when), len(self.code))
        self.steps(step.otherwise)
        for hole in ends:
            self.code[hole] = Jump(len(self.code))

    def _reserve(self) -> int:
        self.code.append(Jump(-1))
        return len(self.code) - 1

    def _note(self, *irs: Ir | None) -> None:
        self.keeps_event = self.keeps_event or any(ir is not None and "event" in _roots(ir) for ir in irs)


def _condition(ir: Ir | None) -> Condition | None:
    return None if ir is None else compile_condition(ir)


def _roots(ir: Ir) -> frozenset[str]:
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
