"""Answers to what went wrong: problem details for programs, a page for people, and a line in the log if it was us."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.store.protocol import BadCursor, StoreUnavailable
from web.context import context_of
from web.html import problem_page, wants_page
from web.problems import Problem, unavailable


async def answer(request: Request, error: Exception) -> Response:
    """The answer to a problem, or to what can be said as one."""
    problem = _problem(request, error)
    if problem.status >= 500:
        context_of(request).complaints.say(request.scope, problem.status, problem.reason or problem.detail)
    return problem_page(request, problem) if wants_page(request) else problem.response()


def _problem(request: Request, error: Exception) -> Problem:
    path = request.url.path[:200]
    match error:
        case Problem():
            return error
        case StoreUnavailable():
            return unavailable(error, "try again later")
        case BadCursor():
            return Problem(400, "`cursor` is none that this listing gave; begin without one")
        case HTTPException(status_code=404):
            return Problem(404, f"nothing is served at {path}")
        case HTTPException(status_code=405):
            return Problem(405, f"{path} does not take {request.method}", error.headers)
        case HTTPException():
            return Problem(error.status_code, error.detail, error.headers)
    return Problem(500, "the server failed at this request; the log says why")


HANDLERS: Mapping[Any, Callable[[Request, Exception], Any]] = {
    Problem: answer,
    StoreUnavailable: answer,
    BadCursor: answer,
    HTTPException: answer,
}
"""For Starlette: what is answered by whom."""


class Faults:
    """Answers errors that nobody foresaw without saying what they were, and logs them with their traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and answer if nothing below could."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            request = Request(scope, receive)
            context_of(request).complaints.say(scope, 500, f"{type(error).__name__}: {error}", error)
            if begun:
                raise
            problem = _problem(request, error)
            response = problem_page(request, problem) if wants_page(request) else problem.response()
            await response(scope, receive, send)
