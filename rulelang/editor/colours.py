"""What each word of a file is, for colours that know the language."""

from __future__ import annotations

from rulelang.check.typed import Ref
from rulelang.editor.model import SemanticToken, TokenKind
from rulelang.editor.occurrences import in_file
from rulelang.editor.walk import everything
from rulelang.syntax import nodes
from rulelang.syntax.lexer import tokenize
from rulelang.syntax.tokens import Token
from rulelang.workspace import CheckedWorkspace, FileState

_NUMBERS = frozenset(("NUMBER", "MONEY", "PERCENT", "DURATION", "DATE", "DATETIME", "TIME"))
_SIGNS = frozenset(("EQ", "NE", "LT", "LE", "GT", "GE", "PLUS", "MINUS", "STAR", "SLASH"))


def semantic_tokens(workspace: CheckedWorkspace, file: FileState) -> tuple[SemanticToken, ...]:
    """The coloured words of a file in order; punctuation has no colour."""
    words = _words(workspace, file)
    lexed = tokenize(file.source)
    found = [SemanticToken(span, TokenKind.COMMENT) for span in lexed.comments]
    for token in lexed.tokens:
        kind = words.get(token.start) or _plain(token)
        if kind is not None and token.end > token.start:
            found.append(SemanticToken(token.span, kind))
    return tuple(sorted(found, key=lambda t: t.span))


def _plain(token: Token) -> TokenKind | None:
    if token.kind == "TEXT":
        return TokenKind.STRING
    if token.kind in _NUMBERS:
        return TokenKind.NUMBER
    if token.kind in _SIGNS:
        return TokenKind.OPERATOR
    return TokenKind.KEYWORD if token.text[:1].isalpha() and token.kind != "NAME" else None


def _words(workspace: CheckedWorkspace, file: FileState) -> dict[int, TokenKind]:
    """What the words of the file are, by place, where the tree says more than the token."""
    found: dict[int, TokenKind] = {}
    for item in file.parsed.module.items:
        for node in everything(item):
            _of_node(node, found)
        if isinstance(item, nodes.Declaration):
            found[item.keyword.span.start] = TokenKind.KEYWORD
    for rule in file.rules:
        for part in everything(rule.checked):
            if isinstance(part, Ref) and part.path[0] == "run":
                found[part.span.start + rule.offset] = TokenKind.VARIABLE
    for named in in_file(workspace, file):
        if named.span.start in found:
            # Names in quotes are not there: they keep the colour of texts.
            own = TokenKind.PROPERTY if named.target.kind == "field" else TokenKind.ENUM_MEMBER
            found[named.span.start] = own
    return found


def _of_node(node: object, found: dict[int, TokenKind]) -> None:
    match node:
        case nodes.TriggerClause(_, phrase) | nodes.Awaited(_, phrase):
            _phrase(phrase, TokenKind.EVENT, found)
        case nodes.ActionStep(_, phrase):
            _phrase(phrase, TokenKind.METHOD, found)
        case nodes.Name(_, _, spans):
            found.update((span.start, TokenKind.PROPERTY) for span in spans)
        case nodes.Call(_, _, span):
            found[span.start] = TokenKind.FUNCTION
        case nodes.Argument(_, str(), span) if span is not None:
            found[span.start] = TokenKind.PARAMETER
        case nodes.LetStep(_, name):
            found[name.span.start] = TokenKind.VARIABLE
        case nodes.Rule(_, _, _, subject, state):
            found.update((w.span.start, TokenKind.TYPE) for w in (subject, state) if w is not None)


def _phrase(phrase: nodes.Phrase, kind: TokenKind, found: dict[int, TokenKind]) -> None:
    found.update(
        (part.span.start, kind) for part in phrase.parts if isinstance(part, nodes.Word) and part.text != "="
    )
