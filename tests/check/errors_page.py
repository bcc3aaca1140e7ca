"""Makes docs/errors.md from examples/broken: `python -m tests.check.errors_page` writes the page."""

from __future__ import annotations

from pathlib import Path

from rulelang.diagnostics.model import Diagnostic
from rulelang.diagnostics.render import render_text
from rulelang.workspace import load_workspace
from tests.check.golden import catalogue

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "broken"
PAGE = ROOT / "docs" / "errors.md"

_INTRODUCTION = """\
# What errors look like

Ten rules with one mistake each, and what the checker says: one message for one mistake, the words in question
underlined, and what to write instead. The files are in `examples/broken`; this page is made from them by a test.
`rulelang check --explain E0301` shows the page of a code.
"""


def files() -> list[Path]:
    """The broken files in order."""
    return sorted(FOLDER.glob("*.rules"))


def mistakes(file: Path) -> tuple[Diagnostic, ...]:
    """What the checker says about one file by itself."""
    name = file.relative_to(ROOT).as_posix()
    return load_workspace({name: file.read_text("utf-8")}, catalogue()).diagnostics


def page() -> str:
    """The text of docs/errors.md."""
    return "\n".join([_INTRODUCTION, *(_section(file) for file in files())])


def _section(file: Path) -> str:
    number, _, title = file.stem.partition("-")
    heading = f"## {int(number)}. {title.replace('-', ' ').capitalize()}"
    rules = f"```rules\n{file.read_text('utf-8').rstrip()}\n```"
    output = f"```text\n{render_text(mistakes(file), color=False).rstrip()}\n```"
    return f"{heading}\n\n{rules}\n\n{output}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
