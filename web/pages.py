"""Pages for people: start, run, message, rule file, signing in and out. Server-made HTML, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from rulelang.diagnostics.render import render_text
from runtime.engine.work import Replay, Skip
from runtime.model import EffectStatus
from runtime.statistics import RuleStatistics
from stdlib_actions.mail.mailbox import list_messages, read_message, read_source
from web.auth import SESSION_SECONDS, cookie_name, same_origin
from web.body import read_body
from web.context import AppContext, committed, context_of
from web.editing.page import editor_page, preview
from web.editing.picture import picture_of_run, pictures_of_file
from web.html import render, render_plain
from web.pausing import set_paused
from web.problems import Problem
from web.routing import Handler, by_method
from web.rules import rules_overview
from web.runs import effect_json, expect_done, find_effect, find_run, run_detail, run_json
from web.statistics import rule_statistics

ANYBODY = ""
"""The scope of pages for strangers."""
SIGNED_IN = "*"
"""The scope of pages for everybody who is signed in; what they show depends on what the reader may see."""
_SHOWN = 25
_DIAGNOSTICS = 5
_MAX_FORM = 4096


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `scope` is what its reader must be allowed to do, or ANYBODY, or SIGNED_IN."""

    method: str
    path: str
    scope: str
    handler: Handler


def _guarded(page: Page) -> Handler:
    """People who are not signed in go to the sign-in page."""

    async def handle(request: Request) -> Response:
        if page.scope == ANYBODY:
            return await page.handler(request)
        held = context_of(request).guard.scopes(request)
        request.scope["held"] = held
        if held is None:
            if cookie_name(request) in request.cookies and not same_origin(request):
                raise Problem(403, "this was not asked from a page of ours")
            return RedirectResponse("/sign-in", 303)
        if page.scope not in (SIGNED_IN, *held):
            raise Problem(403, f"your key lacks the scope `{page.scope}`")
        return await page.handler(request)

    return handle


async def start(request: Request) -> Response:
    """What needs somebody, rules, runs, mailbox: as much of it as the reader may see."""
    context, held = context_of(request), request.scope["held"]
    values: dict[str, Any] = {
        "rules": [],
        "runs": [],
        "attention": [],
        "messages": [],
        "diagnostics": [],
        "more": 0,
    }
    if "rules:read" in held:
        values["rules"] = await rules_overview(context)
        found = context.workspace.diagnostics
        values["diagnostics"] = [(str(d.severity), render_text([d], False)) for d in found[:_DIAGNOSTICS]]
        values["more"] = max(len(found) - _DIAGNOSTICS, 0)
    if "runs:read" in held:
        runs, _ = await context.reader.list_runs(limit=_SHOWN)
        values["runs"] = [{"due": "", "reason": "", **run_json(run)} for run in runs]
        values["attention"] = await _attention(context)
    if "mailbox:read" in held:
        values["messages"] = await run_in_threadpool(list_messages, context.mailbox, _SHOWN)
    return render(request, "start.html", **values)


async def _attention(context: AppContext) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for status in (EffectStatus.DEAD, EffectStatus.UNKNOWN):
        rows, _ = await context.reader.effects(status=status, limit=_SHOWN)
        found += [{"error": "", **effect_json(row)} for row in rows]
    return found


async def run_page(request: Request) -> Response:
    """One run with its journal."""
    detail = await run_detail(context_of(request), request.path_params["id"])
    blank = {"step": "", "action": "", "due": "", "reason": "", "changes": {}, "input": {}}
    journal = [{**blank, **entry} for entry in detail["journal"]]
    effects = [{"error": "", "result": {}, **effect} for effect in detail["effects"]]
    run = {"due": "", "reason": "", "ended_at": "", **detail, "journal": journal, "effects": effects}
    return render(request, "run.html", run=run, picture=await _picture(request))


async def _picture(request: Request) -> Mapping[str, Any] | None:
    """The flow of a run, for those who may read rules."""
    if "rules:read" not in request.scope["held"]:
        return None
    context = context_of(request)
    run = await find_run(context, request.path_params["id"])
    return await picture_of_run(context, run, context.workspace.checked)


async def rule_page(request: Request) -> Response:
    """A rule file with line numbers, and the pictures of its rules."""
    name = request.path_params["file"]
    workspace = context_of(request).workspace
    text = workspace.texts.get(name)
    if text is None:
        raise Problem(404, f"the workspace has no file {name[:100]!r}")
    pictures = await run_in_threadpool(pictures_of_file, workspace.checked, name)
    lines = text.removesuffix("\n").split("\n")
    numbers = await _numbers(request, [picture["rule"] for picture in pictures])
    paused = context_of(request).engine.paused
    return render(
        request, "rules.html", file=name, lines=lines, pictures=pictures, numbers=numbers, paused=paused
    )


