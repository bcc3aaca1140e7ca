"""Runs with their journal, and the effects that need somebody."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from rulelang.calendar import instant_text, zone
from rulelang.types.schema import SUBJECT_KINDS
from runtime.engine.work import CancelRun, Done, Replay, Skip
from runtime.events import event_json
from runtime.model import EffectRow, EffectStatus, Run, RunStatus, SubjectKey
from runtime.store.protocol import JournalRow
from runtime.timeline import entry_json
from web.body import read_object
from web.context import AppContext, committed, context_of
from web.problems import Problem
from web.routing import CURSOR, LIMIT, Answer, Endpoint, Parameter, json_response, page_limit

_SEGMENTS = 1000
_EFFECTS = 1000
"""How many effects of one run are shown; more than a run may have steps."""


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
    runs, cursor = await context_of(request).reader.list_runs(
        limit=page_limit(request),
        cursor=query.get("cursor", ""),
        rule=query.get("rule", ""),
        status=_status(query.get("status", ""), RunStatus),
        subject=read_subject(query.get("subject", "")),
    )
    return json_response({"items": [run_json(run) for run in runs], "next": cursor})


def _status(text: str, known: type[RunStatus] | type[EffectStatus]) -> str:
    names = [str(status) for status in known]
    if text and text not in names:
        raise Problem(400, f"`status` is one of {', '.join(names)}, found {text[:50]!r}")
    return text


def read_subject(text: str) -> SubjectKey | None:
    """The record that a parameter names; None for "".

    Raises:
        Problem: 400 when it has another form.
    """
    if not text:
        return None
    kind, _, id = text.partition(":")
    if kind not in SUBJECT_KINDS or not id:
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
    shown = workspace_zone(context)
    rows = await _journal(context, run.id)
    effects, _ = await context.reader.effects(run=run.id, limit=_EFFECTS)
    event = await context.reader.event(run.event)
    detail = run_json(run)
    detail["journal"] = [entry_json(row.subject, entry, shown) for row in rows for entry in row.entries]
    detail["effects"] = [effect_json(row) for row in reversed(effects)]
    if event is not None:
        detail["event"] = event_json(event)
    return detail


async def _journal(context: AppContext, run: str) -> list[JournalRow]:
    rows: list[JournalRow] = []
    while True:
        page = await context.reader.journal(run=run, limit=_SEGMENTS, after=rows[-1].seq if rows else 0)
        rows += page
        if len(page) < _SEGMENTS:
            return rows


async def get_run(request: Request) -> Response:
    """One run in full."""
    return json_response(await run_detail(context_of(request), request.path_params["id"]))


async def cancel_run(request: Request) -> Response:
    """End a live run by hand."""
    context = context_of(request)
    reason = await _reason(request)
    run = await find_run(context, request.path_params["id"])
    expect_done(await committed(context.engine.operate(CancelRun(run.id, reason))))
    return json_response(run_json(await find_run(context, run.id)))


async def _reason(request: Request) -> str:
    given = await read_object(request, empty=True)
    reason = given.pop("reason", "cancelled by hand")
    if given or not isinstance(reason, str) or not 0 < len(reason) <= 500:
        raise Problem(400, 'the body is {"reason": "…"} with 1 to 500 characters, or nothing')
    return reason


def expect_done(result: Done) -> None:
    """Pass when an operator's wish was fulfilled.

    Raises:
        Problem: 409 with the reason why not.
    """
    if result.problem:
        raise Problem(409, result.problem)


async def list_effects(request: Request) -> Response:
    """A page of effects, newest first."""
    query = request.query_params
    rows, cursor = await context_of(request).reader.effects(
        run=query.get("run", ""),
        status=_status(query.get("status", ""), EffectStatus),
        limit=page_limit(request),
        cursor=query.get("cursor", ""),
    )
    return json_response({"items": [effect_json(row) for row in rows], "next": cursor})


async def find_effect(context: AppContext, key: str) -> EffectRow:
    """The effect with this key, which begins with the id of its run.

    Raises:
        Problem: 404.
    """
    rows, _ = await context.reader.effects(run=key.partition(":")[0], limit=_EFFECTS)
    for row in rows:
        if row.effect.key == key:
            return row
    raise Problem(404, f"there is no effect with the key {key[:120]!r}")


async def replay_effect(request: Request) -> Response:
    """Try a dead letter or an effect of unknown outcome again, under its old key."""
    context, key = context_of(request), request.path_params["key"]
    await find_effect(context, key)
    expect_done(await committed(context.engine.operate(Replay(key, "the API"))))
    return json_response(effect_json(await find_effect(context, key)))


async def skip_effect(request: Request) -> Response:
    """Let a run go on without an effect that failed."""
    context, key = context_of(request), request.path_params["key"]
    await find_effect(context, key)
    expect_done(await committed(context.engine.operate(Skip(key, "the API"))))
    return json_response(effect_json(await find_effect(context, key)))


def _schema(required: tuple[str, ...]) -> dict[str, Any]:
    subject = {"type": "object", "required": ["kind", "id"]}
    texts = {name: {"type": "string"} for name in required if name != "subject"}
    return {"type": "object", "required": list(required), "properties": {**texts, "subject": subject}}


def _page(item: dict[str, Any]) -> dict[str, Any]:
    properties = {"items": {"type": "array", "items": item}, "next": {"type": "string"}}
    return {"type": "object", "required": ["items", "next"], "properties": properties}


_RUN = _schema(("id", "rule", "subject", "status", "step", "plan", "started_at"))
_EFFECT = _schema(("key", "run", "rule", "step", "action", "subject", "destination", "status", "created_at"))
_REASON = {"type": "object", "properties": {"reason": {"type": "string", "maxLength": 500}}}
_MISSING = Answer("unknown")
_STANDS = Answer("it does not stand still, or is over")


def endpoints() -> list[Endpoint]:
    """The routes."""
    return [*_run_endpoints(), *_effect_endpoints()]


def _statuses(known: type[RunStatus] | type[EffectStatus]) -> dict[str, Any]:
    return {"type": "string", "enum": [str(status) for status in known]}


def _run_endpoints() -> list[Endpoint]:
    filters = (
        Parameter("rule", "only runs of this rule"),
        Parameter("status", "only runs of this status", _statuses(RunStatus)),
        Parameter("subject", "only runs for this subject, `kind:id`"),
    )
    return [
        Endpoint(
            "GET",
            "/v1/runs",
            "runs:read",
            list_runs,
            "List runs",
            "Newest first.",
            parameters=(*filters, LIMIT, CURSOR),
            answers={200: Answer("a page", _page(_RUN)), 400: Answer("a parameter is wrong")},
            tag="runs",
        ),
        Endpoint(
            "GET",
            "/v1/runs/{id}",
            "runs:read",
            get_run,
            "Read a run with its journal, its effects and its event",
            answers={200: Answer("the run", _RUN), 404: _MISSING},
            tag="runs",
        ),
        Endpoint(
            "POST",
            "/v1/runs/{id}/cancel",
            "runs:write",
            cancel_run,
            "End a run",
            bodies={"application/json": _REASON},
            answers={200: Answer("the run as it is now", _RUN), 404: _MISSING, 409: _STANDS},
            tag="runs",
            body_required=False,
        ),
    ]


def _effect_endpoints() -> list[Endpoint]:
    filters = (
        Parameter("run", "only effects of this run"),
        Parameter("status", "only this status", _statuses(EffectStatus)),
    )
    decided = {200: Answer("the effect as it is now", _EFFECT), 404: _MISSING, 409: _STANDS}
    return [
        Endpoint(
            "GET",
            "/v1/effects",
            "runs:read",
            list_effects,
            "List effects",
            "Newest first.",
            parameters=(*filters, LIMIT, CURSOR),
            answers={200: Answer("a page", _page(_EFFECT)), 400: Answer("a parameter is wrong")},
            tag="effects",
        ),
        Endpoint(
            "POST",
            "/v1/effects/{key}/replay",
            "runs:write",
            replay_effect,
            "Try a dead letter again",
            "Under its old key, with the message that was composed before the first try.",
            answers=decided,
            tag="effects",
        ),
        Endpoint(
            "POST",
            "/v1/effects/{key}/skip",
            "runs:write",
            skip_effect,
            "Go on without a dead letter",
            answers=decided,
            tag="effects",
        ),
    ]
