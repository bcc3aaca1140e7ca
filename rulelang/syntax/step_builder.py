"""Makes the nodes of steps other than waits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rulelang.diagnostics import syntax as say
from rulelang.diagnostics.model import Diagnostic
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Span
from rulelang.syntax import literals
from rulelang.syntax.expression_builder import Children, Where, is_token, part, plain, span_of
from rulelang.syntax.nodes import (
    ActionStep,
    Argument,
    Awaited,
    BlockStep,
    Branch,
    Case,
    EachStep,
    ErrorStep,
    Expr,
    GoalStep,
    GoToStep,
    IfStep,
    LabelStep,
    LetStep,
    MatchStep,
    NumberLit,
    OnError,
    Operand,
    ParallelStep,
    Phrase,
    PhrasePart,
    RepeatStep,
    SplitStep,
    Step,
    StopStep,
    TextLit,
    Word,
)
from rulelang.syntax.tokens import Token
from rulelang.syntax.wait_builder import Guard, Otherwise, WaitBuilder

MAX_RETRIES = 100
ON_ERROR = ("continue", "retry")


@dataclass(frozen=True, slots=True)
class _Arm:
    span: Span
    condition: Any
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class _Given:
    """A phrase that goes on with pairs behind commas."""

    span: Span
    phrase: Phrase
    comma: Token
    pairs: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Most:
    """`at most` and its number."""

    span: Span
    number: Expr


class StepBuilder(WaitBuilder):
    """Makes actions, choices and blocks."""

    _steps = 0

    def steps(self, c: Children) -> tuple[Step, ...]:
        steps = tuple(
            ErrorStep(child.span) if isinstance(child, Token) else child
            for child in c
            if not is_token(child, "SEMICOLON")
        )
        self._steps += len(steps)
        return steps

    # --- actions ---

    def action(self, c: Children) -> Step:
        phrase, arguments = self._invoked(c[0])
        if len(c) > 1:
            return self.guarded(c, lambda when: self._acted(c, phrase, arguments, when))
        return self._acted(c, phrase, arguments, None)

    def _acted(self, c: Children, phrase: Phrase, arguments: tuple[Argument, ...], when: Expr | None) -> Step:
        and_wait, on_error = any(is_token(child, "AND_WAIT") for child in c), part(c, OnError)
        bare = not (arguments or and_wait or on_error)
        place = self._place(c, phrase.parts, when) if bare else None
        if place is not None:
            return place
        return ActionStep(span_of(c), phrase, when, on_error, arguments, and_wait)

    def _invoked(self, child: Phrase | _Given) -> tuple[Phrase, tuple[Argument, ...]]:
        """A phrase and the arguments behind `with`: the first of them passed for the end of the phrase."""
        phrase, pairs = (child.phrase, child.pairs) if isinstance(child, _Given) else (child, ())
        match phrase.parts:
            case (
                *_,
                before,
                Word(text="with"),
                Word() as name,
                Word(text="="),
                Operand(_, value) as operand,
            ):
                first = Argument(name.span.to(operand.span), name.text, name.span, value)
                return Phrase(Span(phrase.span.start, before.span.end), phrase.parts[:-4]), (first, *pairs)
            case (*_, Word(text="with"), Word(), Word(text="="), before, Word() as name, Word(text="="), _):
                found = say.quoted(name.text)
                self._say(say.missing(self._source, before.span.end, ",", found))
            case (Word(text="set"), *_):
                return phrase, pairs
        if isinstance(child, _Given):
            self._say(self._no_with(phrase, child.comma))
        return phrase, pairs

    def _no_with(self, phrase: Phrase, comma: Token) -> Diagnostic:
        match phrase.parts:
            case (Word(text="start"), *_, Word() as name, Word(text="="), _):
                return say.no_with(self._source, name.span)
        return say.instead(self._source, comma.span, ",", ";", "steps are divided by `;` or new lines")

    def given(self, c: Children) -> _Given:
        comma = next(n for n, child in enumerate(c) if is_token(child, "COMMA"))
        phrase = self.phrase(c[:comma])
        return _Given(span_of(c), phrase, c[comma], tuple(c[comma + 1 :: 2]))

    def pair(self, c: Children) -> Argument:
        return Argument(span_of(c), plain(c[0]), c[0].span, c[2])

    def on_error(self, c: Children) -> OnError:
        if c[2].kind == "DO":
            self.filled(c[2], c[3])
            return OnError(span_of(c), None, c[3])
        word, value = plain(c[2]), c[3] if len(c) > 3 else None
        number = int(value.value) if isinstance(value, NumberLit) and value.value % 1 == 0 else 0
        if not (word == "continue" and value is None or word == "retry" and 0 < number <= MAX_RETRIES):
            meant = (did_you_mean(word, ON_ERROR) or "") if word not in ON_ERROR else ""
            self._say(say.bad_on_error(self._source, span_of(c[2:]), meant, MAX_RETRIES))
        return OnError(span_of(c), number if word == "retry" else None, None)

    def let(self, c: Children) -> LetStep:
        name = self.word(c[1:2])
        if not isinstance(c[3], Phrase):
            return LetStep(span_of(c), name, c[3], None)
        commas = [child for child in c if is_token(child, "COMMA")]
        pairs = tuple(child for child in c[4:] if isinstance(child, Argument))
        child = _Given(span_of(c[3:]), c[3], commas[0], pairs) if pairs else c[3]
        phrase, arguments = self._invoked(child)
        rest = [child for child in c[3:] if not (is_token(child, "COMMA") or isinstance(child, Argument))]
        action = self.guarded(
            rest, lambda when: ActionStep(span_of(c[3:]), phrase, when, part(c, OnError), arguments)
        )
        return LetStep(span_of(c), name, None, action if isinstance(action, ActionStep) else None)

    # --- places ---

    def _place(self, c: Children, parts: tuple[PhrasePart, ...], when: Expr | None) -> Step | None:
        """Steps that are phrases for the grammar; None for an action."""
        span = span_of(c)
        match parts:
            case (Word(text="goal"), *_) if when is not None and (found := self._goal(parts)):
                return GoalStep(span, found[0], (), when, False)
            case (Word(text="label"), name) if label := self._name(name):
                if guard := part(c, Guard):
                    self._say(say.outside(self._source, guard.span, "when", "a label has no condition"))
                return LabelStep(span, label)
            case (Word(text="go"), Word(text="to"), name) if label := self._name(name):
                return GoToStep(span, label, when)
            case (Word(text="goto") as word, name) if label := self._name(name):
                self._say(say.instead(self._source, word.span, word.text, "go to"))
                return GoToStep(span, label, when)
        return None

    def _name(self, part_: PhrasePart) -> TextLit | None:
        """The name of a place; one without quotes is reported."""
        match part_:
            case Operand(_, TextLit() as name):
                return name
            case Word(span, text):
                self._say(say.unquoted(self._source, span, text))
                return TextLit(span, text)
        return None

    def goal(self, c: Children) -> Step:
        found = self._goal(c[0].parts)
        if found is None:
            self._say(self._no_goal(c[0], c[1].span))
            return ErrorStep(span_of(c))
        if isinstance(c[1], Guard):
            return self.guarded(c, lambda when: GoalStep(span_of(c), found[0], (), when, True))
        events, passes = _passed(c[1].events)
        return GoalStep(span_of(c), found[0], events, None, passes or len(c) > 2)

    def _goal(self, parts: tuple[PhrasePart, ...]) -> tuple[TextLit | None] | None:
        """The name of a goal, None for a phrase that is no goal."""
        match parts:
            case (Word(text="goal"),):
                return (None,)
            case (Word(text="goal"), name):
                found = self._name(name)
                return (found,) if found else None
        return None

    def _no_goal(self, phrase: Phrase, span: Span) -> Diagnostic:
        word = phrase.parts[0]
        meant = did_you_mean(word.text, ("wait", "goal")) if isinstance(word, Word) else None
        if meant and len(phrase.parts) == 1:
            return say.misspelt(self._source, word.span, self._source.slice(word.span), meant)
        return say.no_goal(self._source, span, self._source.slice(phrase.span))

    # --- blocks ---

    def stop(self, c: Children) -> Step:
        return self.guarded(c, lambda when: StopStep(span_of(c), when))

    def block(self, c: Children) -> Step:
        self.filled(c[0], c[1])
        return self.guarded(c, lambda when: BlockStep(span_of(c), c[1], when))

    def each(self, c: Children) -> Step:
        """`for each contact [where …] at most 100 do … end`, `for account do … end`."""
        do = next(n for n, child in enumerate(c) if is_token(child, "DO"))
        self.filled(c[do], c[do + 1])
        words, most = [child for child in c[1:do] if isinstance(child, Word)], part(c, Most)
        many = words[0].text == "each" and len(words) == 2
        if not many and (most is not None or len(words) == 2 or words[0].text == "each"):
            span = span_of(c[:do])
            self._say(say.no_each(self._source, span, self._source.slice(span)))
            return BlockStep(span_of(c), (ErrorStep(span), *c[do + 1]), None)
        where, number = part(c, Where), most.number if most else None
        test = where.condition if where else None
        if isinstance(test, Token):
            return BlockStep(span_of(c), (ErrorStep(test.span), *c[do + 1]), None)
        return self.guarded(
            c, lambda when: EachStep(span_of(c), words[-1], many, number, c[do + 1], when, test)
        )

    def parallel(self, c: Children) -> ParallelStep:
        return ParallelStep(span_of(c), tuple(child for child in c if isinstance(child, BlockStep)))

    def repeat(self, c: Children) -> Step:
        do = next(n for n, child in enumerate(c) if is_token(child, "DO"))
        self.filled(c[do], c[do + 1])
        error = next((child for child in c[1:3] if is_token(child, "ERR_CONDITION")), None)
        if error is not None:
            return BlockStep(span_of(c), (ErrorStep(error.span), *c[do + 1]), None)
        if not is_token(c[1], "WHILE_WORD"):
            return RepeatStep(span_of(c), c[1], None, None, c[do + 1])
        most = part(c, Most)
        return RepeatStep(span_of(c), None, c[2], most.number if most else None, c[do + 1])

    def most(self, c: Children) -> Most:
        self._expect(c[1], "most")
        return Most(span_of(c), c[2])

    # --- choices ---

    def if_(self, c: Children) -> Step:
        self.filled(c[0], c[3])
        arms = [_Arm(span_of(c[:4]), c[1], c[3])]
        arms += [child for child in c if isinstance(child, _Arm)]
        otherwise = self._otherwise(c)
        if any(isinstance(arm.condition, Token) for arm in arms):
            return self._broken_if(c, arms, otherwise)
        branches = tuple(Branch(arm.span, arm.condition, arm.steps) for arm in arms)
        return IfStep(span_of(c), branches, otherwise)

    def _broken_if(self, c: Children, arms: list[_Arm], otherwise: tuple[Step, ...] | None) -> Step:
        """A condition did not parse: the steps of all arms in one block, so that they are checked all the same."""
        steps = [ErrorStep(arm.condition.span) for arm in arms if isinstance(arm.condition, Token)]
        inner = [step for arm in arms for step in arm.steps]
        return BlockStep(span_of(c), (*steps, *inner, *(otherwise or ())), None)

    def _otherwise(self, c: Children) -> tuple[Step, ...] | None:
        other = part(c, Otherwise)
        return other.steps if other else None

    def elif_(self, c: Children) -> _Arm:
        self.filled(c[0], c[3])
        return _Arm(span_of(c), c[1], c[3])

    def else_(self, c: Children) -> Otherwise:
        if c[0].kind == "OTHERWISE":
            self._say(say.instead(self._source, c[0].span, c[0].text, "else"))
        self.filled(c[0], c[1])
        return Otherwise(span_of(c), c[1])

    def match(self, c: Children) -> Step:
        """Without its value the steps of all cases are one block, so that they are checked all the same."""
        cases, otherwise = tuple(child for child in c if isinstance(child, Case)), self._otherwise(c)
        if isinstance(c[1], Token):
            inner = (step for case in cases for step in case.steps)
            return BlockStep(span_of(c), (ErrorStep(c[1].span), *inner, *(otherwise or ())), None)
        return MatchStep(span_of(c), c[1], cases, otherwise)

    def case(self, c: Children) -> Case:
        self.filled(c[-2], c[-1])
        values = tuple(value for value in c[1:-2:2] if not isinstance(value, Token))
        return Case(span_of(c), values, None, None, c[-1])

    def split(self, c: Children) -> SplitStep:
        name = literals.text(c[1]) if is_token(c[1], "TEXT") else None
        cases = tuple(child for child in c if isinstance(child, Case))
        return SplitStep(span_of(c), name, cases, self._otherwise(c))

    def share(self, c: Children) -> Case:
        self.filled(c[-2], c[-1])
        name = literals.text(c[2]) if c[2].kind == "TEXT" else None
        share: Any = literals.literal(c[1]) if c[1].kind == "PERCENT" else None
        return Case(span_of(c), (), share, name, c[-1])


def _passed(events: tuple[Awaited, ...]) -> tuple[tuple[Awaited, ...], bool]:
    """The events without a `pass` behind the last, which passed for a word of its phrase."""
    last = events[-1]
    match last.phrase.parts:
        case (*_, before, Word(text="pass") as word) if word.span.end == last.span.end:
            phrase = Phrase(Span(last.phrase.span.start, before.span.end), last.phrase.parts[:-1])
            return (
                *events[:-1],
                replace(last, span=Span(last.span.start, before.span.end), phrase=phrase),
            ), True
    return events, False
