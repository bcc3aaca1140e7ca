"""The steps of a rule: actions with their arguments, waits, branches, and what can never be reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rulelang.catalog.model import Action, Param
from rulelang.catalog.phrases import Matched, NoMatch
from rulelang.check.context import Context
from rulelang.check.expressions import condition
from rulelang.check.people import has_contact
from rulelang.check.phrases import Phrases, fill, given_arguments, missing, no_action
from rulelang.check.roles import pipelines_with
from rulelang.check.typed import (
    CheckedAction,
    CheckedBlock,
    CheckedBranch,
    CheckedIf,
    CheckedStep,
    CheckedStop,
    CheckedWait,
    Const,
    Typed,
)
from rulelang.check.waits import check_delay, check_wait
from rulelang.diagnostics import messages
from rulelang.diagnostics.syntax import later
from rulelang.syntax import nodes
from rulelang.types.model import TEXT, Kind


@dataclass(frozen=True, slots=True)
class StepChecker:
    """Checks the steps of one rule. The parser has bounded their number and how deep they are nested."""

    context: Context
    phrases: Phrases

    def steps(self, steps: Sequence[nodes.Step]) -> tuple[CheckedStep, ...]:
        """The checked steps of one block; those that did not parse are left out."""
        self._warn_unreachable(steps)
        checked = (self._step(step) for step in steps)
        return tuple(step for step in checked if step is not None)

    def _warn_unreachable(self, steps: Sequence[nodes.Step]) -> None:
        for at, step in enumerate(steps[:-1]):
            if _ends(step):
                following = steps[at + 1].span
                self.context.report(messages.unreachable(self.context.source, following, step.span))
                return

    def _step(self, step: nodes.Step) -> CheckedStep | None:
        match step:
            case nodes.ActionStep():
                return self._action(step)
            case nodes.WaitStep():
                return self._wait(step)
            case nodes.IfStep():
                return self._if(step)
            case nodes.BlockStep(span, steps, when):
                return CheckedBlock(span, self.steps(steps), self._when(when))
            case nodes.StopStep(span, when):
                return CheckedStop(span, self._when(when))
            case nodes.ErrorStep():
                return None
            case _:
                word = self.context.text(step.span).split(maxsplit=1)[0]
                self.context.report(later(self.context.source, step.span, word))
                return None

    def _when(self, node: nodes.Expr | None) -> Typed | None:
        return condition(self.context, node) if node is not None else None

    def _wait(self, step: nodes.WaitStep) -> CheckedWait:
        mode, value = check_wait(self.context, step)
        return CheckedWait(step.span, mode, value, self._when(step.when))

    def _if(self, step: nodes.IfStep) -> CheckedIf:
        branches = tuple(
            CheckedBranch(b.span, condition(self.context, b.condition), self.steps(b.steps))
            for b in step.branches
        )
        return CheckedIf(step.span, branches, self.steps(step.otherwise or ()))

    # --- actions -----------------------------------------------------------------------------------

    def _action(self, step: nodes.ActionStep) -> CheckedAction | None:
        context, phrase = self.context, step.phrase
        matched = self.phrases.actions.match(phrase)
        when = self._when(step.when)
        if isinstance(matched, NoMatch):
            context.report(no_action(context.source, phrase, matched))
            return None
        action = matched.declaration
        self._check_subject(action, phrase)
        given = given_arguments(context, matched, phrase)
        missing(context, matched, phrase, given)
        args = fill(context, action.params, given, setting=True)
        delay = check_delay(context, args.pop("delay", None)) if _has_delay(action) else None
        self._complete(matched, phrase, args)
        return CheckedAction(step.span, action, args, when, delay)

    def _check_subject(self, action: Action, phrase: nodes.Phrase) -> None:
        context, subject = self.context, self.context.scope.subject
        if subject not in action.subjects:
            text = context.text(phrase.span)
            context.report(
                messages.action_for_other(context.source, phrase.span, text, subject, action.subjects)
            )

    def _complete(self, matched: Matched[Action], phrase: nodes.Phrase, args: dict[str, Typed]) -> None:
        """Fill in what the author may leave out: defaults, and the pipeline that a stage belongs to."""
        for param in matched.declaration.params:
            if param.name in args or param.name == "delay":
                continue
            if param.role == "pipeline" and not param.required:
                self._complete_pipeline(matched, phrase, param, args)
            elif param.default is not None:
                self._check_default(param, phrase)
                args[param.name] = Const(param.type, phrase.span, param.default)

    def _check_default(self, param: Param, phrase: nodes.Phrase) -> None:
        context, subject = self.context, self.context.scope.subject
        if param.role == "recipient" and param.default == "contact" and not has_contact(subject):
            text = context.text(phrase.span)
            context.report(messages.no_default_recipient(context.source, phrase.span, text, subject))

    def _complete_pipeline(
        self, matched: Matched[Action], phrase: nodes.Phrase, param: Param, args: dict[str, Typed]
    ) -> None:
        context = self.context
        stage = next((args.get(p.name) for p in matched.declaration.params if p.role == "stage"), None)
        if not isinstance(stage, Const):
            return
        found = pipelines_with(context, context.scope.subject, stage.value)
        if len(found) > 1:
            names = tuple(p.name for p in found)
            example = f'{context.text(phrase.span)} of "{names[0]}"'
            context.report(messages.ambiguous_stage(context.source, stage.span, stage.value, names, example))
        args[param.name] = Const(TEXT, stage.span, found[0].key)


def _has_delay(action: Action) -> bool:
    """A parameter `delay` of type duration is waited before the action is done."""
    return any(p.name == "delay" and p.type.kind is Kind.DURATION for p in action.params)


def _ends(step: nodes.Step) -> bool:
    """Whether nothing can follow a step."""
    match step:
        case nodes.StopStep(_, None):
            return True
        case nodes.BlockStep(_, steps, None):
            return any(_ends(s) for s in steps)
        case nodes.IfStep(_, branches, otherwise):
            arms = [b.steps for b in branches] + [otherwise or ()]
            return all(any(_ends(s) for s in arm) for arm in arms)
        case _:
            return False
