"""Makes the nodes of rules and declarations: a method for each production, called as the parser reduces it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rulelang.diagnostics import syntax as say
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Source, Span
from rulelang.syntax import literals
from rulelang.syntax.expression_builder import Children, ExpressionBuilder, is_token, span_of
from rulelang.syntax.nodes import (
    ActionStep,
    BlockStep,
    Branch,
    Declaration,
    EnrolClause,
    ErrorStep,
    ExitClause,
    Expr,
    IfStep,
    Phrase,
    Rule,
    Step,
    StopStep,
    TextLit,
    TriggerClause,
    WaitStep,
    Word,
)
from rulelang.syntax.tokens import Token

MAX_STEPS = 1_000

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


def _whole(condition: Any) -> Expr | None:
    """A condition, or None for the token that stands for one that did not parse."""
    return None if isinstance(condition, Token) else condition


class Builder(ExpressionBuilder):
    """Makes the nodes of one source, item by item."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.begin()

    def begin(self) -> None:
        """Start a new item: no messages, no steps.

        `misspelt` collects the words like `when` in phrases with a `=`, which was probably part of a condition.
        """
        self.diagnostics, self.misspelt = [], []
        self._steps = 0

    # --- rules ---

    def rule(self, c: Children) -> Rule:
        do = next(n for n, child in enumerate(c) if is_token(child, "DO"))
        header = [child for child in c[:do] if not is_token(child, "SEMICOLON")]
        title = next((child for child in header if isinstance(child, _Title)), None)
        triggers = tuple(t for child in header if isinstance(child, _Triggers) for t in child.clauses)
        first = header[0].span
        if not triggers and not any(is_token(child, "ERR_CLAUSE") for child in header):
            self._say(say.no_trigger(self._source, first))
        self._filled(c[do], c[do + 1])
        self._bounded(first)
        when = self._one(header, _When, "when", "join the two conditions with `and`")
        return Rule(
            span=span_of(c),
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
        return _Title(span_of(c), literals.text(name) if name else None, subject, state)

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
        return _Triggers(span_of(c), tuple(clauses))

    def when(self, c: Children) -> _When:
        return _When(span_of(c), c[1])

    def enrol(self, c: Children) -> EnrolClause:
        words = tuple(c[1:])
        if tuple(word.text for word in words) not in ENROLMENTS:
            self._say(say.bad_enrolment(self._source, span_of(c[1:] or c), span_of(c)))
        return EnrolClause(span_of(c), words)

    def exit(self, c: Children) -> Any:
        return c[2] if isinstance(c[2], Token) else ExitClause(span_of(c), c[2])

    # --- steps ---

    def steps(self, c: Children) -> tuple[Step, ...]:
        steps = tuple(
            ErrorStep(child.span) if isinstance(child, Token) else child
            for child in c
            if not is_token(child, "SEMICOLON")
        )
        self._steps += len(steps)
        return steps

    def guard(self, c: Children) -> Any:
        return c[1]

    def action(self, c: Children) -> Step:
        return self._guarded(c, lambda when: ActionStep(span_of(c), c[0], when), 1)

    def wait(self, c: Children) -> Step:
        return self._guarded(c, lambda when: WaitStep(span_of(c), "for", c[1], when), 2)

    def wait_until(self, c: Children) -> Step:
        return self._guarded(c, lambda when: WaitStep(span_of(c), "until", c[2], when), 3)

    def stop(self, c: Children) -> Step:
        return self._guarded(c, lambda when: StopStep(span_of(c), when), 1)

    def block(self, c: Children) -> Step:
        self._filled(c[0], c[1])
        return self._guarded(c, lambda when: BlockStep(span_of(c), c[1], when), 3)

    def later(self, c: Children) -> Step:
        self._say(say.later(self._source, c[0].span, c[0].text))
        return ErrorStep(span_of(c))

    def _guarded(self, c: Children, make: Any, at: int) -> Step:
        when = c[at] if len(c) > at else None
        return ErrorStep(span_of(c)) if isinstance(when, Token) else make(when)

    def if_(self, c: Children) -> Step:
        self._filled(c[0], c[3])
        arms = [_Arm(span_of(c[:4]), c[1], c[3])]
        arms += [child for child in c if isinstance(child, _Arm)]
        otherwise = next((child.steps for child in c if isinstance(child, _Else)), None)
        if any(isinstance(arm.condition, Token) for arm in arms):
            return self._broken_if(c, arms, otherwise)
        branches = tuple(Branch(arm.span, arm.condition, arm.steps) for arm in arms)
        return IfStep(span_of(c), branches, otherwise)

    def _broken_if(self, c: Children, arms: list[_Arm], otherwise: tuple[Step, ...] | None) -> Step:
        """A condition did not parse: the steps of all arms in one block, so that they are checked all the same."""
        steps = [ErrorStep(arm.condition.span) for arm in arms if isinstance(arm.condition, Token)]
        inner = [step for arm in arms for step in arm.steps]
        return BlockStep(span_of(c), (*steps, *inner, *(otherwise or ())), None)

    def elif_(self, c: Children) -> _Arm:
        self._filled(c[0], c[3])
        return _Arm(span_of(c), c[1], c[3])

    def else_(self, c: Children) -> _Else:
        self._filled(c[0], c[1])
        return _Else(span_of(c), c[1])

    # --- declarations ---

    def declaration(self, c: Children) -> Declaration:
        semicolon = next((n for n, child in enumerate(c) if is_token(child, "SEMICOLON")), len(c))
        entries = tuple(child for child in c if isinstance(child, Phrase))
        return Declaration(span_of(c), self.word(c), self._parts(c[1:semicolon]), entries)

    def entry(self, c: Children) -> Phrase:
        return Phrase(span_of(c), self._parts(c))

    def separator(self, c: Children) -> Word:
        return Word(c[0].span, c[0].text)

    def yes_no(self, c: Children) -> Word:
        return Word(c[0].span, c[0].text)

    def prompt(self, c: Children) -> Expr:
        expression: Expr = c[0]
        return expression
