"""Chunked golden files: programs separated by `---`, each with the mistakes that it must give.

A line `#! E0201 «scor» a contact has no field | did you mean` expects that code, that underlined text, and a
message and a help that contain these words. A program without such lines must be without mistakes. Run as
`python -m tests.check.golden FILE…` to write what the checker says now into the files, for review.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rulelang.catalog.build import build_catalogue
from rulelang.catalog.model import Catalogue
from rulelang.diagnostics.model import Diagnostic
from rulelang.workspace import load_workspace
from stdlib_actions.library import declarations

_SEPARATOR = "\n---\n"
_EXPECTATION = re.compile(r"#! (?P<code>[EW]\d{4}) «(?P<text>.*?)» (?P<message>.*?)(?: \| (?P<help>.*))?")


@dataclass(frozen=True)
class Expectation:
    """One mistake that a program must give."""

    code: str
    text: str
    message: str
    help: str

    def fits(self, found: Diagnostic) -> bool:
        """Whether a mistake is the one expected."""
        underlined = found.source.slice(found.span)
        return (
            self.code == found.code
            and self.text == " ".join(underlined.split())
            and self.message in found.message
            and (self.help in found.help if self.help else not found.help)
        )


@dataclass(frozen=True)
class Chunk:
    """One program of a golden file."""

    file: str
    line: int
    program: str
    expected: tuple[Expectation, ...]

    def __str__(self) -> str:
        """A name for the test's id."""
        return f"{self.file}:{self.line}"


@cache
def catalogue() -> Catalogue:
    """The built-in triggers and functions with the standard actions."""
    return build_catalogue(declarations())


def mistakes(program: str, others: Mapping[str, str] | None = None) -> tuple[Diagnostic, ...]:
    """What the checker says about a program, alone or beside other files."""
    return load_workspace({"main.rules": program, **(others or {})}, catalogue()).diagnostics


def chunks(path: Path) -> list[Chunk]:
    """The programs of a golden file."""
    found, line = [], 1
    for part in path.read_text("utf-8").split(_SEPARATOR):
        lines = part.split("\n")
        expected = tuple(_expectation(each) for each in lines if each.startswith("#! "))
        program = "\n".join(each for each in lines if not each.startswith("#! "))
        found.append(Chunk(path.name, line, program, expected))
        line += part.count("\n") + 2
    return found


def _expectation(line: str) -> Expectation:
    match = _EXPECTATION.fullmatch(line)
    if match is None:
        raise ValueError(f"malformed expectation: {line}")
    return Expectation(match["code"], match["text"], match["message"], match["help"] or "")


def described(found: Diagnostic) -> str:
    """A mistake as an expectation."""
    text = " ".join(found.source.slice(found.span).split())
    return f"#! {found.code} «{text}» {found.message}" + (f" | {found.help}" if found.help else "")


def update(path: Path) -> None:
    """Write what the checker says now into a golden file."""
    parts = []
    for chunk in chunks(path):
        lines = [described(found) for found in mistakes(chunk.program)]
        parts.append("\n".join([*lines, chunk.program]))
    path.write_text(_SEPARATOR.join(parts), "utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        update(Path(name))
