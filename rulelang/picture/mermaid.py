"""A picture as Mermaid's flowchart text, for Markdown pages that draw it themselves."""

from __future__ import annotations

from collections.abc import Sequence

from rulelang.picture.model import Arm, Fork, Item, Loop, Node, Picture, Shape

_FRAMES = {
    Shape.START: ("([", "])"),
    Shape.END: ("([", "])"),
    Shape.STOP: ("([", "])"),
    Shape.DECISION: ("{{", "}}"),
    Shape.WAIT: ("[/", "/]"),
}


def mermaid(picture: Picture) -> str:
    """The picture as text."""
    chart = _Chart()
    ends = chart.sequence((picture.start, *picture.items), [])
    if ends:
        chart.node(picture.end, ends)
    if picture.on_exit:
        title = Node("", Shape.START, "on exit")
        chart.sequence((title, *picture.on_exit), [])
    return "\n".join(["flowchart TD", *chart.lines]) + "\n"


Loose = tuple[str, str]
"""The end of a line that is still to be drawn: from which node, and what stands on it."""


class _Chart:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self._count = 0

    def sequence(self, items: Sequence[Item], loose: list[Loose]) -> list[Loose]:
        """Draw items after each other; the loose ends behind them."""
        for item in items:
            match item:
                case Node():
                    name = self.node(item, loose)
                    over = item.shape in (Shape.STOP, Shape.JUMP) and not item.detail
                    loose = [] if over else [(name, "")]
                case Loop(head, inner):
                    name = self.node(head, loose)
                    for end in self.sequence(inner, [(name, "again")]):
                        self._join(end, name)
                    loose = [(name, "")]
                case Fork(head, arms):
                    name = self.node(head, loose)
                    loose = [end for arm in arms for end in self._arm(arm, name)]
        return loose

    def _arm(self, arm: Arm, head: str) -> list[Loose]:
        return self.sequence(arm.items, [(head, arm.label)])

    def node(self, node: Node, loose: list[Loose]) -> str:
        """Draw a node and the lines to it; its name."""
        self._count += 1
        name = f"n{self._count}"
        opening, closing = _FRAMES.get(node.shape, ("[", "]"))
        text = f"{node.title}, {node.detail}" if node.detail else node.title
        self.lines.append(f'  {name}{opening}"{_quoted(text)}"{closing}')
        for end in loose:
            self._join(end, name)
        return name

    def _join(self, end: Loose, to: str) -> None:
        start, label = end
        self.lines.append(f'  {start} -->|"{_quoted(label)}"| {to}' if label else f"  {start} --> {to}")


def _quoted(text: str) -> str:
    """A text in Mermaid's quotes, where entities stand for what has a meaning (`#quot;`)."""
    for character, entity in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "#96;")):
        text = text.replace(character, entity)
    return " ".join(text.split())
