"""From a checked rule to its plan: typed expressions become plan expressions, steps get their path ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from rulelang.check.typed import (
    Apply,
    Bad,
    CheckedAction,
    CheckedArm,
    CheckedAwaited,
    CheckedBlock,
    CheckedCount,
    CheckedEach,
    CheckedEnrolment,
    CheckedGoal,
    CheckedGoTo,
    CheckedIf,
    CheckedLabel,
    CheckedLet,
    CheckedListen,
    CheckedMoment,
    CheckedParallel,
    CheckedRepeat,
    CheckedRule,
    CheckedSplit,
    CheckedStep,
    CheckedStop,
    CheckedTrigger,
    CheckedWait,
    Const,
    Ref,
    Typed,
)
from rulelang.plan.codec import with_hash
from rulelang.plan.followed import AbsencePlan, Beginning, CountPlan, bounded
from rulelang.plan.ir import Get, Ir, Lit, Op, conjoin
from rulelang.plan.model import (
    EVERY_TIME,
    PLAN_VERSION,
    ActionStep,
    Arm,
    Awaited,
    BlockStep,
    Branch,
    ClockPlan,
    EachStep,
    Enrolment,
    ExitOn,
    GoalStep,
    GoToStep,
    IfStep,
    LabelStep,
    LetStep,
    ListenStep,
    OnError,
    ParallelStep,
    Plan,
    RepeatStep,
    SplitArm,
    SplitStep,
    Step,
    StopStep,
    TriggerPlan,
    WaitStep,
)
from rulelang.source import Span
from rulelang.types.model import Kind, Type

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
    steps, on_exit = builder.steps("do", rule.steps), builder.steps("on_exit", rule.on_exit)
    if builder.jumps:
        # Where labels are is known only now: once more, with all of them.
        builder = _Builder(rule.node.span.start, labels=builder.labels)
        steps, on_exit = builder.steps("do", rule.steps), builder.steps("on_exit", rule.on_exit)
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
        steps=steps,
        file=file,
        line=rule.source.position(rule.node.span.start).line,
        text=rule.source.slice(rule.node.span),
        spans=builder.spans,
        enrolment=builder.enrolment(rule.enrolment),
        goals=tuple(builder.expression(f"goal.{n}", e) for n, e in enumerate(rule.goals)),
        exit_on=tuple(
            ExitOn(builder.awaited(f"exit_on.{n}", e.awaited), e.goal) for n, e in enumerate(rule.exit_on)
        ),
        on_exit=on_exit,
        params={name: type_text(taken.type) for name, taken in rule.takes.items()},
        # Last of all: the parts above find the clocks.
        clocks=tuple(builder.clocks),
        begins=builder.begins(rule),
        absences=tuple(builder.absences.values()),
    )
    plan = msgspec.structs.replace(plan, counts=count_plans(rule.counts, _expressions(plan)))
    return with_hash(plan)


def _expressions(part: object) -> Iterator[Ir]:
    """All expressions of a plan, each as a whole."""
    if isinstance(part, Lit | Get | Op):
        yield part
        return
    inner: Iterable[object] = ()
    if isinstance(part, msgspec.Struct):
        inner = (getattr(part, name) for name in part.__struct_fields__)
    elif isinstance(part, dict):
        inner = part.values()
    elif isinstance(part, tuple):
        inner = part
    for each in inner:
        yield from _expressions(each)


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


def count_plans(counts: Iterable[CheckedCount], irs: Iterable[Ir]) -> tuple[CountPlan, ...]:
    """The counts that conditions look at; `irs` are these conditions, which bound what must be kept."""
    plans = (
        CountPlan(c.name, c.event, conjoin(*map(lower, c.filters)), c.window, contacts=c.contacts)
        for c in counts
    )
    return bounded(tuple(plans), tuple(irs))


def type_text(type_: Type) -> str:
    """A parameter's type as the author writes it: `number`, `one of small, large`."""
    if type_.kind is Kind.ENUM:
        return f"one of {', '.join(type_.values)}"
    if type_.kind is Kind.LIST and type_.item is not None:
        return f"list of {type_text(type_.item)}"
    if type_.kind is Kind.MONEY:
        return f"money {type_.currency}".rstrip()
    return "yes/no" if type_.kind is Kind.BOOL else str(type_.kind.value)


