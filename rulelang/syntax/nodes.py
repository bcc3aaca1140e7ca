"""The syntax tree: immutable nodes with a span each, no types and no resolved names.

Shape only: which phrase is which trigger or action, and what a bare word means, is the checker's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from rulelang.source import Span


@dataclass(frozen=True, slots=True)
class Node:
    """Anything with a place in the text."""

    span: Span


# --- expressions -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TextLit(Node):
    """`"text"` with escapes resolved."""

    value: str


@dataclass(frozen=True, slots=True)
class NumberLit(Node):
    """`80`, `1_000`, `2.5`."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class MoneyLit(Node):
    """`$10_000`, `500USD`, `€20`: an amount and an ISO 4217 code."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class PercentLit(Node):
    """`50%`; `value` is 50."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class DurationLit(Node):
    """`30m`, `1d12h`, `90d`, `2mo`: parts in the order written, each (count, unit).

    Units: s, m, h are exact; d, w, mo, y are calendar units in the subject's zone.
    """

    parts: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class DateLit(Node):
    """`2026-01-31`."""

    year: int
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class DateTimeLit(Node):
    """`2026-01-31T09:00` or with `Z` / an offset; `text` is ISO 8601 as written."""

    text: str


@dataclass(frozen=True, slots=True)
class TimeLit(Node):
    """`9:00`, `17:30`, a time of day."""

    hour: int
    minute: int


@dataclass(frozen=True, slots=True)
class BoolLit(Node):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True)
class NullLit(Node):
    """`null`."""


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A field path or a bare word: `status`, `contact.email`, `account.owner.email`, `trial`.

    `parts` and `part_spans` run in parallel. A word in backquotes (to clash with a keyword) arrives without them.
    """

    parts: tuple[str, ...]
    part_spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class ListLit(Node):
    """`[a, b]`, also the parenthesised list after `in`: `country in ("DE", "FR")`."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function call: `lower(email)`, `days_between(a, b)`."""

    name: str
    name_span: Span
    args: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`not x` or `-x`; `op` is `not` or `-`."""

    op: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`op` is one of: and or = != < <= > >= in, not in, contains, starts with, ends with, matches, + - * /.

    Multi-word operators are joined with one space. `not contains` and its kind are wrapped in Unary("not").
    """

    op: str
    op_span: Span
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Between(Node):
    """`x between low and high`, both ends included."""

    value: Expr
    low: Expr
    high: Expr


@dataclass(frozen=True, slots=True)
class Test(Node):
    """`x is set`, `x is empty`, `x is not set`, `x is not empty`; `what` is `set` or `empty`."""

    value: Expr
    what: str
    negated: bool


@dataclass(frozen=True, slots=True)
class InSegment(Node):
    """`in segment "X"`, or with `record` (a related one) `account in segment "X"`. `word` is `segment`."""

    record: Expr | None
    word: Word
    name: TextLit


@dataclass(frozen=True, slots=True)
class Happening(Node):
    """`count(order placed in 30d where total > 100)`, `last(order placed)`: events of the past.

    `name` is `count` or `last`, `window` what stands behind `in`, `where` the condition on the event.
    """

    name: str
    name_span: Span
    phrase: Phrase
    window: Expr | None
    where: Expr | None


Expr: TypeAlias = (
    TextLit
    | NumberLit
    | MoneyLit
    | PercentLit
    | DurationLit
    | DateLit
    | DateTimeLit
    | TimeLit
    | BoolLit
    | NullLit
    | Name
    | ListLit
    | Call
    | Unary
    | Binary
    | Between
    | Test
    | InSegment
    | Happening
)


# --- phrases ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Argument(Node):
    """An argument in parentheses, by position or `name = value` / `name: value`."""

    name: str | None
    name_span: Span | None
    value: Expr


@dataclass(frozen=True, slots=True)
class Word(Node):
    """A bare word of a phrase, in lower case as written."""

    text: str


@dataclass(frozen=True, slots=True)
class Operand(Node):
    """A literal, a path or a parenthesised / operator expression that fills a slot of a phrase.

    After `=` inside a phrase (`set score = score + 5`) the rest up to the next phrase word is one Operand,
    preceded by Word("=").
    """

    value: Expr


@dataclass(frozen=True, slots=True)
class Arguments(Node):
    """`( … )` glued to the phrase word before it: `assign("ana@acme.test")`, `hyper("…", tone: "warm")`."""

    items: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Provided(Node):
    """`when <condition>` behind an item of a declaration, or the condition of a segment; None where it is broken."""

    condition: Expr | None


