"""`rulelang check` and how every command fails: exit codes, formats, one sentence and no traceback."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import BAD, GOOD
from tests.support.process import command, rulelang

Make = Callable[..., Path]


def test_a_workspace_without_mistakes(workspace: Make) -> None:
    done = command("check", workspace())
    assert (done.returncode, done.stdout, done.stderr) == (0, "no mistakes found\n", "")


def test_mistakes_are_shown_with_the_words_underlined_and_counted(workspace: Make) -> None:
    done = rulelang("check", workspace({"rules/bad.rules": BAD}))
    assert done.returncode == 1
    assert "rules/bad.rules:1:16" in done.stdout
    assert re.search(r'1 \| on stage enter "Wom".*\n.*\^{5}', done.stdout)
    assert done.stdout.endswith("1 error\n")
    assert "\x1b" not in done.stdout


def test_warnings_are_no_errors(workspace: Make) -> None:
    stray = 'rule "Never" on stage enter "Won" do stop; add tag "won"; end\n'
    done = command("check", workspace({"rules/odd.rules": stray}))
    assert (done.returncode, done.stdout.endswith("1 warning\n")) == (0, True), done.stdout


def test_a_file_is_checked_within_its_workspace(workspace: Make) -> None:
    root = workspace({"rules/bad.rules": BAD})
    assert command("check", root / "rules/good.rules").returncode == 0
    assert command("check", root / "rules/bad.rules", root / "rules/good.rules").returncode == 1
    assert command("check", "good.rules", cwd=root / "rules").returncode == 0


def test_a_file_alone_is_checked_against_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "alone.rules").write_text('on stage enter "Proposal Sent" do add tag "x"\n')
    assert command("check", tmp_path / "alone.rules").returncode == 0


def test_json_for_programs(workspace: Make) -> None:
    root = workspace({"rules/bad.rules": BAD})
    done = command("check", root, "--format", "json")
    (found,) = json.loads(done.stdout)
    assert done.returncode == 1
    assert found.items() >= {"severity": "error", "path": "rules/bad.rules"}.items()
    assert found["start"] == {"line": 1, "column": 16}
    assert json.loads(command("check", root / "rules/good.rules", "--format", "json").stdout) == []


def test_annotations_for_code_review(workspace: Make) -> None:
    done = command("check", workspace({"rules/bad.rules": BAD}), "--format", "github")
    assert done.returncode == 1
    assert re.match(r"::error file=[^,]*rules/bad\.rules,line=1,", done.stdout)


def test_colours_when_asked_for(workspace: Make) -> None:
    root = workspace({"rules/bad.rules": BAD})
    assert "\x1b[" in command("check", root, "--color").stdout
    assert "\x1b[" not in command("check", root, "--no-color").stdout


def test_what_the_source_holds_does_not_reach_the_terminal(workspace: Make) -> None:
    done = command("check", workspace({"rules/bad.rules": 'on stage enter "\x1b]0;owned\x07" do stop\n'}))
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout


def test_a_code_is_explained() -> None:
    done = command("check", "--explain", "e0301")
    assert done.returncode == 0
    assert done.stdout.startswith("E0301: ")
    unknown = command("check", "--explain", "E9999")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "there is no code 'E9999'" in unknown.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check"], "name a file or a folder"),
        (["check", "nowhere"], "nowhere does not exist"),
        (["check", "."], "holds no file that ends in `.rules`"),
        (["check", "latin.rules"], "latin.rules is not UTF-8 text (byte 0)"),
        (["check", "x", "--format", "xml"], "'xml' is not one of"),
        (["simulate", "."], "say what happens with --events"),
        (["simulate", "nowhere", "--events", "e.jsonl"], "nowhere does not exist"),
        (["catalog", "rules"], "'rules' is not one of"),
        (["serve", "--workspace", "nowhere"], "nowhere is no folder; `rulelang new nowhere`"),
        (["serve"], "is no workspace"),
        (["serve", "--port", "70000"], "70000 is not in the range"),
        (["key", "create"], "is no workspace"),
        (["key", "list", "--workspace", "nowhere"], "nowhere is no folder"),
        (["import", "horses", "e.jsonl", "--key", "x"], "'horses' is not one of"),
        (["import", "contacts", "e.jsonl"], "an API key is needed: --key or RULELANG_KEY"),
        (["new", "."], "exists and is not empty"),
        (["nonsense"], "No such command 'nonsense'"),
        (["--nonsense"], "No such option"),
    ],
)
def test_wrong_usage_is_answered_in_a_sentence(tmp_path: Path, arguments: list[str], says: str) -> None:
    (tmp_path / "latin.rules").write_bytes(b"\xe4")
    (tmp_path / "e.jsonl").write_text("")
    if arguments in (["check", "."], ["serve"], ["key", "create"]):
        (tmp_path / "latin.rules").unlink()
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_a_mistake_of_ours_shows_no_traceback_unless_asked(workspace: Make) -> None:
    """A catalogue that cannot be built, for want of a package that is broken: the nearest thing to a bug at hand."""
    root = workspace()
    package = root.parent / "site"
    (package / "broken-1.dist-info").mkdir(parents=True)
    (package / "broken-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: broken\nVersion: 1\n"
    )
    entry = "[rulelang.actions]\nbroken = broken_actions\n"
    (package / "broken-1.dist-info" / "entry_points.txt").write_text(entry)
    (package / "broken_actions.py").write_text("raise ZeroDivisionError('CANARY')\n")
    from tests.support.process import ROOT

    done = rulelang("check", root, env={"PYTHONPATH": f"{ROOT}:{package}"})
    assert done.returncode in (2, 3)
    assert "broken" in done.stderr
    assert "Traceback" not in done.stderr


def test_output_that_nobody_reads_to_the_end_is_no_failure(workspace: Make) -> None:
    import subprocess
    import sys

    from tests.support.process import environment

    program = f"{sys.executable} -m workbench.cli catalog --format json | head -c 10 >/dev/null; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", program], env=environment(), capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


# --- the group itself ------------------------------------------------------------------------------


def test_the_version_is_told_without_loading_anything(tmp_path: Path) -> None:
    """What a shell prompt or a packager asks for must not cost a second: nothing heavy is imported."""
    import subprocess
    import sys

    from tests.support.process import environment

    program = (
        "import sys\n"
        "sys.argv = ['rulelang', '--version']\n"
        "from workbench.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
        "print(*sorted(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True
    )
    version, modules = done.stdout.splitlines()
    assert re.fullmatch(r"rulelang \d+\.\d+\.\d+", version)
    loaded = {name.partition(".")[0] for name in modules.split()}
    assert "click" in loaded
    heavy = {
        "rulelang",
        "runtime",
        "stdlib_actions",
        "web",
        "server",
        "lark",
        "sqlalchemy",
        "msgspec",
        "liquid",
    }
    assert not loaded & (heavy | {"starlette", "uvicorn", "httpx", "structlog", "jinja2", "asyncio", "re2"})


def test_help_lists_every_command_without_loading_them() -> None:
    from workbench.cli import COMMANDS

    done = rulelang("--help")
    assert done.returncode == 0
    for name, (_, text) in COMMANDS.items():
        assert re.search(rf"^  {name} +\S", done.stdout, re.MULTILINE), name
        assert text.split(",")[0].split()[0] in done.stdout


def test_every_command_has_help() -> None:
    from click.testing import CliRunner

    from workbench.cli import COMMANDS, root

    for name in COMMANDS:
        done = CliRunner().invoke(root, [name, "--help"])
        assert done.exit_code == 0
        assert len(done.output.splitlines()) > 4


def test_good_rules_stay_good() -> None:
    """The texts that these tests call good and bad are what they are called."""
    from rulelang.catalog.build import build_catalogue
    from rulelang.workspace import load_workspace
    from stdlib_actions.library import declarations
    from tests.support.live import SCHEMA

    catalogue = build_catalogue(declarations())
    for text, errors in ((GOOD, 0), (BAD, 1)):
        checked = load_workspace({"s.rules": SCHEMA, "r.rules": text}, catalogue, {})
        assert sum(d.is_error for d in checked.diagnostics) == errors
