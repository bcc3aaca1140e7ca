"""The HTTP client: the only code that sends requests.

It follows no redirects, keeps no cookies, reads no proxy settings or password files, and ends every request
within its deadline. httpx carries the requests, over a transport that goes only where the guard allows.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpcore
import httpx
from anyio import EndOfStream

from runtime.egress.body import BodyReader
from runtime.egress.errors import EgressError, NotSent, OutcomeUnknown, Refused
from runtime.egress.guard import EgressPolicy, Resolver, Vetted, check_url
from runtime.egress.headers import encode_headers
from runtime.egress.network import PinnedBackend, SystemResolver
from runtime.egress.retry_after import retry_after_seconds
from runtime.egress.transport import GuardedTransport, NoCookies

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# EndOfStream: a TLS connection that ends while a request is written; httpcore 1.0 lets it through.
_TRANSPORT_ERRORS = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    EndOfStream,
    OSError,
)
_CONNECT_TIMEOUT = 10.0

# At lower levels they would log receivers and the header fields of their answers.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


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
        self._http = httpx.AsyncClient(
            transport=GuardedTransport(self._network, tls, max_connections),
            trust_env=False,
            follow_redirects=False,
            cookies=NoCookies(),
            timeout=None,
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
            "vetted": vetted,
            "trace": progress.trace,
            "timeout": {"connect": min(_CONNECT_TIMEOUT, deadline)},
        }
        began = time.monotonic()
        await self._exchange(request, vetted, progress, deadline, max_response_bytes)
        return self._reply(progress, time.monotonic() - began)

    async def _exchange(
        self, request: httpx.Request, vetted: Vetted, progress: _Progress, deadline: float, limit: int
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

    async def _send(self, request: httpx.Request, progress: _Progress, limit: int) -> None:
        response = await self._http.send(request, stream=True)
        try:
            progress.headers = _decoded(response.headers.raw)
            progress.reader = BodyReader(limit, progress.headers.get("content-encoding", ""))
            progress.status = response.status_code
            await progress.reader.read(response.aiter_raw())
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
        await self._http.aclose()
        if self._own_resolver:
            self._own_resolver.close()


def _compose(method: str, vetted: Vetted, headers: Mapping[str, str], body: bytes, key: str) -> httpx.Request:
    """The request as it will stand on the wire; httpx adds only `Content-Length`, where RFC 9110 wants it."""
    if method not in _METHODS:
        raise Refused(f"`{method[:20]}` is not a method that can be used")
    fields = encode_headers({**headers, "Idempotency-Key": key} if key else headers)
    # With a Host given, httpx does not try to decode `xn--` names, some of which it would refuse.
    ours = [(b"Host", vetted.authority.encode("ascii")), (b"Accept-Encoding", b"identity")]
    if not any(name.lower() == b"user-agent" for name, _ in fields):
        ours.append((b"User-Agent", b"rulelang"))
    return httpx.Request(method, vetted.origin, headers=ours + fields, content=body)


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
    if isinstance(error, httpcore.LocalProtocolError):
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
