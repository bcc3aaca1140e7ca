"""`rulelang docs`: every page, every declaration and every code can be shown, found and is what is declared."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from rulelang.catalog.reference import triggers_page
from rulelang.catalog.triggers import builtin_triggers
from rulelang.diagnostics.explain import PAGES
from rulelang.source import Source
from tests.repl.terminal import Terminal
from tests.support.process import ROOT, command
from tests.support.rules import catalogue, check
from workbench.manual.pages import KINDS, Manual, NoPage
from workbench.manual.terminal import shown
from workbench.testing.meaning import Meaning
from workbench.testing.parser import parse_tests

DOCS = ROOT / "docs"
MANUAL = Manual(catalogue())


def test_the_page_of_triggers_is_current_and_names_them_all() -> None:
    page = (DOCS / "triggers.md").read_text("utf-8")
    assert page == triggers_page(), "run python -m rulelang.catalog.reference > docs/triggers.md"
    for trigger in builtin_triggers():
        assert f"## `{trigger.phrase}`\n" in page
        assert trigger.example.rstrip() in page
        assert f"`{trigger.event}`" in page


def test_the_pages_are_in_the_package() -> None:
    package = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = package["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"]["docs"] == "workbench/manual/docs"


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda p: p.stem)
def test_every_page_is_shown_whole_within_the_width(path: Path) -> None:
    text = MANUAL.page((path.stem,))
    page = shown(text, 80, color=False)
    assert "](" not in page.replace("](http", "")
    words = re.findall(r"[A-Za-z]{5,}", re.sub(r"\]\([^)]*\)|^#+|^```\w+", "", text, flags=re.MULTILINE))
    told = set(re.findall(r"[A-Za-z]{5,}", page))
    heads = set(
        re.findall(r"[A-Za-z]{5,}", " ".join(re.findall(r"^\|.*\n(?=\|[-|:]+\n)", text, re.MULTILINE)))
    )
    assert not [w for w in words if w not in told | heads][:5]
    for line in page.split("\n"):
        if len(line) > 80 and not line.startswith("    "):
            assert len(line.split()) < 3 or len(max(line.split(), key=len)) > 40, line


def test_every_declaration_and_code_has_its_page() -> None:
    found = MANUAL._catalogue
    for kind, declared in zip(KINDS, (found.triggers, found.actions, found.functions), strict=True):
        for each in declared.values():
            name = getattr(each, "phrase", each.name)
            assert each.example.strip() in MANUAL.page((kind, name))
            assert each.example.strip() in MANUAL.page((kind, each.name))
    for code in PAGES:
        assert MANUAL.page((code.lower(),)).startswith(code)


@pytest.mark.parametrize(
    ("words", "head"),
    [
        (("trigger", "stage enter"), "## `stage enter {stage}"),
        (("stage", "enter"), "## `stage enter {stage}"),
        (("action", "assign"), "## `assign(who"),
        (("function", "lower"), "## `lower("),
        (("Testing",), "# Testing rules"),
        (("policy",), "## Sending policy\n"),
        (("ending", "early"), "## Ending early\n"),
    ],
)
def test_topics(words: tuple[str, ...], head: str) -> None:
    assert MANUAL.page(words).startswith(head)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("tesing",), "did you mean `testing`?"),
        (("action", "asign"), "did you mean `assign`?"),
        (("trigger", "zzzzzz"), "`rulelang catalog triggers` lists them"),
        (("quiet hours",), "it stands in "),
        (("zzzzzz",), "`rulelang docs` lists the pages"),
    ],
)
def test_what_there_is_not(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(NoPage, match=re.escape(said)):
        MANUAL.page(words)


def test_the_command() -> None:
    done = command("docs")
    assert done.returncode == 0
    assert "  testing       Testing rules\n" in done.stdout
    done = command("docs", "trigger", "stage enter")
    assert "A record enters a stage" in done.stdout
    assert command("docs", "trigger", "stage enter", "--raw").stdout.startswith("## `stage")
    done = command("docs", "nonsense")
    assert (done.returncode, "there is no page `nonsense`" in done.stderr) == (2, True)
    done = command("docs", "quiet hours")
    assert done.returncode == 0
    assert done.stdout.startswith("no page is called quiet hours; it stands in\n")
    assert "\nschema " in done.stdout
    done = command("docs", "--search", "invariants that nobody wrote")
    assert (done.returncode, done.stdout) == (1, "")
    done = command("docs", "--search", "DNC")
    assert 'action "mark dnc"' in done.stdout


def test_headings_are_bold_at_a_terminal() -> None:
    env = {"TERM": "xterm-256color", "PAGER": "cat", "NO_COLOR": ""}
    with Terminal("docs", "function", "lower", env=env) as terminal:
        terminal.until("Gives: text")
        assert "\x1b[1m`lower(" in terminal.record


def test_tables_that_fit_are_columns_and_others_entries() -> None:
    table = "| a | b |\n|---|---|\n| `x` | y \\| z |\n"
    assert shown(table, 80, False) == "a    b\n`x`  y | z\n"
    wide = f"| a | b |\n|---|---|\n| x | {'word ' * 30}|\n"
    assert shown(wide, 60, False).startswith("x\n    word word")


def test_the_tests_on_the_page_about_tests_can_be_read() -> None:
    page = (DOCS / "testing.md").read_text("utf-8")
    rules = 'rule "Confirm the meeting" on contact created do stop end\n'
    blocks = re.findall(r"^```rules-test\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    found = [parse_tests(Source("testing.md", block), Meaning(check(rules))) for block in blocks]
    assert sum(len(tests) for tests, _ in found) > 1
    assert [mistakes for _, mistakes in found if mistakes] == []
