"""Events about runs and messages: made only when some rule listens, with the run as their cause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rulelang.plan.ir import Get, Ir, Lit, Op, conjuncts
from runtime.model import JSON, Run, RunStatus
from runtime.program import Act

if TYPE_CHECKING:
    from runtime.turn import Turn

ENTERED, COMPLETED, EXITED = "rule.entered", "rule.completed", "rule.exited"
GOAL, FAILED = "rule.goal_reached", "rule.failed"
SUPPRESSED, UNDELIVERED = "message.suppressed", "message.failed"
TOLD = frozenset({ENTERED, COMPLETED, EXITED, GOAL, FAILED, SUPPRESSED, UNDELIVERED})

_ENDS: Mapping[str, str] = {
    RunStatus.COMPLETED: COMPLETED,
    RunStatus.EXITED: EXITED,
    RunStatus.CANCELLED: EXITED,
    RunStatus.FAILED: FAILED,
}


def rules_named(condition: Ir | None) -> Iterator[str]:
    """The rules that a trigger about runs names: its phrase demands `rule` of the event."""
    for part in conjuncts(condition):
        match part:
            case Op("eq", (Get((_, "rule")), Lit(str() as rule))):
                yield rule


def tell_run(turn: Turn, run: Run, type_: str, reason: str = "", goal: str = "") -> None:
    """Queue the event that something has become of a run, if anybody listens; branches are no runs of their own."""
    kind = turn.working.key.kind
    if "branch" in run.locals or not turn.plans.listens_to_runs(type_, kind, run.rule):
        return
    data: dict[str, JSON] = {"rule": run.rule, "run": run.id, "reason": reason}
    if goal:
        data["goal"] = goal
    turn.queue_event(type_, data, {}, run)


def tell_end(turn: Turn, run: Run, status: str, reason: str) -> None:
    """Queue the event that a run has ended."""
    tell_run(turn, run, _ENDS[status], reason)


def tell_message(turn: Turn, run: Run, step: Act, type_: str, reason: str) -> None:
    """Queue the event that a message was left out or cannot be delivered, if anybody listens."""
    if not step.action.channel or not turn.plans.listens(type_, turn.working.key.kind):
        return
    data: dict[str, JSON] = {
        "channel": step.action.channel,
        "rule": run.rule,
        "run": run.id,
        "step": step.id,
        "action": step.action.name,
        "reason": reason,
    }
    turn.queue_event(type_, data, {}, run)
