"""A lexer for Pygments: rules coloured by the language's own lexer and the grammar's table of colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pygments.lexer import Lexer
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text

from grammar.colours import CONSTANTS, OPERATORS, SCOPES, words
from rulelang.source import Source
from rulelang.syntax.lexer import tokenize
from rulelang.syntax.tokens import DECLARATIONS, Token
from workbench.repl.commands import COMMANDS

Kind = Any
"""A kind of token of Pygments, which has no type of its own."""

Coloured = tuple[int, Kind, str]


class RulesLexer(Lexer):  # type: ignore[misc]  # Pygments has no types
    """Colours of rule files and of tests of rules."""

    name = "Rules"
    aliases: ClassVar[list[str]] = ["rules", "rulelang"]
    filenames: ClassVar[list[str]] = ["*.rules"]
    mimetypes: ClassVar[list[str]] = ["text/x-rules"]
    url = ""

    def get_tokens_unprocessed(self, text: str) -> Iterator[Coloured]:
        """The pieces of a text with their kinds, without a gap."""
        at = 0
        for start, end, kind in _pieces(text):
            if start > at:
                yield at, Text, text[at:start]
            yield start, kind, text[start:end]
            at = end
        if at < len(text):
            yield at, Text, text[at:]


class PromptLexer(RulesLexer):
    """The same for what is typed at the prompt, where a line may begin with a command."""

    name = "Rules at the prompt"
    aliases: ClassVar[list[str]] = ["rules-prompt"]
    filenames: ClassVar[list[str]] = []

    def get_tokens_unprocessed(self, text: str) -> Iterator[Coloured]:
        """The pieces of a text with their kinds, without a gap."""
        for at, kind, piece in super().get_tokens_unprocessed(text):
            command = piece in COMMANDS and not text[:at].strip()
            yield at, Keyword.Pseudo if command else kind, piece


def _pieces(text: str) -> list[tuple[int, int, Kind]]:
    """Where coloured words and comments stand, in order."""
    lexed = tokenize(Source("", text))
    tokens = [*lexed.tokens]
    found = [(span.start, span.end, Comment.Single) for span in lexed.comments]
    for n, token in enumerate(tokens):
        after = tokens[n + 1] if n + 1 < len(tokens) else None
        if token.end > token.start:
            found.append((token.start, token.end, _kind(text, token, after)))
    return sorted(found, key=lambda piece: piece[0])


def _kind(text: str, token: Token, after: Token | None) -> Kind:
    word = text[token.start : token.end]
    if token.kind == "TEXT":
        return String.Double
    if token.kind in SCOPES:
        return Number
    if word in CONSTANTS:
        return Keyword.Constant
    if word in OPERATORS:
        return Operator.Word
    known = words()
    if word in known.control or (token.first and word in known.leading):
        return Keyword
    if word in known.signs:
        return Operator
    if not (word[0].isalpha() or word[0] in "_`"):
        return Punctuation
    if word in DECLARATIONS and (token.start == 0 or text[token.start - 1] == "\n"):
        return Keyword.Declaration
    calls = after is not None and after.kind == "LPAR" and after.start == token.end
    return Name.Function if calls else Name
