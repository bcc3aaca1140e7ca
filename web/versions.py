"""The history of rules and rule files over the API: versions, what differs between two, and getting one back."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from rulelang.diagnostics.render import render_json
from runtime.files import is_rule_file_name
from runtime.store.protocol import Version
from runtime.versions import FILE, RULE, compare, difference_json, find_version, restored, version_json
from web.body import read_object
from web.context import AppContext, context_of
from web.problems import Problem
from web.routing import CURSOR, LIMIT, Answer, Endpoint, Parameter, json_response, page_limit
from web.rules import author_of, put_in_force, refuse_errors


def _kind(request: Request) -> tuple[str, str]:
    """What the path names: a rule by its key, or a file, which ends in `.rules`."""
    name = request.path_params["key"]
    return (FILE if is_rule_file_name(name) else RULE), name


async def list_versions(request: Request) -> Response:
    """The versions of a rule or file, newest first."""
    kind, name = _kind(request)
    limit, cursor = page_limit(request), request.query_params.get("cursor", "")
    found, following = await context_of(request).reader.versions(kind, name, limit, cursor)
    if not found and not cursor:
        raise _unknown(name)
    return json_response({"items": [version_json(version) for version in found], "next": following})


async def get_version(request: Request) -> Response:
    """One version with its text."""
    kind, name = _kind(request)
    version = await _version(context_of(request), kind, name, request.path_params["version"])
    return json_response(version_json(version, text=True))


async def _version(context: AppContext, kind: str, name: str, text: str) -> Version:
    number = _number("version", text)
    assert number is not None
    found = await find_version(context.reader, kind, name, number)
    if found is None:
        raise Problem(404, f"`{name[:100]}` has no version {number}")
    return found


def _number(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0):
        raise Problem(400, f"`{name}` is the number of a version, found {text[:50]!r}")
    return int(text)


def _unknown(name: str) -> Problem:
    return Problem(404, f"there is no history of `{name[:100]}`")


async def get_difference(request: Request) -> Response:
    """What differs between two versions."""
    kind, name = _kind(request)
    before = _number("from", request.query_params.get("from"))
    after = _number("to", request.query_params.get("to"))
    found = await compare(context_of(request).reader, kind, name, before, after)
    if found is None:
        raise Problem(404, f"there are no such versions of `{name[:100]}`")
    return json_response(difference_json(found))


async def post_restore(request: Request) -> Response:
    """Put an old version in force again, as the newest one."""
    context = context_of(request)
    kind, name = _kind(request)
    body = await read_object(request)
    number = body.get("version")
    if set(body) != {"version"} or not isinstance(number, int) or isinstance(number, bool):
        raise Problem(400, '`{"version": 3}` says which version to restore')
    async with context.workspace.changing:
        version = await _version(context, kind, name, str(number))
        if version.text is None:
            raise Problem(422, f"version {number} is the removal of `{name[:100]}`; restore the one before")
        return await _restore(request, context, version, version.text)


async def _restore(request: Request, context: AppContext, version: Version, text: str) -> Response:
    workspace = context.workspace
    file = version.name
    if version.kind == RULE:
        file, text = restored(workspace.checked, version)
    change = await run_in_threadpool(workspace.change, {file: text})
    refuse_errors(workspace.checked.diagnostics, change.checked.diagnostics, {file})
    await put_in_force(context, change, author_of(request, "restore"))
    newest, _ = await context.reader.versions(version.kind, version.name, 1)
    answer = version_json(newest[0])
    return json_response({**answer, "diagnostics": render_json(change.checked.diagnostics)})


_VERSION: dict[str, Any] = {
    "type": "object",
    "required": ["version", "at", "by", "how", "removed"],
    "properties": {
        "version": {"type": "integer"},
        "at": {"type": "string", "format": "date-time"},
        "by": {"type": "string", "description": "the key's name, `a page`, or `the files`"},
        "how": {"type": "string", "enum": ["api", "page", "deploy", "files", "restore", "pause", "resume"]},
        "removed": {"type": "boolean"},
    },
}
_LIST = {
    "type": "object",
    "required": ["items", "next"],
    "properties": {"items": {"type": "array", "items": _VERSION}, "next": {"type": "string"}},
}
_DIFFERENCE = {
    "type": "object",
    "required": ["before", "after", "changes", "diff"],
    "properties": {"before": _VERSION, "after": _VERSION, "diff": {"type": "string"}},
}
_MISSING = Answer("no such rule, file or version")


def endpoints() -> list[Endpoint]:
    """The routes. They stand before those of rule files, whose path takes everything."""
    return [
        Endpoint(
            "GET",
            "/v1/rules/{key:path}/versions",
            "rules:read",
            list_versions,
            "List the versions of a rule or file",
            "`key` is a rule's name, or the path of a rule file. Newest first.",
            parameters=(LIMIT, CURSOR),
            answers={200: Answer("the versions", _LIST), 400: Answer("a parameter is wrong"), 404: _MISSING},
            tag="rules",
        ),
        Endpoint(
            "GET",
            "/v1/rules/{key:path}/versions/{version}",
            "rules:read",
            get_version,
            "Read a version",
            "With `text`, which is null where the rule or file was removed.",
            answers={200: Answer("the version", _VERSION), 400: Answer("no number"), 404: _MISSING},
            tag="rules",
        ),
        Endpoint(
            "GET",
            "/v1/rules/{key:path}/diff",
            "rules:read",
            get_difference,
            "Compare two versions",
            "Without `to` the newest, without `from` the one before the other.",
            parameters=(Parameter("from", "the older version"), Parameter("to", "the newer version")),
            answers={200: Answer("what differs", _DIFFERENCE), 400: Answer("no numbers"), 404: _MISSING},
            tag="rules",
        ),
        Endpoint(
            "POST",
            "/v1/rules/{key:path}/restore",
            "rules:write",
            post_restore,
            "Restore a version",
            "The old text is checked as any other and becomes the newest version. Runs under way keep theirs.",
            bodies={
                "application/json": {
                    "type": "object",
                    "required": ["version"],
                    "properties": {"version": {"type": "integer"}},
                }
            },
            answers={
                200: Answer("the new version", _VERSION),
                400: Answer("no such body"),
                404: _MISSING,
                422: Answer("it has errors now, or is a removal"),
                507: Answer("the file could not be kept"),
            },
            tag="rules",
        ),
    ]
