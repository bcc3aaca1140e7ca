"""The examples in the pages about the language, and the rule files that they stand for.

A block says in its first line what it is:

- `rules`: whole rules and declarations
- `rules workspace`: the same, and what all later blocks of the page are checked in
- `rules alone`: whole declarations that make a workspace of their own
- `rules steps [on TRIGGER]`: the steps of a rule
- `rules headers [on TRIGGER]`: lines between a rule's first line and its `do`, each the line of a rule of its own
- `rules triggers`: lines that are each the trigger of a rule
- `rules conditions [on TRIGGER]`: lines that are each the condition of a rule
- `rules-test`: tests; they are run with the blocks `rules` before them in the same section, or only read where
  there are none
- `grammar`: a sketch of the grammar, which nothing runs
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PARTS = re.compile(r"^## [^\n]*$|^```(\S*)(?: ([^\n]*))?\n(.*?)^```$", re.M | re.S)
_INDENTED = re.compile(r"(?:\A|\n\n) {4,}\S.*")
DEFAULT_TRIGGER = "on tag added"
KINDS = ("", "workspace", "alone", "steps", "headers", "triggers", "conditions")


@dataclass(frozen=True, slots=True)
class Block:
    """An example. `line` is where it begins in the page, `before` the rules of its section up to it."""

    page: str
    line: int
    language: str
    kind: str
    trigger: str
    text: str
    before: str
    workspace: str

    @property
    def name(self) -> str:
        """How a test calls it."""
        return f"{self.page}:{self.line}"

    def rules(self) -> str:
        """The rules that it stands for."""
        match self.kind:
            case "steps":
                body = "\n".join(f"  {line}" for line in self.text.splitlines())
                return f"{self.trigger}\ndo\n{body}\nend\n"
            case "headers":
                return "".join(
                    f"rule\n  {self.trigger}\n  {line}\ndo\n  stop\nend\n" for line in self.lines()
                )
            case "triggers":
                return "".join(f"{line}\ndo\n  stop\nend\n" for line in self.lines())
            case "conditions":
                return "".join(f"{self.trigger}\nwhen {line}\ndo\n  stop\nend\n" for line in self.lines())
        return self.text

    def lines(self) -> list[str]:
        """The lines that say something."""
        return [line for line in self.text.splitlines() if line.strip() and not line.startswith("#")]


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, in order."""
    text, workspace, before = page.read_text("utf-8"), "", ""
    for part in _PARTS.finditer(text):
        if part[0].startswith("## "):
            before = ""
            continue
        kind, _, trigger = (part[2] or "").partition(" ")
        line = text.count("\n", 0, part.start()) + 1
        yield Block(page.name, line, part[1], kind, trigger or DEFAULT_TRIGGER, part[3], before, workspace)
        if part[1] == "rules":
            workspace += part[3] if kind == "workspace" else ""
            before += part[3] if kind == "" else ""


def indented(page: Path) -> list[str]:
    """Blocks that are set in by four spaces: nobody can tell what they are."""
    outside = _PARTS.sub("", page.read_text("utf-8"))
    return [found.strip() for found in _INDENTED.findall(outside)]
