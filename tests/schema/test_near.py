"""Near misses and lists of names in messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulelang.diagnostics.near import distance, listed, near_misses

LETTERS = st.text("abc", max_size=6)


@pytest.mark.parametrize(
    ("left", "right", "edits"),
    [
        ("", "", 0),
        ("abc", "abc", 0),
        ("abc", "acb", 1),
        ("abc", "ab", 1),
        ("abc", "xyz", 3),
        ("ca", "abc", 3),
    ],
)
def test_the_distance_counts_slips(left: str, right: str, edits: int) -> None:
    assert distance(left, right, 5) == edits


@given(LETTERS, LETTERS, st.integers(0, 8))
def test_the_distance_is_symmetric_and_bounded(left: str, right: str, limit: int) -> None:
    exact = distance(left, right, 20)
    assert distance(right, left, 20) == exact
    assert distance(left, right, limit) == min(exact, limit + 1)
    assert (exact == 0) == (left == right)


@pytest.mark.parametrize(
    ("word", "known", "near"),
    [
        ("stauts", ("status", "score", "stage"), ("status",)),
        ("SCORE", ("score",), ("score",)),
        ("cust", ("customer", "custom"), ("custom", "customer")),
        ("x", ("customer",), ()),
        ("", ("a",), ()),
        ("a" * 61, ("a" * 61,), ()),
        ("aa", ("ab", "ac", "ad", "ae"), ("ab", "ac", "ad")),
    ],
)
def test_the_nearest_names_come_first(word: str, known: tuple[str, ...], near: tuple[str, ...]) -> None:
    assert near_misses(word, known) == near


def test_names_are_listed_as_in_a_sentence() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "`a`"
    assert listed(["a", "b", "c"]) == "`a`, `b` or `c`"
    assert listed(["a", "b"], "and") == "`a` and `b`"
