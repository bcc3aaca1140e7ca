"""The editor's routes, as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from web.editing import deploying, files, finding, language, picture, trying
from web.editing.bodies import At, Place, body_schema
from web.routing import Answer, Endpoint, Handler, Parameter

_TAG = "editor"
_DRAFT = Parameter("draft", "`1`: the author's draft is meant", {"type": "string", "enum": ["0", "1"]})
_OFFSETS = "Offsets (`from`, `to`, `at`) count UTF-16 code units from the beginning of the text."


_FILE = "/v1/editor/files/{path:path}"


def endpoints() -> list[Endpoint]:
    """The routes."""
    return [*_reading(), _keeping(), _removing(), _moving(), *_language(), *_panels(), *_trying()]


def _object(*required: str) -> Mapping[str, Any]:
    return {"type": "object", "required": list(required)}


# --- files -----------------------------------------------------------------------------------------


def _reading() -> list[Endpoint]:
    return [
        Endpoint(
            "GET",
            "/v1/editor/files",
            "rules:read",
            files.list_files,
            "List the files of the workspace",
            "`kind` is rules, schema, test, template or other. `draft` says whether the author has a draft.",
            answers={200: Answer("all files by path", _object("files"))},
            tag=_TAG,
        ),
        Endpoint(
            "GET",
            _FILE,
            "rules:read",
            files.get_file,
            "Read a file and the author's draft of it",
            answers={
                200: Answer("the file", _object("path", "text", "version", "draft")),
                404: Answer("unknown"),
                422: Answer("it cannot be read as text"),
            },
            tag=_TAG,
        ),
    ]


def _keeping() -> Endpoint:
    return Endpoint(
        "PUT",
        _FILE,
        "rules:write",
        files.put_file,
        "Put a text in force, or keep it as a draft",
        "The workspace is checked with the new text; with a new error nothing changes. `base_version` is the "
        "version that was edited, empty for a new file. A draft is kept for its author alone, always.",
        parameters=(_DRAFT,),
        bodies={"application/json": body_schema(files.Text)},
        answers={
            200: Answer("kept", _object("path", "version")),
            201: Answer("new", _object("path", "version")),
            400: Answer("no name for a file, or no text"),
            409: Answer("changed meanwhile: `current_version` and `current_text`"),
            413: Answer("too large"),
            422: Answer("it has errors, listed in `diagnostics`"),
            507: Answer("the file could not be kept"),
        },
        tag=_TAG,
    )


def _removing() -> Endpoint:
    return Endpoint(
        "DELETE",
        _FILE,
        "rules:write",
        files.delete_file,
        "Remove a file, or discard a draft",
        parameters=(_DRAFT, Parameter("base_version", "the version that is meant; not for drafts")),
        answers={
            200: Answer("removed", _object("path")),
            400: Answer("no `base_version`"),
            404: Answer("unknown"),
            409: Answer("changed meanwhile"),
            422: Answer("others need it"),
        },
        tag=_TAG,
    )


def _moving() -> Endpoint:
    return Endpoint(
        "POST",
        f"{_FILE}/rename",
        "rules:write",
        files.move_file,
        "Give a file another path",
        bodies={"application/json": body_schema(files.Move)},
        answers={
            200: Answer("renamed", _object("path", "version")),
            400: Answer("no path for this kind of file"),
            404: Answer("unknown"),
            409: Answer("changed meanwhile, or the name is taken"),
        },
        tag=_TAG,
    )


# --- questions about texts -------------------------------------------------------------------------


def _ask(name: str, handler: Handler, shape: type[msgspec.Struct], summary: str, required: str) -> Endpoint:
    """A question about a text; `required` are the keys of its answer."""
    return Endpoint(
        "POST",
        f"/v1/editor/{name}",
        "rules:read",
        handler,
        summary,
        _OFFSETS,
        bodies={"application/json": body_schema(shape)},
        answers={
            200: Answer("the answer", _object(*required.split())),
            400: Answer("wrong in form"),
            413: Answer("too large"),
        },
        tag=_TAG,
    )


def _language() -> list[Endpoint]:
    return [
        _ask(
            "check", language.check, Place, "Mistakes and warnings of a text", "diagnostics elsewhere fields"
        ),
        _ask("complete", language.complete, At, "What could be typed at a place", "from to items"),
        _ask("hover", language.hover, At, "What is to be said about a place", "from to text"),
        _ask("definition", language.definition, At, "Where a name is declared", "place"),
        _ask("references", language.references, At, "Where a name is used", "places"),
        _ask("rename", language.rename, language.NewName, "Another name for a rule or field", "edits"),
        _ask("symbols", language.symbols, Place, "The outline of a text", "symbols folding"),
        _ask("tokens", language.tokens, Place, "What each word of a text is", "tokens"),
        _ask("format", language.format, Place, "The text in the one style", "text changed"),
    ]


def _panels() -> list[Endpoint]:
    return [
        _ask("search", finding.search, finding.Query, "Where a text stands in files", "matches truncated"),
        Endpoint(
            "GET",
            "/v1/editor/catalogue",
            "rules:read",
            finding.catalogue,
            "Triggers, actions and functions to insert",
            answers={200: Answer("the catalogue", _object("triggers", "actions", "functions"))},
            tag=_TAG,
        ),
        Endpoint(
            "GET",
            "/v1/editor/samples",
            "rules:read",
            trying.samples,
            "Records and events to try rules out on",
            answers={200: Answer("samples", _object("contacts", "accounts", "opportunities", "events"))},
            tag=_TAG,
        ),
    ]


def _trying() -> list[Endpoint]:
    simulated = "timeline coverage mails runs truncated left_out"
    return [
        _ask("simulate", trying.simulate, trying.Attempt, "What rules would do", simulated),
        _ask("test", trying.test, trying.Tests, "How tests end", "passed failed tests coverage"),
        _ask("flow", picture.flow, picture.Wanted, "Pictures of rules", "rules truncated"),
        _ask(
            "plan-deploy", deploying.get_ready, Place, "What going live means", "token rules files deployable"
        ),
    ]
