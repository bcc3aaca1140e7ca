"""Starting rules by hand over the API: a run for one record, and a backfill for all that match already."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from rulelang.calendar import instant_text
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.plan.model import Plan
from rulelang.types.coerce import CoercionError, coerce
from runtime.engine.backfill import (
    Backfill,
    BackfillError,
    State,
    cancel_backfill,
    figures,
    plan_backfill,
    preview_json,
    read_rate,
)
from runtime.engine.work import Arrival, Receipt, ReceiptStatus
from runtime.events import EventError, body_hash
from runtime.existing import says_who
from runtime.model import EntryKind, Event, SubjectKey
from web.body import read_object
from web.context import AppContext, committed, context_of
from web.problems import Problem
from web.routing import Answer, Endpoint, Parameter, json_response

MAX_BACKFILL = 10_000_000
_REASONS = frozenset({EntryKind.REFUSED, EntryKind.NOT_MATCHED})


def _plan(request: Request) -> Plan:
    """The rule in force that the path names.

    Raises:
        Problem: 404 when there is none, 409 when it is not live.
    """
    key = request.path_params["key"]
    plans = {plan.key: plan for plan in context_of(request).workspace.checked.plans}
    if key not in plans:
        near = did_you_mean(key, plans)
        raise Problem(
            404, f"the workspace has no rule `{key[:100]}`" + (f"; did you mean `{near}`?" if near else "")
        )
    if plans[key].state != "live":
        raise Problem(409, f"the rule is {plans[key].state}, only a live rule can be started")
    return plans[key]


# --- one run -----------------------------------------------------------------------------------------


async def post_run(request: Request) -> Response:
    """Start a rule for one record."""
    context, plan = context_of(request), _plan(request)
    body = await read_object(request)
    for name in body:
        if name not in ("subject", "with", "id"):
            raise Problem(400, f"the body has `subject`, `with` and `id`, found `{name[:50]}`")
    id = body.get("id") or request.headers.get("idempotency-key") or f"start_{uuid4().hex}"
    params = _params(context, plan, body.get("with", {}))
    data = {"rule": plan.key, **({"params": params} if params else {})}
    raw = {"id": id, "type": "rule.start", "subject": body.get("subject"), "data": data}
    try:
        event = context.workspace.codec.read(raw, context.clock())
    except EventError as error:
        raise Problem(422, str(error), errors=[{"pointer": error.pointer, "detail": str(error)}]) from None
    if event.subject.kind != plan.subject:
        raise Problem(422, f"the rule is for {plan.subject} records, not for this {event.subject.kind}")
    await _known(context, event)
    (receipt,) = await committed(context.engine.submit([Arrival(event, body_hash(raw))]))
    return json_response(await _outcome(context, receipt, plan), 200 if receipt.runs else 409)


async def _known(context: AppContext, event: Event) -> None:
    """Starting a rule makes no record.

    Raises:
        Problem: 404 when there is no such record.
    """
    kind, id = event.subject.kind, event.subject.id
    name, value = event.identity or ("id", id)
    if event.identity is not None:
        id = await context.reader.find_subject(kind, name, value) or ""
    state = await context.reader.subject(SubjectKey(kind, id)) if id else None
    if state is None or not state.exists:
        raise Problem(
            404, f"the database knows no {kind} with the {name} `{value[:80]}`; starting a rule makes none"
        )


def _params(context: AppContext, plan: Plan, given: Any) -> dict[str, Any]:
    """The parameters that the rule takes, all of them, of their types."""
    if not isinstance(given, dict):
        raise Problem(422, "`with` is an object of the rule's parameters")
    takes = context.workspace.checked.keys[plan.key].checked.takes
    unknown = next((name for name in given if name not in takes), None)
    missing = next((name for name in takes if given.get(name) is None), None)
    if unknown is not None or missing is not None:
        wanted = ", ".join(f"{name}: {type_}" for name, type_ in plan.params.items()) or "nothing"
        what = f"does not take `{unknown[:50]}`" if unknown is not None else f"misses `{missing}`"
        raise Problem(422, f"`{plan.key}` {what}; it takes {wanted}")
    try:
        return {name: coerce(takes[name].type, value) for name, value in given.items()}
    except CoercionError as error:
        raise Problem(422, f"a parameter is of another type: {error}") from None


async def _outcome(context: AppContext, receipt: Receipt, plan: Plan) -> dict[str, Any]:
    if receipt.status == ReceiptStatus.CONFLICT:
        raise Problem(409, "this id was used before with another body")
    if receipt.status == ReceiptStatus.DUPLICATE and receipt.subject is None:
        event = await context.reader.event(receipt.id)
        receipt = replace(receipt, subject=event.subject if event is not None else None)
    subject = receipt.subject
    answer: dict[str, Any] = {
        "event": receipt.id,
        "rule": plan.key,
        "status": "started" if receipt.runs else "refused",
        "run": receipt.runs[0] if receipt.runs else None,
        "subject": {"kind": subject.kind, "id": subject.id} if subject else None,
    }
    if not receipt.runs and subject is not None:
        rows = await context.reader.journal(subject=subject)
        entries = [e for row in rows for e in row.entries if e.event == receipt.id and e.kind in _REASONS]
        answer["reason"] = entries[-1].reason if entries else "handling it hit an internal error"
    return answer


# --- backfills ---------------------------------------------------------------------------------------


async def post_backfill(request: Request) -> Response:
    """Let a rule enrol the records that match already; with `dry_run` only count them."""
    context, plan = context_of(request), _plan(request)
    wanted, dry = _wanted(plan, await read_object(request, empty=True))
    if not says_who(plan, context.engine.catalogue):
        raise Problem(
            422, "nothing in the records tells for whom this rule would have begun; give it a `when` first"
        )
    if dry:
        found = await committed(context.engine.preview(wanted))
        return json_response(preview_json(found, wanted, context.clock()))
    try:
        await committed(context.engine.write(lambda tx: plan_backfill(tx, wanted, context.clock())))
    except BackfillError as error:
        raise Problem(409, str(error)) from None
    return json_response(await _status(context, plan.key), 202)


def _wanted(plan: Plan, body: dict[str, Any]) -> tuple[Backfill, bool]:
    for name in body:
        if name not in ("dry_run", "rate", "limit"):
            raise Problem(400, f"the body has `dry_run`, `rate` and `limit`, found `{name[:50]}`")
    dry, rate, limit = body.get("dry_run", False), body.get("rate"), body.get("limit", 0)
    if not isinstance(dry, bool):
        raise Problem(422, "`dry_run` is true or false")
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit <= MAX_BACKFILL:
        raise Problem(422, f"`limit` is a whole number up to {MAX_BACKFILL}")
    if rate is not None and not isinstance(rate, str):
        raise Problem(422, "`rate` is a text such as 50/1h")
    try:
        count, span = read_rate(rate) if rate is not None else (0, 0)
    except BackfillError as error:
        raise Problem(422, str(error)) from None
    return Backfill(plan.key, plan.subject, count, span, limit), dry


async def get_backfill(request: Request) -> Response:
    """How far the last backfill of a rule is."""
    return json_response(await _status(context_of(request), request.path_params["key"]))


async def delete_backfill(request: Request) -> Response:
    """Cancel a backfill, and its runs that still wait for their turn."""
    context, key = context_of(request), request.path_params["key"]
    kinds = {plan.key: plan.subject for plan in context.workspace.checked.plans}
    kind = kinds.get(key, "contact")
    now = context.clock()
    if not await committed(context.engine.write(lambda tx: cancel_backfill(tx, key, kind, now))):
        raise Problem(409, "there is no backfill of this rule to cancel")
    return json_response(await _status(context, key))


async def _status(context: AppContext, rule: str) -> dict[str, Any]:
    found = figures(await committed(context.engine.counters()), rule)
    if found is None:
        raise Problem(404, f"there was no backfill of `{rule[:100]}`")
    return {
        "rule": rule,
        "number": found["number"],
        "state": State(found["state"]).name.lower(),
        "examined": found["examined"],
        "enrolled": found["enrolled"],
        "rate": {"count": found["count"], "seconds": found["span"] // 1000} if found["count"] else None,
        "limit": found["limit"] or None,
        "began_at": instant_text(found["began"]),
        "ended_at": instant_text(found["ended"]) if found["ended"] else None,
    }


_SUBJECT = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}
_RUN = {
    "type": "object",
    "required": ["event", "rule", "status", "run", "subject"],
    "properties": {
        "status": {"type": "string", "enum": ["started", "refused"]},
        "reason": {"type": "string"},
    },
}
_START = {
    "type": "object",
    "required": ["subject"],
    "properties": {"subject": _SUBJECT, "with": {"type": "object"}, "id": {"type": "string"}},
}
_WANTED = {
    "type": "object",
    "properties": {
        "dry_run": {"type": "boolean"},
        "rate": {"type": "string", "description": "at most so many runs begin in such a time, `50/1h`"},
        "limit": {"type": "integer", "minimum": 0, "maximum": MAX_BACKFILL},
    },
}
_PREVIEW = {
    "type": "object",
    "required": ["rule", "dry_run", "examined", "matches", "first", "now", "last_at"],
}
_STATUS = {
    "type": "object",
    "required": ["rule", "number", "state", "examined", "enrolled", "rate", "limit", "began_at", "ended_at"],
    "properties": {"state": {"type": "string", "enum": [state.name.lower() for state in State]}},
}
_GONE = Answer("no such rule, or no such record")


def endpoints() -> list[Endpoint]:
    """The routes. They stand before those of rule files, whose path takes everything."""
    path = "/v1/rules/{key:path}/backfill"
    return [
        Endpoint(
            "POST",
            "/v1/rules/{key:path}/runs",
            "events:write",
            post_run,
            "Start a rule for a record",
            "`key` is the rule's name. `with` holds what the rule `takes`. The rule's own `when`, enrolment and exits "
            "apply, its triggers do not. A repeat with the same `id` or `Idempotency-Key` gets the first answer.",
            parameters=(Parameter("Idempotency-Key", "names the request", place="header"),),
            bodies={"application/json": _START},
            answers={
                200: Answer("the run has begun", _RUN),
                400: Answer("no such body"),
                404: _GONE,
                409: Answer("it was refused, with the `reason`, or the rule is not live", _RUN),
                422: Answer("the subject or a parameter is wrong"),
            },
            tag="rules",
        ),
        Endpoint(
            "POST",
            path,
            "rules:write",
            post_backfill,
            "Enrol the records that match already",
            "For each record as it is now: the rule begins if its trigger would have been about what the record is (its"
            " stage, tags, segments, fields) and `when` holds. Never done unasked. With `dry_run` nothing happens and "
            "the answer counts.",
            bodies={"application/json": _WANTED},
            body_required=False,
            answers={
                200: Answer("what would happen", _PREVIEW),
                202: Answer("it has begun", _STATUS),
                400: Answer("no such body"),
                404: _GONE,
                409: Answer("one is under way, or the rule is not live"),
                422: Answer("a value is wrong, or nothing tells who matches"),
            },
            tag="rules",
        ),
        Endpoint(
            "GET",
            path,
            "rules:read",
            get_backfill,
            "How far is the last backfill of a rule?",
            answers={200: Answer("its figures", _STATUS), 404: Answer("there was none")},
            tag="rules",
        ),
        Endpoint(
            "DELETE",
            path,
            "rules:write",
            delete_backfill,
            "Cancel a backfill",
            "Runs that it began go on; those that wait for their turn are ended.",
            answers={
                200: Answer("its figures", _STATUS),
                404: Answer("there was none"),
                409: Answer("there is none to cancel"),
            },
            tag="rules",
        ),
    ]
