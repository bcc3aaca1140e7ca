"""What the language says of a text that is being edited: mistakes, suggestions, outline, names, colours, style."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from rulelang.diagnostics.model import Diagnostic
from rulelang.editor.model import Completion, RenameError
from rulelang.editor.service import EditorService
from rulelang.format import format_text
from rulelang.lint.rules import lint
from rulelang.source import Source
from rulelang.template.api import check_template
from rulelang.workspace import CheckedWorkspace
from runtime.files import FileKind, kind_of
from runtime.workspace import new_mistakes
from web.context import AppContext, context_of
from web.editing import convert
from web.editing.bodies import At, Place, is_rules, is_template, read_as
from web.editing.convert import Places
from web.editing.desk import LARGE_WORKSPACE
from web.editing.fields import fields_looked_at
from web.problems import Problem
from web.routing import json_response

T = TypeVar("T")
LARGE = 128 * 1024
"""Characters of a text from which on it is heavy work."""
ELSEWHERE = 20
"""How many mistakes that a text causes in other files are told."""


class NewName(At, forbid_unknown_fields=True):
    """A place, and another name for what is named there."""

    name: str = ""


def service_of(context: AppContext, body: Place) -> EditorService:
    """The language service for the rules in force with the texts of a request in their files."""
    texts = {path: text for path, text in _texts(body).items() if is_rules(path)}
    return context.desk.service(context.workspace.checked, texts)


def workspace_of(context: AppContext, body: Place) -> CheckedWorkspace:
    """The workspace with the texts of a request in their files, message templates too: those are read anew."""
    texts = {path: text for path, text in _texts(body).items() if is_rules(path) or is_template(path)}
    if not any(map(is_template, texts)):
        return service_of(context, body).workspace
    return context.workspace.change(texts).checked


def _texts(body: Place) -> dict[str, str]:
    return {**body.others, body.path: body.text}


async def asked(request: Request, body: Place, answer: Callable[[AppContext, EditorService], T]) -> T:
    """What `answer` makes of the service for a request, in a thread."""
    context = context_of(request)

    def work() -> T:
        return answer(context, service_of(context, body))

    return await (context.desk.heavy(work) if _is_heavy(context, body) else run_in_threadpool(work))


def _is_heavy(context: AppContext, body: Place) -> bool:
    """Whether a text takes seconds to check; a few of those at once would hold up everybody else."""
    checked = context.workspace.checked
    file = checked.files.get(body.path)
    declares = file is not None and bool(file.declarations)
    return len(body.text) > LARGE or (declares and len(checked.plans) > LARGE_WORKSPACE)


# --- mistakes --------------------------------------------------------------------------------------


async def check(request: Request) -> Response:
    """Mistakes and warnings of a text, the mistakes that it causes elsewhere, and the fields that its rules read."""
    body = await read_as(request, Place)

    def answer(context: AppContext, service: EditorService) -> dict[str, Any]:
        places = Places()
        own = list(mistakes(context, service, body.path, body.text))
        before, after = context.workspace.checked.diagnostics, service.workspace.diagnostics
        caused = [d for d in new_mistakes(before, after) if d.source.path != body.path]
        return {
            "diagnostics": convert.diagnostics(own, places),
            "elsewhere": convert.diagnostics(caused[:ELSEWHERE], places),
            "fields": fields_looked_at(service.workspace, body.path),
        }

    return json_response(await asked(request, body, answer))


def mistakes(context: AppContext, service: EditorService, path: str, text: str) -> Iterable[Diagnostic]:
    """What is wrong with a text of any kind, as its kind is checked."""
    match kind_of(path):
        case FileKind.RULES:
            inside = context.tools.check_tests(service.workspace, path, text)
            return [*service.diagnostics(path), *inside, *_lint(service, path)]
        case FileKind.TEST:
            return context.tools.check_tests(service.workspace, path, text)
        case FileKind.TEMPLATE:
            given = service.workspace.names_given(PurePosixPath(path).stem)
            return check_template(text, service.workspace.schema, "", Source.of(path, text), 0, given=given)
    return ()


def _lint(service: EditorService, path: str) -> Iterator[Diagnostic]:
    workspace = service.workspace
    if len(workspace.plans) > LARGE_WORKSPACE:
        # Each pair of rules is looked at: for very many those of the file must do.
        workspace = workspace.only(path)
    yield from (d for d in lint(workspace) if d.source.path == path)


# --- suggestions and explanations ------------------------------------------------------------------


async def complete(request: Request) -> Response:
    """What could be typed at a place."""
    body = await read_as(request, At)

    def answer(context: AppContext, service: EditorService) -> dict[str, Any]:
        source = Source.of(body.path, body.text)
        at = Places().of(source)
        found = _suggestions(context, service, source, at.point(body.at))
        start = at.units(found[0].replace.start) if found else body.at
        end = at.units(found[0].replace.end) if found else body.at
        return {"from": start, "to": end, "items": [convert.completion(each) for each in found]}

    return json_response(await asked(request, body, answer))


def _suggestions(
    context: AppContext, service: EditorService, source: Source, offset: int
) -> Sequence[Completion]:
    """What could be typed at a place, as its kind of file goes on."""
    workspace, path = service.workspace, source.path
    match kind_of(path):
        case FileKind.TEST:
            return context.tools.complete_tests(workspace, source, offset)
        case FileKind.RULES:
            if any(span.start < offset <= span.end for span in workspace.files[path].parsed.module.tests):
                return context.tools.complete_tests(workspace, source, offset)
            return service.completion(path, source.text, offset)
        case FileKind.TEMPLATE:
            return service.completion(path, source.text, offset)
    return ()


async def hover(request: Request) -> Response:
    """What is to be said about the words at a place; `text` is Markdown, "" when there is nothing."""
    body = await read_as(request, At)

    def answer(context: AppContext, service: EditorService) -> dict[str, Any]:
        source = Source.of(body.path, body.text)
        places = Places()
        found = service.hover(body.path, body.text, places.of(source).point(body.at))
        if found is None:
            return {"from": body.at, "to": body.at, "text": ""}
        return {**places.range(source, found.span), "text": found.text}

    return json_response(await asked(request, body, answer))


# --- names -----------------------------------------------------------------------------------------


async def definition(request: Request) -> Response:
    """Where what is named at a place is declared; `place` is null when it is not."""
    body = await read_as(request, At)

    def answer(context: AppContext, service: EditorService) -> dict[str, Any]:
        found = service.definition(body.path, _point(body))
        return {"place": convert.location(found, Places()) if found is not None else None}

    return json_response(await asked(request, body, answer))


async def references(request: Request) -> Response:
    """All places that name what is named at a place."""
    body = await read_as(request, At)

    def answer(context: AppContext, service: EditorService) -> dict[str, Any]:
        places = Places()
        found = service.references(body.path, _point(body))
        return {"places": [convert.location(each, places) for each in found]}

    return json_response(await asked(request, body, answer))


async def rename(request: Request) -> Response:
    """The changes, by file, that give the rule or field at a place another name."""
    body = await read_as(request, NewName)

    def answer(context: AppContext, service: EditorService) -> dict[str, Any]:
        try:
            found = service.rename(body.path, _point(body), body.name)
        except RenameError as error:
            raise Problem(422, str(error)) from None
        return {"edits": convert.edits(found, Places())}

    return json_response(await asked(request, body, answer))


def _point(body: At) -> int:
    return Places().of(Source.of(body.path, body.text)).point(body.at)


# --- the whole text --------------------------------------------------------------------------------


async def symbols(request: Request) -> Response:
    """The outline of a text, and the lines that can be folded."""
    body = await read_as(request, Place)

    def answer(context: AppContext, service: EditorService) -> dict[str, Any]:
        places = Places()
        file = service.workspace.files.get(body.path)
        found = service.symbols(body.path)
        folds = service.folding(body.path)
        return {
            "symbols": [convert.symbol(each, file.source, places) for each in found] if file else [],
            "folding": [{"first": f.first, "last": f.last, "comment": f.comment} for f in folds],
        }

    return json_response(await asked(request, body, answer))


async def tokens(request: Request) -> Response:
    """What each word of a text is."""
    body = await read_as(request, Place)

    def answer(context: AppContext, service: EditorService) -> dict[str, Any]:
        file = service.workspace.files.get(body.path)
        found = service.semantic_tokens(body.path)
        return {"tokens": convert.tokens(found, file.source, Places()) if file else []}

    return json_response(await asked(request, body, answer))


async def format(request: Request) -> Response:
    """The text in the one style; as it is when it has syntax errors, or is of a kind without a style."""
    body = await read_as(request, Place)
    found = await run_in_threadpool(lambda: _formatted(body))
    return json_response({"text": body.text if found is None else found, "changed": found is not None})


def _formatted(body: Place) -> str | None:
    if not is_rules(body.path):
        return None
    found = format_text(body.path, body.text)
    return found if found != body.text else None
