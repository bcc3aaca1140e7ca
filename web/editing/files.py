"""Files of the workspace: read, kept as a draft, put in force, renamed, removed. No concurrent edit is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from runtime.files import FileError, is_author_file_name, kind_of
from runtime.versions import Author
from runtime.workspace import Change
from web.context import AppContext, context_of
from web.editing import convert
from web.editing.bodies import check_text, read_as
from web.editing.convert import Places
from web.editing.drafts import Draft, Drafts
from web.editing.language import mistakes
from web.editing.shelf import Stored, in_force, kind_name, listing, stored
from web.problems import Problem
from web.routing import json_response
from web.rules import author_of, put_in_force, refuse_errors


class Text(msgspec.Struct, forbid_unknown_fields=True):
    """A text to keep. `base_version` is the version it was made from, "" for a file that is new."""

    text: str
    base_version: str = ""


class Base(msgspec.Struct, forbid_unknown_fields=True):
    """The version of a file that is meant."""

    base_version: str


class Move(Base, forbid_unknown_fields=True):
    """Another path for a file."""

    to: str


def drafts_of(request: Request) -> Drafts:
    """The drafts of whoever sends a request."""
    context = context_of(request)
    return Drafts(context.workspace.root, context.guard.author(request))


async def list_files(request: Request) -> Response:
    """All files, and drafts of files that do not exist yet."""
    context = context_of(request)
    files, drafts = await run_in_threadpool(lambda: (listing(context.workspace), drafts_of(request).all()))
    found = [{**file, "draft": file["path"] in drafts} for file in files]
    known = {file["path"] for file in files}
    found += [
        {
            "path": path,
            "kind": str(kind_of(path)),
            "version": "",
            "size": len(draft.text.encode()),
            "in_force": False,
            "draft": True,
        }
        for path, draft in drafts.items()
        if path not in known
    ]
    return json_response({"files": sorted(found, key=lambda file: file["path"])})


async def get_file(request: Request) -> Response:
    """A file and the author's draft of it."""
    context, path = context_of(request), request.path_params["path"]
    file, draft = await run_in_threadpool(
        lambda: (stored(context.workspace, path), drafts_of(request).find(path))
    )
    if file is None and draft is None:
        raise Problem(404, f"the workspace has no file {path[:100]!r}")
    kind = kind_name(context.workspace.checked, path)
    answer = {"path": path, "kind": kind, "exists": file is not None, "text": "", "version": ""}
    if file is not None:
        answer |= {
            "text": file.text,
            "version": file.version,
            "in_force": in_force(context.workspace, path, file.text),
        }
    return json_response({**answer, "draft": _draft_json(draft)})


def _draft_json(draft: Draft | None) -> Mapping[str, Any] | None:
    if draft is None:
        return None
    return {"text": draft.text, "base_version": draft.base_version, "saved_at": draft.saved_at}


# --- saving ----------------------------------------------------------------------------------------


async def put_file(request: Request) -> Response:
    """Put a text in force, or with `draft=1` keep it for its author alone."""
    path = request.path_params["path"]
    _check_name(path)
    body = await read_as(request, Text)
    check_text(path, body.text)
    text = body.text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if _is_draft(request):
        return await _keep_draft(request, path, text, body.base_version)
    context = context_of(request)
    async with context.workspace.changing:
        before = await _expected(context, path, body.base_version)
        change = await run_in_threadpool(context.workspace.change, {path: text})
        await _apply(context, change, author_of(request, "page"))
    await run_in_threadpool(drafts_of(request).discard, path)
    found = await run_in_threadpool(
        lambda: list(mistakes(context, context.desk.service(change.checked, {}), path, text))
    )
    answer = {
        "path": path,
        "version": Stored(path, text).version,
        "diagnostics": convert.diagnostics(found, Places()),
    }
    return json_response(answer, 201 if before is None else 200)


def _check_name(path: str) -> None:
    if not is_author_file_name(path):
        raise Problem(
            400,
            "a file is named with letters, digits, `-` and `_`, in at most three folders, and ends in `.rules`, "
            "`.test.rules`, `.md`, `.csv` or `.jsonl`, or below `templates/` in `.liquid`, `.txt` or `.html`",
        )


