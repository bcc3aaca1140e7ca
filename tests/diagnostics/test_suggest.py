"""Which known word a mistyped one stands for."""

from __future__ import annotations

import pytest

from rulelang.diagnostics.suggest import did_you_mean

KEYWORDS = (
    "rule",
    "on",
    "when",
    "do",
    "end",
    "if",
    "then",
    "elif",
    "else",
    "wait",
    "until",
    "stop",
    "and",
    "or",
)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("wehn", "when"),
        ("thne", "then"),
        ("WHEN", "when"),
        ("Esle", "else"),
        ("adn", "and"),
        ("edn", "end"),
        ("unitl", "until"),
        ("unt", "until"),
        ("ruel", "rule"),
        ("wati", "wait"),
    ],
)
def test_slips(word: str, meant: str) -> None:
    assert did_you_mean(word, KEYWORDS) == meant


@pytest.mark.parametrize("word", ["", "x", "status", "customer", "w" * 61, "whenever"])
def test_words_that_are_near_to_none(word: str) -> None:
    assert did_you_mean(word, KEYWORDS) is None


def test_a_swap_goes_before_other_slips() -> None:
    assert did_you_mean("form", ("fork", "for", "from")) == "from"


def test_then_the_longest_common_beginning() -> None:
    assert did_you_mean("teams", ("seams", "team")) == "team"


def test_the_whole_word_goes_before_all() -> None:
    assert did_you_mean("Sales", ("sale", "sales")) == "sales"
