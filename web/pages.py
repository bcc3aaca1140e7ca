"""Pages for people: start, run, message, rule file, signing in and out. Server-made HTML, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from rulelang.calendar import CalendarError, parse_instant
from rulelang.diagnostics.render import render_json
from runtime.engine.work import Replay, Skip
from runtime.model import EffectStatus
from runtime.timeline import local_text
from stdlib_actions.mail.mailbox import list_messages, read_message, read_source
from web.auth import SESSION_COOKIE, SESSION_SECONDS, same_origin
from web.body import read_body
from web.context import AppContext, committed, context_of
from web.problems import Problem
from web.rules import rules_overview
from web.runs import effect_json, run_detail, run_json, workspace_zone

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)
_SHOWN = 25


def _render(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    context = context_of(request)

    def moment(text: str) -> str:
        try:
            return local_text(parse_instant(text), workspace_zone(context)).replace("T", " ")
        except CalendarError:
            return text

    values = {"workspace": context.workspace.checked.schema.name, "moment": moment, **values}
    return HTMLResponse(_environment.get_template(template).render(values), status)


def _page(scope: str) -> Callable[[Handler], Handler]:
    """Guard a page: people who are not signed in go to the sign-in page, problems are shown as a page."""

    def wrap(handler: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            held = context_of(request).guard.scopes(request)
            if held is None:
                return RedirectResponse("/sign-in", 303)
            try:
                if scope not in held:
                    raise Problem(403, f"your key lacks the scope `{scope}`")
                return await handler(request)
            except Problem as problem:
                title = "Not found" if problem.status == 404 else "That did not work"
                return _render(request, "problem.html", problem.status, title=title, detail=problem.detail)

        return handle

    return wrap


@_page("runs:read")
async def start(request: Request) -> Response:
    """Rules, runs, mailbox, and what needs somebody."""
    context = context_of(request)
    runs, _ = await context.reader.list_runs(limit=_SHOWN)
    messages = await run_in_threadpool(list_messages, context.mailbox, _SHOWN)
    return _render(
        request,
        "start.html",
        rules=await rules_overview(context),
        runs=[_shown_run(run_json(run)) for run in runs],
        messages=messages,
        attention=await _attention(context),
        diagnostics=render_json(context.workspace.diagnostics),
    )


def _shown_run(run: dict[str, Any]) -> dict[str, Any]:
    return {"due": "", "reason": "", **run}


async def _attention(context: AppContext) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for status in (EffectStatus.DEAD, EffectStatus.UNKNOWN):
        rows, _ = await context.reader.effects(status=status, limit=_SHOWN)
        found += [{"error": "", **effect_json(row)} for row in rows]
    return found


@_page("runs:read")
async def run_page(request: Request) -> Response:
    """One run with its journal."""
    detail = await run_detail(context_of(request), request.path_params["id"])
    blank = {"step": "", "action": "", "due": "", "reason": "", "changes": None, "input": None}
    journal = [{**blank, **entry} for entry in detail["journal"]]
    effects = [{"error": "", "result": None, **effect} for effect in detail["effects"]]
    shown = {"due": "", "reason": "", "ended_at": "", **detail, "journal": journal, "effects": effects}
    return _render(request, "run.html", run=shown)


@_page("rules:read")
async def rule_page(request: Request) -> Response:
    """A rule file with line numbers."""
    name = request.path_params["file"]
    text = context_of(request).workspace.texts.get(name)
    if text is None:
        raise Problem(404, f"the workspace has no file {name[:100]!r}")
    return _render(request, "rules.html", file=name, lines=text.splitlines())


@_page("mailbox:read")
async def message_page(request: Request) -> Response:
    """A message as text. HTML mail is shown as its text part: a page of ours never runs what a mail brings."""
    message = await run_in_threadpool(read_message, context_of(request).mailbox, request.path_params["id"])
    if message is None:
        raise Problem(404, "the mailbox has no such message")
    return _render(request, "message.html", message=message)


@_page("mailbox:read")
async def message_source(request: Request) -> Response:
    """The bytes of a message, as plain text."""
    source = await run_in_threadpool(read_source, context_of(request).mailbox, request.path_params["id"])
    if source is None:
        raise Problem(404, "the mailbox has no such message")
    return PlainTextResponse(source.decode("utf-8", "replace"))


def _effect_action(what: str) -> Handler:
    @_page("runs:write")
    async def act(request: Request) -> Response:
        key, engine = request.path_params["key"], context_of(request).engine
        work = Replay(key, "a page") if what == "replay" else Skip(key, "a page")
        result = await committed(engine.operate(work))
        if result.problem:
            raise Problem(409, result.problem)
        return RedirectResponse("/#attention", 303)

    return act


async def sign_in_page(request: Request) -> Response:
    """The form, or with a token of a sign-in link a session at once."""
    token = request.query_params.get("token")
    if token:
        session = context_of(request).guard.sessions.redeem(token)
        if session is not None:
            return _with_session(request, session)
        return _render(request, "sign_in.html", 403, problem="This link has been used or is too old.")
    return _render(request, "sign_in.html", problem="")


async def sign_in(request: Request) -> Response:
    """Begin a session for the holder of an API key."""
    if not same_origin(request):
        raise Problem(403, "sign in on our own page")
    fields = parse_qs((await read_body(request.receive, 4096)).decode("utf-8", "replace"))
    guard = context_of(request).guard
    scopes = guard.key_scopes(fields.get("key", [""])[0].strip())
    if scopes is None:
        return _render(request, "sign_in.html", 403, problem="No such key, or it was revoked.")
    return _with_session(request, guard.sessions.begin(scopes))


def _with_session(request: Request, session: str) -> Response:
    response = RedirectResponse("/", 303)
    secure = request.url.scheme == "https"
    response.set_cookie(
        SESSION_COOKIE, session, max_age=SESSION_SECONDS, httponly=True, samesite="strict", secure=secure
    )
    return response


async def sign_out(request: Request) -> Response:
    """End the session."""
    if same_origin(request):
        context_of(request).guard.sessions.end(request.cookies.get(SESSION_COOKIE, ""))
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(SESSION_COOKIE)
    return response


def routes() -> list[BaseRoute]:
    """The pages."""
    return [
        Route("/", start),
        Route("/runs/{id}", run_page),
        Route("/rules/{file:path}", rule_page),
        Route("/mailbox/{id}", message_page),
        Route("/mailbox/{id}/source", message_source),
        *(
            Route(f"/effects/{{key}}/{what}", _effect_action(what), methods=["POST"])
            for what in ("replay", "skip")
        ),
        Route("/sign-in", sign_in_page, methods=["GET"]),
        Route("/sign-in", sign_in, methods=["POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
    ]
