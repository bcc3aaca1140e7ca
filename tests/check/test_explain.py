"""Every code has a page, its wrong example really yields the code, and its right example is clean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

import rulelang
from rulelang.diagnostics.explain import PAGES, explain
from rulelang.diagnostics.model import Diagnostic
from rulelang.workspace import load_workspace
from tests.check.golden import catalogue, described

PACKAGE = Path(rulelang.__file__).parent


def codes_in_use() -> set[str]:
    """All codes that stand in the package, pages aside."""
    files = (path for path in PACKAGE.rglob("*.py") if "pages" not in path.parts)
    return {code for path in files for code in re.findall(r'"([EWN]\d{4})"', path.read_text("utf-8"))}


def found(program: str, templates: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    return load_workspace({"main.rules": program}, catalogue(), templates or None).diagnostics


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert set(PAGES) == codes_in_use()


@pytest.mark.parametrize("code", PAGES)
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
