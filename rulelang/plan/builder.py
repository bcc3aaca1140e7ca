"""From a checked rule to its plan: typed expressions become plan expressions, steps get their path ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rulelang.check.typed import (
    Apply,
    Bad,
    CheckedAction,
    CheckedBlock,
    CheckedIf,
    CheckedRule,
    CheckedStep,
    CheckedStop,
    CheckedTrigger,
    CheckedWait,
    Const,
    Ref,
    Typed,
)
from rulelang.plan.codec import with_hash
from rulelang.plan.ir import Get, Ir, Lit, Op, conjoin
from rulelang.plan.model import (
    PLAN_VERSION,
    ActionStep,
    BlockStep,
    Branch,
    IfStep,
    Plan,
    Step,
    StopStep,
    TriggerPlan,
    WaitStep,
)
from rulelang.source import Span

_LOGIC = frozenset({"and", "or", "not"})


def build_plan(rule: CheckedRule, key: str, file: str = "") -> Plan:
    """The plan of a rule in which no error was found.

    `key` is the rule's identity, `file` the path that journals show. Spans in the plan count from the start of
    its `text`, so that they hold wherever the rule moves to.

    Raises:
        ValueError: the rule has errors.
    """
    if not rule.ok:
        raise ValueError(f"the rule `{key}` has errors")
    builder = _Builder(rule.node.span.start)
    triggers = tuple(builder.trigger(n, trigger) for n, trigger in enumerate(rule.triggers))
    plan = Plan(
        version=PLAN_VERSION,
        key=key,
        subject=rule.subject,
        state=rule.state,
        triggers=triggers,
        when=builder.condition("when", rule.when),
        enrol=rule.enrol,
        exits=tuple(builder.expression(f"exit.{n}", e) for n, e in enumerate(rule.exits)),
        steps=builder.steps("do", rule.steps),
        file=file,
        line=rule.source.position(rule.node.span.start).line,
        text=rule.source.slice(rule.node.span),
        spans=builder.spans,
    )
    return with_hash(plan)


def lower(typed: Typed) -> Ir:
    """The plan's form of a typed expression.

    Raises:
        ValueError: a part of it is Bad.
    """
    match typed:
        case Const(_, _, value):
            return Lit(value)
        case Ref(_, _, path):
            return Get(path)
        case Apply(_, _, op, args):
            return Op(op, tuple(lower(arg) for arg in args))
        case Bad():
            raise ValueError("a part with a mistake cannot be planned")


@dataclass
class _Builder:
    """Builds the parts of one plan and notes where in the rule's text each was written."""

    start: int
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)

    # --- expressions -------------------------------------------------------------------------------

    def expression(self, path: str, typed: Typed) -> Ir:
        """A plan expression; its span is noted under `path`, the parts of a condition under `path.0` …"""
        self._note_logic(path, typed)
        return lower(typed)

    def condition(self, path: str, typed: Typed | None) -> Ir | None:
        return self.expression(path, typed) if typed is not None else None

    def _note(self, path: str, span: Span) -> None:
        self.spans[path] = (span.start - self.start, span.end - self.start)

    def _note_logic(self, path: str, typed: Typed) -> None:
        self._note(path, typed.span)
        if isinstance(typed, Apply) and typed.op in _LOGIC:
            for n, arg in enumerate(typed.args):
                self._note_logic(f"{path}.{n}", arg)

    # --- triggers ----------------------------------------------------------------------------------

    def trigger(self, number: int, trigger: CheckedTrigger) -> TriggerPlan:
        self._note(f"on.{number}", trigger.span)
        when = conjoin(*(lower(condition) for condition in trigger.filters))
        return TriggerPlan(trigger.trigger.name, trigger.event, when)

    # --- steps -------------------------------------------------------------------------------------

    def steps(self, path: str, steps: Sequence[CheckedStep]) -> tuple[Step, ...]:
        """The steps of a block; `path` is that of the block, such as `do` or `do.2.then`."""
        return tuple(self._step(f"{path}.{n}", step) for n, step in enumerate(steps))

    def _step(self, path: str, step: CheckedStep) -> Step:
        self._note(path, step.span)
        match step:
            case CheckedAction():
                return self._action(path, step)
            case CheckedWait(_, mode, value, when):
                lowered = self.expression(f"{path}.value", value)
                return WaitStep(path, mode, lowered, self.condition(f"{path}.when", when))
            case CheckedIf():
                return self._if(path, step)
            case CheckedBlock(_, steps, when):
                inner = self.steps(f"{path}.do", steps)
                return BlockStep(path, inner, self.condition(f"{path}.when", when))
            case CheckedStop(_, when):
                return StopStep(path, self.condition(f"{path}.when", when))

    def _if(self, path: str, step: CheckedIf) -> IfStep:
        branches = []
        for n, branch in enumerate(step.branches):
            inner = f"{path}.elif{n}" if n else f"{path}.then"
            self._note(inner, branch.span)
            when = self.expression(f"{inner}.when", branch.condition)
            branches.append(Branch(inner, when, self.steps(inner, branch.steps)))
        return IfStep(path, tuple(branches), self.steps(f"{path}.else", step.otherwise))

    def _action(self, path: str, step: CheckedAction) -> ActionStep | BlockStep:
        """An action; with a delay a block that waits first."""
        when = self.condition(f"{path}.when", step.when)
        if step.delay is None:
            return ActionStep(path, step.action.name, self._args(path, step), when)
        wait, action = f"{path}.do.0", f"{path}.do.1"
        self._note(wait, step.delay.span)
        self._note(action, step.span)
        steps = (
            WaitStep(wait, "for", lower(step.delay)),
            ActionStep(action, step.action.name, self._args(action, step)),
        )
        return BlockStep(path, steps, when)

    def _args(self, path: str, step: CheckedAction) -> dict[str, Ir]:
        """The arguments in the order declared; only those that the author wrote have a span."""
        args: dict[str, Ir] = {}
        for param in step.action.params:
            if (typed := step.args.get(param.name)) is not None:
                args[param.name] = lower(typed)
                if typed.span != step.span:
                    self._note(f"{path}.args.{param.name}", typed.span)
        return args
