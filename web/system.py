"""What operators and their tools ask: is it alive, is it ready, how is it doing, what does it offer."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from web.context import committed, context_of
from web.problems import Problem
from web.routing import Endpoint, json_response


async def healthz(request: Request) -> Response:
    """Alive: the process answers."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """Ready: the store can be read and takes writes."""
    context = context_of(request)
    try:
        async with asyncio.timeout(2):
            await committed(context.engine.write(lambda tx: None))
            await context.reader.backlog()
    except TimeoutError:
        return PlainTextResponse("the store does not answer\n", 503)
    except Problem as problem:
        return PlainTextResponse(f"{problem.detail}\n", 503)
    return PlainTextResponse("ready\n")


async def metrics(request: Request) -> Response:
    """Metrics in the Prometheus text format."""
    context = context_of(request)
    body, media = context.metrics.exposition(await context.reader.backlog())
    return Response(body, media_type=media)


async def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return json_response(request.app.state.openapi)


def endpoints() -> list[Endpoint]:
    """The routes."""
    ready: dict[int, tuple[str, None]] = {200: ("ready", None), 503: ("not now; the body says why", None)}
    return [
        Endpoint("GET", "/healthz", "", healthz, "Is the process alive?", answers={200: ("yes", None)}),
        Endpoint("GET", "/readyz", "", readyz, "Does the server take work?", answers=ready),
        Endpoint(
            "GET",
            "/metrics",
            "metrics:read",
            metrics,
            "Metrics for Prometheus",
            answers={200: ("text format", None)},
        ),
        Endpoint(
            "GET",
            "/openapi.json",
            "",
            openapi,
            "This document",
            answers={200: ("OpenAPI 3.1", {"type": "object"})},
        ),
    ]