async def _numbers(request: Request, rules: Sequence[str]) -> dict[str, RuleStatistics]:
    """What was counted of rules, for who may see it."""
    if "runs:read" not in request.scope["held"]:
        return {}
    return {rule: await rule_statistics(context_of(request), rule) for rule in rules}


async def pause(request: Request) -> Response:
    """Pause a rule by hand, or let it go on."""
    fields = parse_qs((await read_body(request, request.receive, _MAX_FORM)).decode("utf-8", "replace"))
    rule, file, paused = (fields.get(name, [""])[0] for name in ("rule", "file", "paused"))
    await set_paused(request, rule, paused == "yes")
    known = file in context_of(request).workspace.texts
    return RedirectResponse(f"/rules/{quote(file)}" if known else "/", 303)


async def message_page(request: Request) -> Response:
    """A message as text. HTML mail is shown as its text part: a page of ours never runs what a mail brings."""
    message = await run_in_threadpool(read_message, context_of(request).mailbox, request.path_params["id"])
    if message is None:
        raise Problem(404, "the mailbox has no such message")
    return render(request, "message.html", message=message)


async def message_source(request: Request) -> Response:
    """The bytes of a message, as plain text."""
    source = await run_in_threadpool(read_source, context_of(request).mailbox, request.path_params["id"])
    if source is None:
        raise Problem(404, "the mailbox has no such message")
    return PlainTextResponse(source.decode("utf-8", "replace"))


async def replay(request: Request) -> Response:
    """Try a dead letter again."""
    return await _decide(request, Replay(request.path_params["key"], "a page"))


async def skip(request: Request) -> Response:
    """Go on without a dead letter."""
    return await _decide(request, Skip(request.path_params["key"], "a page"))


async def _decide(request: Request, work: Replay | Skip) -> Response:
    context = context_of(request)
    effect = (await find_effect(context, work.key)).effect
    expect_done(await committed(context.engine.operate(work)))
    return RedirectResponse(f"/runs/{effect.run}", 303)


async def sign_in_page(request: Request) -> Response:
    """The form, or with a token of a sign-in link a session at once."""
    token = request.query_params.get("token", "")
    if not token:
        return render_plain("sign_in.html", problem="")
    # HEAD must change nothing, and the link works once.
    session = context_of(request).guard.sessions.redeem(token) if request.method == "GET" else None
    if session is None:
        return render_plain("sign_in.html", 403, problem="This link has been used or is too old.")
    return _with_session(request, session)


async def sign_in(request: Request) -> Response:
    """Begin a session for the holder of an API key."""
    if not same_origin(request):
        raise Problem(403, "sign in on our own page")
    fields = parse_qs((await read_body(request, request.receive, _MAX_FORM)).decode("utf-8", "replace"))
    session = context_of(request).guard.begin_session(fields.get("key", [""])[0].strip())
    if session is None:
        return render_plain("sign_in.html", 403, problem="No such key, or it was revoked.")
    return _with_session(request, session)


def _with_session(request: Request, session: str) -> Response:
    """A page that goes on by itself: a strict cookie is not sent along by a redirect that began on a foreign page."""
    response = render_plain("signed_in.html")
    secure = request.scope["scheme"] == "https"
    response.set_cookie(
        cookie_name(request),
        session,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=secure,
    )
    return response


async def sign_out(request: Request) -> Response:
    """End the session."""
    if not same_origin(request):
        raise Problem(403, "sign out on our own page")
    name = cookie_name(request)
    context_of(request).guard.sessions.end(request.cookies.get(name, ""))
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(name, httponly=True, samesite="strict", secure=request.scope["scheme"] == "https")
    return response


PAGES: Sequence[Page] = (
    Page("GET", "/", SIGNED_IN, start),
    Page("GET", "/runs/{id}", "runs:read", run_page),
    Page("GET", "/rules/{file:path}", "rules:read", rule_page),
    Page("GET", "/editor", "rules:read", editor_page),
    Page("POST", "/editor/preview", "rules:read", preview),
    Page("GET", "/mailbox/{id}", "mailbox:read", message_page),
    Page("GET", "/mailbox/{id}/source", "mailbox:read", message_source),
    Page("POST", "/pause", "rules:write", pause),
    Page("POST", "/effects/{key}/replay", "runs:write", replay),
    Page("POST", "/effects/{key}/skip", "runs:write", skip),
    Page("GET", "/sign-in", ANYBODY, sign_in_page),
    Page("POST", "/sign-in", ANYBODY, sign_in),
    Page("POST", "/sign-out", ANYBODY, sign_out),
)
"""All pages."""


def routes(pages: Sequence[Page] = PAGES) -> list[BaseRoute]:
    """Starlette routes of pages, each guarded before its handler sees the request."""
    by_path: dict[str, dict[str, Handler]] = {}
    for page in pages:
        by_path.setdefault(page.path, {})[page.method] = _guarded(page)
    return [Route(path, by_method(handlers), methods=list(handlers)) for path, handlers in by_path.items()]
