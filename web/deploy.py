"""Going live with other rules, over the API: first the plan, then exactly that."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from rulelang.diagnostics.render import render_json
from runtime.deploying import FINISH, MOVE, DeployPlan, deploy_json
from runtime.engine.settling import Settling
from runtime.files import FileError
from runtime.fileset import refuse_bad_changes
from runtime.proposal import Proposal, propose
from web.body import MAX_STREAM_BYTES, media_type, parse_json, read_body
from web.context import AppContext, context_of
from web.problems import Problem
from web.routing import Answer, Endpoint, json_response
from web.rules import author_of, put_in_force


async def post_plan(request: Request) -> Response:
    """What going live with other files would mean. Changes nothing."""
    context = context_of(request)
    body = await read_changes(request, ("files", "whole"))
    async with context.workspace.changing:
        found = await proposal(context, body)
    return json_response(proposal_json(found))


async def post_deploy(request: Request) -> Response:
    """Do what a plan said, if it still holds."""
    context = context_of(request)
    body = await read_changes(request, ("files", "whole", "token", "runs"))
    if not isinstance(body.get("token"), str):
        raise Problem(400, "`token` is that of the plan that was looked at")
    async with context.workspace.changing:
        found = await proposal(context, body)
        if body["token"] != found.plan.token:
            detail = "what is in force, or what runs follow, has changed since the plan was made; look at the new one"
            raise Problem(409, detail, plan=proposal_json(found))
        if found.mistakes:
            diagnostics = render_json(found.change.checked.diagnostics)
            raise Problem(422, "the files have mistakes; nothing was changed", diagnostics=diagnostics)
        settlings = _settlings(context, found.plan, body.get("runs", {}))
        await put_in_force(context, found.change, author_of(request, "deploy"), settlings)
    return json_response({**proposal_json(found), "deployed": True})


def _settlings(context: AppContext, plan: DeployPlan, chosen: Any) -> list[Settling]:
    """What is to become of runs in flight, by rule, checked against what the plan allows."""
    if not isinstance(chosen, dict) or not all(isinstance(choice, str) for choice in chosen.values()):
        raise Problem(400, "`runs` is an object with `finish`, `move` or `end` for a rule")
    rules = {rule.rule: rule for rule in plan.rules}
    for name, choice in chosen.items():
        allowed = rules[name].choices if name in rules else ()
        if choice not in allowed:
            may = (
                f"it may be {' or '.join(allowed)}"
                if allowed
                else "it has no runs in flight that this concerns"
            )
            raise Problem(422, f"`{choice[:50]}` cannot be chosen for `{name[:100]}`: {may}")
    kinds = {known.key: known.subject for known in context.workspace.checked.plans}
    reason = "ended when other rules were deployed"
    return [
        Settling(name, kinds.get(name, "contact"), rules[name].plan if choice == MOVE else "", reason)
        for name, choice in chosen.items()
        if choice != FINISH
    ]


async def read_changes(request: Request, members: tuple[str, ...]) -> dict[str, Any]:
    """The body of a request: `files`, `whole` and whatever else is taken here, each of its type.

    Raises:
        Problem: 400, 413 or 415.
    """
    raw = await read_body(request, request.receive, MAX_STREAM_BYTES)
    if media_type(request) != "application/json":
        raise Problem(415, "send a JSON object, with Content-Type application/json")
    body = parse_json(raw)
    if not isinstance(body, dict):
        raise Problem(400, "the body is a JSON object")
    for name in body:
        if name not in members:
            raise Problem(400, f"`{name[:50]}` is not known here; a deploy has {', '.join(members)}")
    _check_files(body)
    return body


def _check_files(body: dict[str, Any]) -> None:
    files = body.get("files")
    if not isinstance(files, dict) or not all(isinstance(t, str | None) for t in files.values()):
        raise Problem(400, "`files` is an object with the text of each file, or null for one that goes")
    if not isinstance(body.get("whole", False), bool):
        raise Problem(400, "`whole` is true or false")
    body["files"] = {name: _as_read(text) for name, text in files.items()}
    try:
        refuse_bad_changes(body["files"])
    except FileError as error:
        raise Problem(400, str(error)) from None


def _as_read(text: str | None) -> str | None:
    """A text with the line ends that files have once they are read back."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if text is not None else None


