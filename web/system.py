"""What operators and their tools ask: is it alive, is it ready, how is it doing, what does it offer."""

from __future__ import annotations

import asyncio
import time

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from runtime.store.protocol import Batch, StoreUnavailable
from web.context import AppContext, context_of
from web.routing import Answer, Endpoint, json_response

PROBE_SECONDS = 2.0
PROBE_EVERY = 5.0
"""For how long the outcome of a probe stands: strangers may ask as often as they like, the disk is asked rarely."""
_COUNTER = "web.ready"


class Readiness:
    """Whether the store takes writes and can be read, found out by doing both."""

    def __init__(self) -> None:
        self._until = 0.0
        self._problem = ""
        self._lock = asyncio.Lock()

    async def problem(self, context: AppContext) -> str:
        """Why the server does not take work now, as a sentence; "" when it does."""
        async with self._lock:
            if time.monotonic() >= self._until:
                self._problem = context.engine.unready() or await _probe(context)
                self._until = time.monotonic() + (1.0 if self._problem else PROBE_EVERY)
            return self._problem


async def _probe(context: AppContext) -> str:
    mark = Batch(counters={_COUNTER: context.clock()})
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await context.engine.write(lambda tx: tx.write(mark))
            await context.reader.run("")
    except TimeoutError:
        return "the store does not answer"
    except StoreUnavailable as error:
        return str(error)
    return ""


async def healthz(request: Request) -> Response:
    """Alive: the process answers."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """Ready: the store can be read and takes writes."""
    context, readiness = context_of(request), request.app.state.readiness
    problem = await readiness.problem(context)
    if problem:
        context.complaints.say(request.scope, 503, problem)
        return PlainTextResponse("not ready; the log says why\n", 503)
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
    line = {"type": "string"}
    ready = {
        200: Answer("ready", line, "text/plain"),
        503: Answer("not now; the log says why", line, "text/plain"),
    }
    alive = {200: Answer("yes", line, "text/plain")}
    return [
        Endpoint("GET", "/healthz", "", healthz, "Is the process alive?", answers=alive),
        Endpoint(
            "GET",
            "/readyz",
            "",
            readyz,
            "Does the server take work?",
            f"The store is written and read for this, at most every {PROBE_EVERY:.0f} seconds.",
            answers=ready,
        ),
        Endpoint(
            "GET",
            "/metrics",
            "metrics:read",
            metrics,
            "Metrics for Prometheus",
            answers={200: Answer("text format", line, "text/plain")},
        ),
        Endpoint(
            "GET",
            "/openapi.json",
            "",
            openapi,
            "This document",
            answers={200: Answer("OpenAPI 3.1", {"type": "object"})},
        ),
    ]
