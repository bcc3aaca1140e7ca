"""Runs with their journal, and the effects that need somebody."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from rulelang.calendar import instant_text, zone
from runtime.engine.work import CancelRun, Done, Replay, Skip
from runtime.events import event_json
from runtime.model import EffectRow, EffectStatus, Run, RunStatus, SubjectKey
from runtime.timeline import entry_json
from web.body import parse_json, read_body
from web.context import AppContext, committed, context_of
from web.problems import Problem
from web.routing import CURSOR, LIMIT, Endpoint, Parameter, json_response, page_limit


def run_json(run: Run) -> dict[str, Any]:
    """The public form of a run."""
    result: dict[str, Any] = {
        "id": run.id,
        "rule": run.rule,
        "subject": {"kind": run.subject.kind, "id": run.subject.id},
        "status": str(run.status),
        "step": run.position,
        "event": run.event,
        "plan": run.plan,
        "started_at": instant_text(run.started_at),
    }
    if run.due is not None:
        result["due"] = instant_text(run.due)
    if run.ended_at is not None:
        result["ended_at"] = instant_text(run.ended_at)
    if run.reason:
        result["reason"] = run.reason
    if run.effect:
        result["effect"] = run.effect
    if run.depth:
        result["cause"] = {"depth": run.depth, "root": run.root, "path": list(run.path)}
    return result


def effect_json(row: EffectRow) -> dict[str, Any]:
    """The public form of an effect."""
    effect = row.effect
    result: dict[str, Any] = {
        "key": effect.key,
        "run": effect.run,
        "rule": effect.rule,
        "step": effect.step,
        "action": effect.action,
        "subject": {"kind": effect.subject.kind, "id": effect.subject.id},
        "destination": effect.destination,
        "input": effect.args,
        "status": str(row.status),
        "attempts": row.attempts,
        "created_at": instant_text(effect.created_at),
    }
    if row.status == EffectStatus.PENDING and row.next_at:
        result["next_attempt_at"] = instant_text(row.next_at)
    if row.finished_at is not None:
        result["finished_at"] = instant_text(row.finished_at)
    for name in ("prepared", "result", "error"):
        if getattr(row, name):
            result[name] = getattr(row, name)
    return result


def workspace_zone(context: AppContext) -> ZoneInfo:
    """The zone in which times are shown."""
    return zone(context.workspace.checked.schema.time_zone) or ZoneInfo("UTC")


async def list_runs(request: Request) -> Response:
    """A page of runs that match the filters."""
    query = request.query_params
    status = query.get("status", "")
    if status and status not in set(RunStatus):
        raise Problem(400, f"`status` is one of {', '.join(RunStatus)}, found {status[:50]!r}")
    runs, cursor = await context_of(request).reader.list_runs(
        limit=page_limit(request),
        cursor=query.get("cursor", ""),
        rule=query.get("rule", ""),
        status=status,
        subject=_subject(query.get("subject", "")),
    )
    return json_response({"items": [run_json(run) for run in runs], "next": cursor})


def _subject(text: str) -> SubjectKey | None:
    if not text:
        return None
    kind, separator, id = text.partition(":")
    if not separator or not id:
        raise Problem(400, f"`subject` is `kind:id`, such as `contact:c_1`, found {text[:50]!r}")
    return SubjectKey(kind, id)


async def find_run(context: AppContext, id: str) -> Run:
    """The run with this id.

    Raises:
        Problem: 404.
    """
    run = await context.reader.run(id)
    if run is None:
        raise Problem(404, f"there is no run with the id {id[:80]!r}")
    return run


async def run_detail(context: AppContext, id: str) -> dict[str, Any]:
    """A run with its journal, its effects and the event that started it.

    Raises:
        Problem: 404.
    """
    run = await find_run(context, id)
    rows = await context.reader.journal(run=run.id)
    effects, _ = await context.reader.effects(run=run.id)
    event = await context.reader.event(run.event)
    shown = workspace_zone(context)
    journal = [entry_json(row.subject, entry, shown) for row in rows for entry in row.entries]
    detail = {**run_json(run), "journal": journal, "effects": [effect_json(row) for row in effects]}
    return {**detail, "event": event_json(event)} if event is not None else detail


async def get_run(request: Request) -> Response:
    """One run in full."""
    return json_response(await run_detail(context_of(request), request.path_params["id"]))


async def cancel_run(request: Request) -> Response:
    """End a live run by hand."""
    context = context_of(request)
    run = await find_run(context, request.path_params["id"])
    reason = await _reason(request)
    _expect_done(await committed(context.engine.operate(CancelRun(run.id, reason))))
    return json_response(run_json(await find_run(context, run.id)))


async def _reason(request: Request) -> str:
    body = await read_body(request.receive)
    given = parse_json(body) if body else {}
    reason = given.get("reason", "cancelled by hand") if isinstance(given, dict) else None
    if not isinstance(reason, str) or len(reason) > 500:
        raise Problem(400, 'the body is {"reason": "…"} with at most 500 characters, or nothing')
    return reason


def _expect_done(result: Done) -> None:
    if result.problem:
        raise Problem(409, result.problem)


async def list_effects(request: Request) -> Response:
    """A page of effects, newest first."""
    query = request.query_params
    status = query.get("status", "")
    if status and status not in set(EffectStatus):
        raise Problem(400, f"`status` is one of {', '.join(EffectStatus)}, found {status[:50]!r}")
    rows, cursor = await context_of(request).reader.effects(
        run=query.get("run", ""), status=status, limit=page_limit(request), cursor=query.get("cursor", "")
    )
    return json_response({"items": [effect_json(row) for row in rows], "next": cursor})


async def replay_effect(request: Request) -> Response:
    """Try a dead letter or an effect of unknown outcome again, under its old key."""
    _expect_done(
        await committed(context_of(request).engine.operate(Replay(request.path_params["key"], "the API")))
    )
    return json_response({"key": request.path_params["key"], "status": "pending"})


async def skip_effect(request: Request) -> Response:
    """Let a run go on without an effect that failed."""
    _expect_done(
        await committed(context_of(request).engine.operate(Skip(request.path_params["key"], "the API")))
    )
    return json_response({"key": request.path_params["key"], "status": "cancelled"})


_PAGE = {"type": "object", "required": ["items", "next"]}


def endpoints() -> list[Endpoint]:
    """The routes."""
    filters = (
        Parameter("rule", "only runs of this rule"),
        Parameter(
            "status", "only runs of this status", {"type": "string", "enum": [str(s) for s in RunStatus]}
        ),
        Parameter("subject", "only runs for this subject, `kind:id`"),
    )
    effect_filters = (
        Parameter("run", "only effects of this run"),
        Parameter("status", "only this status", {"type": "string", "enum": [str(s) for s in EffectStatus]}),
    )
    conflict = {404: ("unknown", None), 409: ("it does not stand still", None)}
    one: dict[int, Any] = {200: ("done", {"type": "object"}), **conflict}
    return [
        Endpoint(
            "GET",
            "/v1/runs",
            "runs:read",
            list_runs,
            "List runs",
            parameters=(*filters, LIMIT, CURSOR),
            answers={200: ("a page", _PAGE)},
            tag="runs",
        ),
        Endpoint(
            "GET",
            "/v1/runs/{id}",
            "runs:read",
            get_run,
            "Read a run with its journal",
            answers={200: ("the run", {"type": "object"}), 404: ("unknown", None)},
            tag="runs",
        ),
        Endpoint(
            "POST", "/v1/runs/{id}/cancel", "runs:write", cancel_run, "End a run", answers=one, tag="runs"
        ),
        Endpoint(
            "GET",
            "/v1/effects",
            "runs:read",
            list_effects,
            "List effects",
            parameters=(*effect_filters, LIMIT, CURSOR),
            answers={200: ("a page", _PAGE)},
            tag="effects",
        ),
        Endpoint(
            "POST",
            "/v1/effects/{key}/replay",
            "runs:write",
            replay_effect,
            "Try a dead letter again",
            answers=one,
            tag="effects",
        ),
        Endpoint(
            "POST",
            "/v1/effects/{key}/skip",
            "runs:write",
            skip_effect,
            "Go on without a dead letter",
            answers=one,
            tag="effects",
        ),
    ]
