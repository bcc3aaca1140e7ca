"""Makes the nodes: one method for each production of the grammar, called as the parser reduces it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rulelang.source import Span
from rulelang.syntax import literals
from rulelang.syntax.nodes import (
    ActionStep,
    Argument,
    Arguments,
    Between,
    Binary,
    BlockStep,
    Branch,
    Call,
    Declaration,
    EnrolClause,
    ErrorStep,
    ExitClause,
    Expr,
    IfStep,
    ListLit,
    Name,
    Operand,
    Phrase,
    PhrasePart,
    Rule,
    Step,
    StopStep,
    Test,
    TextLit,
    TriggerClause,
    Unary,
    WaitStep,
    Word,
)
from rulelang.syntax.tokens import Token

Children = list[Any]


@dataclass(frozen=True, slots=True)
class _Title:
    span: Span
    name: TextLit | None
    subject: Word | None
    state: Word | None


@dataclass(frozen=True, slots=True)
class _Triggers:
    span: Span
    clauses: tuple[TriggerClause, ...]


@dataclass(frozen=True, slots=True)
class _When:
    span: Span
    condition: Any


@dataclass(frozen=True, slots=True)
class _Arm:
    span: Span
    condition: Any
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class _Else:
    span: Span
    steps: tuple[Step, ...]


def _span(children: Children) -> Span:
    """From the first child to the last; steps are a tuple, which may be empty."""
    first, last = children[0], children[-1]
    start = first.start if isinstance(first, Token) else first.span.start
    while isinstance(last, tuple) and not isinstance(last, Token):
        children = [*children[:-1], *last]
        last = children[-1]
    return Span(start, last.end if isinstance(last, Token) else last.span.end)


def _is(child: Any, kind: str) -> bool:
    return isinstance(child, Token) and child.kind == kind


def _plain(token: Token) -> str:
    """The text of a name without backquotes."""
    return token.text.strip("`")


def _whole(condition: Any) -> Expr | None:
    """A condition, or None for the token that stands for one that did not parse."""
    return None if isinstance(condition, Token) else condition


def _operator(c: Children, at: int) -> tuple[Token, Children]:
    """The operator at `at`, its words joined, and what follows it."""
    op: Token = c[at]
    if not _is(c[at + 1], "WITH"):
        return op, c[at + 1 :]
    return Token(op.kind, f"{op.text} with", op.start, c[at + 1].end, False), c[at + 2 :]


def _members(op: Token, rest: Children) -> Expr:
    """The right side of an operator; the parenthesised list after `in` is a list."""
    if len(rest) == 1:
        right: Expr = rest[0]
        return right
    return ListLit(_span(rest), rest[1])


class Builder:
    """Makes the nodes of one source."""

    # --- rules ---

    def rule(self, c: Children) -> Rule:
        do = next(n for n, child in enumerate(c) if _is(child, "DO"))
        header = [child for child in c[:do] if not isinstance(child, Token)]
        title = header[0] if isinstance(header[0], _Title) else None
        whens = [child.condition for child in header if isinstance(child, _When)]
        triggers = tuple(t for child in header if isinstance(child, _Triggers) for t in child.clauses)
        return Rule(
            span=_span(c),
            name=title.name if title else None,
            header_span=_span([header[0]]),
            subject=title.subject if title else None,
            state=title.state if title else None,
            triggers=triggers,
            when=_whole(whens[0]) if whens else None,
            enrol=next((child for child in header if isinstance(child, EnrolClause)), None),
            exits=tuple(child for child in header if isinstance(child, ExitClause)),
            steps=c[do + 1],
            broken=False,
        )

    def title(self, c: Children) -> _Title:
        name = c[1] if len(c) > 1 and c[1].kind == "TEXT" else None
        words = [self.word([token]) for token in c[2 if name else 1 :]]
        subject = words[1] if len(words) > 1 and words[0].text == "for" else None
        rest = words[2:] if subject else words
        return _Title(_span(c), literals.text(name) if name else None, subject, rest[0] if rest else None)

    def on(self, c: Children) -> _Triggers:
        clauses = [TriggerClause(Span(c[n].start, c[n + 1].span.end), c[n + 1]) for n in range(0, len(c), 2)]
        return _Triggers(_span(c), tuple(clauses))

    def when(self, c: Children) -> _When:
        return _When(_span(c), c[1])

    def enrol(self, c: Children) -> EnrolClause:
        return EnrolClause(_span(c), tuple(c[1:]))

    def exit(self, c: Children) -> Any:
        return c[2] if isinstance(c[2], Token) else ExitClause(_span(c), c[2])

    # --- steps ---

    def steps(self, c: Children) -> tuple[Step, ...]:
        return tuple(
            ErrorStep(child.span) if isinstance(child, Token) else child
            for child in c
            if not _is(child, "SEMICOLON")
        )

    def guard(self, c: Children) -> Any:
        return c[1]

    def action(self, c: Children) -> Step:
        return self._guarded(c, lambda when: ActionStep(_span(c), c[0], when), 1)

    def wait(self, c: Children) -> Step:
        return self._guarded(c, lambda when: WaitStep(_span(c), "for", c[1], when), 2)

    def wait_until(self, c: Children) -> Step:
        return self._guarded(c, lambda when: WaitStep(_span(c), "until", c[2], when), 3)

    def stop(self, c: Children) -> Step:
        return self._guarded(c, lambda when: StopStep(_span(c), when), 1)

    def block(self, c: Children) -> Step:
        return self._guarded(c, lambda when: BlockStep(_span(c), c[1], when), 3)

    def later(self, c: Children) -> Step:
        return ErrorStep(_span(c))

    def _guarded(self, c: Children, make: Any, at: int) -> Step:
        when = c[at] if len(c) > at else None
        return ErrorStep(_span(c)) if isinstance(when, Token) else make(when)

    def if_(self, c: Children) -> Step:
        arms = [_Arm(_span(c[:4]), c[1], c[3])]
        arms += [child for child in c if isinstance(child, _Arm)]
        otherwise = next((child.steps for child in c if isinstance(child, _Else)), None)
        if any(isinstance(arm.condition, Token) for arm in arms):
            return self._broken_if(c, arms, otherwise)
        branches = tuple(Branch(arm.span, arm.condition, arm.steps) for arm in arms)
        return IfStep(_span(c), branches, otherwise)

    def _broken_if(self, c: Children, arms: list[_Arm], otherwise: tuple[Step, ...] | None) -> Step:
        """A condition did not parse: the steps of all arms in one block, so that they are checked all the same."""
        steps = [ErrorStep(arm.condition.span) for arm in arms if isinstance(arm.condition, Token)]
        inner = [step for arm in arms for step in arm.steps]
        return BlockStep(_span(c), (*steps, *inner, *(otherwise or ())), None)

    def elif_(self, c: Children) -> _Arm:
        return _Arm(_span(c), c[1], c[3])

    def else_(self, c: Children) -> _Else:
        return _Else(_span(c), c[1])

    # --- phrases ---

    def phrase(self, c: Children) -> Phrase:
        parts: list[PhrasePart] = []
        for child in c:
            parts.append(self._part(child, parts))
        return Phrase(_span(c), tuple(parts))

    def _part(self, child: Any, before: list[PhrasePart]) -> PhrasePart:
        if isinstance(child, Token):
            return Word(child.span, child.text)
        if isinstance(child, Arguments):
            return self._parenthesised(child, before)
        return child if isinstance(child, Word | Operand) else Operand(child.span, child)

    def _parenthesised(self, arguments: Arguments, before: list[PhrasePart]) -> PhrasePart:
        glued = before and isinstance(before[-1], Word) and before[-1].span.end == arguments.span.start
        if not glued and len(arguments.items) == 1 and arguments.items[0].name is None:
            return Operand(arguments.span, arguments.items[0].value)
        return arguments

    def word(self, c: Children) -> Word:
        return Word(c[0].span, _plain(c[0]))

    def operand(self, c: Children) -> Any:
        return c[0] if isinstance(c[0], Arguments) else Operand(c[0].span, c[0])

    def operand_path(self, c: Children) -> Operand:
        return Operand(_span(c), self.name(c))

    def path(self, c: Children) -> Expr:
        return self.name(c)

    def negative(self, c: Children) -> Expr:
        return Unary(_span(c), "-", literals.literal(c[1]))

    def arguments(self, c: Children) -> Arguments:
        return Arguments(_span(c), tuple(child for child in c if isinstance(child, Argument)))

    def argument(self, c: Children) -> Argument:
        """`name = value` reads as a comparison of a bare name: it names the argument."""
        value = c[0]
        match value:
            case Binary(op="=", left=Name(parts=(name,)) as left) if left.span.start == value.span.start:
                return Argument(value.span, name, left.span, value.right)
        return Argument(value.span, None, None, value)

    def named_argument(self, c: Children) -> Argument:
        return Argument(_span(c), _plain(c[0]), c[0].span, c[2])

    # --- expressions ---

    def chain(self, c: Children) -> Expr:
        left: Expr = c[0]
        for n in range(1, len(c), 2):
            left = Binary(left.span.to(c[n + 1].span), c[n].text, c[n].span, left, c[n + 1])
        return left

    def unary(self, c: Children) -> Expr:
        return Unary(_span(c), c[0].text, c[1])

    def binary(self, c: Children) -> Expr:
        op, rest = _operator(c, 1)
        return Binary(_span(c), op.text, op.span, c[0], _members(op, rest))

    def not_binary(self, c: Children) -> Expr:
        op, rest = _operator(c, 2)
        return Unary(_span(c), "not", Binary(_span(c), op.text, op.span, c[0], _members(op, rest)))

    def not_in(self, c: Children) -> Expr:
        op = Token("NOT", "not in", c[1].start, c[2].end, False)
        return Binary(_span(c), "not in", op.span, c[0], _members(op, c[3:]))

    def between(self, c: Children) -> Expr:
        return Between(_span(c), c[0], c[2], c[4])

    def not_between(self, c: Children) -> Expr:
        return Unary(_span(c), "not", Between(_span(c), c[0], c[3], c[5]))

    def test(self, c: Children) -> Expr:
        return Test(_span(c), c[0], c[-1].text, len(c) == 4)

    def grouped(self, c: Children) -> Expr:
        """The inner node, its span widened to the parentheses."""
        inner: Expr = c[1]
        return replace(inner, span=_span(c))

    def list(self, c: Children) -> ListLit:
        return ListLit(_span(c), c[1] if len(c) == 3 else ())

    def items(self, c: Children) -> tuple[Expr, ...]:
        return tuple(c[::2])

    def name(self, c: Children) -> Name:
        return Name(_span(c), tuple(map(_plain, c[::2])), tuple(token.span for token in c[::2]))

    def call(self, c: Children) -> Call:
        arguments = tuple(child for child in c if isinstance(child, Argument))
        return Call(_span(c), _plain(c[0]), c[0].span, arguments)

    def literal(self, c: Children) -> Expr:
        return literals.literal(c[0])

    # --- declarations ---

    def declaration(self, c: Children) -> Declaration:
        semicolon = next((n for n, child in enumerate(c) if _is(child, "SEMICOLON")), len(c))
        entries = tuple(child for child in c if isinstance(child, Phrase))
        return Declaration(_span(c), self.word(c), self._parts(c[1:semicolon]), entries)

    def entry(self, c: Children) -> Phrase:
        return Phrase(_span(c), self._parts(c))

    def separator(self, c: Children) -> Word:
        return Word(c[0].span, c[0].text)

    def yes_no(self, c: Children) -> Word:
        return Word(c[0].span, c[0].text)

    def _parts(self, children: Children) -> tuple[PhrasePart, ...]:
        parts: list[PhrasePart] = []
        for child in children:
            parts.append(self._part(child, parts))
        return tuple(parts)

    def prompt(self, c: Children) -> Expr:
        expression: Expr = c[0]
        return expression
