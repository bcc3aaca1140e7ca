"""The statements that begin with `expect`."""

from __future__ import annotations

from rulelang.source import Span
from runtime.model import RunStatus, SubjectKey
from workbench.testing.lines import Line, mistake
from workbench.testing.meaning import Meaning
from workbench.testing.model import (
    Criterion,
    ExpectAction,
    Expectation,
    ExpectMessage,
    ExpectNothing,
    ExpectRecord,
    ExpectRun,
)

MESSAGES = ("email", "webhook", "slack", "notification")
STATES = (*(s.value for s in RunStatus if s is not RunStatus.EFFECT), "refused")
TASK = "task"
_HEADS = (*MESSAGES, TASK, "contact", "account", "opportunity", "action", "run", "nothing", "no")
_PARTS = ("to", "subject", "text", "by", "for")
_TASK_PARTS = ("to", "title", "text", "by", "for")


def expectation(line: Line, meaning: Meaning) -> Expectation:
    """Read a statement behind its `expect`."""
    none = line.take("no")
    head = line.word("expectation", _HEADS if not none else (*MESSAGES, TASK, "action", "run"))
    match head:
        case "nothing":
            return _nothing(line, meaning)
        case "action":
            return _action(line, meaning, none)
        case "run":
            return _run(line, meaning, none)
        case "contact" | "account" | "opportunity":
            line.at -= 1
            return _record(line, meaning)
    return _message(line, meaning, head, none)


def _nothing(line: Line, meaning: Meaning) -> ExpectNothing:
    more = line.take("else")
    line.expect("sent")
    return ExpectNothing(line.span, more, *_whose(line, meaning))


def _action(line: Line, meaning: Meaning, none: bool) -> ExpectAction:
    name = line.word("action", meaning.checked.catalogue.actions)
    rule, key = _whose(line, meaning)
    return ExpectAction(line.span, name, rule, none, key)


def _whose(line: Line, meaning: Meaning) -> tuple[str, SubjectKey | None]:
    """`by "RULE"` and `for contact "c_1"` in any order, up to the end of the statement."""
    rule, key = "", None
    while line.here is not None and (line.peek("by") or line.peek("for")):
        if line.take("by"):
            rule = meaning.rule(line)
        elif line.take("for"):
            key = line.subject()
    line.end()
    return rule, key


def _run(line: Line, meaning: Meaning, none: bool) -> ExpectRun:
    rule = meaning.rule(line)
    state = "" if none else line.word("state of a run", STATES)
    key = line.subject() if line.take("for") else None
    line.end()
    return ExpectRun(line.span, rule, state, key, none)


def _record(line: Line, meaning: Meaning) -> ExpectRecord:
    key = line.subject()
    if line.take("missing"):
        line.end()
        return ExpectRecord(line.span, key, None)
    line.expect("has")
    if line.here is None:
        raise line.miss("a condition")
    span = Span(line.here.start, line.span.end)
    return ExpectRecord(line.span, key, meaning.condition(line.source, key.kind, span))


def _message(line: Line, meaning: Meaning, kind: str, none: bool) -> ExpectMessage:
    found: list[Criterion] = []
    key = None
    parts = _TASK_PARTS if kind == TASK else _PARTS
    while line.here is not None:
        line.take("and")
        part = line.word(f"part of a {TASK if kind == TASK else 'message'}", parts)
        if part == "for":
            key = _about(line)
        elif part == "by":
            found.append(Criterion(part, "is", meaning.rule(line)))
        elif part == "to":
            found.append(Criterion(part, "is", line.text("an address in quotes")))
        else:
            operator = line.word("comparison", ("contains", "is"))
            found.append(Criterion(part, operator, line.text("a text in quotes")))
    if kind not in ("email", TASK) and any(c.part == "subject" for c in found):
        raise mistake(line.source, line.span, f"a {kind} has no subject", help="`text` is what it says")
    return ExpectMessage(line.span, kind, tuple(found), none, key)


def _about(line: Line) -> SubjectKey:
    """The record behind `for`; a person there is meant for `to`."""
    token = line.here
    if token is not None and token.kind == "TEXT":
        help = f"who gets it is said with `to {token.text}`"
        raise mistake(
            line.source, token.span, 'behind `for` stands a record such as `contact "c_1"`', help=help
        )
    return line.subject()
