"""Whether an expectation holds; when not, what was expected and what was found instead."""

from __future__ import annotations

from typing import NamedTuple

from rulelang.diagnostics.messages import article
from rulelang.plan.interpret import first_false
from rulelang.plan.wording import show
from runtime.model import EntryKind, RunStatus, SubjectKey
from workbench.testing.expectations import TASK
from workbench.testing.model import (
    Criterion,
    ExpectAction,
    Expectation,
    ExpectMessage,
    ExpectNothing,
    ExpectRecord,
    ExpectRun,
)
from workbench.testing.script import fits
from workbench.testing.stage import Message, Stage, addresses

WORDS = {"notification": "notify"}
"""Kinds of messages that actions call by another word."""

_SHOWN = 5


class Miss(NamedTuple):
    """An expectation that does not hold: a sentence about it, and one about what is."""

    message: str
    found: str


def judge(expected: Expectation, stage: Stage) -> Miss | None:
    """What is wrong, None when the expectation holds."""
    match expected:
        case ExpectRecord():
            return _record(expected, stage)
        case ExpectMessage():
            return _message(expected, stage)
        case ExpectNothing():
            return _nothing(expected, stage)
        case ExpectAction():
            return _action(expected, stage)
        case ExpectRun():
            return _run(expected, stage)


def _record(expected: ExpectRecord, stage: Stage) -> Miss | None:
    kind, id = expected.key
    state = stage.simulation.subject(expected.key)
    if expected.condition is None:
        return Miss(f"there is a {kind} `{id}`", "it should not be there") if state is not None else None
    if state is None:
        return Miss(f"there is no {kind} `{id}`", "no such record")
    reason = first_false(expected.condition, stage.scope(state))
    return Miss(f"the {kind} `{id}` is not as expected", reason) if reason else None


# --- messages ---


def _message(expected: ExpectMessage, stage: Stage) -> Miss | None:
    every = list(stage.tasks() if expected.kind == TASK else stage.messages())
    fitting = [m for m in every if _is_meant(m, expected)]
    words = " ".join([expected.kind, *(_spelled(c) for c in expected.criteria)]) + _for(expected.key)
    went = "was created" if expected.kind == TASK else "went out"
    if expected.none:
        return Miss(f"{article(words)} {went}", _told(fitting)) if fitting else None
    for message in fitting:
        if message.key not in stage.claimed:
            stage.claimed.add(message.key)
            return None
    if fitting:
        return Miss(f"no further {words} {went}", f"{len(fitting)} fit, and were expected before")
    return Miss(f"no {words} {went}", _told(every) if every or expected.kind != TASK else "there is no task")


def _is_meant(message: Message, expected: ExpectMessage) -> bool:
    kind = WORDS.get(expected.kind, expected.kind)
    about = expected.key in (None, message.about)
    return about and fits(kind, message.action) and all(_meets(message, c) for c in expected.criteria)


def _for(key: SubjectKey | None) -> str:
    return f" for {key.kind} {show(key.id)}" if key is not None else ""


def _meets(message: Message, wanted: Criterion) -> bool:
    if wanted.part == "to":
        return any(wanted.value.lower() in (to.lower(), full.lower()) for to, full in _both(message))
    has = {"subject": message.subject, "title": message.subject, "text": message.text, "by": message.rule}[
        wanted.part
    ]
    if wanted.operator == "contains":
        return wanted.value in has
    return has.rstrip("\n") == wanted.value.rstrip("\n")


def _both(message: Message) -> list[tuple[str, str]]:
    return list(zip(addresses(message), message.to, strict=True))


def _spelled(criterion: Criterion) -> str:
    operator = "" if criterion.part in ("to", "by") else f" {criterion.operator}"
    return f"{criterion.part}{operator} {show(criterion.value)}"


