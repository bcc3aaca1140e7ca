"""Messages that wait for a person: the API and the page where they are read, changed, approved or refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from rulelang.calendar import instant_text
from runtime.engine.work import Decide
from runtime.model import EffectRow, EffectStatus
from web.body import read_body, read_object
from web.context import AppContext, committed, context_of
from web.html import render
from web.pages import Page
from web.problems import Problem
from web.routing import Answer, Endpoint, Parameter, json_response
from web.runs import expect_done, find_effect

_PART = 500
"""Effects read at a time."""
_MAX_FORM = 256 * 1024
_PARTS = ("subject", "text", "html")


async def open_drafts(context: AppContext, person: str = "") -> list[EffectRow]:
    """Drafts that nobody has decided about, the oldest first; of one person when named."""
    found: list[EffectRow] = []
    cursor, more = "", True
    while more:
        rows, cursor = await context.reader.effects(status=EffectStatus.PENDING, limit=_PART, cursor=cursor)
        found += [row for row in rows if _is_open(row) and person in ("", row.prepared["held"]["person"])]
        more = bool(cursor)
    return found[::-1]


def _is_open(row: EffectRow) -> bool:
    prepared = row.prepared
    decided = isinstance(prepared, dict) and ("approved" in prepared or "refused" in prepared)
    return isinstance(prepared, dict) and "held" in prepared and not decided


def draft_json(row: EffectRow) -> dict[str, Any]:
    """A draft as the API shows it."""
    effect, prepared = row.effect, row.prepared
    message, held = prepared["message"], prepared["held"]
    state = "open" if _is_open(row) else "approved" if "approved" in prepared else "refused"
    return {
        "key": effect.key,
        "run": effect.run,
        "rule": effect.rule,
        "contact": {"kind": effect.subject.kind, "id": effect.subject.id},
        "person": held["person"],
        "until": instant_text(held["until"]) if held["until"] else None,
        "created_at": instant_text(effect.created_at),
        "to": [email for email, _ in message["to"]],
        "subject": message["subject"],
        "text": message["text"],
        "html": message.get("html", ""),
        "state": state if row.status in (EffectStatus.PENDING, EffectStatus.DONE) else str(row.status),
        "decided_by": prepared.get("approved") or prepared.get("refused") or "",
    }


async def list_drafts(request: Request) -> Response:
    """Drafts that wait."""
    person = request.query_params.get("person", "").lower()
    return json_response(
        {"items": [draft_json(row) for row in await open_drafts(context_of(request), person)]}
    )


async def get_draft(request: Request) -> Response:
    """One draft, also a decided one."""
    return json_response(draft_json(await _draft(request)))


async def approve(request: Request) -> Response:
    """Send a draft, as it is or with other words.

    Raises:
        Problem: 404, 409 when it was decided before, 422 for words that are none.
    """
    body = await read_object(request, empty=True, limit=_MAX_FORM)
    await _decide(request, body, True, (*_PARTS, "by"))
    return json_response(draft_json(await _draft(request)))


async def refuse(request: Request) -> Response:
    """Do not send a draft; `note` says why.

    Raises:
        Problem: 404, 409 when it was decided before.
    """
    body = await read_object(request, empty=True, limit=_MAX_FORM)
    await _decide(request, body, False, ("note", "by"))
    return json_response(draft_json(await _draft(request)))


async def _draft(request: Request) -> EffectRow:
    row = await find_effect(context_of(request), request.path_params["key"])
    if not isinstance(row.prepared, dict) or "held" not in row.prepared:
        raise Problem(404, "this effect is no draft")
    return row


async def _decide(request: Request, said: dict[str, Any], approved: bool, known: tuple[str, ...]) -> None:
    for name, value in said.items():
        if name not in known:
            raise Problem(422, f"a decision has no `{name[:50]}`: it takes {', '.join(known)}")
        if not isinstance(value, str):
            raise Problem(422, f"`{name}` is a text")
    row = await _draft(request)
    changes = {name: said[name] for name in _PARTS if name in said}
    if any(not value.strip() for name, value in changes.items() if name != "html"):
        raise Problem(422, "a message needs a subject and a text")
    by = said.get("by") or row.prepared["held"]["person"]
    work = Decide(row.effect.key, by, approved, said.get("note", "")[:500], changes)
    expect_done(await committed(context_of(request).engine.operate(work)))


# --- the page ---


async def drafts_page(request: Request) -> Response:
    """Everything that waits, with what may be changed."""
    context, person = context_of(request), request.query_params.get("person", "").lower()
    drafts = [draft_json(row) for row in await open_drafts(context, person)]
    people = [
        (email, known.name or email) for email, known in context.workspace.checked.schema.people.items()
    ]
    return render(request, "drafts.html", drafts=drafts, people=people, person=person)


async def decide_on_page(request: Request) -> Response:
    """What a button of the page says."""
    text = (await read_body(request, request.receive, _MAX_FORM)).decode("utf-8", "replace")
    form = {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}
    if form.get("decision") == "approve":
        row = await _draft(request)
        message = row.prepared["message"]
        said = {n: form[n].replace("\r\n", "\n") for n in ("subject", "text") if n in form}
        changed: dict[str, Any] = {
            n: value for n, value in said.items() if value.strip() != message[n].strip()
        }
        await _decide(request, changed, True, _PARTS)
    else:
        await _decide(request, {"note": form.get("note", "")}, False, ("note",))
    return RedirectResponse("/drafts", 303)


PAGES: Sequence[Page] = (
    Page("GET", "/drafts", "runs:read", drafts_page),
    Page("POST", "/drafts/{key}", "runs:write", decide_on_page),
)
"""The pages, for the application."""


def endpoints() -> Sequence[Endpoint]:
    """The routes."""
    draft = {"type": "object", "required": ["key", "person", "subject", "text", "state"]}
    texts = {name: {"type": "string"} for name in (*_PARTS, "by")}
    known = {404: Answer("unknown")}
    decided = {
        **known,
        409: Answer("it was decided before, or its run has ended"),
        422: Answer("wrong words"),
    }
    return [
        Endpoint(
            "GET",
            "/v1/drafts",
            "runs:read",
            list_drafts,
            "List drafts that wait for a person",
            parameters=(Parameter("person", "only those of this person"),),
            answers={200: Answer("the drafts", {"type": "object", "required": ["items"]})},
            tag="drafts",
        ),
        Endpoint(
            "GET",
            "/v1/drafts/{key}",
            "runs:read",
            get_draft,
            "Read a draft",
            answers={200: Answer("the draft", draft), **known},
            tag="drafts",
        ),
        Endpoint(
            "POST",
            "/v1/drafts/{key}/approve",
            "runs:write",
            approve,
            "Send a draft, as it is or with other words",
            bodies={"application/json": {"type": "object", "properties": texts}},
            answers={200: Answer("the draft", draft), **decided},
            tag="drafts",
            body_required=False,
        ),
        Endpoint(
            "POST",
            "/v1/drafts/{key}/refuse",
            "runs:write",
            refuse,
            "Do not send a draft",
            bodies={
                "application/json": {
                    "type": "object",
                    "properties": {"note": {"type": "string"}, "by": {"type": "string"}},
                }
            },
            answers={200: Answer("the draft", draft), **decided},
            tag="drafts",
            body_required=False,
        ),
    ]
