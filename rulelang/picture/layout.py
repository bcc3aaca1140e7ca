"""Where everything in a picture goes. A rule is series-parallel, so that sizes add up from the inside."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rulelang.picture.model import Arm, Fork, Item, Loop, Node, Picture, Shape

LETTER = 7.2
"""How wide a letter is taken to be, in pixels at the font size of the picture (13)."""
LINE = 18
_WRAP = 34
_MOST_LINES = 3
_MOST_SMALL = 9
_PADDING = 12
_GAP = 28
_ARM_GAP = 24
_LABEL = 46
_LOOP = 26
_MARGIN = 16
_LEAST_WIDTH = 60
_ROUND = (Shape.START, Shape.END, Shape.STOP)


@dataclass(frozen=True, slots=True)
class Box:
    """A node in its place: `x`, `y` is its upper left corner; `lines` the text, `small` those below it."""

    node: Node
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]
    small: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """A line along points, with an `arrow` at its end or not.

    `arm` is the way that it belongs to: the id of an arm, or of the node that it leads to; "" for what every run walks.
    """

    points: tuple[tuple[float, float], ...]
    arm: str = ""
    arrow: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """Words beside the beginning of an arm, centred on `x`; `text` is whole, `shown` what there is room for."""

    x: float
    y: float
    text: str
    shown: str
    arm: str


@dataclass(slots=True)
class Drawing:
    """All parts of a picture in their places."""

    width: float = 0
    height: float = 0
    boxes: list[Box] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)


def layout(picture: Picture) -> Drawing:
    """Put the parts of a picture in their places."""
    drawing = Drawing()
    items: tuple[Item, ...] = (picture.start, *picture.items, picture.end)
    if picture.items and _goes_no_further(picture.items[-1]):
        items = items[:-1]
    size = _size(items)
    left = _MARGIN
    bottom = _Placing(drawing).sequence(items, left + size.left, _MARGIN, "")
    right = left + size.left + size.right
    if picture.on_exit:
        title = Node("", Shape.START, "on exit")
        end = Node("", Shape.END, "end")
        aside: tuple[Item, ...] = (title, *picture.on_exit, end)
        more = _size(aside)
        start = right + 2 * _ARM_GAP
        bottom = max(bottom, _Placing(drawing).sequence(aside, start + more.left, _MARGIN, ""))
        right = start + more.left + more.right
    drawing.width, drawing.height = right + _MARGIN, bottom + _MARGIN
    return drawing


# --- sizes -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Size:
    """How far something reaches to the left and right of its axis, and how high it is."""

    left: float
    right: float
    height: float


def _size(items: Sequence[Item]) -> _Size:
    sizes = [_item_size(item) for item in items]
    height = sum(s.height for s in sizes) + _GAP * max(len(sizes) - 1, 0)
    return _Size(max((s.left for s in sizes), default=0), max((s.right for s in sizes), default=0), height)


def _item_size(item: Item) -> _Size:
    match item:
        case Node():
            width, height = _box_size(item)
            return _Size(width / 2, width / 2, height)
        case Loop(head, items):
            width, height = _box_size(head)
            inner = _size(items)
            left = max(width / 2, inner.left) + _LOOP
            return _Size(left, max(width / 2, inner.right), height + _GAP + inner.height + _GAP)
        case Fork(head, arms):
            width, height = _box_size(head)
            inside = [_arm_size(arm) for arm in arms]
            total = sum(s.left + s.right for s in inside) + _ARM_GAP * (len(inside) - 1)
            tall = max(s.height for s in inside)
            half = max(width, total) / 2
            return _Size(half, half, height + _LABEL + tall + _GAP)


def _arm_size(arm: Arm) -> _Size:
    inner = _size(arm.items)
    half = max(len(_shown(arm.label)) * LETTER * 0.9, _LEAST_WIDTH) / 2
    return _Size(max(inner.left, half), max(inner.right, half), inner.height)


def _box_size(node: Node) -> tuple[float, float]:
    lines, small = _texts(node)
    letters = max(max(map(len, lines)), max((len(line) * 0.9 for line in small), default=0))
    width = max(letters * LETTER + 2 * _PADDING, _LEAST_WIDTH)
    if node.shape in _ROUND:
        width += _PADDING
    return width, len(lines) * LINE + len(small) * (LINE - 2) + _PADDING


def _texts(node: Node) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines of a node as far as there is room."""
    small = [line for part in node.detail.split("\n") if part for line in _wrapped(part, _MOST_LINES)]
    return _wrapped(node.title, _MOST_LINES), tuple(small[:_MOST_SMALL])


