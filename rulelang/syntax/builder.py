"""Makes the nodes: one method for each production of the grammar, called as the parser reduces it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rulelang.diagnostics import syntax as say
from rulelang.diagnostics.model import Diagnostic
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Source, Span
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

MAX_STEPS = 1_000
MAX_CHAIN = 200
"""The longest chain of operators of one level, so that a tree is never deep (each operator is one level)."""

STATES = ("draft", "live", "disabled")
SUBJECTS = ("contact", "account", "opportunity")
ENROLMENTS = (("once",), ("every", "time"))
TITLE = 'the line reads `rule "name" for contact live`: `for` and a subject, a state, or neither'


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


def _like_when(word: str) -> bool:
    return len(word) > 2 and word != "when" and did_you_mean(word, ("when",)) is not None


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
    """Makes the nodes of one source, item by item, and says what the grammar lets pass but the language does not."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.begin()

    def begin(self) -> None:
        """Start a new item: no messages, no steps.

        `misspelt` collects the words like `when` in phrases with a `=`, which was probably part of a condition.
        """
        self.diagnostics: list[Diagnostic] = []
        self.misspelt: list[Word] = []
        self._steps = 0

    def _say(self, diagnostic: Diagnostic) -> None:
        self.diagnostics.append(diagnostic)

    # --- rules ---

    def rule(self, c: Children) -> Rule:
        do = next(n for n, child in enumerate(c) if _is(child, "DO"))
        header = [child for child in c[:do] if not _is(child, "SEMICOLON")]
        title = next((child for child in header if isinstance(child, _Title)), None)
        triggers = tuple(t for child in header if isinstance(child, _Triggers) for t in child.clauses)
        first = header[0].span
        if not triggers and not any(_is(child, "ERR_CLAUSE") for child in header):
            self._say(say.no_trigger(self._source, first))
        self._filled(c[do], c[do + 1])
        self._bounded(first)
        when = self._one(header, _When, "when", "join the two conditions with `and`")
        return Rule(
            span=_span(c),
            name=title.name if title else None,
            header_span=first,
            subject=title.subject if title else None,
            state=title.state if title else None,
            triggers=triggers,
            when=_whole(when.condition) if when else None,
            enrol=self._one(header, EnrolClause, "enrol", ""),
            exits=tuple(child for child in header if isinstance(child, ExitClause)),
            steps=c[do + 1],
            broken=False,
        )

    def _one(self, header: Children, kind: type[Any], word: str, why: str) -> Any:
        """The clause that a rule has at most once."""
        first, *others = [child for child in header if isinstance(child, kind)] or [None]
        for other in others:
            self._say(say.twice(self._source, other.span, word, first.span, why))
        return first

    def _filled(self, opener: Token, steps: tuple[Step, ...]) -> None:
        """A block has a step. One that recovery opened has been spoken of."""
        if not steps and opener.start < opener.end:
            self._say(say.no_steps(self._source, opener.span, opener.text))

    def _bounded(self, span: Span) -> None:
        if self._steps > MAX_STEPS:
            self._say(say.too_many_steps(self._source, span, MAX_STEPS))

    def title(self, c: Children) -> _Title:
        name = c[1] if len(c) > 1 and c[1].kind == "TEXT" else None
        words = [self.word([token]) for token in c[2 if name else 1 :]]
        subject, rest = self._subject(words)
        state = self._state(rest)
        return _Title(_span(c), literals.text(name) if name else None, subject, state)

    def _subject(self, words: list[Word]) -> tuple[Word | None, list[Word]]:
        """`for contact`, and the words behind it."""
        if not words:
            return None, []
        word = words[0]
        if word.text != "for":
            if len(words) < 2 or word.text in STATES or did_you_mean(word.text, ("for", *STATES)) != "for":
                return None, words
            self._say(say.bad_title(self._source, word.span, word.text, "for", TITLE))
        if len(words) < 2 or words[1].text not in SUBJECTS:
            wrong = words[1] if len(words) > 1 else word
            meant = did_you_mean(wrong.text, SUBJECTS) or "" if len(words) > 1 else ""
            self._say(say.bad_title(self._source, wrong.span, wrong.text, meant, TITLE))
            return None, words[2:]
        return words[1], words[2:]

    def _state(self, words: list[Word]) -> Word | None:
        for n, word in enumerate(words):
            if n or word.text not in STATES:
                meant = (did_you_mean(word.text, STATES) or "") if not n else ""
                self._say(say.bad_title(self._source, word.span, word.text, meant, TITLE))
                return None
        return words[0] if words else None

    def on(self, c: Children) -> _Triggers:
        clauses = [TriggerClause(Span(c[n].start, c[n + 1].span.end), c[n + 1]) for n in range(0, len(c), 2)]
        return _Triggers(_span(c), tuple(clauses))

    def when(self, c: Children) -> _When:
        return _When(_span(c), c[1])

    def enrol(self, c: Children) -> EnrolClause:
        words = tuple(c[1:])
        if tuple(word.text for word in words) not in ENROLMENTS:
            self._say(say.bad_enrolment(self._source, _span(c[1:] or c), _span(c)))
        return EnrolClause(_span(c), words)

    def exit(self, c: Children) -> Any:
        return c[2] if isinstance(c[2], Token) else ExitClause(_span(c), c[2])

    # --- steps ---

    def steps(self, c: Children) -> tuple[Step, ...]:
        steps = tuple(
            ErrorStep(child.span) if isinstance(child, Token) else child
            for child in c
            if not _is(child, "SEMICOLON")
        )
        self._steps += len(steps)
        return steps

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
        self._filled(c[0], c[1])
        return self._guarded(c, lambda when: BlockStep(_span(c), c[1], when), 3)

    def later(self, c: Children) -> Step:
        self._say(say.later(self._source, c[0].span, c[0].text))
        return ErrorStep(_span(c))

    def _guarded(self, c: Children, make: Any, at: int) -> Step:
        when = c[at] if len(c) > at else None
        return ErrorStep(_span(c)) if isinstance(when, Token) else make(when)

    def if_(self, c: Children) -> Step:
        self._filled(c[0], c[3])
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
        self._filled(c[0], c[3])
        return _Arm(_span(c), c[1], c[3])

    def else_(self, c: Children) -> _Else:
        self._filled(c[0], c[1])
        return _Else(_span(c), c[1])

    # --- phrases ---

    def phrase(self, c: Children) -> Phrase:
        parts = self._parts(c)
        if any(isinstance(child, Token) for child in c):
            self.misspelt += [part for part in parts if isinstance(part, Word) and _like_when(part.text)]
        return Phrase(_span(c), parts)

    def _part(self, child: Any, before: list[PhrasePart]) -> PhrasePart:
        if isinstance(child, Token):
            return Word(child.span, child.text)
        if isinstance(child, Arguments):
            return self._parenthesised(child, before)
        return child if isinstance(child, Word | Operand) else Operand(child.span, child)

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
        if len(c) > 2 * MAX_CHAIN:
            self._say(say.too_many_operators(self._source, _span(c), MAX_CHAIN))
            return left
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
