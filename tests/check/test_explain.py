"""Every code has a page, its wrong example really yields the code, and its right example is clean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

import rulelang
from rulelang.check.schema import read_schema
from rulelang.diagnostics.explain import PAGES, explain
from rulelang.diagnostics.model import Diagnostic
from rulelang.lint.rules import lint
from rulelang.source import Source, Span
from rulelang.syntax.nodes import Declaration, Module, Word
from rulelang.workspace import load_workspace
from tests.check.golden import catalogue, described

PACKAGE = Path(rulelang.__file__).parent


def codes_in_use() -> set[str]:
    """All codes that stand in the package, pages aside."""
    files = (path for path in PACKAGE.rglob("*.py") if "pages" not in path.parts)
    return {code for path in files for code in re.findall(r'"([EWN]\d{4})"', path.read_text("utf-8"))}


def found(program: str, templates: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    checked = load_workspace({"main.rules": program}, catalogue(), templates or None)
    return checked.diagnostics or tuple(lint(checked))


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert set(PAGES) == codes_in_use()


def test_unknown_declarations_are_refused_whoever_parsed_them() -> None:
    # The parser knows the keywords and reports others itself; the reader of declarations does not rely on it.
    source = Source.of("main.rules", PAGES["E0100"].wrong)
    span = Span(0, 4)
    item = Declaration(span, Word(span, "taem"), (), ())
    _, found = read_schema([(source, Module(Span(0, len(source.text)), (item,)))])
    assert [each.code for each in found] == ["E0100"]


@pytest.mark.parametrize("code", [code for code in PAGES if code != "E0100"])
def test_wrong_example_yields_the_code_and_nothing_else(code: str) -> None:
    page = PAGES[code]
    mistakes = found(page.program, page.wrong_templates or page.templates)
    codes = {each.code for each in mistakes}
    # Where a bound is reached, what led there may be told as well.
    assert code in codes if page.filling else codes == {code}, [described(each) for each in mistakes]


@pytest.mark.parametrize("code", PAGES)
def test_right_example_is_clean(code: str) -> None:
    page = PAGES[code]
    assert [described(each) for each in found(page.right, page.templates)] == []


@pytest.mark.parametrize("code", PAGES)
def test_page_shows_both_examples(code: str) -> None:
    text = explain(code.lower())
    assert text.startswith(f"{code}: ")
    assert "Wrong:" in text
    assert "Right:" in text
    assert all(len(line) <= 130 for line in text.splitlines())


def test_unknown_codes_are_refused() -> None:
    with pytest.raises(KeyError):
        explain("E9999")
