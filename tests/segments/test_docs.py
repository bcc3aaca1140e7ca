"""The page on segments: its rules are sound and do what it says; the formatter leaves them alone."""

from __future__ import annotations

import re
from pathlib import Path

from rulelang.format import format_text
from rulelang.lint.rules import lint
from rulelang.workspace import load_workspace
from tests.support.process import ROOT, command
from tests.support.rules import catalogue

PAGE = (ROOT / "docs" / "segments.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_its_rules_are_sound_and_in_the_one_style() -> None:
    text = "\n".join(blocks("rules"))
    checked = load_workspace({"page.rules": text}, catalogue())
    assert [d.message for d in checked.diagnostics] == []
    assert [d.message for d in lint(checked)] == []
    assert format_text("page.rules", text) == text
    assert len(checked.plans) == 7


def test_its_tests_pass(tmp_path: Path) -> None:
    (tmp_path / "page.rules").write_text("\n".join(blocks("rules")), "utf-8")
    (tmp_path / "page.test.rules").write_text("\n".join(blocks("rules-test")), "utf-8")
    done = command("test", tmp_path)
    assert done.returncode == 0, done.stdout
    assert "0 passed" not in done.stdout
