"""Routes of the API as values: from them come the router, the check of scopes and the OpenAPI document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.routing import Route as StarletteRoute

from web.context import context_of
from web.problems import Problem

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

MAX_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query or header parameter. `schema` is its JSON Schema."""

    name: str
    doc: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    place: str = "query"
    required: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What one status means. `schema` is the JSON Schema of the body; without one nothing is said of it."""

    text: str
    schema: Mapping[str, Any] | None = None
    media: str = "application/json"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation. `scope` "" means open to strangers. `bodies` maps media types to JSON Schemas.

    `free_query` says that any parameters may stand in the address, `own_keys` that the handler checks the scope.
    """

    method: str
    path: str
    scope: str
    handler: Handler
    summary: str
    doc: str = ""
    parameters: tuple[Parameter, ...] = ()
    bodies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    answers: Mapping[int, Answer] = field(default_factory=dict)
    tag: str = ""
    body_required: bool = True
    free_query: bool = False
    own_keys: bool = False


LIMIT = Parameter(
    "limit", f"how many at most, 1 to {MAX_LIMIT}", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}
)
CURSOR = Parameter("cursor", "`next` of the page before")


def routes(endpoints: Sequence[Endpoint]) -> list[BaseRoute]:
    """Starlette routes, each guarded by its endpoint's scope before its handler sees the request."""
    by_path: dict[str, dict[str, Handler]] = {}
    for endpoint in endpoints:
        by_path.setdefault(endpoint.path, {})[endpoint.method] = _guarded(endpoint)
    return [
        StarletteRoute(path, by_method(handlers), methods=list(handlers))
        for path, handlers in by_path.items()
    ]


def by_method(handlers: Mapping[str, Handler]) -> Handler:
    """One handler for all methods of a path; HEAD is answered as GET, without the body."""

    async def handle(request: Request) -> Response:
        return await handlers["GET" if request.method == "HEAD" else request.method](request)

    return handle


def _guarded(endpoint: Endpoint) -> Handler:
    async def handle(request: Request) -> Response:
        if endpoint.scope and not endpoint.own_keys:
            context_of(request).guard.require(request, endpoint.scope)
        if not endpoint.free_query:
            _check_query(request, endpoint)
        return await endpoint.handler(request)

    return handle


def _check_query(request: Request, endpoint: Endpoint) -> None:
    known = [p.name for p in endpoint.parameters if p.place == "query"]
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in known:
            says = f"it takes {', '.join(f'`{k}`' for k in known)}" if known else "it takes none"
            raise Problem(400, f"{endpoint.path} has no parameter `{name[:50]}`; {says}")
        if name in seen:
            raise Problem(400, f"the parameter `{name}` is given twice")
        seen.add(name)


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")


def page_limit(request: Request, default: int = 50) -> int:
    """The `limit` asked for.

    Raises:
        Problem: 400 when it is no number from 1 to MAX_LIMIT.
    """
    text = request.query_params.get("limit", str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MAX_LIMIT):
        raise Problem(400, f"`limit` is a number from 1 to {MAX_LIMIT}, found {text[:50]!r}")
    return int(text)
