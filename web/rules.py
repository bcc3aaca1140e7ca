"""Rules: listing them, reading a file, and changing one, which is checked before it is accepted."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from hashlib import sha256
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from rulelang.diagnostics.model import Diagnostic
from rulelang.diagnostics.render import render_json
from rulelang.picture.build import triggers
from runtime.engine.settling import Settling
from runtime.files import FileError, is_rule_file_name
from runtime.going_live import go_live
from runtime.program import PlanError
from runtime.versions import Author
from runtime.workspace import Change, new_mistakes
from web.body import media_type, read_body
from web.context import AppContext, committed, context_of
from web.problems import Problem
from web.routing import Answer, Endpoint, Parameter, json_response


async def rules_overview(context: AppContext) -> list[dict[str, Any]]:
    """Every rule of the workspace with the number of its runs by status."""
    counts: dict[str, dict[str, int]] = {}
    for (rule, status), number in (await context.reader.count_runs()).items():
        counts.setdefault(rule, {})[status] = number
    return [
        {
            "rule": plan.key,
            "file": plan.file,
            "line": plan.line,
            "state": plan.state,
            "paused": plan.key in context.engine.paused,
            "subject": plan.subject,
            "events": sorted({trigger.event for trigger in plan.triggers}),
            "triggers": triggers(plan),
            "enrol": plan.enrol,
            "plan": plan.hash,
            "runs": counts.get(plan.key, {}),
        }
        for plan in context.workspace.checked.plans
    ]


async def list_rules(request: Request) -> Response:
    """All rules, and what the checker says of the workspace."""
    context = context_of(request)
    diagnostics = render_json(context.workspace.diagnostics)
    return json_response({"items": await rules_overview(context), "diagnostics": diagnostics})


def etag_of(text: str) -> str:
    """The entity tag of a file's text."""
    return f'"{sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]}"'


async def get_file(request: Request) -> Response:
    """The text of a rule file."""
    name = request.path_params["file"]
    text = context_of(request).workspace.texts.get(name)
    if text is None:
        raise Problem(404, f"the workspace has no file {name[:100]!r}")
    return Response(text, headers={"ETag": etag_of(text)}, media_type="text/plain; charset=utf-8")


async def put_file(request: Request) -> Response:
    """Replace a rule file, if it has no error, and go live with it."""
    context, name = context_of(request), request.path_params["file"]
    if not is_rule_file_name(name):
        raise Problem(400, "a rule file is named with letters, digits, `-` and `_`, and ends in `.rules`")
    dry = _dry_run(request)
    text = await _text(request)
    async with context.workspace.changing:
        before = context.workspace.texts.get(name)
        _check_conditions(request, context, name, before)
        change = await run_in_threadpool(context.workspace.change, {name: text})
        checked = change.checked
        refuse_errors(context.workspace.checked.diagnostics, checked.diagnostics, {name})
        if not dry:
            await put_in_force(context, change, author_of(request, "api"))
    plans = [{"rule": p.key, "state": p.state, "plan": p.hash} for p in checked.plans if p.file == name]
    answer = {"file": name, "saved": not dry, "rules": plans, "diagnostics": render_json(checked.diagnostics)}
    if dry:
        return json_response(answer)
    return json_response(answer, 201 if before is None else 200, {"ETag": etag_of(text)})


async def _text(request: Request) -> str:
    """The text sent, with the line ends that files have once they are read back."""
    if media_type(request) not in ("", "text/plain"):
        raise Problem(415, "send the text of the file with Content-Type text/plain", {"Accept": "text/plain"})
    body = await read_body(request, request.receive)
    try:
        return body.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise Problem(400, f"the file is not UTF-8 text (byte {error.start})") from None


def _dry_run(request: Request) -> bool:
    value = request.query_params.get("dry_run", "false")
    if value not in ("true", "false"):
        raise Problem(400, f"`dry_run` is `true` or `false`, found {value[:50]!r}")
    return value == "true"


def _check_conditions(request: Request, context: AppContext, name: str, before: str | None) -> None:
    """Refuse the change of a file that is not as the client says (If-Match, If-None-Match; RFC 9110, 13.1)."""
    if request.headers.get("if-none-match") == "*" and before is not None:
        raise Problem(412, "the file exists already")
    expected = request.headers.get("if-match")
    if expected is None:
        return
    tags = [tag.strip() for tag in expected.split(",")]
    if before is None or not ("*" in tags or etag_of(before) in tags):
        raise Problem(412, "the file was changed since it was read; read it again and merge")
    if context.workspace.on_disk(name) != before:
        raise Problem(
            412, "the file on disk was changed and is not in force yet; look at it, or leave If-Match out"
        )


def refuse_errors(before: Iterable[Diagnostic], after: Sequence[Diagnostic], names: Container[str]) -> None:
    """Refuse files with errors, or that cause errors elsewhere; those that were there before are let be.

    Raises:
        Problem: 422 with the diagnostics.
    """
    mine = sum(d.is_error and d.source.path in names for d in after)
    count = mine or len(new_mistakes(before, after))
    if count:
        where = "in this file" if mine else "elsewhere in the workspace, caused by this change"
        detail = f"{count} {'mistake' if count == 1 else 'mistakes'} {where}; nothing was changed"
        raise Problem(422, detail, diagnostics=render_json(after))


