"""The steps of a rule: actions with their arguments, and every other kind of step by way of its own module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rulelang.catalog.model import Action, Param, Performs
from rulelang.catalog.phrases import Matched, NoMatch
from rulelang.check.alternatives import check_listen
from rulelang.check.awaited import check_awaited, name
from rulelang.check.branching import check_match, check_repeat, check_split
from rulelang.check.context import Context
from rulelang.check.convert import refuse_record
from rulelang.check.counts import count
from rulelang.check.expressions import condition, typed
from rulelang.check.named import check_named
from rulelang.check.parameters import check_given
from rulelang.check.people import has_contact
from rulelang.check.phrases import Phrases, fill, given_arguments, missing, no_action
from rulelang.check.reach import warn_unreachable
from rulelang.check.related import DEFAULT_MOST, MAX_RELATED, related_kind
from rulelang.check.roles import pipelines_with
from rulelang.check.typed import (
    CheckedAction,
    CheckedBlock,
    CheckedBranch,
    CheckedEach,
    CheckedGoal,
    CheckedGoTo,
    CheckedIf,
    CheckedLabel,
    CheckedLet,
    CheckedListen,
    CheckedOnError,
    CheckedParallel,
    CheckedStep,
    CheckedStop,
    CheckedWait,
    Const,
    Given,
    TemplateUse,
    Typed,
)
from rulelang.check.waits import check_delay, check_wait
from rulelang.diagnostics import flow as say
from rulelang.diagnostics import messages
from rulelang.source import Span
from rulelang.syntax import nodes
from rulelang.types.model import ANY, BOOL, NUMBER, RECORD, TEXT, Kind, Type

RESULT: dict[str, Type] = {
    "ok": BOOL,
    "status": NUMBER,
    "body": ANY,
    "error": TEXT,
    "id": TEXT,
    "name": TEXT,
    "link": TEXT,
    "number": NUMBER,
}
"""What the result of an action has."""


@dataclass(frozen=True, slots=True)
class StepChecker:
    """Checks the steps of one rule. The parser has bounded their number, how deep they are nested, and retries.

    `last` is set for the steps `on exit`, `branch` inside `parallel` and `for each`, `each` inside the latter.
    """

    context: Context
    phrases: Phrases
    last: bool = False
    branch: bool = False
    each: bool = False

    def steps(self, steps: Sequence[nodes.Step]) -> tuple[CheckedStep, ...]:
        """The checked steps of one block; those that did not parse are left out."""
        warn_unreachable(self.context, steps)
        checked = []
        for at, step in enumerate(steps):
            if isinstance(step, nodes.WaitStep) and step.skip_if_past and at + 1 == len(steps):
                self.context.report(say.nothing_to_skip(self.context.source, step.span))
            found = self._step(step)
            if found is not None:
                checked.append(found)
        return tuple(checked)

    def _step(self, step: nodes.Step) -> CheckedStep | None:
        match step:
            case nodes.ActionStep():
                return self._action(step)
            case nodes.IfStep():
                return self._if(step)
            case nodes.MatchStep():
                return check_match(self.context, step, self.steps)
            case nodes.SplitStep():
                return check_split(self.context, step, self.steps)
            case nodes.RepeatStep():
                return check_repeat(self.context, step, self.steps)
            case nodes.EachStep():
                return self._each(step)
            case nodes.LetStep():
                return self._let(step)
            case nodes.BlockStep(span, steps, when):
                return CheckedBlock(span, self.steps(steps), self._when(when))
            case nodes.LabelStep(span, label):
                return CheckedLabel(span, label.value)
            case nodes.GoToStep(span, label, when):
                return CheckedGoTo(span, label.value, self._when(when))
            case nodes.StopStep(span, when):
                return CheckedStop(span, self._when(when))
            case nodes.ErrorStep():
                return None
            case _:
                return self._resting(step)

    def _resting(
        self, step: nodes.WaitStep | nodes.ListenStep | nodes.ParallelStep | nodes.GoalStep
    ) -> CheckedStep:
        """A step at which a run may rest."""
        if self.last:
            word = self.context.text(step.span).split(maxsplit=1)[0]
            self.context.report(say.not_at_the_end(self.context.source, step.span, word))
        match step:
            case nodes.WaitStep():
                return self._wait(step)
            case nodes.ListenStep():
                when = self._when(step.when)
                return replace(check_listen(self.context, self.phrases, step, self.steps), when=when)
            case nodes.ParallelStep():
                return self._parallel(step)
            case nodes.GoalStep():
                return self._goal(step)

    def _when(self, node: nodes.Expr | None) -> Typed | None:
        return condition(self.context, node) if node is not None else None

    # --- waits -------------------------------------------------------------------------------------

    def _wait(self, step: nodes.WaitStep) -> CheckedWait | CheckedListen:
        found = check_wait(self.context, step)
        when = self._when(step.when)
        why = "the wait begins anew only while it lasts"
        restart = check_awaited(self.context, self.phrases, step.restart, no_from_now=why)
        if step.skip_if_past and not (isinstance(found, CheckedWait) and found.mode == "date"):
            text = self.context.text(step.value.span if step.value is not None else step.span)
            self.context.report(say.never_past(self.context.source, step.span, text))
        if isinstance(found, CheckedListen):
            for awaited in step.restart:
                why = "a condition has no beginning"
                self.context.report(say.useless_option(self.context.source, awaited.span, "restart on", why))
            return replace(found, when=when)
        return replace(found, when=when, restart=restart, skip_if_past=step.skip_if_past)

    def _goal(self, step: nodes.GoalStep) -> CheckedGoal:
        if self.branch:
            self.context.report(say.goal_in_branch(self.context.source, step.span))
        why = "a goal is reached from wherever the run stands"
        awaited = check_awaited(self.context, self.phrases, step.awaited, no_from_now=why)
        title = step.name.value if step.name is not None else "goal"
        return CheckedGoal(step.span, title, awaited, self._when(step.condition), step.passes)

    # --- blocks ------------------------------------------------------------------------------------

    def _if(self, step: nodes.IfStep) -> CheckedIf:
        fork, branches = self.context.scope.names.fork(), []
        for branch in step.branches:
            test = condition(self.context, branch.condition)
            with fork.way():
                branches.append(CheckedBranch(branch.span, test, self.steps(branch.steps)))
        with fork.way():
            otherwise = self.steps(step.otherwise or ())
        fork.join()
        return CheckedIf(step.span, tuple(branches), otherwise)

    def _parallel(self, step: nodes.ParallelStep) -> CheckedParallel:
        if len(step.branches) < 2:
            self.context.report(say.one_branch(self.context.source, step.span))
        inner = replace(self, branch=True)
        fork, branches = self.context.scope.names.fork(), []
        for branch in step.branches:
            with fork.way():
                when = self._when(branch.when)
                branches.append(CheckedBlock(branch.span, inner.steps(branch.steps), when))
        fork.forget()
        return CheckedParallel(step.span, tuple(branches))

    def _each(self, step: nodes.EachStep) -> CheckedEach | None:
        """Steps for related records: what they say is about those, with the names that the run has given so far."""
        context = self.context
        when, kind = self._when(step.when), related_kind(context, step, self.each)
        most = 1
        if step.many:
            most = DEFAULT_MOST
            if step.most is not None:
                most = count(context, step.most, "`at most`", 1, MAX_RELATED) or DEFAULT_MOST
        if kind is None:
            return None
        own = context.with_scope(context.scope.of(kind))
        inner = replace(self, context=own, branch=True, each=True)
        fork = context.scope.names.fork()
        where = condition(own, step.where) if step.where is not None else None
        with fork.way():
            steps = inner.steps(step.steps)
        fork.forget()
        return CheckedEach(step.span, kind, step.many, most, steps, when, where)

    # --- values under names ------------------------------------------------------------------------

    def _let(self, step: nodes.LetStep) -> CheckedLet | CheckedAction | None:
        if step.action is not None:
            return self._action(step.action, step)
        if step.value is None:
            name(self.context, step.name, ANY)
            return None
        value = typed(self.context, step.value)
        if value.type.kind is Kind.RECORD:
            value = refuse_record(self.context, value)
        elif value.type.kind is Kind.NULL:
            value = self.context.report(messages.null_value(self.context.source, value.span))
        name(self.context, step.name, value.type)
        return CheckedLet(step.span, step.name.text, value)

    # --- actions -----------------------------------------------------------------------------------

    def _action(self, step: nodes.ActionStep, let: nodes.LetStep | None = None) -> CheckedAction | None:
        context, phrase = self.context, step.phrase
        matched = self.phrases.actions.match(phrase)
        when = self._when(step.when)
        if isinstance(matched, NoMatch):
            context.report(no_action(context.source, phrase, matched, self.phrases.actions))
            if let is not None:
                name(context, let.name, ANY)
            self._on_error(step.on_error)
            return None
        action = matched.declaration
        self._check_subject(action, phrase)
        given = given_arguments(context, matched, phrase)
        missing(context, matched, phrase, given)
        args = fill(context, action.params, given, setting=True)
        self._note_templates(action, args)
        delay = check_delay(context, args.pop("delay", None)) if _has_delay(action) else None
        self._complete(matched, phrase, args)
        params = self._params(step, action)
        self._check_at_once(step, action, delay, let)
        bind = name(context, let.name, RECORD, RESULT) if let is not None else ""
        return CheckedAction(
            (let or step).span,
            action,
            args,
            when,
            delay,
            bind,
            self._on_error(step.on_error),
            {each.name: each.value for each in params},
            step.and_wait,
        )

    def _note_templates(self, action: Action, args: Mapping[str, Typed]) -> None:
        """Which templates are used, with the names that are known here: only all files together show if they fit."""
        for param in action.params:
            value = args.get(param.name)
            if param.role == "template" and isinstance(value, Const):
                known = dict(self.context.scope.names.known)
                self.context.template_uses.append(TemplateUse(str(value.value), value.span, known))

    def _check_at_once(
        self, step: nodes.ActionStep, action: Action, delay: Typed | None, let: nodes.LetStep | None
    ) -> None:
        """What goes only with actions that talk to somebody, and what the last steps may not do."""
        source, text = self.context.source, self.context.text(step.phrase.span)
        local = action.performs is Performs.LOCAL
        if let is not None and local:
            self.context.report(say.no_result(source, step.phrase.span, text))
        if step.on_error is not None and step.on_error.retry is not None and local:
            self.context.report(say.not_retried(source, step.on_error.span, text))
        if self.last and delay is not None:
            self.context.report(say.not_at_the_end(source, delay.span, "after"))
        if self.last and step.and_wait:
            self.context.report(say.not_at_the_end(source, step.span, "and wait"))

    def _on_error(self, node: nodes.OnError | None) -> CheckedOnError | None:
        if node is None:
            return None
        fork = self.context.scope.names.fork()
        with fork.way():
            steps = self.steps(node.steps or ())
        fork.join()
        goes_on = node.steps is not None or node.retry is None
        return CheckedOnError(node.span, node.retry, goes_on, steps)

    def _params(self, step: nodes.ActionStep, action: Action) -> tuple[Given, ...]:
        """What stands behind `with`; for another rule noted for the time when all rules are known."""
        context, starts = self.context, any(p.role == "rule" for p in action.params)
        if not starts:
            if action.takes_with:
                return self._named(step, action)
            for item in step.arguments[:1]:
                # Without a `with` the parser has said so.
                if "with" in context.text(Span(step.phrase.span.end, item.span.start)):
                    context.report(say.only_for_rules(context.source, item.span, "with"))
            if step.and_wait:
                context.report(say.only_for_rules(context.source, step.span, "and wait"))
            return ()
        given = check_given(context, step.arguments)
        refs = context.rule_refs
        if refs and step.phrase.span.start <= refs[-1].span.start < step.phrase.span.end:
            refs[-1] = replace(refs[-1], step=step.phrase.span, given=given)
        return given

    def _named(self, step: nodes.ActionStep, action: Action) -> tuple[Given, ...]:
        if step.and_wait:
            self.context.report(say.only_for_rules(self.context.source, step.span, "and wait"))
        return check_named(self.context, action, step.phrase.span, step.arguments)

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
        found = pipelines_with(context, param.subject or context.scope.subject, stage.value)
        if len(found) > 1:
            names = tuple(p.name for p in found)
            example = f'{context.text(phrase.span)} of "{names[0]}"'
            context.report(messages.ambiguous_stage(context.source, stage.span, stage.value, names, example))
        args[param.name] = Const(TEXT, stage.span, found[0].key)


def _has_delay(action: Action) -> bool:
    """A parameter `delay` of type duration is waited before the action is done."""
    return any(p.name == "delay" and p.type.kind is Kind.DURATION for p in action.params)