def _wrapped(text: str, most: int) -> tuple[str, ...]:
    return tuple(textwrap.wrap(text, _WRAP, max_lines=most, placeholder=" …")) or (" ",)


def _shown(label: str) -> str:
    return textwrap.shorten(label, _WRAP, placeholder=" …") if len(label) > _WRAP else label


def _goes_no_further(item: Item) -> bool:
    """Whether no run comes past an item: it is a stop or a jump for good, or all its ways end."""
    match item:
        case Node(_, Shape.STOP | Shape.JUMP, _, ""):
            return True
        case Fork(_, arms):
            return all(arm.ends for arm in arms)
    return False


# --- places ----------------------------------------------------------------------------------------


class _Placing:
    def __init__(self, drawing: Drawing) -> None:
        self._drawing = drawing

    def sequence(self, items: Sequence[Item], axis: float, top: float, arm: str) -> float:
        """Put items below each other, joined by lines; where the last one ends."""
        at = top
        for number, item in enumerate(items):
            if number:
                if not _goes_no_further(items[number - 1]):
                    self._line(((axis, at), (axis, at + _GAP)), _head(item).id or arm, arrow=True)
                at += _GAP
            at = self._item(item, axis, at, arm)
        return at

    def _item(self, item: Item, axis: float, top: float, arm: str) -> float:
        match item:
            case Node():
                return self._box(item, axis, top)
            case Loop():
                return self._loop(item, axis, top, arm)
            case Fork():
                return self._fork(item, axis, top, arm)

    def _box(self, node: Node, axis: float, top: float) -> float:
        width, height = _box_size(node)
        lines, small = _texts(node)
        self._drawing.boxes.append(Box(node, axis - width / 2, top, width, height, lines, small))
        return top + height

    def _loop(self, loop: Loop, axis: float, top: float, arm: str) -> float:
        """The head, the steps below it, and a line back up on the left."""
        below = self._box(loop.head, axis, top)
        width, height = _box_size(loop.head)
        size = _item_size(loop)
        self._line(((axis, below), (axis, below + _GAP)), loop.head.id, arrow=True)
        bottom = self.sequence(loop.items, axis, below + _GAP, loop.head.id)
        left = axis - size.left + _LOOP / 2
        middle = top + height / 2
        turn = bottom + _GAP / 2
        back = ((axis, bottom), (axis, turn), (left, turn), (left, middle), (axis - width / 2, middle))
        self._line(back, loop.head.id, arrow=True)
        # The way on leaves on the right of the line back, from the same point.
        self._line(((axis, turn), (axis, bottom + _GAP)), arm)
        return bottom + _GAP

    def _fork(self, fork: Fork, axis: float, top: float, arm: str) -> float:
        below = self._box(fork.head, axis, top)
        sizes = [_arm_size(each) for each in fork.arms]
        total = sum(s.left + s.right for s in sizes) + _ARM_GAP * (len(sizes) - 1)
        bottom = below + _LABEL + max(s.height for s in sizes)
        at, joined = axis - total / 2, False
        for each, size in zip(fork.arms, sizes, strict=True):
            self._arm(each, (axis, below), at + size.left, bottom + _GAP / 2)
            joined = joined or not each.ends
            at += size.left + size.right + _ARM_GAP
        if joined:
            self._line(((axis, bottom + _GAP / 2), (axis, bottom + _GAP)), arm)
        return bottom + _GAP

    def _arm(self, arm: Arm, start: tuple[float, float], axis: float, join: float) -> None:
        """The steps of an arm, the line to them with its label, and the line to where the arms meet."""
        x, y = start
        top = y + _LABEL
        ways = ((x, y), (x, y + 12), (axis, y + 12), (axis, top))
        self._line(ways if axis != x else ((x, y), (x, top)), arm.id, arrow=bool(arm.items))
        if arm.label:
            self._drawing.labels.append(Label(axis, y + 28, arm.label, _shown(arm.label), arm.id))
        bottom = self.sequence(arm.items, axis, top, arm.id)
        if not arm.ends:
            back = ((axis, bottom), (axis, join), (x, join))
            self._line(back if axis != x else ((axis, bottom), (axis, join)), arm.id)

    def _line(self, points: Sequence[tuple[float, float]], arm: str, arrow: bool = False) -> None:
        distinct = tuple(_without_repeats(points))
        if len(distinct) > 1:
            self._drawing.edges.append(Edge(distinct, arm, arrow))


def _head(item: Item) -> Node:
    return item if isinstance(item, Node) else item.head


def _without_repeats(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    last = None
    for point in points:
        if point != last:
            yield point
        last = point
