"""Makes the nodes of waits and of the events that something waits for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from rulelang.diagnostics import syntax as say
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Span
from rulelang.syntax import literals
from rulelang.syntax.expression_builder import (
    Children,
    ExpressionBuilder,
    Where,
    is_token,
    like,
    part,
    span_of,
)
from rulelang.syntax.nodes import (
    Awaited,
    DurationLit,
    ErrorStep,
    Expr,
    ListenStep,
    Operand,
    Phrase,
    Step,
    WaitArm,
    WaitStep,
    Word,
)
from rulelang.syntax.tokens import Token

SUBJECTS = ("approval", "callback")
"""What `wait for` waits for."""


@dataclass(frozen=True, slots=True)
class Guard:
    """`when` and its condition, the token of an error where that did not parse."""

    span: Span
    condition: Any


@dataclass(frozen=True, slots=True)
class Awaiting:
    """`on … or on …`."""

    span: Span
    events: tuple[Awaited, ...]


@dataclass(frozen=True, slots=True)
class Otherwise:
    """`else` and its steps."""

    span: Span
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class _As:
    span: Span
    name: Word


@dataclass(frozen=True, slots=True)
class _From:
    span: Span
    value: Any


@dataclass(frozen=True, slots=True)
class _Restart:
    span: Span
    events: tuple[Awaited, ...]


@dataclass(frozen=True, slots=True)
class _Until:
    span: Span
    condition: Any


@dataclass(frozen=True, slots=True)
class _Timeout:
    span: Span
    value: Expr
    at: bool


@dataclass(frozen=True, slots=True)
class _Doing:
    span: Span
    steps: tuple[Step, ...]
    otherwise: Otherwise | None


def whole(condition: Any) -> Expr | None:
    """A condition, or None for the token that stands for one that did not parse."""
    return None if isinstance(condition, Token) else condition


class WaitBuilder(ExpressionBuilder):
    """Makes waits, in short and long form."""

    # --- events ---

    def awaiting(self, c: Children) -> Awaiting:
        pairs = zip(c[::2], c[1::2], strict=True)
        events = tuple(replace(event, span=Span(on.start, event.span.end)) for on, event in pairs)
        return Awaiting(span_of(c), events)

    def awaited(self, c: Children) -> Awaited:
        phrase, now = self._now(c[0])
        self._slips(phrase)
        where, name = part(c, Where), part(c, _As)
        return Awaited(
            span_of(c),
            phrase,
            whole(where.condition) if where else None,
            name.name if name else None,
            now or part(c, _From) is not None,
        )

    def _slips(self, phrase: Phrase) -> None:
        """Misspelt words of the wait that passed for words of the phrase."""
        start = phrase.span.start
        self.misspelt = [
            (word, "where" if word.span.start >= start and like(word.text, "where") else meant)
            for word, meant in self.misspelt
        ]
        for pair in pairwise(phrase.parts):
            match pair:
                case (Word() as word, Operand(_, DurationLit())) if like(word.text, "timeout"):
                    self.misspelt.append((word, "timeout"))

    def _now(self, phrase: Phrase) -> tuple[Phrase, bool]:
        """A phrase without the `from now` behind it, which passed for two of its words."""
        match phrase.parts:
            case (*_, before, Word(text="from"), Word(text="now")):
                return Phrase(Span(phrase.span.start, before.span.end), phrase.parts[:-2]), True
        return phrase, False

    def as_(self, c: Children) -> _As:
        return _As(span_of(c), c[1])

    def from_(self, c: Children) -> _From:
        return _From(span_of(c), c[1])

    def from_now(self, c: Children) -> _From:
        self._expect(c[1], "now")
        return _From(span_of(c), None)

    def _expect(self, token: Token, word: str) -> None:
        """A word that has to stand here, and is a name for the grammar."""
        if token.text != word:
            self._say(say.instead(self._source, token.span, token.text, word))

    # --- plain waits ---

    def wait(self, c: Children) -> Step:
        return self._plain(c, "for", c[1])

    def wait_until(self, c: Children) -> Step:
        return self._plain(c, "until", c[2])

    def wait_day(self, c: Children) -> Step:
        return self._plain(c, "until", literals.literal(c[3]), c[2])

    def _plain(self, c: Children, mode: str, value: Expr, day: Word | None = None) -> Step:
        restart, skip = part(c, _Restart), any(is_token(child, "SKIP_IF") for child in c)
        events = restart.events if restart else ()
        return self.guarded(c, lambda when: WaitStep(span_of(c), mode, value, when, day, events, skip))

    def restart(self, c: Children) -> _Restart:
        return _Restart(span_of(c), c[1].events)

    def skip(self, c: Children) -> Token:
        self._expect(c[1], "past")
        return Token("SKIP_IF", "skip if past", c[0].start, c[1].end, False)

    def guarded(self, c: Children, make: Any) -> Step:
        """A step with its condition; an error where that did not parse."""
        guard = part(c, Guard)
        if guard is None:
            step: Step = make(None)
            return step
        return ErrorStep(span_of(c)) if isinstance(guard.condition, Token) else make(guard.condition)

    def guard(self, c: Children) -> Guard:
        return Guard(span_of(c), c[1])

    # --- alternatives ---

    def listen(self, c: Children) -> Step:
        arms = tuple(child for child in c if isinstance(child, WaitArm))
        if arms:
            return self.guarded(c, lambda when: ListenStep(span_of(c), arms, when))
        if is_token(c[1], "FOR_WORD"):
            return self._listen_for(c)
        begin = c[1].span if isinstance(c[1], Awaiting) else Span(c[1].start, c[2].span.end)
        first = c[1] if isinstance(c[1], Awaiting) else _Until(begin, c[2])
        arms = self._short(c, first)
        return self.guarded(c, lambda when: ListenStep(span_of(c), arms, when))

    def _listen_for(self, c: Children) -> Step:
        word = c[2]
        if word.text not in SUBJECTS:
            meant = did_you_mean(word.text, SUBJECTS) or ""
            self._say(say.bad_wait_for(self._source, word.span, word.text, meant))
        approver, name = part(c, _From), part(c, _As)
        arms = self._short(c, Awaiting(Span(c[1].start, word.span.end), ()))
        return self.guarded(
            c,
            lambda when: ListenStep(
                span_of(c),
                arms,
                when,
                word.text,
                approver.value if approver else None,
                name.name if name else None,
            ),
        )

    def _short(self, c: Children, first: Awaiting | _Until) -> tuple[WaitArm, ...]:
        """The alternatives of the short form: what it waits for, and the timeout with the steps of `else`."""
        doing, timeout = part(c, _Doing), part(c, _Timeout)
        arms = [self._arm(first, doing)]
        other = doing.otherwise if doing else None
        steps = other.steps if other else ()
        if timeout:
            arms.append(WaitArm(timeout.span, "timeout", (), timeout.value, timeout.at, steps))
        elif other:
            arms.append(WaitArm(other.span, "timeout", (), None, False, steps))
        return tuple(arms)

    def _arm(self, first: Awaiting | _Until | _Timeout, doing: _Doing | None) -> WaitArm:
        span = Span(first.span.start, doing.span.end) if doing else first.span
        steps = doing.steps if doing else ()
        match first:
            case Awaiting(_, events):
                return WaitArm(span, "on", events, None, False, steps)
            case _Until(_, condition):
                return WaitArm(span, "until", (), whole(condition), False, steps)
            case _Timeout(_, value, at):
                return WaitArm(span, "timeout", (), value, at, steps)

    def arm(self, c: Children) -> WaitArm:
        first = Awaiting(c[0].span, ()) if isinstance(c[0], Token) else c[0]
        return self._arm(first, c[1] if len(c) > 1 else None)

    def until(self, c: Children) -> _Until:
        return _Until(span_of(c), c[1])

    def timeout(self, c: Children) -> _Timeout:
        return _Timeout(span_of(c), c[-1], len(c) == 3)

    def doing(self, c: Children) -> _Doing:
        self.filled(c[0], c[1])
        return _Doing(span_of(c), c[1], None)

    def reaction(self, c: Children) -> _Doing:
        self.filled(c[0], c[1])
        return _Doing(span_of(c), c[1], part(c, Otherwise))

    def filled(self, opener: Token, steps: tuple[Step, ...]) -> None:
        """A block has a step. One that recovery opened has been spoken of."""
        if not steps and opener.start < opener.end:
            self._say(say.no_steps(self._source, opener.span, opener.text))
