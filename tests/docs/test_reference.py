"""docs/reference.md is up to date, leaves nothing out, and its tables hold."""

from __future__ import annotations

import re

import pytest

from grammar.tables import load
from rulelang.catalog.model import Function
from rulelang.editor.keywords import DOCS
from rulelang.workspace import load_workspace
from tests.docs.blocks import blocks
from tests.docs.reference import CATALOGUE, OPERATORS, PAGE, page

TEXT = PAGE.read_text("utf-8")
SEGMENT = 'segment "Hot leads" for contact: score >= 80\nfields for contact\n  renewal_date: date\nend\n'
EXAMPLES = "\n".join(block.text for block in blocks(PAGE) if block.language == "rules")
OPERATOR_WORDS = {
    "in",
    "contains",
    "between",
    "starts",
    "ends",
    "matches",
    "is",
    "set",
    "empty",
    "with",
    "and",
}
SIGNS = {"=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/"}


def test_the_page_is_what_the_program_says() -> None:
    assert page(TEXT) == TEXT, "run `python -m tests.docs.reference`"


@pytest.mark.parametrize(("form", "example", "meaning"), OPERATORS)
def test_an_example_of_an_operator_checks(form: str, example: str, meaning: str) -> None:
    checked = load_workspace(
        {"s.rules": SEGMENT, "a.rules": f"on tag added when {example} do stop"}, CATALOGUE
    )
    assert [d.message for d in checked.diagnostics if d.is_error] == []


def test_every_operator_of_the_grammar_is_in_the_table() -> None:
    fixed = load().fixed
    forms = set(re.findall(r"[a-z]+|[-+*/<>=!]+", " ".join(form for form, _, _ in OPERATORS)))
    assert set(fixed) >= SIGNS
    assert SIGNS | (OPERATOR_WORDS & set(fixed)) | {"or", "not"} <= forms | {"empty", "with"}


def test_every_clause_step_and_wait_is_shown() -> None:
    words = set(re.findall(r"[a-z_]+", EXAMPLES))
    assert {word for word in load().fixed if word.isalpha()} - {"otherwise"} <= words
    assert set(load().soft) <= words
    assert {word for word in DOCS if word != "enroll"} <= words


def test_every_declaration_is_shown() -> None:
    from rulelang.check.schema import _READ

    begun = set(re.findall(r"^([a-z]+)\b", EXAMPLES, re.MULTILINE))
    assert set(_READ) <= begun


@pytest.mark.parametrize("function", CATALOGUE.functions.values(), ids=lambda function: function.name)
def test_every_function_is_listed_with_an_example_that_checks(function: Function) -> None:
    assert f"| `{function.name}(" in TEXT
    text = f"on contact updated when {function.example} do stop"
    assert not any(d.is_error for d in load_workspace({"a.rules": text}, CATALOGUE).diagnostics)


def test_every_trigger_and_action_is_listed() -> None:
    for entry in (*CATALOGUE.triggers.values(), *CATALOGUE.actions.values()):
        assert entry.phrase.replace("|", "\\|") in TEXT
