"""Programs printed from trees, each step in its short form where it has one."""

from __future__ import annotations

from typing import Any

from rulelang.syntax import nodes as n
from tests.syntax.trees import print_argument, print_expression


def print_steps(steps: tuple[Any, ...], indent: str) -> str:
    return "".join(f"{indent}{_step(step, indent)}\n" for step in steps)


def _block(steps: tuple[Any, ...], indent: str) -> str:
    """The lines of a block, with a line end before and none behind."""
    return "\n" + print_steps(steps, indent + "  ").rstrip("\n")


def _do(steps: tuple[Any, ...], indent: str) -> str:
    return f"do{_block(steps, indent)}\n{indent}end"


def _else(steps: tuple[Any, ...] | None, indent: str) -> str:
    return f"\n{indent}else{_block(steps, indent)}" if steps else ""


def _when(condition: Any) -> str:
    return f" when {print_expression(condition)}" if condition is not None else ""


def _step(step: Any, indent: str) -> str:
    match step:
        case n.ActionStep():
            return _action(step, indent)
        case n.WaitStep():
            return _wait(step)
        case n.ListenStep():
            return _listen(step, indent)
        case n.StopStep(_, when):
            return f"stop{_when(when)}"
        case n.BlockStep(_, steps, when):
            return f"{_do(steps, indent)}{_when(when)}"
        case n.LetStep(_, name, value, action):
            return f"let {name.text} = {print_expression(value) if value else _action(action, indent)}"
        case n.LabelStep(_, name):
            return f"label {print_expression(name)}"
        case n.GoToStep(_, name, when):
            return f"go to {print_expression(name)}{_when(when)}"
        case n.GoalStep(_, name, awaited, condition, passes):
            head = f"goal {print_expression(name)}" if name else "goal"
            return head + _events(awaited) + _when(condition) + (" pass" if passes else "")
    return _choice(step, indent)


def _choice(step: Any, indent: str) -> str:
    match step:
        case n.IfStep(_, branches, otherwise):
            words = ["if"] + ["elif"] * (len(branches) - 1)
            arms = (
                f"{word} {print_expression(b.condition)} then{_block(b.steps, indent)}"
                for word, b in zip(words, branches, strict=True)
            )
            return f"\n{indent}".join(arms) + f"{_else(otherwise, indent)}\n{indent}end"
        case n.MatchStep(_, value, cases, otherwise):
            return f"match {print_expression(value)}{_cases(cases, otherwise, indent)}"
        case n.SplitStep(_, name, cases, otherwise):
            head = f"split {print_expression(name)}" if name else "split"
            return head + _cases(cases, otherwise, indent)
        case n.RepeatStep(_, times, condition, most, steps):
            rounds = f" at most {print_expression(most)} times" if most else ""
            how = (
                f"{print_expression(times)} times"
                if times
                else f"while {print_expression(condition)}{rounds}"
            )
            return f"repeat {how} {_do(steps, indent)}"
        case n.ParallelStep(_, branches):
            inner = indent + "  "
            return "parallel\n" + "".join(f"{inner}{_step(b, inner)}\n" for b in branches) + f"{indent}end"
    raise AssertionError(step)


def _cases(cases: tuple[n.Case, ...], otherwise: tuple[Any, ...] | None, indent: str) -> str:
    inner = indent + "  "
    text = "".join(f"\n{inner}case {_tested(case)} do{_block(case.steps, inner)}" for case in cases)
    return f"{text}{_else(otherwise, inner)}\n{indent}end"


def _tested(case: n.Case) -> str:
    if case.share is None:
        return ", ".join(map(print_expression, case.values))
    return print_expression(case.share) + (f" {print_expression(case.name)}" if case.name else "")


def _action(step: n.ActionStep, indent: str) -> str:
    given = ", ".join(f"{a.name} = {print_expression(a.value)}" for a in step.arguments)
    text = print_phrase(step.phrase) + (f" with {given}" if given else "")
    text += (" and wait" if step.and_wait else "") + _when(step.when)
    match step.on_error:
        case n.OnError(_, None, None):
            return f"{text} on error continue"
        case n.OnError(_, None, steps):
            return f"{text} on error {_do(steps or (), indent)}"
        case n.OnError(_, retry, _):
            return f"{text} on error retry {retry}"
    return text


