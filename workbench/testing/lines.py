"""A test file as statements: the tokens of one each, with a cursor that says what it misses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rulelang.diagnostics.model import Diagnostic
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Source, Span
from rulelang.syntax.literals import unquote
from rulelang.syntax.tokens import Token
from rulelang.types.schema import SUBJECT_KINDS
from runtime.model import SubjectKey

SYNTAX = "test-syntax"
"""The code of diagnostics about test files."""

_OPEN = frozenset(("LPAR", "LSQB"))
_CLOSE = frozenset(("RPAR", "RSQB"))
_GOES_ON = frozenset(("with", "and", "or", ","))


class Mistake(Exception):
    """A statement that cannot be understood, with what there is to say about it."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = diagnostics


def mistake(source: Source, span: Span, message: str, label: str = "", help: str = "") -> Mistake:
    """A mistake of one diagnostic."""
    return Mistake(Diagnostic(SYNTAX, message, source, span, label=label, help=help))


def unknown(source: Source, span: Span, word: str, what: str, known: Iterable[str]) -> Mistake:
    """A mistake about a name that is not among the known ones; the nearest of them is offered."""
    names = list(known)
    near = did_you_mean(word, names)
    label = f"did you mean `{near}`?" if near else ""
    help = "" if near else f"known are {', '.join(f'`{n}`' for n in names[:12])}" if names else ""
    return mistake(source, span, f"`{word}` is {what}", label, help)


def statements(source: Source, tokens: Iterable[Token]) -> Iterator[Line]:
    """The statements of a file: one a line, unless a line is not over."""
    found: list[Token] = []
    depth = 0
    for token in tokens:
        goes_on = depth > 0 or token.text in _GOES_ON or (found and found[-1].text == ",")
        if token.first and found and not goes_on:
            yield Line(source, found)
            found, depth = [], 0
        depth += (token.kind in _OPEN) - (token.kind in _CLOSE)
        found.append(token)
    if found:
        yield Line(source, found)


class Line:
    """The tokens of one statement, read from left to right."""

    def __init__(self, source: Source, tokens: list[Token]) -> None:
        self.source = source
        self.tokens = tokens
        self.at = 0
        self.span = tokens[0].span.to(tokens[-1].span)

    @property
    def first(self) -> Token:
        """The first token."""
        return self.tokens[0]

    @property
    def here(self) -> Token | None:
        """The next token, None at the end."""
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def peek(self, *words: str) -> bool:
        """Whether these words come next."""
        return tuple(t.text for t in self.tokens[self.at : self.at + len(words)]) == words

    def take(self, *words: str) -> bool:
        """Read these words if they come next."""
        found = self.peek(*words)
        self.at += len(words) if found else 0
        return found

    def expect(self, *words: str) -> None:
        """Read these words, which must come next."""
        if not self.take(*words):
            raise self.miss(f"`{' '.join(words)}`")

    def token(self, what: str, *kinds: str) -> Token:
        """Read a token of one of these kinds; `what` names it for people."""
        token = self.here
        if token is None or token.kind not in kinds:
            raise self.miss(what)
        self.at += 1
        return token

    def word(self, what: str, known: Iterable[str]) -> str:
        """Read one of these words."""
        token, names = self.here, list(known)
        if token is None:
            raise self.miss(what)
        if token.text not in names:
            raise unknown(self.source, token.span, token.text, f"no {what}", names)
        self.at += 1
        return token.text

    def text(self, what: str) -> str:
        """Read a text in quotes."""
        return unquote(self.token(what, "TEXT").text)

    def subject(self) -> SubjectKey:
        """Read `contact "c_1"`."""
        kind = self.word("kind of record", SUBJECT_KINDS)
        return SubjectKey(kind, self.text(f'the id of the {kind} in quotes, such as `{kind} "{kind[0]}_1"`'))

    def end(self) -> None:
        """The statement must be over."""
        if self.here is not None:
            raise mistake(
                self.source,
                self.here.span.to(self.tokens[-1].span),
                f"`{self.here.text}` is not expected here",
            )

    def miss(self, what: str) -> Mistake:
        """The mistake that something else should come next."""
        token = self.here
        if token is None:
            end = Span(self.span.end, self.span.end)
            return mistake(self.source, end, f"{what} is missing", "the statement ends here")
        return mistake(self.source, token.span, f"expected {what}, found `{token.text}`")