PhrasePart: TypeAlias = Word | Operand | Arguments | Provided


@dataclass(frozen=True, slots=True)
class Phrase(Node):
    """A run of words, operands and arguments; the checker finds the declaration that it means."""

    parts: tuple[PhrasePart, ...]


# --- steps -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ActionStep(Node):
    """An action phrase with an optional per-step condition (`mark dnc when score < 10`).

    `arguments` are those of `with a = 1, b = 2`; `and_wait` is set by `and wait` (for `start rule`).
    """

    phrase: Phrase
    when: Expr | None
    on_error: OnError | None = None
    arguments: tuple[Argument, ...] = ()
    and_wait: bool = False


@dataclass(frozen=True, slots=True)
class OnError(Node):
    """`on error continue`, `on error retry 3`, `on error do … end`; `retry` counts tries beyond the first."""

    retry: int | None
    steps: tuple[Step, ...] | None


@dataclass(frozen=True, slots=True)
class WaitStep(Node):
    """`wait 30m` (`mode` = `for`), `wait until 9:00` or `wait until renewal_date - 7d` (`mode` = `until`).

    `day` is the weekday of `wait until monday [9:00]` (then `value` is the time of day, or None). `restart` holds
    the events of `restart on …`; `skip_if_past` leaves out the next step when the moment has passed.
    """

    mode: str
    value: Expr | None
    when: Expr | None
    day: Word | None = None
    restart: tuple[Awaited, ...] = ()
    skip_if_past: bool = False


@dataclass(frozen=True, slots=True)
class Awaited(Node):
    """`on <phrase> [where <condition>] [as <name>] [from now]`: an event that something waits for."""

    phrase: Phrase
    where: Expr | None
    name: Word | None
    from_now: bool


@dataclass(frozen=True, slots=True)
class WaitArm(Node):
    """One alternative of a wait: `kind` is `on` (with `awaited`, several for `or on`), `until` or `timeout`.

    `value` is the condition of `until`, or the duration of `timeout`; `at` is set for `timeout until <instant>`.
    """

    kind: str
    awaited: tuple[Awaited, ...]
    value: Expr | None
    at: bool
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class ListenStep(Node):
    """Every wait with events, conditions or a timeout, in short or long form, as alternatives.

    In the short form `do … else … end` the steps of `do` belong to every arm but the timeout, those of `else` to
    the timeout. `subject` is `approval` or `callback` for `wait for …` (with `approver`, and the name of `as` in
    `name`), else "".
    """

    arms: tuple[WaitArm, ...]
    when: Expr | None
    subject: str = ""
    approver: Expr | None = None
    name: Word | None = None


@dataclass(frozen=True, slots=True)
class Branch(Node):
    """One arm of an `if`."""

    condition: Expr
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class IfStep(Node):
    """`if … then … elif … then … else … end`; `then` may be left out before a newline."""

    branches: tuple[Branch, ...]
    otherwise: tuple[Step, ...] | None


@dataclass(frozen=True, slots=True)
class StopStep(Node):
    """`stop`: the run completes here."""

    when: Expr | None


@dataclass(frozen=True, slots=True)
class BlockStep(Node):
    """`do … end`: steps under one optional condition (`do … end when score > 5`)."""

    steps: tuple[Step, ...]
    when: Expr | None


@dataclass(frozen=True, slots=True)
class Case(Node):
    """`case free, pro do …` of a match (`values`), or `case 40% "A" do …` of a split (`share`, `name`)."""

    values: tuple[Expr, ...]
    share: PercentLit | None
    name: TextLit | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class MatchStep(Node):
    """`match <value> case … else … end`."""

    value: Expr
    cases: tuple[Case, ...]
    otherwise: tuple[Step, ...] | None


@dataclass(frozen=True, slots=True)
class SplitStep(Node):
    """`split ["name"] case 40% "A" do … else … end`."""

    name: TextLit | None
    cases: tuple[Case, ...]
    otherwise: tuple[Step, ...] | None


@dataclass(frozen=True, slots=True)
class RepeatStep(Node):
    """`repeat 3 times do … end` (`times`), `repeat while <condition> at most 10 times do … end`."""

    times: Expr | None
    condition: Expr | None
    most: Expr | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class EachStep(Node):
    """`for each contact [where …] at most 100 do … end` (`many`), `for account do … end`: steps for related records."""

    subject: Word
    many: bool
    most: Expr | None
    steps: tuple[Step, ...]
    when: Expr | None
    where: Expr | None = None


