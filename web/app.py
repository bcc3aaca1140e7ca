"""The application: routes, headers, errors. No route exists that is not listed here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web import (
    approvals,
    backtest,
    deploy,
    desk_api,
    desk_pages,
    drafts,
    history,
    ingest,
    links,
    mailbox,
    pages,
    pausing,
    records,
    rules,
    runs,
    starting,
    statistics,
    system,
    versions,
    voice,
    why,
)
from web.context import AppContext
from web.editing import routes as editing
from web.errors import HANDLERS, Faults
from web.inbound import endpoints as inbound
from web.inbound import segment
from web.ingest import EventsEndpoint
from web.openapi import document
from web.routing import Endpoint, routes
from web.system import Readiness

_HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        b"form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_KEEP_NOTHING = (b"cache-control", b"no-store")
_ASK_AGAIN = (b"cache-control", b"no-cache")


class SecureHeaders:
    """Adds the headers that keep pages from loading, framing or running anything foreign."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with more headers. The hot route sets its own."""
        if scope["type"] != "http" or scope["path"] == "/v1/events":
            await self._app(scope, receive, send)
            return
        caching = _ASK_AGAIN if scope["path"].startswith("/static/") else _KEEP_NOTHING

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                named = {name for name, _ in own}
                # A page that needs another policy says so itself.
                more = [header for header in (*_HEADERS, caching) if header[0] not in named]
                message["headers"] = [*own, *more]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def api_endpoints() -> list[Endpoint]:
    """Every operation of the API but the hot one."""
    return [
        *records.endpoints(),
        *deploy.endpoints(),
        *versions.endpoints(),
        *backtest.endpoints(),
        *statistics.endpoints(),
        *starting.endpoints(),
        *pausing.endpoints(),
        *rules.endpoints(),
        *runs.endpoints(),
        *why.endpoints(),
        *editing.endpoints(),
        *history.endpoints(),
        *inbound.endpoints(),
        *voice.endpoints(),
        *segment.endpoints(),
        *desk_api.endpoints(),
        *approvals.endpoints(),
        *drafts.endpoints(),
        *mailbox.endpoints(),
        *system.endpoints(),
    ]


def _static() -> ASGIApp:
    """Scripts and styles, packed for the way: the editor's library is large."""
    return GZipMiddleware(StaticFiles(directory=Path(__file__).parent / "static"), minimum_size=2000)


def build_app(
    context: AppContext,
    lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]] | None = None,
) -> Starlette:
    """The application over a running system."""
    endpoints = api_endpoints()
    app = Starlette(
        routes=[
            Route("/v1/events", EventsEndpoint(context)),
            *routes(endpoints),
            Mount("/static", _static(), name="static"),
            *links.routes(),
            *pages.routes((*pages.PAGES, *desk_pages.PAGES, *drafts.PAGES, *approvals.PAGES)),
        ],
        middleware=[Middleware(SecureHeaders), Middleware(Faults)],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.context = context
    app.state.readiness = Readiness()
    app.state.openapi = document([*ingest.endpoints(), *endpoints], context.version)
    return app
