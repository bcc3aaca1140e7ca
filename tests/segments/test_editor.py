"""Segments in editors: suggested where they may stand, shown on hover, found where they are declared and used."""

from __future__ import annotations

import pytest

from rulelang.editor.completion import complete
from rulelang.editor.hover import hover
from rulelang.editor.occurrences import definition_of, occurrences, target_at
from rulelang.editor.outline import symbols
from rulelang.source import Source
from rulelang.workspace import CheckedWorkspace, load_workspace
from tests.support.rules import catalogue

BASE = 'segment "Buyers" for contact: count(order placed in 30d) >= 2\nsegment "Large" for account: employees > 5\n'


def workspace(text: str) -> CheckedWorkspace:
    return load_workspace({"a.rules": text}, catalogue())


def suggested(text: str) -> list[str]:
    """What is suggested at the `|`, as it would be put in."""
    at, whole = len(BASE) + text.index("|"), BASE + text.replace("|", "")
    return [c.insert for c in complete(workspace(whole), Source.of("a.rules", whole), at)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ('on tag added when in segment "|" do mark dnc', ['"Buyers"']),
        ('on tag added when account not in segment "|" do mark dnc', ['"Large"']),
        ("on segment entered | do mark dnc", ['"Buyers"']),
        ('rule "x" for account\n  on segment left |\ndo\n  add tag "x"\nend', ['"Large"']),
        ('segment "X" for contact: in segment "|"', ['"Buyers"', '"X"']),
        ('status for account: active, big when in segment "|"', ['"Large"']),
    ],
)
def test_the_segments_of_the_kind_of_record_are_suggested(text: str, first: list[str]) -> None:
    assert suggested(text)[: len(first)] == first


@pytest.mark.parametrize(
    "text",
    ['segment "X" for contact: sco|', "status for contact: active, x when sco|", "when sco| do mark dnc"],
)
def test_fields_and_functions_are_suggested_in_conditions(text: str) -> None:
    found = suggested(text)
    assert "score" in found
    assert "days_since(${1})" in found


def test_the_words_of_events_are_suggested_in_counts() -> None:
    assert {"placed", "fulfilled"} <= set(suggested('segment "X" for contact: count(order | in 3d) > 2'))


def test_declarations_are_suggested_as_a_whole() -> None:
    assert {text.split()[0] for text in suggested("|")} >= {"segment", "health", "when", "rule"}


USED = BASE + (
    'on segment entered "Buyers" when in segment "Buyers" do mark dnc\n'
    'segment "Q" for contact: account in segment "Large" and not in segment "Buyers"\n'
)


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ('entered "Buy', 'segment "Buyers" for contact: count(order placed in 30d) >= 2'),
        ('when in segment "Buy', 'segment "Buyers" for contact: count(order placed in 30d) >= 2'),
        ('account in segment "Lar', 'segment "Large" for account: employees > 5'),
        ('segment "Q', 'segment "Q" for contact: account in segment "Large" and not in segment "Buyers"'),
        ("count(order pla", "an order is placed in the shop"),
    ],
)
def test_hover_shows_the_declaration(place: str, shown: str) -> None:
    found = hover(workspace(USED), "a.rules", USED.index(place) + len(place) - 1)
    assert found is not None
    assert shown in found.text


def test_a_segment_is_found_where_it_is_declared_and_used() -> None:
    checked = workspace(USED)
    named = target_at(checked, "a.rules", USED.index('when in segment "Buy') + 18)
    assert named is not None
    places = [USED[o.span.start : o.span.end] for o in occurrences(checked, named.target)]
    assert places == ['"Buyers"'] * 4
    declared = definition_of(checked, named.target)
    assert declared is not None
    assert declared.span.start == USED.index('"Buyers"')


def test_the_outline_names_segments_and_rules_that_begin_by_a_condition() -> None:
    file = workspace(BASE + "when score >= 80 for 3d do mark dnc").files["a.rules"]
    assert [symbol.name for symbol in symbols(file)] == [
        'segment "Buyers"',
        'segment "Large"',
        "when score >= 80",
    ]
