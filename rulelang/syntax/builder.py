"""Makes the nodes of rules and declarations. Each production has a method, called as the parser reduces it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from rulelang.diagnostics import syntax as say
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Source, Span
from rulelang.syntax import literals
from rulelang.syntax.expression_builder import Children, Where, is_token, part, span_of
from rulelang.syntax.nodes import (
    Declaration,
    EnrolClause,
    ExitClause,
    Expr,
    Operand,
    Phrase,
    PhrasePart,
    Provided,
    RateClause,
    Rule,
    Step,
    TakesClause,
    TextLit,
    TriggerClause,
    Word,
)
from rulelang.syntax.step_builder import Most, StepBuilder
from rulelang.syntax.tokens import Token
from rulelang.syntax.wait_builder import Awaiting, whole

MAX_STEPS = 1_000

STATES = ("draft", "live", "paused", "disabled")
SUBJECTS = ("contact", "account", "opportunity")
ENROLMENTS = (("once",), ("every", "time"))
AGAIN = ("again",)
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
    held: Expr | None = None


@dataclass(frozen=True, slots=True)
class _Held:
    span: Span
    value: Expr


@dataclass(frozen=True, slots=True)
class _After:
    span: Span
    value: Expr


@dataclass(frozen=True, slots=True)
class _Per:
    span: Span
    value: Expr


@dataclass(frozen=True, slots=True)
class _Running:
    span: Span
    manner: Word
    most: Most | None


@dataclass(frozen=True, slots=True)
class _Leaving:
    span: Span
    steps: tuple[Step, ...]


class Builder(StepBuilder):
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
        self._conditions(c[:do])
        header = [child for child in c[:do] if not is_token(child, "SEMICOLON")]
        title = next((child for child in header if isinstance(child, _Title)), None)
        triggers = tuple(t for child in header if isinstance(child, _Triggers) for t in child.clauses)
        first = header[0].span
        takes = self._one(header, TakesClause, "takes", "divide the parameters by commas")
        when = self._one(header, _When, "when", "join the two conditions with `and`")
        beginning = triggers or takes or when
        if not beginning and not any(is_token(child, "ERR_CLAUSE") for child in header):
            self._say(say.no_trigger(self._source, first))
        self.filled(c[do], c[do + 1])
        self._bounded(first)
        leaving = part(c, _Leaving)
        return Rule(
            span=span_of(c),
            name=title.name if title else None,
            header_span=first,
            subject=title.subject if title else None,
            state=title.state if title else None,
            triggers=triggers,
            when=whole(when.condition) if when else None,
            enrol=self._one(header, EnrolClause, "enrol", ""),
            exits=tuple(child for child in header if isinstance(child, ExitClause)),
            steps=c[do + 1],
            broken=False,
            on_exit=leaving.steps if leaving else (),
            rates=tuple(child for child in header if isinstance(child, RateClause)),
            takes=takes,
            held=when.held if when else None,
        )

    def _conditions(self, header: Children) -> None:
        """`exit on … when …` on one line: the condition would be that of the rule."""
        for clause, after in pairwise(header):
            if isinstance(clause, ExitClause) and clause.awaited and isinstance(after, _When):
                span = Span(after.span.start, after.span.start + len("when"))
                help_ = "the condition of the rule itself stands on a line of its own"
                self._say(say.instead(self._source, span, "when", "where", help_))

    def leaving(self, c: Children) -> _Leaving:
        self.filled(c[1], c[2])
        return _Leaving(span_of(c), c[2])

    def _one(self, header: Children, kind: type[Any], word: str, why: str) -> Any:
        """The clause that a rule has at most once."""
        first, *others = [child for child in header if isinstance(child, kind)] or [None]
        for other in others:
            self._say(say.twice(self._source, other.span, word, first.span, why))
        return first

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
        clauses = [replace(c[n + 1], span=Span(c[n].start, c[n + 1].span.end)) for n in range(0, len(c), 2)]
        return _Triggers(span_of(c), tuple(clauses))

    def heard(self, c: Children) -> TriggerClause:
        where = part(c, Where)
        if where is not None and not is_absence(c[0]):
            self._say(say.instead(self._source, where.word, "where", "when"))
        return TriggerClause(span_of(c), c[0], whole(where.condition) if where else None)

    def when(self, c: Children) -> _When:
        held = part(c, _Held)
        return _When(span_of(c), c[1], held.value if held else None)

    def held(self, c: Children) -> _Held:
        return _Held(span_of(c), c[1])

    def enrol(self, c: Children) -> EnrolClause:
        words = tuple(child for child in c if isinstance(child, Word))
        after, per, running = part(c, _After), part(c, _Per), part(c, _Running)
        known = (AGAIN,) if after else ENROLMENTS
        if tuple(word.text for word in words) not in known:
            place = Span(c[0].start, (words[-1] if words else c[0]).span.end)
            self._say(say.bad_enrolment(self._source, span_of(list(words) or c[:1]), place))
        return EnrolClause(
            span_of(c),
            words,
            after.value if after else None,
            per.value if per else None,
            running.manner if running else None,
            running.most.number if running and running.most else None,
        )

    def after(self, c: Children) -> _After:
        return _After(span_of(c), c[1])

    def per(self, c: Children) -> _Per:
        return _Per(span_of(c), c[1])

    def running(self, c: Children) -> _Running:
        if c[1].text != "running":
            self._say(say.instead(self._source, c[1].span, c[1].text, "running"))
        return _Running(span_of(c), c[2], part(c, Most))

    def rate(self, c: Children) -> RateClause:
        return RateClause(span_of(c), c[0].text, c[1], c[2].value)

    def takes(self, c: Children) -> TakesClause:
        parts = self._parts(c[1:])
        names = [
            (n, p) for n, p in enumerate(parts[:-1]) if isinstance(p, Word) and _is_word(parts[n + 1], ":")
        ]
        if not names or names[0][0]:
            self._say(say.bad_takes(self._source, span_of(c)))
        ends = [*(n for n, _ in names[1:]), len(parts)]
        params = []
        for (start, name), end in zip(names, ends, strict=False):
            last = end - 1 if _is_word(parts[end - 1], ",") else end
            params.append((name, self._type(parts[start:last])))
        return TakesClause(span_of(c), tuple(params))

    def _type(self, parts: tuple[PhrasePart, ...]) -> Phrase:
        """What stands behind `name:`."""
        if len(parts) < 3:
            self._say(say.bad_takes(self._source, parts[0].span))
            return Phrase(parts[1].span, ())
        return Phrase(parts[2].span.to(parts[-1].span), parts[2:])

    def exit_on(self, c: Children) -> ExitClause:
        awaiting: Awaiting = c[1]
        return ExitClause(span_of(c), None, awaiting.events, is_token(c[0], "GOAL_WORD"))

    def exit_when(self, c: Children) -> Any:
        return (
            c[2] if isinstance(c[2], Token) else ExitClause(span_of(c), c[2], (), is_token(c[0], "GOAL_WORD"))
        )

    # --- declarations ---

    def declaration(self, c: Children) -> Declaration:
        semicolon = next((n for n, child in enumerate(c) if is_token(child, "SEMICOLON")), len(c))
        entries = tuple(child for child in c if isinstance(child, Phrase))
        return Declaration(span_of(c), self.word(c), self._parts(c[1:semicolon]), entries)

    def segment(self, c: Children) -> Declaration:
        """A segment is read like a declaration whose last part is its condition."""
        name = Operand(c[1].span, literals.text(c[1]))
        head: tuple[PhrasePart, ...] = (name, self.word([c[2]]), self.word([c[3]]))
        if len(c) > 4:
            head = (*head, c[4], Provided(span_of(c[-1:]), whole(c[-1])))
        return Declaration(span_of(c), self.word(c), head, ())

    def provided(self, c: Children) -> Provided:
        return Provided(span_of(c), whole(c[1]))

    def entry(self, c: Children) -> Phrase:
        return Phrase(span_of(c), self._parts(c))

    def separator(self, c: Children) -> Word:
        return Word(c[0].span, c[0].text)

    def yes_no(self, c: Children) -> Word:
        return Word(c[0].span, c[0].text)

    def prompt(self, c: Children) -> Expr:
        expression: Expr = c[0]
        return expression


def is_absence(phrase: Phrase) -> bool:
    """Whether a trigger is the absence of an event: `absence of payment received for 7d after invoice sent`."""
    first = [part_.text if isinstance(part_, Word) else "" for part_ in phrase.parts[:2]]
    return first == ["absence", "of"]


def _is_word(part_: PhrasePart, text: str) -> bool:
    return isinstance(part_, Word) and part_.text == text
