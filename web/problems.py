"""Errors of the API as problem details (RFC 9457): what went wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """An answer other than success. `detail` is a sentence for people; `extra` are further members."""

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra

    def body(self) -> bytes:
        """The JSON of the answer."""
        title = HTTPStatus(self.status).phrase
        return msgspec.json.encode(
            {"title": title, "status": self.status, "detail": self.detail, **self.extra}
        )

    def response(self) -> Response:
        """The answer."""
        return Response(self.body(), self.status, self.headers, media_type=MEDIA_TYPE)


async def on_problem(request: Request, error: Exception) -> Response:
    """Answer a Problem."""
    assert isinstance(error, Problem)
    return error.response()


async def on_not_found(request: Request, error: Exception) -> Response:
    """Answer a path that nothing serves."""
    return Problem(404, f"nothing is served at {request.url.path}").response()


async def on_wrong_method(request: Request, error: Exception) -> Response:
    """Answer a method that a path does not take."""
    headers = getattr(error, "headers", None) or {}
    return Problem(405, f"{request.url.path} does not take {request.method}", headers).response()


async def on_error(request: Request, error: Exception) -> Response:
    """Answer a fault of ours without saying what it was; the log has it."""
    return Problem(500, "the server failed at this request; the log says why").response()
