"""Properties: what holds whatever happens. `property "NAME" … end` in a file of tests, with a statement for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from rulelang.calendar import Duration, parse_duration
from rulelang.plan.ir import Ir
from rulelang.source import Span
from rulelang.types.schema import SUBJECT_KINDS
from workbench.testing.lines import Line, mistake
from workbench.testing.meaning import Meaning
from workbench.testing.model import Statement

ANY_MESSAGE = ""
"""Stands for messages of all kinds."""

_VERBS: Mapping[str, str] = {
    "mails": "email",
    "notifies": "notification",
    "posts": "webhook",
    "messages": ANY_MESSAGE,
}
"""Verbs with the kind of message that they are about, as in `expect`."""

_NOUNS: Mapping[str, str] = {
    "mails": "email",
    "notifications": "notification",
    "webhooks": "webhook",
    "messages": ANY_MESSAGE,
}


@dataclass(frozen=True, slots=True)
class NeverSends(Statement):
    """No message of a kind goes out for a record of `subject` for which the condition holds at that moment."""

    message: str
    subject: str
    condition: Ir


@dataclass(frozen=True, slots=True)
class NeverDoes(Statement):
    """No action of this name is carried out for a record for which the condition holds at that moment."""

    action: str
    subject: str
    condition: Ir


@dataclass(frozen=True, slots=True)
class AtMost(Statement):
    """No more than `count` messages of a kind go out for one record within any span of time."""

    count: int
    message: str
    within: Duration


@dataclass(frozen=True, slots=True)
class Ends(Statement):
    """Every run, or each of one rule, is over a time after it began."""

    rule: str
    within: Duration


@dataclass(frozen=True, slots=True)
class Always(Statement):
    """A condition holds for every record of a kind after each event and whenever time has passed."""

    subject: str
    condition: Ir


Invariant: TypeAlias = NeverSends | NeverDoes | AtMost | Ends | Always


INVARIANTS = (NeverSends, NeverDoes, AtMost, Ends, Always)


def never(line: Line, meaning: Meaning) -> Invariant:
    """Read a statement behind its `never`."""
    if line.take("more", "than"):
        return _at_most(line)
    if line.take("does"):
        action = line.word("action", meaning.checked.catalogue.actions)
        line.word("word between", ("to", "for"))
        return NeverDoes(line.span, action, *_record(line, meaning))
    verb = line.word("verb", (*_VERBS, "does", "more"))
    return NeverSends(line.span, _VERBS[verb], *_record(line, meaning))


def every(line: Line, meaning: Meaning) -> Invariant:
    """Read a statement behind its `every`."""
    head = line.word("what is spoken of", ("run", *SUBJECT_KINDS))
    if head != "run":
        line.expect("has")
        return Always(line.span, head, _condition(line, meaning, head))
    rule = meaning.rule(line) if line.take("of") else ""
    line.expect("ends", "within")
    return Ends(line.span, rule, _duration(line))


def _record(line: Line, meaning: Meaning) -> tuple[str, Ir]:
    """`a contact with CONDITION`."""
    line.word("article", ("a", "an"))
    kind = line.word("kind of record", SUBJECT_KINDS)
    line.expect("with")
    return kind, _condition(line, meaning, kind)


def _condition(line: Line, meaning: Meaning, kind: str) -> Ir:
    if line.here is None:
        raise line.miss("a condition")
    return meaning.condition(line.source, kind, Span(line.here.start, line.span.end))


def _at_most(line: Line) -> AtMost:
    token = line.token("a number", "NUMBER")
    if not token.text.isdigit():
        raise mistake(line.source, token.span, "a whole number is meant")
    message = _NOUNS[line.word("kind of message", _NOUNS)]
    line.expect("in")
    return AtMost(line.span, int(token.text), message, _duration(line))


def _duration(line: Line) -> Duration:
    token = line.token("a duration such as `7d`", "DURATION")
    line.end()
    return parse_duration(token.text)
