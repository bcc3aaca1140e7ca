"""The prompt at a real terminal: a recorded session, the history, and a terminal that can do nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repl.terminal import Terminal
from tests.repl.test_session import FILES
from tests.support.live import make_files
from tests.support.process import rulelang

XTERM = {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}


def test_a_session_with_colours_completion_an_editor_undo_and_a_saved_test(tmp_path: Path) -> None:
    root = make_files(tmp_path / "w", FILES)
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i "s/add tag .*/add tag \\"edited\\"/" "$1"\n')
    editor.chmod(0o755)
    env = {**XTERM, "XDG_STATE_HOME": str(tmp_path / "state"), "EDITOR": str(editor)}
    with Terminal("repl", root, env=env) as terminal:
        terminal.until("rules>")
        terminal.type("sco")
        terminal.until("score")  # offered below the line
        terminal.type("re + 1\r")
        terminal.until("81  (number)")
        terminal.type('rule "Mine" for contact\r')
        terminal.until("...>")
        terminal.type('on tag added "go"\rdo\radd tag "seen"\rend\r')
        terminal.until("`Mine` is in force")
        assert terminal.coloured("do")
        assert terminal.coloured('"go"')
        terminal.type('fire tag added "go"\r')
        terminal.until("enrolled  `Mine`")
        terminal.until("rules>")
        terminal.type("undo\r")
        terminal.until('taken back: `when tag added "go"')
        terminal.type("edit\r")
        terminal.until("`Mine` is in force")
        terminal.until("rules>")
        terminal.type('fire tag added "go"\r')
        terminal.until("edited]")
        terminal.until("rules>")
        terminal.type("fire stage ent\t\t")
        terminal.until("enter")
        terminal.type("\x03")  # gives up the line
        terminal.until("rules>")
        terminal.type("save as test tests/mine.test.rules\r")
        terminal.until("wrote ")
        terminal.until("rules>")
        terminal.type("quit\r")
        assert terminal.process.wait(10) == 0
    assert "tags contains edited" in (root / "tests/mine.test.rules").read_text()
    done = rulelang("test", root)
    assert (done.returncode, done.stdout) == (0, "1 passed\n"), done.stderr
    history = tmp_path / "state/rulelang/history"
    assert 'fire tag added "go"' in history.read_text()
    assert history.stat().st_mode & 0o077 == 0


def test_the_entries_of_an_earlier_session_come_again(tmp_path: Path) -> None:
    env = {**XTERM, "XDG_STATE_HOME": str(tmp_path)}
    for keys in ("score * 2\r", "\x1b[A\r"):
        with Terminal("repl", env=env) as terminal:
            terminal.until("rules>")
            terminal.type(keys)
            terminal.until("160  (number)")
            terminal.until("rules>")
            terminal.type("\x04")
            assert terminal.process.wait(10) == 0


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_without_abilities(term: str) -> None:
    with Terminal("repl", env={"TERM": term}) as terminal:
        terminal.until("rules>")
        terminal.type("score\n")
        terminal.until("80  (number)")
        assert "\x1b" not in terminal.record
        terminal.type("quit\n")
        assert terminal.process.wait(10) == 0
