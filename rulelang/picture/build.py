"""From a plan to its picture, in the author's own words where the plan has kept them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rulelang.picture.model import Arm, Fork, Item, Loop, Node, Picture, Shape
from rulelang.plan import model
from rulelang.plan.ir import Ir
from rulelang.plan.wording import describe


def picture(plan: model.Plan) -> Picture:
    """The picture of a rule."""
    return _Builder(plan).whole()


def triggers(plan: model.Plan) -> tuple[str, ...]:
    """What each trigger of a rule says in its author's words, without the word `on`."""
    return tuple(_Builder(plan).triggers())


class _Builder:
    def __init__(self, plan: model.Plan) -> None:
        self._plan = plan

    def whole(self) -> Picture:
        """The rule from its triggers to its end."""
        plan = self._plan
        start = Node("", Shape.START, " or ".join(self.triggers()), self._clauses(), self._header())
        return Picture(
            plan.key,
            start,
            tuple(self._items(plan.steps)),
            Node("", Shape.END, "end"),
            tuple(self._items(plan.on_exit)),
        )

    # --- the beginning ---

    def triggers(self) -> Iterator[str]:
        """Each trigger, or the condition by which the rule begins."""
        begins = self._plan.begins
        if begins is not None:
            held = f" for {begins.held}" if begins.held else ""
            yield f"when {self._condition('when', self._plan.when)}{held}"
        for number, trigger in enumerate(self._plan.triggers):
            yield self._written(f"on.{number}").removeprefix("or ").removeprefix("on ") or trigger.event

    def _header(self) -> tuple[int, int] | None:
        return self._plan.spans.get("on.0")

    def _clauses(self) -> str:
        """The condition, and what ends a run early, a line each."""
        plan = self._plan
        clauses = (
            [f"when {self._condition('when', plan.when)}"]
            if plan.when is not None and plan.begins is None
            else []
        )
        clauses += [f"exit when {self._condition(f'exit.{n}', ir)}" for n, ir in enumerate(plan.exits)]
        clauses += [f"goal when {self._condition(f'goal.{n}', ir)}" for n, ir in enumerate(plan.goals)]
        for number, each in enumerate(plan.exit_on):
            what = self._written(f"exit_on.{number}") or f"on {each.awaited.event}"
            clauses.append(f"{'goal' if each.goal else 'exit'} {what}")
        return "\n".join(clauses)

    # --- steps ---

    def _items(self, steps: Iterable[model.Step]) -> Iterator[Item]:
        for step in steps:
            yield from self._step(step)

    def _step(self, step: model.Step) -> Iterator[Item]:
        match step:
            case model.BlockStep():
                yield from self._block(step)
            case model.IfStep():
                yield self._choice(step)
            case model.ListenStep():
                yield self._listen(step)
            case model.SplitStep():
                yield self._split(step)
            case model.ParallelStep():
                arms = (self._arm(b.id, "", (b,)) for b in step.branches)
                yield Fork(self._node(step.id, Shape.PARALLEL, "side by side"), tuple(arms))
            case model.EachStep():
                made = Arm(f"{step.id}.do", "for each of them", tuple(self._items(step.steps)), ends=True)
                head = self._node(
                    step.id, Shape.PARALLEL, self._head(step.id), self._when(step.id, step.when)
                )
                yield Fork(head, (made, Arm(f"{step.id}.on", "goes on at once", ())))
            case model.RepeatStep():
                yield Loop(
                    self._node(step.id, Shape.LOOP, self._head(step.id)), tuple(self._items(step.steps))
                )
            case model.LabelStep() if step.id not in self._plan.spans:
                pass  # a place of our own that no author has written
            case model.ActionStep(on_error=model.OnError(steps=steps) as on_error) if steps:
                label = self._written(f"{step.id}.error").split(" do", 1)[0] or "on error"
                failed = self._arm(f"{step.id}.error", label, on_error.steps)
                yield Fork(self._plain(step), (Arm(f"{step.id}.ok", "", ()), failed))
            case _:
                yield self._plain(step)

    def _plain(self, step: model.Step) -> Node:
        """A step without steps inside."""
        match step:
            case model.ActionStep():
                title = self._written(step.id).split(" on error", 1)[0] or step.action.replace("_", " ")
                return self._conditional(step.id, Shape.ACTION, title, step.when)
            case model.WaitStep():
                title = self._written(step.id) or f"wait {describe(step.value, self._plan.subject)}"
                return self._conditional(step.id, Shape.WAIT, title, step.when)
            case model.LetStep():
                return self._node(step.id, Shape.LET, self._written(step.id) or f"let {step.name}")
            case model.GoToStep():
                title = self._written(step.id) or "go on as after the timeout"
                return self._conditional(step.id, Shape.JUMP, title, step.when)
            case model.LabelStep():
                return self._node(step.id, Shape.LABEL, step.name)
            case model.GoalStep():
                return self._node(step.id, Shape.GOAL, self._written(step.id) or f'goal "{step.name}"')
            case model.StopStep():
                return self._conditional(step.id, Shape.STOP, "stop", step.when)
        return self._node(step.id, Shape.ACTION, self._head(step.id))

    def _conditional(self, id: str, shape: Shape, title: str, when: Ir | None) -> Node:
        if when is None:
            return self._node(id, shape, title)
        condition = self._condition(f"{id}.when", when)
        return self._node(id, shape, title.removesuffix(f" when {condition}"), f"when {condition}")

    def _block(self, step: model.BlockStep) -> Iterator[Item]:
        if step.when is None:
            yield from self._items(step.steps)
            return
        condition = self._condition(f"{step.id}.when", step.when)
        yes = self._arm(step.id, "yes", step.steps)
        yield Fork(self._node(step.id, Shape.DECISION, condition), (yes, Arm(f"{step.id}.no", "no", ())))

    def _choice(self, step: model.IfStep) -> Fork:
        conditions = [self._condition(f"{b.id}.when", b.when) for b in step.branches]
        head = self._head(step.id)
        matching = head.startswith("match ")
        two_ways = len(step.branches) == 1 and not matching
        title = conditions[0] if two_ways else head if matching else "if"
        labels = ["yes"] if two_ways else conditions
        arms = [self._arm(b.id, label, b.steps) for b, label in zip(step.branches, labels, strict=True)]
        arms.append(self._arm(f"{step.id}.else", "no" if two_ways else "else", step.otherwise))
        return Fork(self._node(step.id, Shape.DECISION, title), tuple(arms))

    def _listen(self, step: model.ListenStep) -> Fork:
        arms = tuple(self._arm(arm.id, self._alternative(arm), arm.steps) for arm in step.arms)
        title = f"wait for {step.subject}" if step.subject else "wait for the first of"
        if step.approver:
            title = f"{title} from {step.approver.partition(':')[2] or step.approver}"
        return Fork(self._node(step.id, Shape.WAIT, title, self._when(step.id, step.when)), arms)

    def _alternative(self, arm: model.Arm) -> str:
        """What an alternative of a wait waits for."""
        match arm.kind:
            case "on":
                events = (
                    self._written(f"{arm.id}.on.{n}").removeprefix("or ") or _answer(awaited.event)
                    for n, awaited in enumerate(arm.awaited)
                )
                return " or ".join(events)
            case "until":
                return f"until {self._condition(f'{arm.id}.value', arm.value)}"
        return f"after {self._condition(f'{arm.id}.value', arm.value)}" if not arm.at else self._head(arm.id)

    def _split(self, step: model.SplitStep) -> Fork:
        arms = [self._arm(a.id, f"{a.share / 100:g} % {a.name}", a.steps) for a in step.arms]
        rest = 100 - sum(a.share for a in step.arms) / 100
        if rest > 0 or step.otherwise:
            arms.append(self._arm(f"{step.id}.else", f"{rest:g} %", step.otherwise))
        name = "" if step.name == step.id else f' "{step.name}"'
        return Fork(self._node(step.id, Shape.DECISION, f"split{name}"), tuple(arms))

    def _arm(self, id: str, label: str, steps: Sequence[model.Step]) -> Arm:
        return Arm(id, label, tuple(self._items(steps)), ends=_ends(steps))

    # --- words ---

    def _node(self, id: str, shape: Shape, title: str, detail: str = "") -> Node:
        return Node(id, shape, title, detail, self._plan.spans.get(id))

    def _when(self, id: str, when: Ir | None) -> str:
        return "" if when is None else f"when {self._condition(f'{id}.when', when)}"

    def _condition(self, key: str, ir: Ir | None) -> str:
        if written := self._written(key):
            return written
        return "" if ir is None else describe(ir, self._plan.subject)

    def _written(self, key: str) -> str:
        """What the author wrote there, on one line; "" when that is not known."""
        span = self._plan.spans.get(key)
        return " ".join(self._plan.text[span[0] : span[1]].split()) if span is not None else ""

    def _head(self, key: str) -> str:
        """The first line of what the author wrote, without the `do` at its end."""
        span = self._plan.spans.get(key)
        if span is None:
            return ""
        line = self._plan.text[span[0] : span[1]].partition("\n")[0]
        return " ".join(line.split()).removesuffix(" do")


def _answer(event: str) -> str:
    """An awaited event that no author has written: `approval.given` reads as `given`."""
    return event.rpartition(".")[2].replace("_", " ")


def _ends(steps: Sequence[model.Step]) -> bool:
    """Whether nothing is done after these steps: the last is a stop, or a jump elsewhere, for good."""
    return bool(steps) and isinstance(steps[-1], model.StopStep | model.GoToStep) and steps[-1].when is None