def _is_draft(request: Request) -> bool:
    value = request.query_params.get("draft", "0")
    if value not in ("0", "1"):
        raise Problem(400, f"`draft` is `0` or `1`, found {value[:50]!r}")
    return value == "1"


async def _keep_draft(request: Request, path: str, text: str, base_version: str) -> Response:
    context = context_of(request)
    draft = Draft(path, text, base_version[:64], context.clock())
    file = await run_in_threadpool(stored, context.workspace, path)
    await run_in_threadpool(drafts_of(request).save, draft)
    version = file.version if file is not None else ""
    return json_response({"path": path, "version": version, "draft": _draft_json(draft)})


async def _expected(context: AppContext, path: str, base_version: str) -> Stored | None:
    """The file as it is, which must be as the author knows it.

    Raises:
        Problem: 409 with the current version and text.
    """
    current = await run_in_threadpool(stored, context.workspace, path)
    version = current.version if current is not None else ""
    if version != base_version:
        detail = "somebody else has changed this file" if base_version and version else ""
        raise Problem(
            409,
            detail or ("there is a file of this name already" if version else "this file is gone"),
            current_version=version,
            current_text=current.text if current is not None else None,
        )
    return current


async def _apply(context: AppContext, change: Change, author: Author) -> None:
    """Check a change, put it in force and keep its files; or nothing happens.

    Raises:
        Problem: 422 for mistakes, 507 when the files cannot be kept, 503.
    """
    workspace = context.workspace
    if change.checked is workspace.checked:
        try:
            await run_in_threadpool(workspace.keep, change)
        except FileError:
            raise Problem(507, "the file could not be kept; nothing was changed") from None
        return
    refuse_errors(workspace.checked.diagnostics, change.checked.diagnostics, _names(change))
    await put_in_force(context, change, author)


def _names(change: Change) -> set[str]:
    """The names under which diagnostics know the files of a change: templates stand there without their ending."""
    return {n for name in change.texts for n in (name, name.rpartition(".")[0])}


# --- renaming and removing -------------------------------------------------------------------------


async def move_file(request: Request) -> Response:
    """Give a file another path of the same kind."""
    context, path = context_of(request), request.path_params["path"]
    body = await read_as(request, Move)
    _check_name(body.to)
    if kind_of(body.to) is not kind_of(path):
        raise Problem(400, "a file keeps its kind; make a new one for another")
    if body.to == path:
        raise Problem(400, "the file has this name already")
    async with context.workspace.changing:
        file = await _present(context, path, body.base_version)
        await _expected(context, body.to, "")
        change = await run_in_threadpool(context.workspace.change, {path: None, body.to: file.text})
        await _apply(context, change, author_of(request, "page"))
    await run_in_threadpool(_move_draft, drafts_of(request), path, body.to)
    return json_response({"path": body.to, "version": file.version})


def _move_draft(drafts: Drafts, path: str, to: str) -> None:
    draft = drafts.find(path)
    if draft is not None:
        drafts.save(msgspec.structs.replace(draft, path=to))
        drafts.discard(path)


async def delete_file(request: Request) -> Response:
    """Remove a file, or with `draft=1` only the author's draft of it."""
    context, path = context_of(request), request.path_params["path"]
    if _is_draft(request):
        if not await run_in_threadpool(drafts_of(request).discard, path):
            raise Problem(404, "there is no draft of this file")
        return json_response({"path": path})
    version = request.query_params.get("base_version")
    if version is None:
        raise Problem(400, "`base_version` says which text is meant to go")
    async with context.workspace.changing:
        await _present(context, path, version)
        change = await run_in_threadpool(context.workspace.change, {path: None})
        await _apply(context, change, author_of(request, "page"))
    return json_response({"path": path})


async def _present(context: AppContext, path: str, base_version: str) -> Stored:
    file = await run_in_threadpool(stored, context.workspace, path)
    if file is None:
        raise Problem(404, f"the workspace has no file {path[:100]!r}")
    await _expected(context, path, base_version)
    if not is_author_file_name(path):
        raise Problem(400, "this file was not named here and is changed where it was made")
    return file
