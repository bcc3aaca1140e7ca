"""Steps that choose and repeat: `match`, `split`, `repeat`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from rulelang.check.compare import comparison
from rulelang.check.context import Context
from rulelang.check.convert import is_any
from rulelang.check.counts import count
from rulelang.check.expressions import condition, expression, typed
from rulelang.check.typed import (
    Apply,
    Bad,
    CheckedBranch,
    CheckedIf,
    CheckedRepeat,
    CheckedShare,
    CheckedSplit,
    CheckedStep,
    Const,
    Typed,
)
from rulelang.diagnostics import flow as say
from rulelang.diagnostics import messages
from rulelang.source import Span
from rulelang.syntax import nodes
from rulelang.types.model import BOOL, NUMBER

MAX_ROUNDS = 1_000
"""The most rounds of a `repeat`: as many as a run may make steps."""

WHOLE = 10_000
"""All of a split, in hundredths of a percent."""

Inner = Callable[[Sequence[nodes.Step]], tuple[CheckedStep, ...]]
"""Checks the steps inside another step."""


# --- match -----------------------------------------------------------------------------------------


def check_match(context: Context, step: nodes.MatchStep, inner: Inner) -> CheckedIf:
    """A `match` as an `if` with a branch for each case."""
    value = typed(context, step.value)
    fork, branches = context.scope.names.fork(), []
    seen: dict[object, Span] = {}
    for case in step.cases:
        test = _case(context, value, case, seen)
        with fork.way():
            branches.append(CheckedBranch(case.span, test, inner(case.steps)))
    with fork.way():
        otherwise = inner(step.otherwise or ())
    fork.join()
    return CheckedIf(step.span, tuple(branches), otherwise, cases=True)


def _case(context: Context, value: Typed, case: nodes.Case, seen: dict[object, Span]) -> Typed:
    tests: list[Typed] = []
    for node in _values(case):
        item = expression(context, node, context.expecting(value))
        if isinstance(item, Const):
            _check_first(context, item, seen)
        bad = isinstance(item, Bad) or isinstance(value, Bad)
        tests.append(Bad(node.span) if bad else comparison(context, node.span, "=", value, item))
    if not tests:
        return Bad(case.span)
    whole = tests[0].span.to(tests[-1].span)
    return tests[0] if len(tests) == 1 else Apply(BOOL, whole, "or", tuple(tests))


def _values(case: nodes.Case) -> Iterator[nodes.Expr]:
    for value in case.values:
        if isinstance(value, nodes.ListLit):
            yield from value.items
        else:
            yield value


def _check_first(context: Context, item: Const, seen: dict[object, Span]) -> None:
    mark = (item.type.kind, str(item.value))
    first = seen.setdefault(mark, item.span)
    if first is not item.span:
        context.report(say.same_case(context.source, item.span, context.text(item.span), first))


# --- split -----------------------------------------------------------------------------------------


def check_split(context: Context, step: nodes.SplitStep, inner: Inner) -> CheckedSplit:
    """A split with its shares in hundredths of a percent; branches without a name are A, B, …"""
    fork, arms = context.scope.names.fork(), []
    names = _names(context, step.cases)
    total = 0
    for case, name in zip(step.cases, names, strict=True):
        share = _share(context, case)
        total += share
        if total > WHOLE >= total - share:
            span = case.share.span if case.share is not None else case.span
            context.report(say.shares(context.source, span, _percent(total)))
        with fork.way():
            arms.append(CheckedShare(case.span, name, share, inner(case.steps)))
    if step.otherwise and total == WHOLE:
        context.report(say.nobody_left(context.source, step.otherwise[0].span))
    with fork.way():
        otherwise = inner(step.otherwise or ())
    fork.join()
    name = step.name.value if step.name is not None else ""
    return CheckedSplit(step.span, name, tuple(arms), otherwise)


def _names(context: Context, cases: Sequence[nodes.Case]) -> list[str]:
    written = {case.name.value for case in cases if case.name is not None}
    letters = (letter for n in range(MAX_ROUNDS) if (letter := _letter(n)) not in written)
    found, first = [], dict[str, Span]()
    for case in cases:
        if case.name is None:
            found.append(next(letters))
            continue
        found.append(case.name.value)
        place = first.setdefault(case.name.value, case.name.span)
        if place is not case.name.span:
            args = "cases", case.name.value, place
            context.report(say.named_twice(context.source, case.name.span, *args))
    return found


def _letter(number: int) -> str:
    """A, B … Z, AA, AB …"""
    before = _letter(number // 26 - 1) if number >= 26 else ""
    return before + chr(ord("A") + number % 26)


def _share(context: Context, case: nodes.Case) -> int:
    if case.share is None:
        return 0
    hundredths = case.share.value * 100
    if hundredths != int(hundredths) or not 0 < hundredths <= WHOLE:
        text = context.text(case.share.span)
        context.report(say.bad_share(context.source, case.share.span, text))
        return 0
    return int(hundredths)


def _percent(hundredths: int) -> str:
    return f"{Decimal(hundredths) / 100:f}".removesuffix(".00")


# --- repeat ----------------------------------------------------------------------------------------


def check_repeat(context: Context, step: nodes.RepeatStep, inner: Inner) -> CheckedRepeat:
    """A repetition. Its condition is tested before each round."""
    times = _times(context, step.times) if step.times is not None else None
    test = condition(context, step.condition) if step.condition is not None else None
    most = count(context, step.most, "`at most`", 1, MAX_ROUNDS) if step.most is not None else None
    fork = context.scope.names.fork()
    with fork.way():
        steps = inner(step.steps)
    fork.join()
    return CheckedRepeat(step.span, times, test, most or MAX_ROUNDS, steps)


def _times(context: Context, node: nodes.Expr) -> Typed:
    """How often: a number within bounds, or one that is known when the run gets there."""
    if isinstance(node, nodes.NumberLit):
        number = count(context, node, "the number of rounds", 1, MAX_ROUNDS)
        return Bad(node.span) if number is None else Const(NUMBER, node.span, number)
    value = typed(context, node)
    if value.type == NUMBER or is_any(value):
        return value
    text = context.text(node.span)
    return context.report(
        messages.wrong_argument(context.source, node.span, "repeat", "a number of rounds", text, value.type)
    )
