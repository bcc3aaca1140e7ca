"""What the README shows is what happens."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.support.process import ROOT, command

README = (ROOT / "README.md").read_text("utf-8")
EXAMPLE = ROOT / "examples" / "workspace"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_its_rules_are_those_of_the_example() -> None:
    texts = "\n".join(path.read_text("utf-8") for path in sorted(EXAMPLE.rglob("*.rules")))
    shown = blocks("rules")
    assert len(shown) == 2
    for rule in shown:
        assert rule in texts


def test_its_mistake_is_answered_as_it_says(tmp_path: Path) -> None:
    root = shutil.copytree(EXAMPLE, tmp_path / "demo")
    first = root / "rules/first.rules"
    first.write_text(first.read_text("utf-8").replace("status = trial do", "status = trail do", 1), "utf-8")
    done = command("check", root)
    (shown,) = [block for block in blocks("") if block.startswith("error[")]
    assert done.stdout.startswith(shown)


def test_its_commands_there_are() -> None:
    from workbench.cli import COMMANDS

    used = set(
        re.findall(
            r"\brulelang ([a-z]+)\b", "\n".join([*blocks("sh"), *re.findall(r"`(rulelang [^`]+)`", README)])
        )
    )
    assert used
    assert used <= set(COMMANDS)


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert "://" in target or (ROOT / target).exists(), target
