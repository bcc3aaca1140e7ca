"""Tokens: what the lexer makes of a text and the parser reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source, Span

END_OF_INPUT = "$END"

CUT = "CUT"
"""The kind of the last token of an item that is too long: what follows was left out."""

DECLARATIONS = frozenset(
    (
        "workspace",
        "status",
        "segment",
        "health",
        "pipeline",
        "fields",
        "person",
        "team",
        "tags",
        "event",
        "policy",
        "calendar",
        "weights",
        "territory",
        "topic",
    )
)
"""The words that begin a declaration of the schema."""


TESTS = ("test", "property")
"""The words that begin a test of rules in the first column of a rule file (docs/testing.md)."""


class Token(NamedTuple):
    """A word, literal or sign. `kind` is a terminal of the grammar; `text` is the corrected text.

    `start` and `end` are code points of the source; `first` says that the token is the first on its line.
    """

    kind: str
    text: str
    start: int
    end: int
    first: bool

    @property
    def span(self) -> Span:
        """Where the token stands."""
        return Span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class TokenList:
    """The tokens of one source in order, the comments apart, and what was wrong with the text.

    A token that was diagnosed arrives corrected (`==` as `=`), so that the parser says nothing more about it.
    """

    source: Source
    tokens: tuple[Token, ...]
    diagnostics: tuple[Diagnostic, ...]
    comment_bounds: tuple[int, ...] = ()

    @property
    def comments(self) -> tuple[Span, ...]:
        """Where the comments stand, without the ends of their lines, in order."""
        bounds = self.comment_bounds
        return tuple(Span(start, end) for start, end in zip(bounds[::2], bounds[1::2], strict=True))
