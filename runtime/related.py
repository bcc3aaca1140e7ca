"""Steps for related records: asked for by an event to them, made there by runs of their own.

Subjects stay independent: the run that asks goes on at once, the others begin when their record's turn comes, which
may be in another transaction. An event that is for many is split up by the engine (runtime/engine/fanning.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rulelang.plan.interpret import first_false
from runtime.bounds import MAX_PATH
from runtime.enrolment import run_id
from runtime.model import JSON, STEPS_STARTED, Cause, EntryKind, Event, Millis, Run, RunStatus, SubjectKey
from runtime.program import Each, Program
from runtime.working import Working

if TYPE_CHECKING:
    from runtime.turn import Turn


def steps_for_related(run: Run, step: Each, working: Working, now: Millis) -> Event | None:
    """The event that asks for the steps of a run; None when the subject links to no such record."""
    target = working.key
    if not step.many:
        id = working.get(f"{step.kind}_id")
        if not id:
            return None
        target = SubjectKey(step.kind, str(id))
    data: dict[str, JSON] = {
        "rule": run.rule,
        "plan": run.plan,
        "branch": step.branch,
        "run": run.id,
        "of": list(run.subject),
        "event": run.data,
        "vars": run.locals.get("vars", {}),
    }
    if "key" in run.locals:
        data["key"] = run.locals["key"]
    if step.many:
        data |= {"kind": step.kind, "most": step.most}
    path = (*run.path, run.rule)[-MAX_PATH:]
    cause = Cause(run.rule, run.id, run.depth + 1, run.root, path)
    id = f"{run.id}.{run.steps}~{step.id}"
    return Event(id, STEPS_STARTED, now, now, target, data=data, cause=cause)


def start_steps(turn: Turn, event: Event) -> None:
    """Start the run of a related record that an event asks for, or say why not. Only rules can ask."""
    data, cause = event.data, event.cause
    if cause is None:
        return
    reason = _refusal(turn, cause)
    if reason:
        turn.note_event(EntryKind.REFUSED, cause.rule, event, reason)
        return
    program = turn.plans.program(data["plan"])
    own: dict[str, JSON] = {"branch": data["branch"]}
    own |= {"vars": data["vars"]} if data["vars"] else {}
    own |= {"key": data["key"]} if "key" in data else {}
    run = Run(
        id=run_id(turn.now, event.id, *turn.working.key),
        rule=cause.rule,
        plan=data["plan"],
        subject=turn.working.key,
        status=RunStatus.WAITING,
        position=data["branch"],
        started_at=turn.now,
        event=event.id,
        data=data["event"],
        locals=own,
        depth=cause.depth,
        root=cause.root,
        path=cause.path,
    )
    if not _wanted(turn, run, program, event):
        return
    reason = turn.enrolments.too_many_a_minute()
    if reason:
        turn.note_event(EntryKind.REFUSED, cause.rule, event, reason)
        return
    turn.working.touched = True
    turn.started.append(run.id)
    turn.update(run)
    whose = " ".join(data["of"])
    turn.note(EntryKind.ENROLLED, run, step=data["branch"], event=event.id, reason=f"asked for by {whose}")
    turn.steps.proceed(run, program, program.starts[data["branch"]])


def _refusal(turn: Turn, cause: Cause) -> str:
    if not turn.working.exists:
        return f"there is no {turn.working.key.kind} {turn.working.key.id}"
    return turn.enrolments.too_deep(cause, cause.rule)


def _wanted(turn: Turn, run: Run, program: Program, event: Event) -> bool:
    """Whether the condition behind `where` holds for the record; the journal says why not when it is asked to."""
    each = program.code[program.starts[event.data["branch"]] - 1]
    assert isinstance(each, Each)
    if each.where is None:
        return True
    scope = turn.run_scope(run)
    holds = each.where.holds(scope)
    if not holds and turn.machine.explain:
        turn.note_event(EntryKind.NOT_MATCHED, run.rule, event, first_false(each.where.ir, scope))
    return holds
