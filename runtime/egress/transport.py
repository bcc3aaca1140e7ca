"""What httpx sends through: a connection pool that reaches only destinations the guard has vetted.

httpx gets no more of a URL than its origin, and nothing that httpx reads in it decides where a request goes.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from http.cookiejar import CookieJar
from typing import Any

import httpcore
import httpx

from runtime.egress.errors import Refused
from runtime.egress.guard import Vetted
from runtime.egress.network import PinnedBackend

# Shorter than the idle time of common servers (5 s), so that a request rarely meets a closing connection.
_KEEPALIVE = 4.0


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends each request to the `Vetted` in its extension `vetted`, whatever its own URL says.

    It raises the errors of httpcore and of the guard as they are; the client says what they mean.
    """

    def __init__(self, network: PinnedBackend, tls: ssl.SSLContext | None, max_connections: int) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or httpcore.default_ssl_context(),
            max_connections=max_connections,
            max_keepalive_connections=max_connections // 2,
            keepalive_expiry=_KEEPALIVE,
            network_backend=network,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read the head of its answer.

        Raises:
            Refused: the request carries no vetted destination.
        """
        vetted = request.extensions.get("vetted")
        if not isinstance(vetted, Vetted):
            raise Refused("the address has not been checked")
        answer = await self._pool.handle_async_request(_on_the_wire(request, vetted))
        return _Answer(
            answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


def _on_the_wire(request: httpx.Request, vetted: Vetted) -> httpcore.Request:
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=vetted.scheme, host=str(vetted.host), port=vetted.port, target=vetted.target),
        headers=request.headers.raw,
        content=request.stream,
        extensions={name: request.extensions[name] for name in ("trace", "timeout")},
    )


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._answer.aiter_stream()

    async def aclose(self) -> None:
        await self._answer.aclose()


class _Answer(httpx.Response):
    """An answer that is final. httpx would parse a `Location` it does not follow, and fail on a bad one."""

    @property
    def has_redirect_location(self) -> bool:
        return False


class NoCookies(CookieJar):
    """A jar that keeps nothing and reads nothing of what receivers set."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Ignore the cookies of an answer."""
