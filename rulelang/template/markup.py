"""The first look at a template: text, `{{ … }}` and `{% … %}`, found in one pass over the text.

The engine's own lexer is not used, since some of its patterns take quadratic time on hostile texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rulelang.diagnostics import template as say
from rulelang.diagnostics.model import Diagnostic
from rulelang.template.limits import MAX_MARKUP
from rulelang.template.place import Place

_OPEN = re.compile(r"\{\{|\{%")
_TAG_NAME = re.compile(r"\w*")
_END_RAW = re.compile(r"\{%-?[ \t\n]{0,20}endraw[ \t\n]{0,20}-?%\}")
_COMMENT = re.compile(r"\{%-?[ \t\n]{0,20}(comment|endcomment)\b[^%]{0,200}%\}")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a template text. `start` and `end` are where it stands, with braces.

    `kind` is `text`, `output` or `tag`. `inner` is the expression, or the text to show, and `inner_start` where it
    begins; `name` is the tag's, at `name_start`.
    """

    kind: str
    start: int
    end: int
    inner: str
    inner_start: int
    name: str = ""
    name_start: int = 0


class MarkupError(Exception):
    """The text cannot be divided any further; `diagnostic` says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def pieces_of(text: str, place: Place) -> Iterator[Piece]:
    """Divide a text. Comments are left out, the content of `raw` is text, `-` in braces trims the text beside it.

    Raises:
        MarkupError: markup is not closed or too long.
    """
    at, trim = 0, False
    while at < len(text):
        opening = _OPEN.search(text, at)
        end = opening.start() if opening else len(text)
        trim_end = opening is not None and text.startswith("-", opening.end())
        yield from _text(text, at, end, trim, trim_end)
        if opening is None:
            return
        piece, trim = _markup(text, opening, place)
        at = piece.end
        if piece.name == "comment":
            at, trim = _after_comment(text, piece, place)
        elif piece.name == "raw":
            closing = _END_RAW.search(text, piece.end)
            if closing is None:
                raise MarkupError(
                    say.block_not_closed(place.source, place.span(piece.start, piece.end), "raw", "endraw")
                )
            yield from _text(text, piece.end, closing.start(), trim, closing[0][2] == "-")
            at, trim = closing.end(), closing[0][-3] == "-"
        else:
            yield piece


def _text(text: str, start: int, end: int, trim: bool, trim_end: bool) -> Iterator[Piece]:
    shown = text[start:end]
    if trim:
        shown = shown.lstrip()
    if trim_end:
        shown = shown.rstrip()
    if shown:
        yield Piece("text", start, end, shown, start)


def _markup(text: str, opening: re.Match[str], place: Place) -> tuple[Piece, bool]:
    """The piece that begins here, and whether the text behind it is trimmed."""
    start, braces = opening.start(), opening[0]
    end = text.find("}}" if braces == "{{" else "%}", opening.end())
    if end < 0 or _OPEN.search(text, opening.end(), end):
        raise MarkupError(say.not_closed(place.source, place.span(start, opening.end()), braces))
    if end - start > MAX_MARKUP:
        span = place.span(start, opening.end())
        raise MarkupError(say.too_long(place.source, span, "what stands between the braces", MAX_MARKUP))
    begin = opening.end() + text.startswith("-", opening.end())
    trim = end > begin and text[end - 1] == "-"
    inner = text[begin : end - trim]
    kind = "output" if braces == "{{" else "tag"
    return _piece(kind, start, end + 2, inner, begin), trim


def _piece(kind: str, start: int, end: int, inner: str, inner_start: int) -> Piece:
    inner_start += len(inner) - len(inner.lstrip())
    inner, name, name_start = inner.strip(), "", inner_start
    if kind == "tag":
        found = _TAG_NAME.match(inner)
        name = found[0] if found else ""
        rest = inner[len(name) :]
        inner_start += len(name) + len(rest) - len(rest.lstrip())
        inner = rest.strip()
    return Piece(kind, start, end, inner, inner_start, name, name_start)


def _after_comment(text: str, opening: Piece, place: Place) -> tuple[int, bool]:
    depth, at = 1, opening.end
    while depth:
        found = _COMMENT.search(text, at)
        if found is None:
            span = place.span(opening.start, opening.end)
            raise MarkupError(say.block_not_closed(place.source, span, "comment", "endcomment"))
        depth += 1 if found[1] == "comment" else -1
        at = found.end()
    return at, text[at - 3] == "-"
