"""Planted defects of every kind, all in one workspace: `rulelang lint` finds each where it is marked, and nothing else.

A mark is a comment at the end of the line, a code and, for loops, the path that the message names. The clean set is
what a customer team writes; nothing is said about it, neither alone nor beside the planted rules.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from rulelang.lint.doing import sets_off, tells, writes
from rulelang.lint.listeners import Listeners
from rulelang.lint.rules import CODES
from tests.support.process import command
from workbench.loading import load

HERE = Path(__file__).parent
CLEAN = HERE / "clean"
PLANTED = sorted((HERE / "planted").glob("*.rules"))
_MARK = re.compile(r"# ([EW]\d{4})(?: (.+))?$")


def marked(file: Path) -> list[tuple[str, int, str]]:
    """The findings that a file is marked with: its name, the line, the code."""
    lines = file.read_text("utf-8").splitlines()
    found = ((number, _MARK.search(line)) for number, line in enumerate(lines, 1))
    return [(f"rules/{file.name}", number, mark[1]) for number, mark in found if mark is not None]


def linted(root: Path) -> list[dict[str, Any]]:
    done = command("lint", root, "--format", "json")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert done.returncode == (1 if found else 0), done.stderr
    return found


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What lint says about the planted rules among the clean ones."""
    root = tmp_path_factory.mktemp("planted") / "workspace"
    shutil.copytree(CLEAN, root)
    for file in PLANTED:
        shutil.copy(file, root / "rules" / file.name)
    return linted(root)


def test_there_are_fifty_planted_rules_with_every_kind_of_defect() -> None:
    text = "".join(file.read_text("utf-8") for file in PLANTED)
    assert len(re.findall(r"^rule ", text, re.MULTILINE)) >= 50
    codes = {code for file in PLANTED for _, _, code in marked(file)}
    assert codes == {*CODES, "W0601", "W0607"}


@pytest.mark.parametrize("file", PLANTED, ids=lambda file: file.stem)
def test_each_planted_defect_is_found_where_it_is(file: Path, findings: list[dict[str, Any]]) -> None:
    found = [
        (f["path"], f["start"]["line"], f["code"]) for f in findings if f["path"].endswith(f"/{file.name}")
    ]
    assert found == marked(file)


def test_the_message_of_a_loop_names_its_path(findings: list[dict[str, Any]]) -> None:
    text = next(file for file in PLANTED if file.stem == "loops").read_text("utf-8")
    paths = [mark[2] for line in text.splitlines() if (mark := _MARK.search(line))]
    said = [f["message"] for f in findings if f["code"] == "W0801"]
    assert [message.partition(": ")[2] for message in said] == paths


def test_nothing_is_said_about_the_clean_set(findings: list[dict[str, Any]]) -> None:
    text = "".join(file.read_text("utf-8") for file in sorted((CLEAN / "rules").glob("*.rules")))
    assert len(re.findall(r"^rule ", text, re.MULTILINE)) >= 50
    assert linted(CLEAN) == []
    assert {f["path"] for f in findings} == {f"rules/{file.name}" for file in PLANTED}


def test_the_index_of_listeners_misses_nobody(tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    shutil.copytree(CLEAN, root)
    for file in PLANTED:
        shutil.copy(file, root / "rules" / file.name)
    checked = load(root).checked
    listeners = Listeners(checked.plans, checked.catalogue, checked.schema)
    heard = 0
    for write in (write for plan in checked.plans for write in writes(plan)):
        wanted = [p for p in checked.plans if sets_off(write, p, checked.catalogue, checked.schema)]
        assert listeners.of(write) == wanted
        heard += len(wanted)
    assert heard > 20
    for plan in checked.plans:
        assert listeners.following(plan) == [other for other in checked.plans if tells(plan, other)]
