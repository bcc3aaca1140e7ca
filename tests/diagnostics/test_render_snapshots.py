"""A dozen mistakes as an author sees them. `UPDATE_SNAPSHOTS=1` writes the files anew, for review."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rulelang.diagnostics.render import render_text
from rulelang.source import Source
from rulelang.syntax.parser import parse

FOLDER = Path(__file__).with_name("snapshots")
LINE = "=" * 80 + "\n"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.txt")), ids=lambda file: file.stem)
def test_rendered_text(file: Path) -> None:
    program, _, expected = file.read_text(encoding="utf-8").partition(LINE)
    shown = render_text(parse(Source.of(f"rules/{file.stem}.rules", program)).diagnostics, color=False)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.write_text(program + LINE + shown, encoding="utf-8")
    else:
        assert shown == expected


def test_there_are_a_dozen() -> None:
    assert len(list(FOLDER.glob("*.txt"))) >= 12
