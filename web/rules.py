"""Rules: listing them, reading a file, and changing one, which is checked before it is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from rulelang.diagnostics.model import Diagnostic
from rulelang.diagnostics.render import render_json
from runtime.files import FileError, is_rule_file_name
from web.body import read_body
from web.context import AppContext, committed, context_of
from web.problems import Problem
from web.routing import Endpoint, Parameter, json_response


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
            "subject": plan.subject,
            "events": sorted({trigger.event for trigger in plan.triggers}),
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


def _etag(text: str) -> str:
    return f'"{sha256(text.encode()).hexdigest()[:32]}"'


async def get_file(request: Request) -> Response:
    """The text of a rule file."""
    context, name = context_of(request), request.path_params["file"]
    text = context.workspace.texts.get(name)
    if text is None:
        raise Problem(404, f"the workspace has no file {name[:100]!r}")
    return Response(text, headers={"ETag": _etag(text)}, media_type="text/plain; charset=utf-8")


async def put_file(request: Request) -> Response:
    """Replace a rule file, if it has no error, and go live with it."""
    context, name = context_of(request), request.path_params["file"]
    if not is_rule_file_name(name):
        raise Problem(400, "a rule file is named with letters, digits, `-` and `_`, and ends in `.rules`")
    text = await _text(request)
    before = context.workspace.texts.get(name)
    expected = request.headers.get("if-match")
    if expected is not None and (before is None or expected != _etag(before)):
        raise Problem(412, "the file was changed since it was read; read it again and merge")
    dry = _dry_run(request)
    checked = context.workspace.draft(name, text)
    _refuse_errors(checked.diagnostics, name)
    if not dry:
        await _go_live(context, name, text, checked)
    plans = [{"rule": p.key, "state": p.state, "plan": p.hash} for p in checked.plans if p.file == name]
    answer = {"file": name, "saved": not dry, "rules": plans, "diagnostics": render_json(checked.diagnostics)}
    return json_response(answer, 201 if before is None and not dry else 200, {"ETag": _etag(text)})


async def _text(request: Request) -> str:
    body = await read_body(request.receive)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(400, f"the file is not UTF-8 text (byte {error.start})") from None


def _dry_run(request: Request) -> bool:
    value = request.query_params.get("dry_run", "false")
    if value not in ("true", "false"):
        raise Problem(400, "`dry_run` is `true` or `false`")
    return value == "true"


def _refuse_errors(diagnostics: Sequence[Diagnostic], name: str) -> None:
    errors = [d for d in diagnostics if d.is_error]
    if errors:
        mine = sum(d.source.path == name for d in errors)
        where = "in this file" if mine else "elsewhere in the workspace, caused by this change"
        detail = f"{len(errors)} {'mistake' if len(errors) == 1 else 'mistakes'} {where}; nothing was changed"
        raise Problem(422, detail, diagnostics=render_json(diagnostics))


async def _go_live(context: AppContext, name: str, text: str, checked: Any) -> None:
    await committed(context.engine.deploy(checked.schema, checked.plans))
    try:
        context.workspace.save(name, text, checked)
    except FileError as error:
        before = context.workspace.checked
        await committed(context.engine.deploy(before.schema, before.plans))
        raise Problem(507, f"the file could not be kept, the rules are as before: {error}") from None


def endpoints() -> list[Endpoint]:
    """The routes."""
    text = {"text/plain": {"type": "string"}}
    return [
        Endpoint(
            "GET",
            "/v1/rules",
            "rules:read",
            list_rules,
            "List rules",
            answers={200: ("all rules", {"type": "object", "required": ["items", "diagnostics"]})},
            tag="rules",
        ),
        Endpoint(
            "GET",
            "/v1/rules/{file:path}",
            "rules:read",
            get_file,
            "Read a rule file",
            answers={200: ("its text", None), 404: ("unknown", None)},
            tag="rules",
        ),
        Endpoint(
            "PUT",
            "/v1/rules/{file:path}",
            "rules:write",
            put_file,
            "Replace a rule file",
            "The workspace is checked with the new text; with any error nothing changes, "
            "and the answer holds the diagnostics.",
            parameters=(
                Parameter("dry_run", "only check", {"type": "string", "enum": ["true", "false"]}),
                Parameter("If-Match", "the ETag of the text that was edited", place="header"),
            ),
            bodies=text,
            answers={
                200: ("replaced, or checked", {"type": "object"}),
                201: ("new", {"type": "object"}),
                412: ("changed meanwhile", None),
                422: ("it has errors", None),
            },
            tag="rules",
        ),
    ]