async def delete_file(request: Request) -> Response:
    """Remove a rule file, unless rules elsewhere need what it holds."""
    context, name = context_of(request), request.path_params["file"]
    dry = _dry_run(request)
    async with context.workspace.changing:
        before = context.workspace.texts.get(name)
        if before is None:
            raise Problem(404, f"the workspace has no file {name[:100]!r}")
        _check_conditions(request, context, name, before)
        change = await run_in_threadpool(context.workspace.change, {name: None})
        refuse_errors(context.workspace.checked.diagnostics, change.checked.diagnostics, {name})
        gone = [plan.key for plan in context.workspace.checked.plans if plan.file == name]
        if not dry:
            await put_in_force(context, change, author_of(request, "api"))
    answer = {"file": name, "removed": not dry, "rules": gone}
    return json_response({**answer, "diagnostics": render_json(change.checked.diagnostics)})


def author_of(request: Request, how: str) -> Author:
    """Who sent a request, for the history."""
    return Author(context_of(request).guard.author_name(request), how)


async def put_in_force(
    context: AppContext, change: Change, author: Author, settlings: Sequence[Settling] = ()
) -> None:
    """Go live with a change that was found good; the caller holds `workspace.changing`.

    Raises:
        Problem: 422 for an action that is not installed, 507 when the files cannot be kept, 503; nothing was changed.
    """
    try:
        await committed(go_live(context.engine, context.workspace, change, author, settlings))
    except PlanError as error:
        raise Problem(422, f"{error}; nothing was changed") from None
    except FileError as error:
        raise Problem(507, f"the file could not be kept, the rules are as before: {error}") from None


_RULE = {
    "type": "object",
    "required": ["rule", "file", "line", "state", "subject", "events", "triggers", "enrol", "plan", "runs"],
    "properties": {"rule": {"type": "string"}, "file": {"type": "string"}, "line": {"type": "integer"}},
}
_DIAGNOSTICS = {
    "type": "array",
    "items": {"type": "object", "required": ["code", "severity", "message", "path", "start", "end"]},
}
_LIST = {
    "type": "object",
    "required": ["items", "diagnostics"],
    "properties": {"items": {"type": "array", "items": _RULE}, "diagnostics": _DIAGNOSTICS},
}
_SAVED = {
    "type": "object",
    "required": ["file", "saved", "rules", "diagnostics"],
    "properties": {"saved": {"type": "boolean"}, "diagnostics": _DIAGNOSTICS},
}
_REMOVED = {
    "type": "object",
    "required": ["file", "removed", "rules", "diagnostics"],
    "properties": {"removed": {"type": "boolean"}, "diagnostics": _DIAGNOSTICS},
}
_TEXT = {"type": "string"}


def endpoints() -> list[Endpoint]:
    """The routes."""
    return [
        Endpoint(
            "GET",
            "/v1/rules",
            "rules:read",
            list_rules,
            "List rules",
            answers={200: Answer("all rules", _LIST)},
            tag="rules",
        ),
        Endpoint(
            "GET",
            "/v1/rules/{file:path}",
            "rules:read",
            get_file,
            "Read a rule file",
            answers={
                200: Answer("its text in force, with an ETag", _TEXT, "text/plain"),
                404: Answer("unknown"),
            },
            tag="rules",
        ),
        Endpoint(
            "PUT",
            "/v1/rules/{file:path}",
            "rules:write",
            put_file,
            "Replace a rule file",
            "The workspace is checked with the new text; with a new error nothing changes, "
            "and the answer holds the diagnostics. Runs under way keep the version they began with.",
            parameters=(
                Parameter("dry_run", "only check", {"type": "string", "enum": ["true", "false"]}),
                Parameter("If-Match", "the ETag of the text that was edited", place="header"),
                Parameter("If-None-Match", "`*`: only make a new file", place="header"),
            ),
            bodies={"text/plain": _TEXT},
            answers={
                200: Answer("replaced, or checked", _SAVED),
                201: Answer("new", _SAVED),
                400: Answer("no name for a rule file, or no text"),
                412: Answer("changed meanwhile"),
                422: Answer("it has errors, listed in `diagnostics`"),
                507: Answer("the file could not be kept"),
            },
            tag="rules",
        ),
        Endpoint(
            "DELETE",
            "/v1/rules/{file:path}",
            "rules:write",
            delete_file,
            "Remove a rule file",
            "Runs under way finish on the version they began with. Refused when rules elsewhere need what the file "
            "declares.",
            parameters=(
                Parameter("dry_run", "only check", {"type": "string", "enum": ["true", "false"]}),
                Parameter("If-Match", "the ETag of the text that was looked at", place="header"),
            ),
            answers={
                200: Answer("removed, or checked", _REMOVED),
                404: Answer("unknown"),
                412: Answer("changed meanwhile"),
                422: Answer("rules elsewhere would have mistakes, listed in `diagnostics`"),
                507: Answer("the file could not be removed"),
            },
            tag="rules",
        ),
    ]
