"""What the editor service answers: plain values with spans in code points, for any protocol."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source, Span


class CompletionKind(StrEnum):
    """What a suggestion is, for the sign beside it."""

    KEYWORD = "keyword"
    PHRASE = "phrase"
    FIELD = "field"
    VALUE = "value"
    FUNCTION = "function"
    PARAMETER = "parameter"
    REFERENCE = "reference"
    SNIPPET = "snippet"


@dataclass(frozen=True, slots=True)
class Completion:
    """A suggestion: `insert` goes in the place of `replace`.

    `snippet` says that `insert` has places to fill in, written `${1:name}` as the Language Server Protocol does.
    `rank` orders suggestions: those of a lower rank fit better.
    """

    label: str
    kind: CompletionKind
    insert: str
    replace: Span
    detail: str = ""
    documentation: str = ""
    snippet: bool = False
    rank: int = 1


@dataclass(frozen=True, slots=True)
class Hover:
    """What is to be said about the words under `span`; `text` is Markdown."""

    span: Span
    text: str


class SymbolKind(StrEnum):
    """What a symbol of the outline is."""

    RULE = "rule"
    TRIGGER = "trigger"
    DECLARATION = "declaration"
    ENTRY = "entry"


@dataclass(frozen=True, slots=True)
class Symbol:
    """An item of a file's outline: `span` is all of it, `selection` its name, which lies within."""

    name: str
    kind: SymbolKind
    span: Span
    selection: Span
    children: tuple[Symbol, ...] = ()


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file of the workspace."""

    source: Source
    span: Span

    @property
    def path(self) -> str:
        """The file, relative to the workspace."""
        return self.source.path


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of a file: the text under `span` becomes `text`."""

    source: Source
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class FixAction:
    """A change that would mend a mistake."""

    title: str
    diagnostic: Diagnostic
    edit: Edit


@dataclass(frozen=True, slots=True)
class Folding:
    """Lines, from 1, that can be folded into the first of them; `comment` when they are comments."""

    first: int
    last: int
    comment: bool = False


class TokenKind(StrEnum):
    """What a coloured word is; the names are those of the Language Server Protocol's semantic tokens."""

    KEYWORD = "keyword"
    STRING = "string"
    NUMBER = "number"
    COMMENT = "comment"
    OPERATOR = "operator"
    EVENT = "event"
    METHOD = "method"
    FUNCTION = "function"
    PARAMETER = "parameter"
    PROPERTY = "property"
    VARIABLE = "variable"
    ENUM_MEMBER = "enumMember"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class SemanticToken:
    """A word and what it is."""

    span: Span
    kind: TokenKind


class RenameError(ValueError):
    """Something cannot be renamed; the text is a sentence for people."""
