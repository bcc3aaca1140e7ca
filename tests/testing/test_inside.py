"""Tests that stand in rule files, beside the rules that they are about; and running again on change."""

from __future__ import annotations

import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from rulelang.format import format_text
from rulelang.source import Source
from rulelang.syntax.parser import parse
from tests.support.live import SCHEMA, make_files
from tests.support.process import ROOT, command, environment

RULE = 'rule "Seen" for contact\n  on stage enter "SQL"\ndo\n  wait 1h\n  add tag "seen"\nend\n'
TEST = """\
test "is seen"
  given contact "c_1" has qualified = true,
      plan_name = "on rule event"
  when event "stage.entered" for contact "c_1"
      with stage = "SQL"
  after 1h
  expect contact "c_1" has tags contains seen
end
"""
AFTER = 'rule "Other" on contact created do add tag "new" end\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {"rulelang.toml": "", "schema.rules": SCHEMA, "rules/a.rules": f"{RULE}\n{TEST}\n{AFTER}"}
    return make_files(tmp_path / "w", files)


def test_tests_in_rule_files_are_run_and_are_no_rules(root: Path) -> None:
    for path in (root, root / "rules/a.rules"):
        done = command("test", path)
        assert (done.returncode, done.stdout) == (0, "1 passed\n"), done.stderr
    done = command("check", root)
    assert (done.returncode, done.stdout) == (0, "no mistakes found\n")
    parsed = parse(Source("a", f"{RULE}\n{TEST}\n{AFTER}"))
    assert [type(item).__name__ for item in parsed.module.items] == ["Rule", "Rule"]
    assert [(s.start, s.end) for s in parsed.module.tests] == [(len(RULE) + 1, len(RULE) + len(TEST))]


def test_a_failure_is_shown_where_it_stands(root: Path) -> None:
    path = root / "rules/a.rules"
    path.write_text(path.read_text().replace("contains seen", "contains unseen"))
    done = command("test", root)
    assert done.returncode == 1
    assert "--> rules/a.rules:14:3" in done.stdout


def test_mistakes_in_them_are_mistakes_of_the_file(root: Path) -> None:
    path = root / "rules/a.rules"
    path.write_text(path.read_text().replace("after 1h", "aftr 1h"))
    for words in (("check", root), ("check", path)):
        done = command(*words)
        assert done.returncode == 1
        assert "`aftr` is no statement of a test" in done.stdout
    done = command("test", root)
    assert done.returncode == 2
    assert "did you mean `after`?" in done.stderr


def test_a_test_without_an_end_harms_no_rule(root: Path) -> None:
    path = root / "rules/a.rules"
    path.write_text(path.read_text().replace("contains seen\nend", "contains seen"))
    done = command("check", root)
    assert "the test `is seen` has no `end`" in done.stdout
    assert done.stdout.count("error[") == 1


def test_the_formatter_sets_them_as_the_rest() -> None:
    untidy = TEST.replace("\n      ", "\n").replace("\n  ", "\n\t").replace(" = ", "=")
    assert format_text("a.rules", f"{AFTER}{untidy}") == f"{AFTER}\n{TEST}"
    assert format_text("a.rules", f"{AFTER}\n{TEST}") == f"{AFTER}\n{TEST}"
    commented = TEST.replace("  after", "  # then\n  after")
    assert format_text("a.rules", commented) == commented


def test_watching_runs_again_after_a_change(root: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "workbench.cli", "test", str(root), "--watch"],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Whoever runs the tests in the background may have had the signal ignored for all that is started.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    try:
        lines = iter(process.stdout.readline, "")
        assert next(lines) == "1 passed\n"
        assert next(lines).startswith("waiting for a change")
        path = root / "rules/a.rules"
        path.write_text(path.read_text().replace("wait 1h", "wait 2h"))
        assert next(lines) == "FAIL  is seen\n"
        assert any(line == "0 passed, 1 failed\n" for line in lines)
        next(lines)
        path.write_text("rule")
        assert next(lines).startswith("error[")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