@dataclass(frozen=True, slots=True)
class LetStep(Node):
    """`let name = <expression>` or `let name = <action phrase>` (then `action` is set)."""

    name: Word
    value: Expr | None
    action: ActionStep | None


@dataclass(frozen=True, slots=True)
class ParallelStep(Node):
    """`parallel do … end do … end end`."""

    branches: tuple[BlockStep, ...]


@dataclass(frozen=True, slots=True)
class LabelStep(Node):
    """`label "name"`."""

    name: TextLit


@dataclass(frozen=True, slots=True)
class GoToStep(Node):
    """`go to "name"`, with an optional condition."""

    name: TextLit
    when: Expr | None


@dataclass(frozen=True, slots=True)
class GoalStep(Node):
    """`goal "name" on … / when … [pass]` within the steps."""

    name: TextLit | None
    awaited: tuple[Awaited, ...]
    condition: Expr | None
    passes: bool


@dataclass(frozen=True, slots=True)
class ErrorStep(Node):
    """A statement that did not parse; its diagnostic was given, the rest of the rule goes on."""


Step: TypeAlias = (
    ActionStep
    | WaitStep
    | ListenStep
    | IfStep
    | MatchStep
    | SplitStep
    | RepeatStep
    | EachStep
    | LetStep
    | ParallelStep
    | LabelStep
    | GoToStep
    | GoalStep
    | StopStep
    | BlockStep
    | ErrorStep
)


# --- top level -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TriggerClause(Node):
    """`on <phrase> [or on <phrase>]`: one trigger. `where` stands behind `absence of …` only."""

    phrase: Phrase
    where: Expr | None = None


@dataclass(frozen=True, slots=True)
class EnrolClause(Node):
    """`enrol once` / `enrol every time` / `enrol again after 30d` (also `enroll`): the words after `enrol`.

    `after` is the duration of `again after`, `per` the expression of `per …`, `running` the word after
    `if running`, `most` the number of `at most`.
    """

    words: tuple[Word, ...]
    after: Expr | None = None
    per: Expr | None = None
    running: Word | None = None
    most: Expr | None = None


@dataclass(frozen=True, slots=True)
class RateClause(Node):
    """`limit 100 per 1d` or `release 50 per 1h`; `kind` is `limit` or `release`."""

    kind: str
    count: Expr
    span_value: Expr


@dataclass(frozen=True, slots=True)
class TakesClause(Node):
    """`takes discount: number, reason: text`: (name, type phrase) of each parameter."""

    params: tuple[tuple[Word, Phrase], ...]


@dataclass(frozen=True, slots=True)
class ExitClause(Node):
    """`exit when <condition>` or `exit on <event>`; `goal` for the same counted as success."""

    condition: Expr | None
    awaited: tuple[Awaited, ...] = ()
    goal: bool = False


@dataclass(frozen=True, slots=True)
class Rule(Node):
    """One rule. Every part but `triggers` and `steps` may be missing; `broken` when a part did not parse.

    `header_span` covers what a reader would call the rule's first line; `subject` and `state` are Words. A rule
    without triggers that has a `when` starts when that becomes true, or has been true for the duration `held`.
    """

    name: TextLit | None
    header_span: Span
    subject: Word | None
    state: Word | None
    triggers: tuple[TriggerClause, ...]
    when: Expr | None
    enrol: EnrolClause | None
    exits: tuple[ExitClause, ...]
    steps: tuple[Step, ...]
    broken: bool
    on_exit: tuple[Step, ...] = ()
    rates: tuple[RateClause, ...] = ()
    takes: TakesClause | None = None
    held: Expr | None = None


@dataclass(frozen=True, slots=True)
class Declaration(Node):
    """A declaration of the workspace's schema; see docs/schema.md for the forms.

    `keyword` is `fields`, `pipeline`, `status`, `segment`, `health`, `team`, `person`, `tags`, `event`,
    `workspace`; `head` holds what follows it on the line, `entries` the lines of its block up to `end` (each a list
    of phrase parts, with Word(":") and Word(",") kept as separators).
    """

    keyword: Word
    head: tuple[PhrasePart, ...]
    entries: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Module(Node):
    """One parsed file: its items in the order written; `tests` are where tests of rules stand, which are not parsed."""

    items: Sequence[Rule | Declaration]
    tests: tuple[Span, ...] = ()
