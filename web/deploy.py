"""Going live with other rules, over the API: first the plan, then exactly that."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from rulelang.diagnostics.render import render_json
from runtime.deploying import deploy_json
from runtime.files import FileError, Files
from runtime.fileset import refuse_bad_changes
from runtime.proposal import Proposal, propose
from web.body import MAX_STREAM_BYTES, media_type, parse_json, read_body
from web.context import AppContext, context_of
from web.problems import Problem
from web.routing import Answer, Endpoint, json_response


async def post_plan(request: Request) -> Response:
    """What going live with other files would mean. Changes nothing."""
    context = context_of(request)
    body = await read_changes(request, ("files", "whole"))
    async with context.workspace.changing:
        found = await proposal(context, body)
    return json_response(proposal_json(found))


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
    workspace = context.workspace
    before = Files(workspace.texts, workspace.templates)
    return await propose(
        before,
        workspace.checked,
        body["files"],
        body.get("whole", False),
        context.reader,
        workspace.checked.catalogue,
    )


def proposal_json(found: Proposal) -> dict[str, Any]:
    """The public form: the plan, whether it can be deployed, and what the checker says."""
    return {
        **deploy_json(found.plan),
        "deployable": not found.mistakes,
        "diagnostics": render_json(found.checked.diagnostics),
    }


FILES = {
    "type": "object",
    "description": "texts by path (`sales.rules`, `templates/hello.liquid`); null removes a file",
    "additionalProperties": {"type": ["string", "null"]},
}
_BODY = {
    "type": "object",
    "required": ["files"],
    "properties": {
        "files": FILES,
        "whole": {"type": "boolean", "description": "these are all files: others are removed"},
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
    ]
