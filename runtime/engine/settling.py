"""What becomes of runs in flight after a deploy: moved to the new version or ended, part by part.

What is left to do is a recorded event that waits, so that a crash loses nothing and new events are served meanwhile.
Runs are visited by status and number, in rounds until one of them finds nothing to do: a run may change its status
between two parts and slip by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec.structs import replace

from rulelang.plan.model import Plan
from runtime.engine.pauses import reconcile, resumed
from runtime.engine.unit import Unit
from runtime.model import (
    JSON,
    RUNS_SETTLED,
    CancelInput,
    Event,
    Input,
    Millis,
    MoveInput,
    ResumeInput,
    Run,
    RunStatus,
    SubjectKey,
)
from runtime.moving import is_branch
from runtime.store.protocol import AcceptedEvent, Batch, Transaction

NUMBER = "settling"
"""Counter: how many times runs of some rule were to be settled."""
LAST = "settling:"
"""Counters, one for each rule: the number of the last time. Only the last goes on."""

_STATUSES = (RunStatus.WAITING, RunStatus.EFFECT, RunStatus.BLOCKED)


class Settling(msgspec.Struct, frozen=True):
    """What is to become of a rule's runs: moved to the plan with the hash `to`, or with "" ended for a `reason`."""

    rule: str
    kind: str
    to: str
    reason: str


def plan_settling(
    tx: Transaction, settlings: Iterable[Settling], plans: Mapping[str, Plan], now: Millis
) -> None:
    """Record what is to be done with runs in flight, once these plans are in force."""
    batch = Batch()
    number = tx.counters().get(NUMBER, 0)
    for settling in settlings:
        number += 1
        batch.counters |= {NUMBER: number, f"{LAST}{settling.rule}": number}
        data = {"number": number, "rule": settling.rule, "to": settling.to, "reason": settling.reason}
        data["version"] = _version(plans, settling.rule)
        event = Event(f"{RUNS_SETTLED}:{number}", RUNS_SETTLED, now, now, SubjectKey(settling.kind, ""), data)
        batch.events.append(AcceptedEvent(event, b"", (), pending=True))
    if batch.events:
        tx.write(batch)


def _version(plans: Mapping[str, Plan], rule: str) -> str:
    plan = plans.get(rule)
    return plan.hash if plan is not None else ""


def void_settling(tx: Transaction, rules: Iterable[str]) -> None:
    """Leave the runs of these rules as they are, whatever was to be done with them."""
    number = tx.counters().get(NUMBER, 0) + 1
    counters = {f"{LAST}{rule}": number for rule in rules}
    if counters:
        tx.write(Batch(counters={NUMBER: number, **counters}))


def settle(unit: Unit, event: Event, limit: int) -> None:
    """Do one part of the work: up to `limit` runs. The rest is recorded as another event."""
    data = event.data
    if data.get("do") == "resume":
        resume(unit, event, limit)
        return
    if data["number"] != unit.counter(f"{LAST}{data['rule']}"):
        return
    # A deploy of which the answer was lost has failed for whoever asked, and its rules are not in force.
    if data["version"] != _version(unit.rules.plans.all, data["rule"]):
        return
    status, after = data.get("status", 0), data.get("after", 0)
    found = unit.tx.runs_of(data["rule"], _STATUSES[status], limit, after)
    changed = data.get("changed", 0)
    if data["to"] == "" or unit.rules.adopt(data["to"], unit.tx):
        changed += _settle(unit, [run for _, run in found], data)
    else:
        found = []
    following = _following(data, status, found[-1][0] if len(found) == limit else None, changed)
    if following is not None:
        part = data.get("part", 1) + 1
        rest = {**data, **following, "part": part}
        id = f"{RUNS_SETTLED}:{data['number']}#{part}"
        unit.events.append(AcceptedEvent(replace(event, id=id, data=rest), b"", (), pending=True))


def _following(data: dict[str, JSON], status: int, last: int | None, changed: int) -> dict[str, JSON] | None:
    """Where the next part begins; None when all is done."""
    if last is not None:
        return {"status": status, "after": last, "changed": changed}
    if status + 1 < len(_STATUSES):
        return {"status": status + 1, "after": 0, "changed": changed}
    return {"status": 0, "after": 0, "changed": 0} if changed else None


def _settle(unit: Unit, runs: list[Run], data: dict[str, JSON]) -> int:
    """Move or end runs; how many were."""
    to = data["to"]
    wanted = [run for run in runs if run.plan != to and not is_branch(run)]
    unit.load(run.subject for run in wanted)
    since = unit.tx.waiting_since(_with_branches(unit, wanted)) if to else {}
    inputs = [(run.subject, _input(unit, run, data, since)) for run in wanted]
    unit.load_related(inputs)
    changed = 0
    for (subject, input), run in zip(inputs, wanted, strict=True):
        unit.advance(subject, input)
        left = unit.states[subject].runs.get(run.id)
        changed += left is None or (to != "" and left.plan == to)
    return changed


def _with_branches(unit: Unit, runs: list[Run]) -> list[str]:
    found = {run.id: None for run in runs}
    for run in runs:
        others = unit.states[run.subject].runs.values()
        found |= {other.id: None for other in others if other.rule == run.rule and "branch" in other.locals}
    return list(found)


def _input(unit: Unit, run: Run, data: dict[str, JSON], since: dict[str, Millis]) -> Input:
    if not data["to"]:
        return CancelInput(run.id, data["reason"])
    own = unit.states[run.subject].runs
    return MoveInput(run.id, data["to"], {id: at for id, at in since.items() if id in own})


def resume(unit: Unit, event: Event, limit: int) -> None:
    """Do one part of resuming the runs of a rule after a pause; the last part says that it is done."""
    data = event.data
    status, after = data.get("status", 0), data.get("after", 0)
    found = unit.tx.runs_of(data["rule"], _STATUSES[status], limit, after)
    wanted = [run for _, run in found if run.started_at < data["until"]]
    unit.load(run.subject for run in wanted)
    inputs: list[tuple[SubjectKey, Input]] = [(run.subject, ResumeInput(run.id)) for run in wanted]
    unit.load_related(inputs)
    changed = data.get("changed", 0)
    for subject, input in inputs:
        transition = unit.advance(subject, input)
        changed += transition is not None and bool(transition.runs)
    following = _following(data, status, found[-1][0] if len(found) == limit else None, changed)
    if following is None:
        _resumed(unit, data["rule"])
        return
    part = data.get("part", 1) + 1
    id = f"{RUNS_SETTLED}:resume:{data['number']}#{part}"
    rest = {**data, **following, "part": part}
    unit.events.append(AcceptedEvent(replace(event, id=id, data=rest), b"", (), pending=True))


def _resumed(unit: Unit, rule: str) -> None:
    """All runs go on; now the rule may be resumed from a pause that began meanwhile."""
    unit.set_counters(resumed(rule))
    rules = unit.rules
    batch = reconcile(unit.all_counters, rules.plans.all, rules.schema.policy, unit.now)
    unit.set_counters(batch.counters)
    unit.events.extend(batch.events)
