"""The pages of tasks and inboxes: what is to be done, by whom, and what nobody has read yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from runtime.desk import TASK
from runtime.model import Item
from runtime.store.protocol import ItemFilter
from web.body import read_body
from web.context import context_of
from web.desk import complete, inbox_of, item_json, take_off
from web.html import render
from web.pages import Page

_SHOWN = 100
_MAX_FORM = 4096


async def tasks_page(request: Request) -> Response:
    """Open tasks, those due first on top; of everybody, a person or a team."""
    context, asked = context_of(request), request.query_params
    person, team = asked.get("person", "").lower(), asked.get("team", "")
    wanted = ItemFilter(TASK, asked.get("state") != "done", person, team)
    found, after = await context.reader.list_items(wanted, _SHOWN, asked.get("cursor", ""))
    if wanted.open:
        found.sort(key=lambda item: (item.due is None, item.due or 0))
    return render(
        request,
        "tasks.html",
        tasks=[_shown(item) for item in found],
        now=context.clock(),
        next=after,
        **_choices(request, person, team),
    )


async def inbox_page(request: Request) -> Response:
    """Notices and reminders of a person or a team."""
    context, asked = context_of(request), request.query_params
    person, team = asked.get("person", "").lower(), asked.get("team", "")
    found: Mapping[str, Sequence[Item]] = {"notices": (), "reminders": ()}
    if person or team:
        found = await inbox_of(context, person, team, _SHOWN)
    return render(
        request,
        "inbox.html",
        notices=[_shown(item) for item in found["notices"]],
        reminders=[_shown(item) for item in found["reminders"]],
        **_choices(request, person, team),
    )


def _shown(item: Item) -> dict[str, Any]:
    blank = {"title": "", "text": "", "description": "", "priority": "", "rule": "", "run": "", "outcome": ""}
    blank |= {"person": "", "team": "", "due_at": "", "closed_at": "", "completed_by": ""}
    return {**blank, **item_json(item), "due": item.due}


def _choices(request: Request, person: str, team: str) -> dict[str, Any]:
    schema = context_of(request).workspace.checked.schema
    query = urlencode({name: text for name, text in (("person", person), ("team", team)) if text})
    state = "done" if request.query_params.get("state") == "done" else "open"
    return {
        "people": [(email, known.name or email) for email, known in schema.people.items()],
        "teams": list(schema.teams),
        "person": person,
        "team": team,
        "state": state,
        "query": query,
    }


async def complete_task(request: Request) -> Response:
    """Complete a task."""
    form = await _form(request)
    said = {name: form[name] for name in ("by", "outcome") if form.get(name)}
    await complete(context_of(request), request.path_params["id"], said)
    return _back(request, "/tasks")


async def read_notice(request: Request) -> Response:
    """Take a notice off the desk."""
    form = await _form(request)
    await take_off(context_of(request), request.path_params["id"], form.get("by", ""))
    return _back(request, "/inbox")


async def _form(request: Request) -> dict[str, str]:
    text = (await read_body(request, request.receive, _MAX_FORM)).decode("utf-8", "replace")
    return {name: values[0].strip() for name, values in parse_qs(text).items()}


def _back(request: Request, path: str) -> Response:
    """To the list that it was asked from: the same person's or team's."""
    kept = {name: request.query_params[name] for name in ("person", "team") if name in request.query_params}
    return RedirectResponse(f"{path}?{urlencode(kept)}" if kept else path, 303)


PAGES: Sequence[Page] = (
    Page("GET", "/tasks", "records:read", tasks_page),
    Page("POST", "/tasks/{id}/complete", "records:write", complete_task),
    Page("GET", "/inbox", "records:read", inbox_page),
    Page("POST", "/inbox/{id}/read", "records:write", read_notice),
)
"""The pages, for the application."""
