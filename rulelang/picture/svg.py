"""A picture as SVG: text in it is text, colours come from classes, and every step says where it stands in the rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from html import escape

from rulelang.picture.layout import LINE, Box, Drawing, Edge, Label, layout
from rulelang.picture.model import Mark, Node, Picture, Shape
from rulelang.picture.style import CSS

Place = Callable[[tuple[int, int]], tuple[int, int]]
"""From a span in the plan's text to the one that is written into the picture."""

_WORDS = {
    Mark.DONE: "done",
    Mark.WAITING: "waiting here",
    Mark.SKIPPED: "not taken",
    Mark.FAILED: "failed",
}


def svg(
    picture: Picture,
    marks: Mapping[str, Mark] | None = None,
    place: Place = lambda span: span,
    style: bool = False,
) -> str:
    """The picture as one `svg` element. With `style` it brings its own style sheet, for a file of its own.

    Steps have `data-step`, `data-from` and `data-to`; `marks` become classes (`done`, `waiting` …).
    """
    return "".join(_Svg(marks or {}, place).whole(picture, layout(picture), style))


class _Svg:
    def __init__(self, marks: Mapping[str, Mark], place: Place) -> None:
        self._marks = marks
        self._place = place

    def whole(self, picture: Picture, drawing: Drawing, style: bool) -> Iterator[str]:
        title = f"Flow of the rule {picture.rule}"
        width, height = _number(drawing.width), _number(drawing.height)
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="flow" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="group" aria-label="{_text(title)}"><title>{_text(title)}</title>'
        )
        if style:
            yield f"<style>{CSS}</style>"
        yield '<g class="edges" aria-hidden="true">'
        yield from (self._edge(edge) for edge in drawing.edges)
        yield '</g><g class="labels">'
        yield from (self._label(label) for label in drawing.labels)
        yield '</g><g class="nodes" role="list">'
        for box in drawing.boxes:
            yield from self._box(box)
        yield "</g></svg>"

    def _edge(self, edge: Edge) -> str:
        (x, y), *rest = edge.points
        path = f"M{_number(x)} {_number(y)}" + "".join(f"L{_number(a)} {_number(b)}" for a, b in rest)
        line = f'<path class="{self._classes("edge", edge.arm)}" d="{path}"/>'
        return line + (self._arrow(edge) if edge.arrow else "")

    def _arrow(self, edge: Edge) -> str:
        """A head at the end of a line, which comes from above or from the left."""
        (before_x, _), (x, y) = edge.points[-2:]
        from_above = ((x - 4, y - 7), (x + 4, y - 7))
        corners = from_above if before_x == x else ((x - 7, y - 4), (x - 7, y + 4))
        path = "".join(f"L{_number(a)} {_number(b)}" for a, b in corners)
        return f'<path class="{self._classes("arrow", edge.arm)}" d="M{_number(x)} {_number(y)}{path}Z"/>'

    def _label(self, label: Label) -> str:
        whole = f"<title>{_text(label.text)}</title>" if label.shown != label.text else ""
        return (
            f'<text class="{self._classes("label", label.arm)}" x="{_number(label.x)}" y="{_number(label.y)}" '
            f'text-anchor="middle">{whole}{_text(label.shown)}</text>'
        )

    def _box(self, box: Box) -> Iterator[str]:
        node = box.node
        yield f'<g class="{self._classes(f"node {node.shape}", node.id)}" role="listitem"{self._data(node)}>'
        yield f"<title>{_text(self._said(node))}</title>"
        yield _frame(box)
        middle, y = box.x + box.width / 2, box.y + LINE
        for text in box.lines:
            yield f'<text x="{_number(middle)}" y="{_number(y)}" text-anchor="middle">{_text(text)}</text>'
            y += LINE
        for text in box.small:
            yield (
                f'<text class="detail" x="{_number(middle)}" y="{_number(y)}" text-anchor="middle">'
                f"{_text(text)}</text>"
            )
            y += LINE - 2
        yield "</g>"

    def _data(self, node: Node) -> str:
        data = f' data-step="{_text(node.id)}"' if node.id else ""
        if node.span is not None:
            start, end = self._place(node.span)
            # Whoever moves through the page by keyboard gets from step to step, and from there to the source.
            data += f' data-from="{start}" data-to="{end}" tabindex="0"'
        return data

    def _said(self, node: Node) -> str:
        """A node in words, for those who hear it."""
        mark = self._marks.get(node.id) if node.id else None
        parts = [f"{node.shape}: {node.title}" if node.title != node.shape else node.title, node.detail]
        said = (part for part in (*parts, _WORDS[mark] if mark else "") if part)
        return ", ".join(said).replace("\n", ", ")

    def _classes(self, names: str, id: str) -> str:
        mark = self._marks.get(id) if id else None
        return f"{names} {mark}" if mark else names


def _frame(box: Box) -> str:
    x, y, width, height = map(_number, (box.x, box.y, box.width, box.height))
    if box.node.shape is Shape.DECISION:
        return f'<path class="frame" d="{_hexagon(box)}"/>'
    radius = (
        _number(min(box.height / 2, 20)) if box.node.shape in (Shape.START, Shape.END, Shape.STOP) else "6"
    )
    return f'<rect class="frame" x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}"/>'


def _hexagon(box: Box) -> str:
    """The frame of a decision."""
    left, right, top, bottom = box.x, box.x + box.width, box.y, box.y + box.height
    corners = (
        (left - 8, (top + bottom) / 2),
        (left + 4, top),
        (right - 4, top),
        (right + 8, (top + bottom) / 2),
        (right - 4, bottom),
        (left + 4, bottom),
    )
    first, *rest = (f"{_number(x)} {_number(y)}" for x, y in corners)
    return f"M{first}" + "".join(f"L{corner}" for corner in rest) + "Z"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _text(text: str) -> str:
    """A text as it may stand in XML: escaped, without characters that XML has no way to write."""
    return escape("".join(c if _writable(c) else " " for c in text))


def _writable(character: str) -> bool:
    """Whether XML 1.0 has a way to write a character (section 2.2)."""
    return character >= " " and character not in "\ufffe\uffff" and not "\ud800" <= character <= "\udfff"