def _wait(step: n.WaitStep) -> str:
    text = "wait until" if step.mode == "until" else "wait"
    text += f" {step.day.text}" if step.day else ""
    text += f" {print_expression(step.value)}" if step.value else ""
    text += " skip if past" if step.skip_if_past else ""
    text += f" restart{_events(step.restart)}" if step.restart else ""
    return text + _when(step.when)


def _listen(step: n.ListenStep, indent: str) -> str:
    first, *others = step.arms
    short = len(others) <= 1 and all(a.kind == "timeout" for a in others) and first.kind != "timeout"
    bare = not others and first.kind == "until" and not first.steps
    if step.subject or (short and not bare and (first.steps or not any(a.steps for a in others))):
        return _short(step, indent) + _when(step.when)
    inner = indent + "  "
    arms = "".join(f"{inner}{_arm(a)}{_doing(a, inner)}\n" for a in step.arms)
    return f"wait\n{arms}{indent}end{_when(step.when)}"


def _doing(arm: n.WaitArm, indent: str) -> str:
    return f" {_do(arm.steps, indent)}" if arm.steps else ""


def _short(step: n.ListenStep, indent: str) -> str:
    first, *others = step.arms
    text = f"wait{_for(step)}" if step.subject else f"wait {_arm(first)}"
    text += "".join(f" {_arm(a)}" for a in others if a.value is not None)
    if not first.steps:
        return text
    rest = "".join(_else(a.steps, indent) for a in others)
    return f"{text} do{_block(first.steps, indent)}{rest}\n{indent}end"


def _for(step: n.ListenStep) -> str:
    text = f" for {step.subject}"
    text += f" from {print_expression(step.approver)}" if step.approver else ""
    return text + (f" as {step.name.text}" if step.name else "")


def _arm(arm: n.WaitArm) -> str:
    if arm.kind == "on":
        return _events(arm.awaited).strip()
    return f"{arm.kind} {'until ' if arm.at else ''}{print_expression(arm.value)}"


def _events(awaited: tuple[n.Awaited, ...]) -> str:
    """` on … or on …`, with a space in front."""
    return " or".join(f" on {_event(each)}" for each in awaited)


def _event(event: n.Awaited) -> str:
    text = print_phrase(event.phrase)
    text += f" where {print_expression(event.where)}" if event.where else ""
    text += f" as {event.name.text}" if event.name else ""
    return text + (" from now" if event.from_now else "")


def print_phrase(phrase: n.Phrase) -> str:
    text = ""
    for part in phrase.parts:
        match part:
            case n.Word(_, word):
                text += word if word in (",", ":") else f" {word}"
            case n.Operand(_, value):
                text += f" {print_expression(value)}"
            case n.Arguments(_, items):
                text += f"({', '.join(map(print_argument, items))})"
    return text.strip()


def print_rule(rule: n.Rule) -> str:
    """A rule in its long form."""
    head = "rule"
    head += f" {print_expression(rule.name)}" if rule.name else ""
    head += f" for {rule.subject.text}" if rule.subject else ""
    head += f" {rule.state.text}" if rule.state else ""
    lines = [head, *[f"  on {print_phrase(trigger.phrase)}" for trigger in rule.triggers]]
    lines += [f"  when {print_expression(rule.when)}"] if rule.when is not None else []
    lines += [f"  {_takes(rule.takes)}"] if rule.takes else []
    lines += [f"  {_enrol(rule.enrol)}"] if rule.enrol else []
    lines += [
        f"  {r.kind} {print_expression(r.count)} per {print_expression(r.span_value)}" for r in rule.rates
    ]
    lines += [f"  {'goal' if e.goal else 'exit'}{_events(e.awaited)}{_when(e.condition)}" for e in rule.exits]
    steps = f"\ndo\n{print_steps(rule.steps, '  ')}"
    leaving = f"on exit {_do(rule.on_exit, '')}\n" if rule.on_exit else "end\n"
    return "\n".join(lines) + steps + leaving


def _takes(clause: n.TakesClause) -> str:
    return "takes " + ", ".join(f"{name.text}: {print_phrase(phrase)}" for name, phrase in clause.params)


def _enrol(clause: n.EnrolClause) -> str:
    text = "enrol " + " ".join(word.text for word in clause.words)
    text += f" after {print_expression(clause.after)}" if clause.after else ""
    text += f" per {print_expression(clause.per)}" if clause.per else ""
    text += f" if running {clause.running.text}" if clause.running else ""
    return text + (f" at most {print_expression(clause.most)}" if clause.most else "")
