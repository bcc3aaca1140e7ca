"""What the panels beside the editor list: the catalogue to insert from, and places where words are found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from rulelang.catalog.listing import catalogue_json
from rulelang.catalog.model import Action, Catalogue, Trigger
from rulelang.editor.snippets import phrase_snippet
from rulelang.source import Source, Span
from runtime.files import FileError, list_author_files, read_text
from runtime.workspace import Workspace
from web.context import context_of
from web.editing.bodies import read_as
from web.editing.convert import Places, snippet
from web.problems import Problem
from web.routing import json_response

MATCHES = 500
_LINE = 300


class Query(msgspec.Struct, forbid_unknown_fields=True):
    """What to look for; `case` tells capitals from small letters."""

    query: str
    case: bool = False


async def catalogue(request: Request) -> Response:
    """Triggers, actions and functions with what to insert for each."""
    return json_response(_with_inserts(context_of(request).workspace.checked.catalogue))


def _with_inserts(catalogue: Catalogue) -> dict[str, list[dict[str, Any]]]:
    listed = catalogue_json(catalogue)
    declared: Mapping[str, Mapping[str, Trigger | Action]] = {
        "triggers": catalogue.triggers,
        "actions": catalogue.actions,
    }
    for kind, known in declared.items():
        for entry in listed[kind]:
            entry["insert"] = snippet(phrase_snippet(known[entry["name"]]))
    for entry in listed["functions"]:
        entry["insert"] = f"{entry['name']}(${{1}})"
    return listed


async def search(request: Request) -> Response:
    """The places in files where a text stands."""
    body = await read_as(request, Query)
    if not body.query.strip() or len(body.query) > 200:
        raise Problem(400, "`query` has 1 to 200 characters")
    workspace = context_of(request).workspace
    return json_response(await run_in_threadpool(_search, workspace, body))


def _search(workspace: Workspace, query: Query) -> dict[str, Any]:
    pattern = re.compile(re.escape(query.query), 0 if query.case else re.IGNORECASE)
    found: list[dict[str, Any]] = []
    for match in _matches(workspace, pattern):
        if len(found) >= MATCHES:
            return {"matches": found, "truncated": True}
        found.append(match)
    return {"matches": found, "truncated": False}


def _matches(workspace: Workspace, pattern: re.Pattern[str]) -> Iterator[dict[str, Any]]:
    for path in list_author_files(workspace.root):
        try:
            source = Source.of(path, read_text(workspace.root / path))
        except FileError:
            continue
        places = Places()
        for match in pattern.finditer(source.text):
            span = Span(match.start(), match.end())
            at = source.position(span.start)
            line = source.line(at.line)
            yield {**places.place(source, span), "column": at.column, "text": line[:_LINE]}