@dataclass
class _Builder:
    """Builds the parts of one plan and notes where in the rule's text each was written.

    `labels` has the id of each label by name, as far as they have come; `jumps` says that there was a `go to`.
    """

    start: int
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)
    clocks: list[ClockPlan] = field(default_factory=list)
    absences: dict[str, AbsencePlan] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    jumps: bool = False

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

    def begins(self, rule: CheckedRule) -> Beginning | None:
        """The condition that begins a rule without triggers."""
        if rule.triggers or rule.takes or rule.when is None:
            return None
        return Beginning(lower(rule.when), rule.held)

    def trigger(self, number: int, trigger: CheckedTrigger) -> TriggerPlan:
        self._note(f"on.{number}", trigger.span)
        when = conjoin(*(lower(condition) for condition in trigger.filters))
        self._note_clock(trigger.event, trigger.moment)
        if (absence := trigger.absence) is not None:
            filters = (conjoin(*map(lower, each)) for each in (absence.filters, absence.after_filters))
            self.absences[absence.name] = AbsencePlan(
                absence.name, absence.event, absence.within, absence.after, *filters
            )
        return TriggerPlan(trigger.trigger.name, trigger.event, when)

    def _note_clock(self, event: str, moment: CheckedMoment | None) -> None:
        if moment is not None:
            clock = ClockPlan(event, moment.source, dict(moment.params))
            if clock not in self.clocks:
                self.clocks.append(clock)

    def awaited(self, path: str, awaited: CheckedAwaited) -> Awaited:
        """An event that is waited for; `path` is where its place and its condition are noted."""
        self._note(path, awaited.span)
        self._note_clock(awaited.event, awaited.moment)
        where = self.condition(f"{path}.when", awaited.where)
        when = conjoin(*(lower(condition) for condition in awaited.filters), where)
        return Awaited(awaited.event, when, awaited.bind, awaited.from_now)

    def _all_awaited(self, path: str, awaited: Sequence[CheckedAwaited]) -> tuple[Awaited, ...]:
        return tuple(self.awaited(f"{path}.{n}", each) for n, each in enumerate(awaited))

    def enrolment(self, enrolment: CheckedEnrolment) -> Enrolment:
        """The details of enrolment."""
        found = Enrolment(
            again=enrolment.again,
            per=self.condition("per", enrolment.per),
            running=enrolment.running,
            most=enrolment.most or EVERY_TIME.most,
            limit=enrolment.limit,
            release=enrolment.release,
        )
        return EVERY_TIME if found == EVERY_TIME else found

    # --- steps -------------------------------------------------------------------------------------

    def steps(self, path: str, steps: Sequence[CheckedStep]) -> tuple[Step, ...]:
        """The steps of a block; `path` is that of the block, such as `do` or `do.2.then`."""
        return tuple(self._step(f"{path}.{n}", step) for n, step in enumerate(steps))

    def _step(self, path: str, step: CheckedStep) -> Step:
        self._note(path, step.span)
        match step:
            case CheckedAction():
                return self._action(path, step)
            case CheckedWait():
                return self._wait(path, step)
            case CheckedListen():
                return self._listen(path, step)
            case CheckedIf():
                return self._if(path, step)
            case CheckedSplit():
                return self._split(path, step)
            case CheckedRepeat():
                return self._repeat(path, step)
            case CheckedEach():
                when = self.condition(f"{path}.when", step.when)
                inner = self.steps(f"{path}.do", step.steps)
                where = self.condition(f"{path}.where", step.where)
                return EachStep(path, step.kind, inner, step.many, step.most, when, where)
            case CheckedLet(_, name, value):
                return LetStep(path, name, self.expression(f"{path}.value", value))
            case CheckedParallel(_, branches):
                return ParallelStep(
                    path, tuple(self._branch(f"{path}.{n}", each) for n, each in enumerate(branches))
                )
            case CheckedLabel(_, name):
                self.labels[name] = path
                return LabelStep(path, name)
            case CheckedGoTo(_, name, when):
                self.jumps = True
                return GoToStep(path, self.labels.get(name, ""), self.condition(f"{path}.when", when))
            case CheckedGoal():
                return self._goal(path, step)
            case CheckedBlock():
                return self._block(path, step)
            case CheckedStop(_, when):
                return StopStep(path, self.condition(f"{path}.when", when))

    def _branch(self, path: str, block: CheckedBlock) -> BlockStep:
        self._note(path, block.span)
        return self._block(path, block)

    def _block(self, path: str, block: CheckedBlock) -> BlockStep:
        inner = self.steps(f"{path}.do", block.steps)
        return BlockStep(path, inner, self.condition(f"{path}.when", block.when))

    def _if(self, path: str, step: CheckedIf) -> IfStep:
        branches = []
        for n, branch in enumerate(step.branches):
            inner = f"{path}.elif{n}" if n else f"{path}.then"
            inner = f"{path}.case{n}" if step.cases else inner
            self._note(inner, branch.span)
            when = self.expression(f"{inner}.when", branch.condition)
            branches.append(Branch(inner, when, self.steps(inner, branch.steps)))
        return IfStep(path, tuple(branches), self.steps(f"{path}.else", step.otherwise))

    def _split(self, path: str, step: CheckedSplit) -> SplitStep:
        arms = []
        for n, arm in enumerate(step.arms):
            inner = f"{path}.case{n}"
            self._note(inner, arm.span)
            arms.append(SplitArm(inner, arm.name, arm.share, self.steps(inner, arm.steps)))
        return SplitStep(path, step.name or path, tuple(arms), self.steps(f"{path}.else", step.otherwise))

    def _repeat(self, path: str, step: CheckedRepeat) -> RepeatStep:
        times = self.condition(f"{path}.times", step.times)
        test = self.condition(f"{path}.while", step.condition)
        return RepeatStep(path, self.steps(f"{path}.do", step.steps), times, test, step.most)

    def _goal(self, path: str, step: CheckedGoal) -> GoalStep:
        awaited = self._all_awaited(f"{path}.on", step.awaited)
        return GoalStep(path, step.name, awaited, self.condition(f"{path}.when", step.condition), step.passes)

    # --- waits -------------------------------------------------------------------------------------

    def _wait(self, path: str, step: CheckedWait) -> WaitStep:
        return WaitStep(
            path,
            step.mode,
            self.expression(f"{path}.value", step.value),
            self.condition(f"{path}.when", step.when),
            step.day,
            self._all_awaited(f"{path}.restart", step.restart),
            step.skip_if_past,
        )

    def _listen(self, path: str, step: CheckedListen) -> ListenStep:
        when = self.condition(f"{path}.when", step.when)
        if step.subject:
            return ListenStep(path, self._answers(path, step), when, step.subject, step.approver)
        arms = tuple(self._arm(_arm_path(path, n, arm), arm) for n, arm in enumerate(step.arms))
        return ListenStep(path, arms, when)

    def _arm(self, path: str, arm: CheckedArm) -> Arm:
        self._note(path, arm.span)
        awaited = self._all_awaited(f"{path}.on", arm.awaited)
        value = self.condition(f"{path}.value", arm.value)
        return Arm(path, arm.kind, awaited, value, arm.at, self.steps(path, arm.steps))

    def _answers(self, path: str, step: CheckedListen) -> tuple[Arm, ...]:
        """The alternatives of `wait for …`: the answer, the refusal of an approval, and the timeout.

        A refusal goes on where time is up: it jumps there, so that each step is in the plan once.
        """
        given = next((arm for arm in step.arms if arm.kind == "on"), None)
        late = next((arm for arm in step.arms if arm.kind == "timeout"), None)
        approval = step.subject == "approval"
        event = "approval.given" if approval else "callback.received"
        arms = [self._answer(f"{path}.on0", event, path, step, self._given(f"{path}.on0", given))]
        timeout = self._arm(f"{path}.timeout", late) if late is not None and late.value is not None else None
        if approval:
            refused: tuple[Step, ...] = ()
            if timeout is not None and timeout.steps:
                target = f"{path}.timeout.start"
                refused = (GoToStep(f"{path}.on1.0", target),)
                steps = (LabelStep(target, ""), *timeout.steps)
                timeout = Arm(timeout.id, "timeout", (), timeout.value, timeout.at, steps)
            elif timeout is None:
                refused = self._given(f"{path}.on1", late)
            arms.append(self._answer(f"{path}.on1", "approval.refused", path, step, refused))
        return (*arms, timeout) if timeout is not None else tuple(arms)

    def _given(self, path: str, arm: CheckedArm | None) -> tuple[Step, ...]:
        if arm is None:
            return ()
        self._note(path, arm.span)
        return self.steps(path, arm.steps)

    def _answer(self, path: str, event: str, step: str, wait: CheckedListen, steps: tuple[Step, ...]) -> Arm:
        """The alternative of an answer to this run; an approval is asked for only when the run gets here."""
        approval = wait.subject == "approval"
        when: Ir = Op("eq", (Get(("awaited", "run")), Get(("run", "id"))))
        if approval:
            when = Op("and", (when, Op("eq", (Get(("awaited", "step")), Lit(step)))))
        return Arm(path, "on", (Awaited(event, when, wait.bind, from_now=approval),), steps=steps)

    # --- actions -----------------------------------------------------------------------------------

    def _action(self, path: str, step: CheckedAction) -> ActionStep | BlockStep:
        """An action; with a delay a block that waits first."""
        when = self.condition(f"{path}.when", step.when)
        if step.delay is None:
            return self._act(path, step, when)
        wait, action = f"{path}.do.0", f"{path}.do.1"
        self._note(wait, step.delay.span)
        self._note(action, step.span)
        steps = (WaitStep(wait, "for", lower(step.delay)), self._act(action, step, None))
        return BlockStep(path, steps, when)

    def _act(self, path: str, step: CheckedAction, when: Ir | None) -> ActionStep:
        on_error = None
        if (wrong := step.on_error) is not None:
            self._note(f"{path}.error", wrong.span)
            on_error = OnError(wrong.retry, wrong.goes_on, self.steps(f"{path}.error", wrong.steps))
        params = {name: self.expression(f"{path}.with.{name}", value) for name, value in step.params.items()}
        return ActionStep(
            path, step.action.name, self._args(path, step), when, step.bind, on_error, params, step.and_wait
        )

    def _args(self, path: str, step: CheckedAction) -> dict[str, Ir]:
        """The arguments in the order declared; only those that the author wrote have a span."""
        args: dict[str, Ir] = {}
        for param in step.action.params:
            if (typed := step.args.get(param.name)) is not None:
                args[param.name] = lower(typed)
                if typed.span != step.span:
                    self._note(f"{path}.args.{param.name}", typed.span)
        return args


def _arm_path(path: str, number: int, arm: CheckedArm) -> str:
    """The path of an alternative: `do.2.on0`, `do.2.until1`, `do.2.timeout`."""
    return f"{path}.timeout" if arm.kind == "timeout" else f"{path}.{arm.kind}{number}"
