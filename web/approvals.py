"""What runs wait for from outside: a person's approval, on a page or over the API, and the callback of a system."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from rulelang.calendar import instant_text
from rulelang.plan.codec import decode
from rulelang.plan.model import ListenStep
from rulelang.plan.parts import all_steps
from runtime.engine.work import Arrival, Receipt, ReceiptStatus
from runtime.events import EventError, body_hash
from runtime.model import Run, RunStatus
from web.body import read_body, read_object
from web.context import AppContext, committed, context_of
from web.html import render
from web.pages import Page
from web.problems import Problem
from web.routing import Answer, Endpoint, json_response
from web.runs import find_run

_PART = 500
"""Runs read at a time."""
_MAX_FORM = 4096


async def open_approvals(context: AppContext) -> list[dict[str, Any]]:
    """Runs that stand at `wait for approval`, the oldest of each rule first."""
    waiting = [f for f in await context.reader.flights() if f.status == RunStatus.WAITING]
    asked = {plan: await _asked(context, plan) for plan in {flight.plan for flight in waiting}}
    rules = dict.fromkeys(f.rule for f in waiting if f.position in asked[f.plan])
    found: list[dict[str, Any]] = []
    for rule in rules:
        runs = [run async for run in _waiting(context, rule)]
        known = ((run, asked.get(run.plan, {}).get(run.position)) for run in reversed(runs))
        found += [_shown(run, step) for run, step in known if step is not None]
    return found


async def _waiting(context: AppContext, rule: str) -> AsyncIterator[Run]:
    """The runs of a rule that wait, the newest first."""
    cursor, more = "", True
    while more:
        runs, cursor = await context.reader.list_runs(_PART, cursor, rule=rule, status=RunStatus.WAITING)
        for run in runs:
            yield run
        more = bool(cursor)


async def _asked(context: AppContext, plan: str) -> Mapping[str, ListenStep]:
    """The steps of a plan that ask for an approval, by their ids."""
    encoded = await context.reader.plan(plan)
    steps = all_steps(decode(encoded)) if encoded is not None else ()
    return {s.id: s for s in steps if isinstance(s, ListenStep) and s.subject == "approval"}


def _shown(run: Run, step: ListenStep) -> dict[str, Any]:
    return {
        "run": run.id,
        "rule": run.rule,
        "step": step.id,
        "subject": {"kind": run.subject.kind, "id": run.subject.id},
        "from": step.approver.partition(":")[2] or step.approver,
        "until": instant_text(run.due) if run.due is not None else None,
        "started_at": instant_text(run.started_at),
    }


async def list_approvals(request: Request) -> Response:
    """What waits for somebody."""
    return json_response({"items": await open_approvals(context_of(request))})


async def approve(request: Request) -> Response:
    """Approve what a run asks for.

    Raises:
        Problem: 404 for an unknown run, 409 when it does not wait for an approval.
    """
    return json_response(await _decide(request, "approval.given", await _said(request)))


async def refuse(request: Request) -> Response:
    """Refuse what a run asks for; raises as `approve`."""
    return json_response(await _decide(request, "approval.refused", await _said(request)))


async def _said(request: Request) -> dict[str, Any]:
    body = await read_object(request, empty=True, limit=_MAX_FORM)
    for name, value in body.items():
        if name not in ("by", "note") or not isinstance(value, str):
            raise Problem(422, "a decision takes `by` (an e-mail address) and `note`, both texts")
    return body


async def _decide(request: Request, type_: str, said: dict[str, Any]) -> dict[str, Any]:
    context = context_of(request)
    run = await find_run(context, request.path_params["id"])
    waits = run.status == RunStatus.WAITING and run.position in await _asked(context, run.plan)
    if not waits:
        raise Problem(409, "the run does not wait for an approval, or it has been decided")
    data = {"run": run.id, "step": run.position, **{k: v[:500] for k, v in said.items() if v}}
    # One decision for each time that a run stands there: a second one is a repeat.
    receipt = await _told(context, run, type_, f"approval:{run.id}:{run.position}:{run.steps}", data)
    if receipt.status in (ReceiptStatus.DUPLICATE, ReceiptStatus.CONFLICT):
        raise Problem(409, "it has been decided")
    return {"run": run.id, "decision": "approved" if type_ == "approval.given" else "refused"}


async def callback(request: Request) -> Response:
    """Another system answers a run: what it posts is kept, and the run that waits goes on.

    Raises:
        Problem: 404 for a token that is not one of ours, 409 when the run is over.
    """
    context = context_of(request)
    link = context.callbacks.read("b", request.path_params["token"]) if context.callbacks else None
    run = await context.reader.run(link.message) if link is not None else None
    if run is None:
        raise Problem(404, "this address is not one of ours, or its run is gone")
    if run.ended_at is not None:
        raise Problem(409, "the run that asked for this has ended")
    body = await read_object(request, empty=True)
    raw_id = f"callback:{run.id}:{body_hash(body).hex()}"
    await _told(context, run, "callback.received", raw_id, {"run": run.id, "body": body})
    return json_response({"run": run.id})


async def _told(context: AppContext, run: Run, type_: str, id: str, data: dict[str, Any]) -> Receipt:
    raw = {
        "id": id[:200],
        "type": type_,
        "subject": {"kind": run.subject.kind, "id": run.subject.id},
        "data": data,
    }
    try:
        arrival = Arrival(context.workspace.codec.read(raw, context.clock()), body_hash(raw))
    except EventError as error:
        raise Problem(422, str(error)) from None
    (receipt,) = await committed(context.engine.submit([arrival]))
    return receipt


# --- the page ---


async def approvals_page(request: Request) -> Response:
    """Everything that waits for somebody."""
    return render(request, "approvals.html", items=await open_approvals(context_of(request)))


async def decide_on_page(request: Request) -> Response:
    """What a button of the page says."""
    text = (await read_body(request, request.receive, _MAX_FORM)).decode("utf-8", "replace")
    form = {name: values[0].strip() for name, values in parse_qs(text).items()}
    type_ = "approval.given" if form.get("decision") == "approve" else "approval.refused"
    await _decide(request, type_, {name: form[name] for name in ("by", "note") if form.get(name)})
    return RedirectResponse("/approvals", 303)


PAGES: Sequence[Page] = (
    Page("GET", "/approvals", "runs:read", approvals_page),
    Page("POST", "/approvals/{id}", "runs:write", decide_on_page),
)
"""The pages, for the application."""


def endpoints() -> Sequence[Endpoint]:
    """The routes."""
    body = {
        "application/json": {
            "type": "object",
            "properties": {"by": {"type": "string"}, "note": {"type": "string"}},
        }
    }
    answers = {
        200: Answer("decided", {"type": "object"}),
        404: Answer("unknown"),
        409: Answer("the run does not wait for an approval"),
        422: Answer("wrong words"),
    }
    return [
        Endpoint(
            "GET",
            "/v1/approvals",
            "runs:read",
            list_approvals,
            "List what waits for somebody's approval",
            answers={200: Answer("the runs", {"type": "object", "required": ["items"]})},
            tag="approvals",
        ),
        *(
            Endpoint(
                "POST",
                f"/v1/approvals/{{id}}/{verb}",
                "runs:write",
                handler,
                f"{verb.capitalize()} what a run asks for",
                bodies=body,
                answers=answers,
                tag="approvals",
                body_required=False,
            )
            for verb, handler in (("approve", approve), ("refuse", refuse))
        ),
        Endpoint(
            "POST",
            "/v1/callbacks/{token}",
            "",
            callback,
            "Answer a run that waits for a callback",
            "The token is in the header `Rulelang-Callback` of the webhooks of the run.",
            bodies={"application/json": {"type": "object"}},
            answers={
                200: Answer("taken", {"type": "object"}),
                404: Answer("not an address of ours"),
                409: Answer("the run has ended"),
            },
            tag="approvals",
            body_required=False,
        ),
    ]