async def proposal(context: AppContext, body: dict[str, Any]) -> Proposal:
    """The proposal in a body, made from what is in force now."""
    return await propose(context.workspace, body["files"], body.get("whole", False), context.reader)


def proposal_json(found: Proposal) -> dict[str, Any]:
    """The public form: the plan, whether it can be deployed, and what the checker says."""
    return {
        **deploy_json(found.plan),
        "deployable": not found.mistakes,
        "diagnostics": render_json(found.change.checked.diagnostics),
    }


FILES = {
    "type": "object",
    "description": "texts by path (`sales.rules`, `templates/hello.liquid`); null removes a file",
    "additionalProperties": {"type": ["string", "null"]},
}
_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["files"],
    "properties": {
        "files": FILES,
        "whole": {"type": "boolean", "description": "these are all files: others are removed"},
    },
}
_DEPLOY = {
    "type": "object",
    "required": ["files", "token"],
    "properties": {
        **_BODY["properties"],
        "token": {"type": "string"},
        "runs": {
            "type": "object",
            "additionalProperties": {"type": "string", "enum": ["finish", "move", "end"]},
        },
    },
}
_STANDING = {
    "type": "object",
    "required": ["plan", "step", "status", "runs"],
    "properties": {
        "plan": {"type": "string", "description": "the version that they follow"},
        "step": {"type": "string"},
        "text": {"type": "string"},
        "status": {"type": "string"},
        "runs": {"type": "integer"},
        "to": {"type": "string", "description": "their step in the new version, where there is one"},
        "why_not": {"type": "string"},
        "wait": {
            "type": "object",
            "properties": {"before": {"type": "string"}, "after": {"type": "string"}},
        },
        "first_due": {"type": "string"},
        "last_due": {"type": "string"},
    },
}
_RULE = {
    "type": "object",
    "required": ["rule", "change", "file"],
    "properties": {
        "rule": {"type": "string"},
        "change": {"type": "string", "enum": ["added", "changed", "removed", "unchanged"]},
        "file": {"type": "string"},
        "plan": {"type": "string"},
        "changes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["part"],
                "properties": {name: {"type": "string"} for name in ("part", "before", "after", "step")},
            },
        },
        "diff": {"type": "string"},
        "runs": {"type": "integer"},
        "movable": {"type": "integer"},
        "standing": {"type": "array", "items": _STANDING},
        "choices": {"type": "array", "items": {"type": "string", "enum": ["finish", "move", "end"]}},
    },
}
PLAN = {
    "type": "object",
    "required": ["token", "rules", "deployable", "diagnostics"],
    "properties": {
        "token": {"type": "string"},
        "rules": {"type": "array", "items": _RULE},
        "deployable": {"type": "boolean"},
        "diagnostics": {"type": "array", "items": {"type": "object"}},
    },
}


def endpoints() -> list[Endpoint]:
    """The routes."""
    return [
        Endpoint(
            "POST",
            "/v1/deploy/plan",
            "rules:read",
            post_plan,
            "What would going live with these files mean?",
            "Compares the files with those in force: which rules are added, changed or removed, how many runs are in "
            "flight on each and where they stand, and whether they can be moved to the new version.",
            bodies={"application/json": _BODY},
            answers={
                200: Answer("the plan", PLAN),
                400: Answer("no such body"),
                413: Answer("too large"),
                415: Answer("no JSON"),
            },
            tag="rules",
        ),
        Endpoint(
            "POST",
            "/v1/deploy",
            "rules:write",
            post_deploy,
            "Go live with these files",
            "Exactly what the plan with this `token` said. `runs` says for a rule what becomes of its runs in flight: "
            "`finish` on the version they began with (without a word), `move` to the new one where they have a place "
            "there, or `end`. They are moved or ended in small parts after the answer.",
            bodies={"application/json": _DEPLOY},
            answers={
                200: Answer("it is in force", PLAN),
                400: Answer("no such body"),
                409: Answer("the plan does not hold any more; `plan` is the new one", PLAN),
                413: Answer("too large"),
                415: Answer("no JSON"),
                422: Answer("the files have mistakes, or a choice cannot be made"),
                507: Answer("the files could not be kept"),
            },
            tag="rules",
        ),
    ]
