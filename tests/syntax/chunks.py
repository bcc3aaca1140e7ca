"""Golden files: many small programs divided by `---`, each mistake noted on a line of its own below its line.

`#! E0039 «30 m»` below a line says that this code is reported there with just these words underlined; `«»` is a
place between two words, `⏎` a line end. The notes are taken out before the program is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source

FOLDER = Path(__file__).with_name("golden")
_NOTE = re.compile(r"\s*#! ([EW]\d{4}) «(.*)»\Z")


@dataclass(frozen=True)
class Chunk:
    """One program and the notes in it: (line, code, underlined words)."""

    name: str
    text: str
    notes: tuple[tuple[int, str, str], ...]

    @property
    def source(self) -> Source:
        """The program without its notes."""
        return Source.of(f"{self.name}.rules", self.text)


def chunks(file: str) -> Iterator[Chunk]:
    """The programs of a golden file."""
    text = (FOLDER / file).read_text(encoding="utf-8")
    for number, program in enumerate(re.split(r"^---\n", text, flags=re.MULTILINE), 1):
        lines: list[str] = []
        notes = []
        for line in program.split("\n"):
            if match := _NOTE.match(line):
                notes.append((len(lines), match[1], match[2]))
            else:
                lines.append(line)
        yield Chunk(f"{file.removesuffix('.txt')}-{number}", "\n".join(lines), tuple(notes))


def noted(diagnostic: Diagnostic) -> tuple[int, str, str]:
    """A diagnostic in the form of a note."""
    source = diagnostic.source
    words = source.slice(diagnostic.span).replace("\n", "⏎")
    return source.position(diagnostic.span.start).line, diagnostic.code, words
