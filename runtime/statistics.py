"""What is counted of each rule: taken from the journal as it is written, added up in memory, written now and then.

What was counted in the last seconds before a process is killed is lost; nothing else depends on these numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from runtime.model import EffectStatus, Entry, EntryKind, Millis

Tally: TypeAlias = dict[tuple[str, str, str], int]
"""How often: by kind of entry, rule and detail. An effect's outcome counts as a kind of its own (`effect`)."""

EFFECT = "effect"
FLUSH_AFTER: Millis = 5_000
"""How long counts stay in memory."""
DAY: Millis = 86_400_000

ATTEMPTED, MATCHED, STARTED, SUPPRESSED = "attempted", "matched", "started", "suppressed"
_REFUSED, _ENROLLED = EntryKind.REFUSED, EntryKind.ENROLLED
_EVENT, _DERIVED = EntryKind.EVENT, EntryKind.DERIVED
Listeners: TypeAlias = Callable[[str, str], Iterable[str]]
"""The live rules with a trigger on a type of event, for a kind of subject."""
_KEPT: Mapping[str, str] = {
    EntryKind.MATCHED: MATCHED,
    EntryKind.SUPPRESSED: SUPPRESSED,
    EntryKind.COMPLETED: "completed",
    EntryKind.EXITED: "exited",
    EntryKind.FAILED: "failed",
}
_NOT_COUNTED = frozenset({EntryKind.ACTION, EntryKind.WAITING, EntryKind.RESUMED})
"""Most of a journal; what actions lead to is counted when their effects are over."""
_REASONS: tuple[tuple[str, str], ...] = (
    ("the rule is paused", "paused"),
    ("the rule is ", "not live"),
    ("the rule enrols each subject once", "already enrolled"),
    ("the subject was enrolled less than", "already enrolled"),
    ("stands in line", "in line"),
    ("more are in line", "line full"),
    ("under way", "already running"),
    ("the rule enrols at most", "limit"),
    ("the exit condition holds", "exit condition"),
    ("the goal is reached", "exit condition"),
    ("set each other off", "bound"),
    ("one event may start", "bound"),
    ("within a minute", "bound"),
)
"""What stands in a refusal, and what it is counted as; the first that fits."""


def count(tally: Tally, entries: Iterable[Entry], subject: str) -> None:
    """Add journal entries to a tally; arrivals count for the kind of subject in the place of a rule."""
    for entry in entries:
        kind: str = entry.kind
        if kind in _NOT_COUNTED:
            continue
        key: tuple[str, str, str]
        if kind is _EVENT or kind is _DERIVED:
            key = (kind, subject, entry.action)
        elif kind is _REFUSED:
            key = (kind, entry.rule, entry.reason)
        elif kind is _ENROLLED:
            key = (kind, entry.rule, entry.step)
        else:
            key = (kind, entry.rule, entry.action)
        tally[key] = tally.get(key, 0) + 1


def count_effect(tally: Tally, rule: str, status: str, action: str) -> None:
    """Add the outcome of an effect."""
    key = (EFFECT, rule, f"{status}:{action}")
    tally[key] = tally.get(key, 0) + 1


def refusal_kind(reason: str) -> str:
    """What a refusal is counted as."""
    return next((kind for words, kind in _REASONS if words in reason), "other")


def rows(tally: Tally, listeners: Listeners, now: Millis) -> dict[tuple[str, str, int], int]:
    """What to add to the stored numbers."""
    day = now // DAY
    found: dict[tuple[str, str, int], int] = {}
    for (kind, rule, detail), times in tally.items():
        for name, what in _counted(kind, rule, detail, listeners):
            found[name, what, day] = found.get((name, what, day), 0) + times
    return found


def _counted(kind: str, rule: str, detail: str, listeners: Listeners) -> Iterable[tuple[str, str]]:
    if kind in (EntryKind.EVENT, EntryKind.DERIVED):
        return [(name, ATTEMPTED) for name in listeners(detail, rule)]
    if not rule:
        return []
    if kind == EntryKind.REFUSED:
        return [(rule, f"refused:{refusal_kind(detail)}")]
    if kind == EntryKind.ENROLLED:
        return [] if detail else [(rule, STARTED)]
    if kind == EFFECT:
        return [(rule, f"effect:{detail}")]
    if kind == EntryKind.SUPPRESSED:
        return [(rule, f"suppressed:{detail}")]
    return [(rule, _KEPT[kind])] if kind in _KEPT else []


# --- as people read them -----------------------------------------------------------------------------------


class RuleStatistics(msgspec.Struct, frozen=True):
    """The numbers of one rule.

    `attempted` are events that its triggers listen to, `matched` those for which trigger and condition held,
    `started` runs. `refused` says by reason why a match started nothing. `effects` are messages and calls by action and
    outcome; `suppressed` those that were not sent for want of consent or by the sending policy.
    """

    rule: str
    attempted: int
    matched: int
    not_matched: int
    started: int
    refused: dict[str, int]
    runs: dict[str, int]
    effects: dict[str, dict[str, int]]
    suppressed: dict[str, int]


def statistics_of(
    rule: str, counts: Mapping[tuple[str, str], int], runs: Mapping[tuple[str, str], int]
) -> RuleStatistics:
    """The numbers of a rule from what is stored, and its runs by status as they are now."""
    own = {what: n for (name, what), n in counts.items() if name == rule}
    attempted, matched = own.get(ATTEMPTED, 0), own.get(MATCHED, 0)
    effects: dict[str, dict[str, int]] = {}
    for what, n in _under(own, "effect:").items():
        status, _, action = what.partition(":")
        effects.setdefault(action, {})[status] = n
    return RuleStatistics(
        rule=rule,
        attempted=max(attempted, matched),
        matched=matched,
        not_matched=max(attempted - matched, 0),
        started=own.get(STARTED, 0),
        refused=_under(own, "refused:"),
        runs={status: n for (name, status), n in runs.items() if name == rule},
        effects=effects,
        suppressed=_under(own, "suppressed:"),
    )


def _under(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {what.removeprefix(prefix): n for what, n in sorted(counts.items()) if what.startswith(prefix)}


def statistics_lines(found: RuleStatistics) -> Iterable[str]:
    """The numbers for a terminal."""
    yield found.rule
    yield f"  attempted    {found.attempted}"
    yield f"  not matched  {found.not_matched}"
    yield f"  matched      {found.matched}"
    for reason, n in found.refused.items():
        yield f"    refused    {n}  {reason}"
    yield f"    started    {found.started}"
    for status, n in found.runs.items():
        yield f"  runs         {n}  {status}"
    for action, outcomes in found.effects.items():
        told = ", ".join(f"{n} {status}" for status, n in outcomes.items())
        yield f"  {action.replace('_', ' ')}: {told}"
    for action, n in found.suppressed.items():
        yield f"  {action.replace('_', ' ')}: {n} suppressed"


def statistics_json(found: RuleStatistics) -> dict[str, Any]:
    """The public form."""
    result: dict[str, Any] = msgspec.to_builtins(found)
    return result


FINAL = frozenset({EffectStatus.DONE, EffectStatus.SUPPRESSED, EffectStatus.DEAD, EffectStatus.UNKNOWN})
"""Outcomes that are counted."""
