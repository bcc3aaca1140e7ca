"""Makes the nodes of expressions and phrases: one method for each production of the grammar."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeGuard, TypeVar

from rulelang.diagnostics import syntax as say
from rulelang.diagnostics.model import Diagnostic
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Source, Span
from rulelang.syntax import literals
from rulelang.syntax.nodes import (
    Argument,
    Arguments,
    Between,
    Binary,
    Call,
    Expr,
    Happening,
    InSegment,
    ListLit,
    Name,
    Operand,
    Phrase,
    PhrasePart,
    Provided,
    Test,
    Unary,
    Word,
)
from rulelang.syntax.tokens import Token

Children = list[Any]
T = TypeVar("T")

MAX_CHAIN = 200
"""The longest chain of operators of one level: the tree is one level deeper for each."""


def span_of(children: Children) -> Span:
    """From the first child to the last; steps are a tuple, which may be empty."""
    first, last = children[0], children[-1]
    start = first.start if isinstance(first, Token) else first.span.start
    while isinstance(last, tuple) and not isinstance(last, Token):
        children = [*children[:-1], *last]
        last = children[-1]
    return Span(start, last.end if isinstance(last, Token) else last.span.end)


def is_token(child: Any, kind: str) -> bool:
    return isinstance(child, Token) and child.kind == kind


def part(children: Children, kind: type[T]) -> T | None:
    """The first child of a kind."""
    return next((child for child in children if isinstance(child, kind)), None)


def plain(token: Token) -> str:
    """The text of a name without backquotes."""
    return token.text.strip("`")


def _slip(word: PhrasePart, after: PhrasePart) -> TypeGuard[Word]:
    """Whether a word in a phrase is probably the one that begins a condition."""
    if not isinstance(word, Word) or (isinstance(after, Word) and after.text == "="):
        return False
    return word.text == "where" or like(word.text, "when") or like(word.text, "where")


def like(word: str, meant: str) -> bool:
    return len(word) > 2 and word != meant and did_you_mean(word, (meant,)) is not None


def _operator(c: Children, at: int) -> tuple[Token, Children]:
    """The operator at `at`, its words joined, and what follows it."""
    op: Token = c[at]
    if not is_token(c[at + 1], "WITH"):
        return op, c[at + 1 :]
    return Token(op.kind, f"{op.text} with", op.start, c[at + 1].end, False), c[at + 2 :]


def _members(op: Token, rest: Children) -> Expr:
    """The right side of an operator; the parenthesised list after `in` is a list."""
    if len(rest) == 1:
        right: Expr = rest[0]
        return right
    return ListLit(span_of(rest), rest[1])


@dataclass(frozen=True, slots=True)
class Where:
    """`where <condition>`, and the place of the word; the condition is a token where it did not parse."""

    span: Span
    condition: Any
    word: Span


@dataclass(frozen=True, slots=True)
class Within:
    """`in <duration>`."""

    span: Span
    value: Expr


class ExpressionBuilder:
    """Makes expressions and phrases, and says what the grammar lets pass but the language does not."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.diagnostics: list[Diagnostic] = []
        self.misspelt: list[tuple[Word, str]] = []

    def _say(self, diagnostic: Diagnostic) -> None:
        self.diagnostics.append(diagnostic)

    # --- phrases ---

    def phrase(self, c: Children) -> Phrase:
        parts = self._parts(c)
        if any(isinstance(child, Token) for child in c):
            self.misspelt += [(word, "when") for word, after in pairwise(parts) if _slip(word, after)]
        return Phrase(span_of(c), parts)

    def _parts(self, children: Children) -> tuple[PhrasePart, ...]:
        parts: list[PhrasePart] = []
        for child in children:
            parts.append(self._part(child, parts))
        return tuple(parts)

    def _part(self, child: Any, before: list[PhrasePart]) -> PhrasePart:
        if isinstance(child, Token):
            return Word(child.span, child.text)
        if isinstance(child, Arguments):
            return self._parenthesised(child, before)
        return child if isinstance(child, Word | Operand | Provided) else Operand(child.span, child)

    def _parenthesised(self, arguments: Arguments, before: list[PhrasePart]) -> PhrasePart:
        word = before[-1] if before and isinstance(before[-1], Word) else None
        if word and word.span.end == arguments.span.start:
            return arguments
        if len(arguments.items) == 1 and arguments.items[0].name is None:
            return Operand(arguments.span, arguments.items[0].value)
        gap = Span(word.span.end if word else arguments.span.start, arguments.span.start)
        self._say(say.apart(self._source, gap, arguments.span))
        return arguments

    def word(self, c: Children) -> Word:
        return Word(c[0].span, plain(c[0]))

    def operand(self, c: Children) -> Any:
        return c[0] if isinstance(c[0], Arguments) else Operand(c[0].span, c[0])

    def operand_path(self, c: Children) -> Operand:
        return Operand(span_of(c), self.name(c))

    def path(self, c: Children) -> Expr:
        return self.name(c)

    def negative(self, c: Children) -> Expr:
        return Unary(span_of(c), "-", literals.literal(c[1]))

    def arguments(self, c: Children) -> Arguments:
        return Arguments(span_of(c), tuple(child for child in c if isinstance(child, Argument)))

    def argument(self, c: Children) -> Argument:
        """`name = value` reads as a comparison of a bare name: it names the argument."""
        value = c[0]
        match value:
            case Binary(op="=", left=Name(parts=(name,)) as left) if left.span.start == value.span.start:
                return Argument(value.span, name, left.span, value.right)
        return Argument(value.span, None, None, value)

    def named_argument(self, c: Children) -> Argument:
        return Argument(span_of(c), plain(c[0]), c[0].span, c[2])

    # --- expressions ---

    def chain(self, c: Children) -> Expr:
        left: Expr = c[0]
        if len(c) > 2 * MAX_CHAIN:
            self._say(say.too_many_operators(self._source, span_of(c), MAX_CHAIN))
            return left
        for n in range(1, len(c), 2):
            left = Binary(left.span.to(c[n + 1].span), c[n].text, c[n].span, left, c[n + 1])
        return left

    def unary(self, c: Children) -> Expr:
        return Unary(span_of(c), c[0].text, c[1])

    def binary(self, c: Children) -> Expr:
        op, rest = _operator(c, 1)
        return Binary(span_of(c), op.text, op.span, c[0], _members(op, rest))

    def not_binary(self, c: Children) -> Expr:
        op, rest = _operator(c, 2)
        return Unary(span_of(c), "not", Binary(span_of(c), op.text, op.span, c[0], _members(op, rest)))

    def not_in(self, c: Children) -> Expr:
        op = Token("NOT", "not in", c[1].start, c[2].end, False)
        return Binary(span_of(c), "not in", op.span, c[0], _members(op, c[3:]))

    def between(self, c: Children) -> Expr:
        return Between(span_of(c), c[0], c[2], c[4])

    def not_between(self, c: Children) -> Expr:
        return Unary(span_of(c), "not", Between(span_of(c), c[0], c[3], c[5]))

    def test(self, c: Children) -> Expr:
        return Test(span_of(c), c[0], c[-1].text, len(c) == 4)

    def grouped(self, c: Children) -> Expr:
        """The inner node, its span widened to the parentheses."""
        inner: Expr = c[1]
        return replace(inner, span=span_of(c))

    def list(self, c: Children) -> ListLit:
        return ListLit(span_of(c), c[1] if len(c) == 3 else ())

    def items(self, c: Children) -> tuple[Expr, ...]:
        return tuple(c[::2])

    def name(self, c: Children) -> Name:
        return Name(span_of(c), tuple(map(plain, c[::2])), tuple(token.span for token in c[::2]))

    def call(self, c: Children) -> Call:
        arguments = tuple(child for child in c if isinstance(child, Argument))
        return Call(span_of(c), plain(c[0]), c[0].span, arguments)

    def in_segment(self, c: Children) -> InSegment:
        record = None if is_token(c[0], "IN") else c[0]
        word, name = c[-2], c[-1]
        if plain(word) != "segment":
            self._say(say.instead(self._source, word.span, word.text, "segment"))
        return InSegment(span_of(c), record, self.word([word]), literals.text(name))

    def not_in_segment(self, c: Children) -> Expr:
        return Unary(span_of(c), "not", self.in_segment([c[0], *c[2:]]))

    # --- events of the past ---

    def happening_call(self, c: Children) -> Happening:
        phrase, window, where = c[2]
        return Happening(span_of(c), plain(c[0]), c[0].span, phrase, window, where)

    def happening(self, c: Children) -> tuple[Phrase, Expr | None, Expr | None]:
        words = [child for child in c if isinstance(child, Word | Operand)]
        within, where = part(c, Within), part(c, Where)
        return self.phrase(words), within.value if within else None, where.condition if where else None

    def within(self, c: Children) -> Within:
        return Within(span_of(c), c[1])

    def where(self, c: Children) -> Where:
        return Where(span_of(c), c[1], c[0].span)

    def literal(self, c: Children) -> Expr:
        return literals.literal(c[0])
