"""Every example in the pages about the language is checked, and run where it says what happens."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.docs.blocks import KINDS, Block, blocks, indented
from tests.support.process import ROOT, command

NAMES = (
    "docs/reference.md",
    "docs/language.md",
    "docs/flow.md",
    "docs/clock.md",
    "docs/schema.md",
    "docs/segments.md",
    "docs/templates.md",
    "docs/testing.md",
    "docs/documents.md",
    "docs/tasks.md",
    "README.md",
)
PAGES = [ROOT / name for name in NAMES]
BLOCKS = [block for page in PAGES for block in blocks(page)]
RULES = [block for block in BLOCKS if block.language == "rules"]
TESTS = [block for block in BLOCKS if block.language == "rules-test"]
OTHERS = {
    "docs/testing.md": {"sh", ""},
    "docs/templates.md": {"liquid", "text"},
    "docs/documents.md": {"typst"},
    "README.md": {"sh", ""},
}
"""Languages of blocks that are no rules; tests of their own know those of templates.md and the README."""

IN_EXAMPLE = {"README.md"}
"""Pages that speak of the example workspace."""


def workspace(block: Block, root: Path) -> Path:
    """A workspace in which a block can be checked: the example's, or one with the page's own declarations."""
    if block.page in IN_EXAMPLE:
        shutil.copytree(ROOT / "examples" / "workspace", root)
        return root
    (root / "templates").mkdir(parents=True)
    (root / "page.rules").write_text("" if block.kind == "alone" else block.workspace, "utf-8")
    for name in re.findall(r'(?:template\(|of )"([\w-]+)"', block.rules() + block.before + block.workspace):
        (root / "templates" / f"{name}.liquid").write_text("---\nsubject: Hi\n---\nHi", "utf-8")
    return root


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_each_block_says_what_it_is(page: Path) -> None:
    name = NAMES[PAGES.index(page)]
    languages = {block.language for block in blocks(page)}
    assert languages <= {"rules", "rules-test", "grammar", *OTHERS.get(name, ())}
    assert all(block.kind in KINDS for block in blocks(page) if block.language == "rules")
    assert indented(page) == []


@pytest.mark.parametrize("block", RULES, ids=[block.name for block in RULES])
def test_an_example_checks(block: Block, tmp_path: Path) -> None:
    root = workspace(block, tmp_path / "w")
    name = "page.rules" if block.kind == "workspace" else "example.rules"
    before = block.workspace if block.kind == "workspace" else ""
    if block.page not in IN_EXAMPLE:
        (root / name).write_text(before + block.rules(), "utf-8")
    done = command("check", root)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("block", TESTS, ids=[block.name for block in TESTS])
def test_what_an_example_says_happens(block: Block, tmp_path: Path) -> None:
    root = workspace(block, tmp_path / "w")
    if block.before:
        (root / "example.rules").write_text(block.before, "utf-8")
    shutil.rmtree(root / "tests", ignore_errors=True)
    path = root / "example.test.rules"
    path.write_text(block.text, "utf-8")
    done = command("test" if "test " in block.text else "check", path)
    assert done.returncode == 0, done.stdout + done.stderr
