"""Random expressions and phrases."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from rulelang.source import Span
from rulelang.syntax import nodes as n

S = Span(0, 0)
NAMES = st.sampled_from(
    ["status", "score", "is", "set", "empty", "match", "end", "rule", "when", "x_1", "contains"]
)
CHARACTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
COMPARISONS = ["=", "!=", "<", "<=", ">", ">=", "contains", "starts with", "ends with", "matches"]


def _numbers() -> st.SearchStrategy[Decimal]:
    return st.decimals(0, 10**9, places=2) | st.integers(0, 10**12).map(Decimal)


def _literals() -> st.SearchStrategy[Any]:
    return _lone_literals() | st.dates().map(lambda d: n.DateLit(S, d.year, d.month, d.day))


def _lone_literals() -> st.SearchStrategy[Any]:
    """All literals but dates: one with a time of day behind it would be a moment written apart."""
    return st.one_of(
        st.builds(n.TextLit, st.just(S), st.text(CHARACTERS, max_size=20)),
        st.builds(n.NumberLit, st.just(S), _numbers()),
        st.builds(n.MoneyLit, st.just(S), _numbers(), st.sampled_from(["USD", "EUR", "GBP", "CHF"])),
        st.builds(n.PercentLit, st.just(S), _numbers()),
        st.builds(n.DurationLit, st.just(S), _durations()),
        st.datetimes().map(lambda d: n.DateTimeLit(S, d.isoformat(timespec="seconds") + "Z")),
        st.builds(n.TimeLit, st.just(S), st.integers(0, 23), st.integers(0, 59)),
        st.builds(n.BoolLit, st.just(S), st.booleans()),
        st.just(n.NullLit(S)),
    )


def _durations() -> st.SearchStrategy[tuple[tuple[int, str], ...]]:
    part = st.tuples(st.integers(0, 30), st.sampled_from(["y", "mo", "w", "d", "h", "m", "s"]))
    return st.lists(part, min_size=1, max_size=3).map(tuple)


def _name(parts: list[str]) -> n.Name:
    return n.Name(S, tuple(parts), tuple(S for _ in parts))


def _argument(name: str | None, value: Any) -> n.Argument:
    return n.Argument(S, name, S if name else None, value)


def _arguments(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[n.Argument, ...]]:
    """Arguments; a comparison of a bare name would read as a named argument, so that none stands there bare."""
    return st.lists(st.builds(_argument, st.none() | NAMES, inner), max_size=3).map(tuple)


def _grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    ops = st.sampled_from([*COMPARISONS, "and", "or", "+", "-", "*", "/"])
    lists = st.lists(inner, max_size=3).map(lambda items: n.ListLit(S, tuple(items)))
    return st.one_of(
        lists,
        st.builds(n.Binary, st.just(S), ops, st.just(S), inner, inner),
        st.builds(n.Binary, st.just(S), st.sampled_from(["in", "not in"]), st.just(S), inner, lists),
        st.builds(n.Unary, st.just(S), st.sampled_from(["not", "-"]), inner),
        st.builds(n.Between, st.just(S), inner, inner, inner),
        st.builds(n.Test, st.just(S), inner, st.sampled_from(["set", "empty"]), st.booleans()),
        st.builds(n.Call, st.just(S), NAMES, st.just(S), _arguments(inner)),
    )


def expressions(leaves: int = 8) -> st.SearchStrategy[Any]:
    """Any expression with about so many operands."""
    names = st.lists(NAMES, min_size=1, max_size=3).map(_name)
    return st.recursive(_literals() | names, _grown, max_leaves=leaves)


SMALL = expressions(3)


WORDS = st.sampled_from(
    [
        "send",
        "email",
        "tag",
        "to",
        "stage",
        "enter",
        "set",
        "exit",
        "rule",
        "goal",
        "at",
        "per",
        "limit",
        "error",
    ]
).map(lambda w: n.Word(S, w))


LITERALS = _literals()
ARGUMENTS = st.builds(n.Arguments, st.just(S), _arguments(LITERALS))
PART = WORDS | st.builds(n.Operand, st.just(S), _lone_literals())
NO_TAIL: st.SearchStrategy[list[Any]] = st.just([])
CALLS = st.tuples(WORDS, ARGUMENTS).map(list)
ASSIGNED = st.builds(lambda value: [n.Word(S, "="), n.Operand(S, value)], SMALL)


# At the start of a statement `rule` begins an item and `goal` a step of its own, which `on error` cannot follow.
FIRST_WORDS = WORDS.filter(lambda word: word.text not in ("rule", "goal", "error"))


def phrases(tails: st.SearchStrategy[list[Any]], least: int = 0) -> st.SearchStrategy[n.Phrase]:
    """A phrase: a word, words and operands (so many at `least`), and a tail."""
    parts = st.lists(PART, min_size=least, max_size=2)
    return st.builds(lambda word, parts, tail: n.Phrase(S, (word, *parts, *tail)), FIRST_WORDS, parts, tails)


PHRASES = phrases(NO_TAIL | CALLS | ASSIGNED)
UNASSIGNED = phrases(NO_TAIL | CALLS)
RESULTS = phrases(NO_TAIL | CALLS | ASSIGNED, 1)
