"""Whether the tags of a template fit together: known names, closed blocks, branches where they belong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rulelang.diagnostics import template as say
from rulelang.diagnostics.model import Diagnostic
from rulelang.diagnostics.near import listed
from rulelang.source import Span
from rulelang.template.limits import MAX_DEPTH
from rulelang.template.markup import Piece
from rulelang.template.place import Place

BLOCKS = {"if": "endif", "unless": "endunless", "case": "endcase", "for": "endfor"}
TAGS = (
    "if",
    "elsif",
    "else",
    "unless",
    "case",
    "when",
    "for",
    "break",
    "continue",
    "assign",
    "comment",
    "raw",
)
_ENDS = {end: name for name, end in BLOCKS.items()}
_KNOWN = (*TAGS, *_ENDS, "endcomment", "endraw")
_BARE = frozenset({"else", "break", "continue", *_ENDS})
_BRANCHES = {"elsif": ("if", "unless"), "when": ("case",), "else": ("if", "unless", "case", "for")}
_UNAVAILABLE = frozenset(
    [
        "include",
        "render",
        "capture",
        "cycle",
        "increment",
        "decrement",
        "tablerow",
        "ifchanged",
        "liquid",
        "echo",
    ]
    + ["layout", "extends", "block", "macro", "call", "with", "doc", "set", "section", "paginate", "style"]
)


@dataclass(slots=True)
class _Block:
    piece: Piece
    branch: str = ""


def check_structure(pieces: Sequence[Piece], place: Place) -> list[Diagnostic]:
    """All mistakes in how the tags of a text fit together."""
    check = _Structure(place)
    for piece in pieces:
        check.piece(piece)
    check.end()
    return check.found


class _Structure:
    def __init__(self, place: Place) -> None:
        self.found: list[Diagnostic] = []
        self._place = place
        self._open: list[_Block] = []
        self._ends_of_unavailable: set[str] = set()
        # Once ends are crossed, what follows about ends would only repeat it.
        self._crossed = False

    def piece(self, piece: Piece) -> None:
        """Take in the next piece."""
        if piece.kind != "tag":
            self._content(piece)
        elif piece.name not in _KNOWN:
            self._unknown(piece)
        else:
            self._tag(piece)

    def end(self) -> None:
        """The text is over: what is still open stays open."""
        for block in [] if self._crossed else self._open:
            span, name = self._span(block.piece), block.piece.name
            self.found.append(say.block_not_closed(self._place.source, span, name, BLOCKS[name]))

    def _span(self, piece: Piece) -> Span:
        return self._place.span(piece.start, piece.end)

    def _name_span(self, piece: Piece) -> Span:
        return self._place.span(piece.name_start, piece.name_start + len(piece.name))

    def _content(self, piece: Piece) -> None:
        if piece.kind == "output" and not piece.inner:
            self.found.append(say.nothing_shown(self._place.source, self._span(piece)))
        block = self._open[-1] if self._open else None
        if block and block.piece.name == "case" and not block.branch and piece.inner.strip():
            self._misplaced(piece, piece.inner.split("\n")[0][:40], "behind a `when`")

    def _unknown(self, piece: Piece) -> None:
        span = self._name_span(piece) if piece.name else self._span(piece)
        if piece.name in self._ends_of_unavailable:
            return
        if piece.name in _UNAVAILABLE:
            self._ends_of_unavailable.add(f"end{piece.name}")
            self.found.append(say.unavailable_tag(self._place.source, span, piece.name))
        else:
            self.found.append(say.unknown_tag(self._place.source, span, piece.name, TAGS))

    def _tag(self, piece: Piece) -> None:
        name = piece.name
        if name in _BARE and piece.inner:
            self.found.append(say.words_after(self._place.source, self._span(piece), name))
        if name in BLOCKS:
            self._begin(piece)
        elif name in _ENDS:
            self._close(piece)
        elif name in _BRANCHES:
            self._branch(piece)
        elif name in ("break", "continue") and not any(b.piece.name == "for" for b in self._open):
            self._misplaced(piece, name, "inside `for`")
        elif name in ("endraw", "endcomment"):
            self._misplaced(piece, name, f"at the end of `{name[3:]}`")

    def _begin(self, piece: Piece) -> None:
        self._open.append(_Block(piece))
        if len(self._open) == MAX_DEPTH + 1:
            self.found.append(say.too_deep(self._place.source, self._span(piece), MAX_DEPTH))

    def _close(self, piece: Piece) -> None:
        if self._crossed:
            return
        if not self._open:
            self._misplaced(piece, piece.name, f"at the end of `{_ENDS[piece.name]}`")
            return
        block = self._open.pop()
        wanted = BLOCKS[block.piece.name]
        if piece.name != wanted:
            span, opening = self._name_span(piece), self._span(block.piece)
            self.found.append(say.wrong_end(self._place.source, span, piece.name, wanted, opening))
            self._crossed = True

    def _branch(self, piece: Piece) -> None:
        block = self._open[-1] if self._open else None
        owners = _BRANCHES[piece.name]
        if block is None or block.piece.name not in owners:
            self._misplaced(piece, piece.name, f"inside {listed(owners)}")
        elif block.branch == "else":
            self._misplaced(piece, piece.name, "before `else`" if piece.name != "else" else "once in a block")
        else:
            block.branch = piece.name

    def _misplaced(self, piece: Piece, name: str, where: str) -> None:
        self.found.append(say.misplaced(self._place.source, self._span(piece), name, where))
