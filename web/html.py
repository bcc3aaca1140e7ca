"""How pages are made: templates with every value escaped, for somebody signed in or for a stranger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from rulelang.calendar import CalendarError, parse_instant
from runtime.timeline import local_text
from web.context import AppContext, context_of
from web.problems import Problem
from web.runs import workspace_zone

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["plain"] = lambda value: plain(value)


def render(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """A page for somebody signed in. `held`, what they may do, is among the values of every template."""
    context = context_of(request)
    always = {
        "workspace": context.workspace.checked.schema.name,
        "held": request.scope.get("held", frozenset()),
        "moment": lambda text: _moment(context, text),
        "zone": workspace_zone(context).key,
    }
    return HTMLResponse(_environment.get_template(template).render({**always, **values}), status)


def render_plain(template: str, status: int = 200, **values: Any) -> Response:
    """A page for a stranger: it tells nothing of the workspace."""
    return HTMLResponse(_environment.get_template(template).render(values), status)


def _moment(context: AppContext, text: str) -> str:
    """An instant as people read it: to the second, in the workspace's zone, which every page names."""
    try:
        instant = parse_instant(text)
    except CalendarError:
        return text
    return local_text(instant - instant % 1000, workspace_zone(context))[:19].replace("T", " ")


def plain(value: Any) -> str:
    """A JSON value on one line, as people write it."""
    match value:
        case None | "" | [] | {}:
            return "—"
        case bool():
            return "yes" if value else "no"
        case [str(), str()] if "@" in value[0]:
            return f"{value[1]} <{value[0]}>" if value[1] else str(value[0])
        case list():
            return ", ".join(map(plain, value))
        case dict():
            return msgspec.json.encode(value).decode()
        case _:
            return str(value)


def wants_page(request: Request) -> bool:
    """Whether an answer is for a person in front of a browser."""
    return not request.url.path.startswith("/v1/") and "text/html" in request.headers.get("accept", "")


def problem_page(request: Request, problem: Problem) -> Response:
    """A problem for people: within the pages for somebody signed in, alone for a stranger."""
    title = {403: "Not allowed", 404: "Not found", 409: "Not possible now"}.get(
        problem.status, "That did not work"
    )
    values = {"title": title, "detail": problem.detail}
    if request.scope.get("held") is None:
        response = render_plain("stranger.html", problem.status, **values)
    else:
        response = render(request, "problem.html", problem.status, **values)
    response.headers.update(problem.headers)
    return response
