"""Every automation of docs/howto.md is checked, says nothing to the linter, and passes the test beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.live import make_files
from workbench.cli import root as cli

PAGE = Path(__file__).parents[2] / "docs" / "howto.md"
_BLOCK = re.compile(r"^```(\S+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)


def sections() -> dict[str, list[tuple[str, str, str]]]:
    """The blocks (language, file, text) of each section by its title; those before the first under ""."""
    parts = re.split(r"^## (.*)$", PAGE.read_text("utf-8"), flags=re.M)
    titles = ["", *parts[1::2]]
    return {title: _BLOCK.findall(text) for title, text in zip(titles, parts[::2], strict=True)}


SECTIONS = sections()
SHARED = {name: text for _, name, text in SECTIONS.pop("")}


def files(blocks: list[tuple[str, str, str]]) -> dict[str, str]:
    """The workspace of a section."""
    found = dict(SHARED)
    for language, _, text in blocks:
        found["rules/howto.test.rules" if language == "rules-test" else "rules/howto.rules"] = text
    return found


def test_there_are_twenty_and_more() -> None:
    assert len(SECTIONS) >= 20


@pytest.mark.parametrize("title", SECTIONS)
def test_it_works(tmp_path: Path, title: str) -> None:
    assert {language for language, _, _ in SECTIONS[title]} == {"rules", "rules-test"}
    folder = make_files(tmp_path, files(SECTIONS[title]))
    run = CliRunner().invoke(cli, ["check", str(folder)])
    assert run.exit_code == 0, run.output
    run = CliRunner().invoke(cli, ["test", str(folder)])
    assert run.exit_code == 0, run.output
