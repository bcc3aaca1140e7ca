"""Random steps and rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from rulelang.syntax import nodes as n
from rulelang.syntax.builder import ENROLMENTS, STATES, SUBJECTS
from tests.syntax.strategies import CHARACTERS, PHRASES, RESULTS, SMALL, UNASSIGNED, S

NOTHING: st.SearchStrategy[Any] = st.just(())
WHEN = st.none() | SMALL
TEXTS = st.builds(n.TextLit, st.just(S), st.text(CHARACTERS, max_size=10))
NUMBERS = st.integers(1, 100).map(lambda count: n.NumberLit(S, Decimal(count)))
WORD_LISTS = {
    "names": ("answer", "where", "per", "times", "x_1", "limit"),
    "days": ("monday", "sunday"),
    "manners": ("skip", "restart", "queue", "parallel"),
}


def _words(choices: tuple[str, ...]) -> st.SearchStrategy[n.Word]:
    return st.sampled_from(choices).map(lambda text: n.Word(S, text))


NAMES = _words(WORD_LISTS["names"])
EVENTS = st.builds(n.Awaited, st.just(S), PHRASES, st.none() | SMALL, st.none() | NAMES, st.booleans())
AWAITED = st.lists(EVENTS, min_size=1, max_size=2).map(tuple)


def _actions(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[n.ActionStep]:
    """Actions; pairs stand behind `with`, which would take a `=` of the phrase for its own."""
    pairs = st.lists(
        st.builds(lambda name, value: n.Argument(S, name.text, S, value), NAMES, SMALL), max_size=2
    ).map(tuple)
    rest = (WHEN, _on_error(inner))
    plain = st.builds(n.ActionStep, st.just(S), PHRASES, *rest, NOTHING, st.booleans())
    return plain | st.builds(n.ActionStep, st.just(S), UNASSIGNED, *rest, pairs, st.booleans())


def _on_error(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.none(),
        st.builds(n.OnError, st.just(S), st.none() | st.integers(1, 100), st.none()),
        st.builds(n.OnError, st.just(S), st.none(), _some(inner)),
    )


def _some(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(inner, min_size=1, max_size=2).map(tuple)


def _waits() -> st.SearchStrategy[Any]:
    restart = NOTHING | AWAITED
    times = st.builds(n.TimeLit, st.just(S), st.integers(0, 23), st.integers(0, 59))
    until = st.just("until")
    return st.one_of(
        st.builds(n.WaitStep, st.just(S), st.just("for"), SMALL, WHEN, st.none(), restart),
        st.builds(n.WaitStep, st.just(S), until, SMALL, WHEN, st.none(), restart, st.booleans()),
        st.builds(
            n.WaitStep, st.just(S), until, times, WHEN, _words(WORD_LISTS["days"]), restart, st.booleans()
        ),
    )


def _arm(kind: str, awaited: tuple[Any, ...], value: Any, at: bool, steps: tuple[Any, ...]) -> n.WaitArm:
    return n.WaitArm(S, kind, awaited, value, at, steps)


def _listens(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    steps = NOTHING | _some(inner)
    on = st.builds(_arm, st.just("on"), AWAITED, st.none(), st.just(False), steps)
    until = st.builds(_arm, st.just("until"), NOTHING, SMALL, st.just(False), steps)
    timeout = st.builds(_arm, st.just("timeout"), NOTHING, SMALL, st.booleans(), steps)
    arms = st.lists(st.one_of(on, until, timeout), min_size=1, max_size=3).map(tuple)
    return st.builds(n.ListenStep, st.just(S), arms, WHEN) | _subjects(inner, timeout)


def _subjects(inner: st.SearchStrategy[Any], timeout: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """`wait for …`: whoever may approve, and what was posted; `else` may stand without a timeout."""
    first = st.builds(_arm, st.just("on"), NOTHING, st.none(), st.just(False), _some(inner))
    refused = st.builds(_arm, st.just("timeout"), NOTHING, st.none(), st.just(False), _some(inner))
    arms = st.tuples(first) | st.tuples(first, timeout | refused)
    approver = st.none() | TEXTS
    return st.builds(
        n.ListenStep,
        st.just(S),
        arms,
        WHEN,
        st.sampled_from(["approval", "callback"]),
        approver,
        st.none() | NAMES,
    )


def _choices(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    steps, rest = _some(inner), st.none() | _some(inner)
    shares = st.integers(1, 100).map(lambda share: n.PercentLit(S, Decimal(share)))
    values = st.lists(SMALL, min_size=1, max_size=2).map(tuple)
    cases = st.builds(n.Case, st.just(S), values, st.none(), st.none(), steps)
    parts = st.builds(n.Case, st.just(S), NOTHING, shares, st.none() | TEXTS, steps)
    branches = st.lists(st.builds(n.Branch, st.just(S), SMALL, steps), min_size=1, max_size=2)
    return st.one_of(
        st.builds(n.IfStep, st.just(S), branches.map(tuple), rest),
        st.builds(n.MatchStep, st.just(S), SMALL, _some(cases), rest),
        st.builds(n.SplitStep, st.just(S), st.none() | TEXTS, _some(parts), rest),
    )


def _blocks(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    steps = _some(inner)
    blocks = st.builds(n.BlockStep, st.just(S), steps, WHEN)
    results = st.builds(n.ActionStep, st.just(S), RESULTS, WHEN, _on_error(inner))
    return st.one_of(
        blocks,
        _choices(inner),
        _listens(inner),
        _actions(inner),
        st.builds(n.LetStep, st.just(S), NAMES, st.none(), results),
        st.builds(n.ParallelStep, st.just(S), _some(blocks)),
        st.builds(n.RepeatStep, st.just(S), SMALL, st.none(), st.none(), steps),
        st.builds(n.RepeatStep, st.just(S), st.none(), SMALL, st.none() | NUMBERS, steps),
    )


def steps() -> st.SearchStrategy[Any]:
    """Any step."""
    name = st.none() | TEXTS
    plain = st.one_of(
        st.builds(n.ActionStep, st.just(S), PHRASES, WHEN),
        _waits(),
        st.builds(n.StopStep, st.just(S), WHEN),
        st.builds(n.LetStep, st.just(S), NAMES, SMALL, st.none()),
        st.builds(n.LabelStep, st.just(S), TEXTS),
        st.builds(n.GoToStep, st.just(S), TEXTS, WHEN),
        st.builds(n.GoalStep, st.just(S), name, AWAITED, st.none(), st.booleans()),
        st.builds(n.GoalStep, st.just(S), name, NOTHING, SMALL, st.booleans()),
    )
    return st.recursive(plain, _blocks, max_leaves=4)


def _enrolments() -> st.SearchStrategy[n.EnrolClause]:
    def clause(words: tuple[str, ...], after: Any, per: Any, running: Any, most: Any) -> n.EnrolClause:
        found = tuple(n.Word(S, word) for word in words)
        return n.EnrolClause(S, found, after, per, running, most if running else None)

    rest = (st.none() | SMALL, st.none() | _words(WORD_LISTS["manners"]), st.none() | NUMBERS)
    return st.builds(clause, st.sampled_from(ENROLMENTS), st.none(), *rest) | st.builds(
        clause, st.just(("again",)), SMALL, *rest
    )


def _takes() -> st.SearchStrategy[n.TakesClause]:
    def phrase(text: str) -> n.Phrase:
        return n.Phrase(S, tuple(n.Word(S, word) for word in text.split()))

    types = st.sampled_from(["number", "text", "one of a , b", "list of text"]).map(phrase)
    params = st.lists(st.tuples(NAMES, types), min_size=1, max_size=3).map(tuple)
    return st.builds(n.TakesClause, st.just(S), params)


@st.composite
def rules(draw: st.DrawFn) -> n.Rule:
    """Any rule in its long form. (A composite strategy is not shown whole when a test fails.)"""
    return draw(_rules())


def _rules() -> st.SearchStrategy[n.Rule]:
    exits = st.builds(n.ExitClause, st.just(S), SMALL, NOTHING, st.booleans()) | st.builds(
        n.ExitClause, st.just(S), st.none(), AWAITED, st.booleans()
    )
    rates = st.builds(n.RateClause, st.just(S), st.sampled_from(["limit", "release"]), SMALL, SMALL)
    some = st.lists(steps(), min_size=1, max_size=2).map(tuple)
    return st.builds(
        n.Rule,
        span=st.just(S),
        name=st.none() | TEXTS,
        header_span=st.just(S),
        subject=st.none() | _words(SUBJECTS),
        state=st.none() | _words(STATES),
        triggers=st.lists(st.builds(n.TriggerClause, st.just(S), PHRASES), min_size=1, max_size=2).map(tuple),
        when=WHEN,
        enrol=st.none() | _enrolments(),
        exits=st.lists(exits, max_size=2).map(tuple),
        steps=some,
        broken=st.just(False),
        on_exit=NOTHING | some,
        rates=st.lists(rates, max_size=2).map(tuple),
        takes=st.none() | _takes(),
    )
