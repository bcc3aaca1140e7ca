"""Errors of the API as problem details (RFC 9457): what went wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """An answer other than success.

    `detail` is a sentence for people, `extra` are further members of the answer. `reason` is for the log alone.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        headers: Mapping[str, str] | None = None,
        *,
        reason: str = "",
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.reason = reason
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


def unavailable(error: Exception, kept: str = "nothing was done, send it again later") -> Problem:
    """The answer when the store cannot be read or written now; `kept` says what became of the request."""
    return Problem(503, f"{error}; {kept}", {"Retry-After": "5"})
