"""The HTTP client: the only code that sends requests.

It follows no redirects, keeps no cookies, reads no proxy settings or password files, and ends every request
within its deadline. It uses only the connection pool of httpcore, so that nobody but the guard parses a URL.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpcore2

from runtime.egress.body import BodyReader
from runtime.egress.errors import EgressError, NotSent, OutcomeUnknown, Refused
from runtime.egress.guard import EgressPolicy, Resolver, Vetted, check_url
from runtime.egress.headers import encode_headers
from runtime.egress.network import PinnedBackend, SystemResolver
from runtime.egress.retry_after import retry_after_seconds

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_TRANSPORT_ERRORS = (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, OSError)
_CONNECT_TIMEOUT = 10.0
# Shorter than the idle time of common servers (5 s), so that a request rarely meets a closing connection.
_KEEPALIVE = 4.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What the receiver answered. Header names are in lower case.

    `truncated` says that `body` is not all of it: over the cap, broken off, too slow, or badly compressed.
    `retry_after` is in seconds, at most a day; None when not asked for. `seconds` is how long it took.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool = False
    retry_after: float | None = None
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the receiver accepted it: 200 to 299."""
        return 200 <= self.status < 300


@dataclass(slots=True)
class _Progress:
    """How far one request has come, for saying what its failure means."""

    sent: bool = False
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    reader: BodyReader | None = None

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by the pool; the request counts as sent from the first byte of its head."""
        if event == "http11.send_request_headers.started":
            self.sent = True


class EgressClient:
    """Sends requests through the guard. One for the whole process; connections are kept and shared.

    `per_origin` bounds how many requests to one receiver are under way at once, so that a slow one cannot use
    up `max_connections`. `clock` gives seconds since the epoch, for `Retry-After` dates.
    """

    def __init__(
        self,
        policy: EgressPolicy | None = None,
        *,
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
        max_connections: int = 256,
        per_origin: int = 16,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.policy = policy or EgressPolicy()
        self._own_resolver = None if resolver else SystemResolver()
        self._network = PinnedBackend(self.policy, resolver or self._own_resolver or SystemResolver())
        self._lanes = _Lanes(per_origin)
        self._clock = clock
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls or httpcore2.default_ssl_context(),
            max_connections=max_connections,
            max_keepalive_connections=max_connections // 2,
            keepalive_expiry=_KEEPALIVE,
            network_backend=self._network,
        )

    async def vet(self, url: str) -> Vetted:
        """Judge a URL as `request` would, resolving its name, without sending anything: when it is saved.

        Raises:
            Refused: rules must not reach it.
            NotSent: its name cannot be resolved now.
        """
        vetted = check_url(url, self.policy)
        await self._network.vet(vetted.host, vetted.port)
        return vetted

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        deadline: float = 30.0,
        max_response_bytes: int = 1 << 20,
        idempotency_key: str = "",
    ) -> Reply:
        """Send one request and read its answer, whatever its status; a redirect is an answer like any other.

        `deadline` is in seconds and covers everything. `idempotency_key` becomes the header of that name.

        Raises:
            Refused: the guard or a check of the request forbids it; nothing was sent.
            NotSent: no connection came about; nothing was sent.
            OutcomeUnknown: it was sent, and no answer came in time.
        """
        vetted = check_url(url, self.policy)
        request = _compose(method, vetted, headers or {}, body, idempotency_key)
        progress = _Progress()
        request.extensions = {
            "trace": progress.trace,
            "timeout": {"connect": min(_CONNECT_TIMEOUT, deadline)},
        }
        began = time.monotonic()
        await self._exchange(request, vetted, progress, deadline, max_response_bytes)
        return self._reply(progress, time.monotonic() - began)

    async def _exchange(
        self, request: httpcore2.Request, vetted: Vetted, progress: _Progress, deadline: float, limit: int
    ) -> None:
        try:
            async with asyncio.timeout(deadline), self._lanes.enter(vetted.origin):
                await self._send(request, progress, limit)
        except TimeoutError as error:
            if not progress.status:
                raise _no_answer(progress, vetted, f"in {deadline:g} seconds") from error
        except _TRANSPORT_ERRORS as error:
            if not progress.status:
                raise _failed(error, progress, vetted) from error

    async def _send(self, request: httpcore2.Request, progress: _Progress, limit: int) -> None:
        response = await self._pool.handle_async_request(request)
        try:
            progress.headers = _decoded(response.headers)
            progress.reader = BodyReader(limit, progress.headers.get("content-encoding", ""))
            progress.status = response.status
            async with aclosing(response.aiter_stream()) as chunks:
                await progress.reader.read(chunks)
        finally:
            await response.aclose()

    def _reply(self, progress: _Progress, seconds: float) -> Reply:
        reader = progress.reader
        assert reader is not None
        return Reply(
            progress.status,
            progress.headers,
            bytes(reader.content),
            not reader.complete,
            retry_after_seconds(progress.headers.get("retry-after", ""), self._clock()),
            seconds,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()
        if self._own_resolver:
            self._own_resolver.close()


def _compose(
    method: str, vetted: Vetted, headers: Mapping[str, str], body: bytes, key: str
) -> httpcore2.Request:
    if method not in _METHODS:
        raise Refused(f"`{method[:20]}` is not a method that can be used")
    fields = encode_headers({**headers, "Idempotency-Key": key} if key else headers)
    fields += [(b"Host", vetted.authority.encode("ascii")), (b"Accept-Encoding", b"identity")]
    if not any(name.lower() == b"user-agent" for name, _ in fields):
        fields.append((b"User-Agent", b"rulelang"))
    if body or method in ("POST", "PUT", "PATCH"):
        fields.append((b"Content-Length", str(len(body)).encode("ascii")))
    parts = httpcore2.URL(scheme=vetted.scheme, host=str(vetted.host), port=vetted.port, target=vetted.target)
    return httpcore2.Request(method, parts, headers=fields, content=body)


def _decoded(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


def _no_answer(progress: _Progress, vetted: Vetted, when: str) -> EgressError:
    if progress.sent:
        return OutcomeUnknown(f"`{vetted.origin}` gave no answer {when}, and may have acted on the request")
    return NotSent(f"no connection to `{vetted.origin}` came about {when}")


def _failed(error: Exception, progress: _Progress, vetted: Vetted) -> EgressError:
    if isinstance(error, httpcore2.LocalProtocolError):
        return Refused("the request is not valid HTTP")
    if progress.sent:
        return OutcomeUnknown(
            f"`{vetted.origin}` broke off without an answer, and may have acted on the request"
        )
    if _is_certificate_error(error):
        return NotSent(f"the certificate of `{vetted.origin}` could not be verified")
    return NotSent(f"no connection to `{vetted.origin}` came about")


def _is_certificate_error(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


class _Lanes:
    """A bound on the requests under way to each origin; origins that are not in use take no memory."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._lanes: dict[str, asyncio.Semaphore] = {}
        self._users: dict[str, int] = {}

    @asynccontextmanager
    async def enter(self, origin: str) -> AsyncIterator[None]:
        lane = self._lanes.setdefault(origin, asyncio.Semaphore(self._width))
        self._users[origin] = self._users.get(origin, 0) + 1
        try:
            async with lane:
                yield
        finally:
            self._users[origin] -= 1
            if not self._users[origin]:
                del self._users[origin], self._lanes[origin]