def _told(messages: list[Message]) -> str:
    """What went out, in one line."""
    if not messages:
        return "nothing went out"
    told = [_line(message) for message in messages[:_SHOWN]]
    more = f"; and {len(messages) - _SHOWN} more" if len(messages) > _SHOWN else ""
    one = len(messages) == 1
    if messages[0].action == "create_task":
        head = "1 task was created" if one else f"{len(messages)} tasks were created"
    else:
        head = f"{len(messages)} message{'' if one else 's'} went out"
    return f"{head}: {'; '.join(told)}{more}"


def _line(message: Message) -> str:
    part = "title" if message.action == "create_task" else "subject"
    subject = f" {part} {show(message.subject)}" if message.subject else ""
    return f"{message.action} to {', '.join(map(show, addresses(message)))}{subject}"


def _nothing(expected: ExpectNothing, stage: Stage) -> Miss | None:
    every = [m for m in stage.messages() if expected.rule in ("", m.rule) and expected.key in (None, m.about)]
    left = [m for m in every if m.key not in stage.claimed] if expected.more else every
    if not left:
        return None
    whose = _by(expected.rule) + _for(expected.key)
    return Miss(f"something {'else ' if expected.more else ''}was sent{whose}", _told(left))


def _by(rule: str) -> str:
    return f" by `{rule}`" if rule else ""


# --- actions and runs ---


def _action(expected: ExpectAction, stage: Stage) -> Miss | None:
    made = [
        e
        for subject, e in stage.entries()
        if e.kind == EntryKind.ACTION and expected.rule in ("", e.rule) and expected.key in (None, subject)
    ]
    hits = [e for e in made if e.action == expected.action]
    by = _by(expected.rule) + _for(expected.key)
    if expected.none:
        where = ", ".join(dict.fromkeys(f"`{e.rule}` {e.step}" for e in hits))
        return Miss(f"the action `{expected.action}` was carried out{by}", f"by {where}") if hits else None
    if hits:
        return None
    others = ", ".join(dict.fromkeys(e.action for e in made))
    found = f"carried out were {others}" if others else "no action was carried out"
    return Miss(f"the action `{expected.action}` was not carried out{by}", found)


def _run(expected: ExpectRun, stage: Stage) -> Miss | None:
    run = stage.newest_run(expected.rule, expected.key)
    if expected.none:
        found = f"it is {state_of(run.status)}" if run is not None else ""
        return Miss(f"`{expected.rule}` has started a run", found) if run is not None else None
    if expected.state == "refused":
        return _refused(expected, stage)
    if run is None:
        return Miss(f"`{expected.rule}` has started no run", _why_not(stage, expected.rule, expected.key))
    state = state_of(run.status)
    if state == expected.state:
        return None
    reason = f": {run.reason}" if run.reason else ""
    return Miss(f"the run of `{expected.rule}` is not {expected.state}", f"it is {state}{reason}")


def state_of(status: str) -> str:
    """The state as authors know it: a run at an effect is waiting."""
    return str(RunStatus.WAITING if status == RunStatus.EFFECT else RunStatus(status))


def _refused(expected: ExpectRun, stage: Stage) -> Miss | None:
    last = _last_word(stage, expected.rule, expected.key)
    if last is not None and last[0] == EntryKind.REFUSED:
        return None
    found = _why_not(stage, expected.rule, expected.key)
    return Miss(f"`{expected.rule}` was not refused", found if last is None else last[1] or f"it {last[0]}")


def _last_word(stage: Stage, rule: str, key: SubjectKey | None) -> tuple[str, str] | None:
    kinds = (EntryKind.ENROLLED, EntryKind.REFUSED)
    for subject, entry in reversed(stage.entries()):
        if entry.rule == rule and entry.kind in kinds and not entry.step and key in (None, subject):
            return str(entry.kind), entry.reason
    return None


def _why_not(stage: Stage, rule: str, key: SubjectKey | None) -> str:
    kinds = (EntryKind.NOT_MATCHED, EntryKind.REFUSED)
    for subject, entry in reversed(stage.entries()):
        if entry.rule == rule and entry.kind in kinds and key in (None, subject):
            return entry.reason or "it did not match"
    return "no event that it listens to has happened"
