"""`rulelang flow`: pictures of rules on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from tests.support.process import command

TWO = 'rule "One" for contact\n  on tag added "x"\ndo\n  wait 1d\nend\n\nrule "Two" for contact\n  on tag added "y"\ndo\n  stop\nend\n'


def test_a_picture_with_its_style_sheet(workspace: Callable[..., Path]) -> None:
    root = workspace({"rules/two.rules": TWO})
    done = command("flow", str(root), "One", "--format", "svg")
    assert (done.returncode, done.stderr) == (0, "")
    svg = ElementTree.fromstring(done.stdout)
    assert [child.tag.rpartition("}")[2] for child in svg][:2] == ["title", "style"]
    assert "wait 1d" in done.stdout


def test_all_rules_of_a_file_as_mermaid(workspace: Callable[..., Path]) -> None:
    root = workspace({"rules/two.rules": TWO})
    done = command("flow", str(root / "rules/two.rules"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        '%% One\nflowchart TD\n  n1(["tag added #quot;x#quot;"])\n  n2[/"wait 1d"/]\n  n1 --> n2\n'
        '  n3(["end"])\n  n2 --> n3\n'
        '\n%% Two\nflowchart TD\n  n1(["tag added #quot;y#quot;"])\n  n2(["stop"])\n  n1 --> n2\n'
    )


def test_what_cannot_be_drawn(workspace: Callable[..., Path]) -> None:
    root = workspace({"rules/two.rules": TWO})
    several = command("flow", str(root / "rules/two.rules"), "--format", "svg")
    assert several.returncode == 2
    assert "has 2 rules; name one" in several.stderr
    unknown = command("flow", str(root), "Onee")
    assert unknown.returncode == 2
    assert "there is no rule `Onee` without mistakes; did you mean One?" in unknown.stderr
    (root / "rules/two.rules").write_text("rule (")
    assert "`rulelang check` says what is wrong" in command("flow", str(root / "rules/two.rules")).stderr
