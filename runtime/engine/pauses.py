"""Which rules are paused and which are being resumed, as counters say; and what has to change when rules do.

A rule is paused because its header says so or because somebody paused it by hand. When both are over, its runs are
resumed part by part like those of a deploy (settling.py); whoever is touched meanwhile is resumed first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rulelang.plan.model import Plan
from rulelang.types.policy import PAUSE_MODES, Policy, pause_mode
from runtime.model import RUNS_SETTLED, Event, Millis, SubjectKey
from runtime.pausing import Pause
from runtime.plans import PlanSet
from runtime.store.protocol import AcceptedEvent, Batch

HAND = "pause.hand:"
"""Counters, by rule: 1 while somebody holds it paused by hand."""
SINCE = "pause.since:"
"""Counters, by rule: when it was paused, in milliseconds; 0 while it is not."""
FROM, TO, MODE = "resume.from:", "resume.to:", "resume.mode:"
"""Counters, by rule, while its runs are being resumed: the pause and what becomes of waits; 0 otherwise."""
NUMBER = "resume"
"""Counter: how many times rules were resumed."""

_ALL = (HAND, SINCE, FROM, TO, MODE)


def apply(counters: Mapping[str, int], plans: PlanSet) -> None:
    """Tell the machine's plans which rules are paused and which are being resumed."""
    plans.paused = frozenset(_rules(counters, SINCE))
    plans.resuming = {
        rule: Pause(
            counters[f"{FROM}{rule}"], counters[f"{TO}{rule}"], PAUSE_MODES[counters.get(f"{MODE}{rule}", 0)]
        )
        for rule in _rules(counters, TO)
    }


def concerns(counters: Iterable[str]) -> bool:
    """Whether one of these counters is about pauses."""
    return any(name.startswith(_ALL) for name in counters)


def _rules(counters: Mapping[str, int], prefix: str) -> list[str]:
    return [
        name.removeprefix(prefix) for name, value in counters.items() if name.startswith(prefix) and value
    ]


def reconcile(counters: Mapping[str, int], plans: Mapping[str, Plan], policy: Policy, now: Millis) -> Batch:
    """What has to be written so that the rules are paused that should be, and others are resumed.

    A rule that is still being resumed stays paused until that is done.
    """
    batch = Batch()
    known = {*plans, *_rules(counters, SINCE), *_rules(counters, HAND)}
    for rule in sorted(known):
        plan = plans.get(rule)
        wanted = plan is not None and (plan.state == "paused" or bool(counters.get(f"{HAND}{rule}")))
        since = counters.get(f"{SINCE}{rule}", 0)
        if wanted and not since:
            batch.counters[f"{SINCE}{rule}"] = now
        elif since and not wanted and not counters.get(f"{TO}{rule}"):
            _resume(batch, counters, rule, plan, since, max(now, since + 1), policy)
    return batch


def _resume(
    batch: Batch,
    counters: Mapping[str, int],
    rule: str,
    plan: Plan | None,
    since: Millis,
    now: Millis,
    policy: Policy,
) -> None:
    number = batch.counters.get(NUMBER, counters.get(NUMBER, 0)) + 1
    mode = PAUSE_MODES.index(pause_mode(policy, rule))
    batch.counters |= {
        NUMBER: number,
        f"{SINCE}{rule}": 0,
        f"{HAND}{rule}": 0,
        f"{FROM}{rule}": since,
        f"{TO}{rule}": now,
        f"{MODE}{rule}": mode,
    }
    kind = plan.subject if plan is not None else "contact"
    data = {"do": "resume", "number": number, "rule": rule, "until": now}
    event = Event(f"{RUNS_SETTLED}:resume:{number}", RUNS_SETTLED, now, now, SubjectKey(kind, ""), data)
    batch.events.append(AcceptedEvent(event, b"", (), pending=True))


def resumed(rule: str) -> dict[str, int]:
    """Counters that say that all runs of a rule have been resumed."""
    return {f"{FROM}{rule}": 0, f"{TO}{rule}": 0, f"{MODE}{rule}": 0}
