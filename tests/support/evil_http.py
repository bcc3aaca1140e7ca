"""A misbehaving HTTP server on loopback, for every test that sends HTTP: behaviour is chosen by path, or scripted.

    async with EvilServer() as server:
        server.script("/hook", 500, 429, 200)
        ... send to server.url("/hook") ...
        assert [r.path for r in server.requests] == ["/hook"] * 3

Paths (query parameters in brackets): `/ok` `/echo` `/status/503` `/retry-after?value=&status=429` `/slow?s=`
(answers late) `/drip?s=` (body one byte each `s` seconds) `/endless` (body without end) `/big?bytes=`
`/headers-endless` `/never` (reads, never answers) `/reset` (RST once the request is read) `/half` (closes in the middle
of the body) `/redirect?to=&status=302` `/refresh?to=` `/cookie` `/gzip-bomb?mb=` `/gzip` (a small honest one)
`/bad-gzip` `/garbage` (not HTTP) `/interim` (103, then 200) `/close` (answers, then closes). Everything else is answered 404.
Headers are logged with lower-case names.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
import time
import zlib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from types import TracebackType
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived. `at` is `time.monotonic()`; repeated headers are joined with `, `."""

    at: float
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    connection: int

    def json(self) -> object:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """A scripted answer."""

    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0


class EvilServer:
    """The server. `requests` logs what arrived in order, `connections` counts accepted TCP connections."""

    def __init__(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.host = host
        self.requests: list[Received] = []
        self.connections = 0
        self._tls = tls
        self._scripts: dict[str, deque[Answer | str]] = {}
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Condition()

    async def __aenter__(self) -> EvilServer:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Listen on a free port, or again on a given one after `stop`."""
        self._server = await asyncio.start_server(self._accept, self.host, port, ssl=self._tls, limit=1 << 20)

    async def stop(self) -> None:
        """Close the listener and every connection."""
        assert self._server is not None
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def origin(self) -> str:
        """`http://host:port`, also what an allow list for private destinations needs after `//`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    @property
    def address(self) -> str:
        """`host:port`, as an entry of `EgressPolicy.allow`."""
        return self.origin.partition("://")[2]

    def url(self, path: str) -> str:
        """The address of a path with its query."""
        return self.origin + path

    def script(self, path: str, *answers: int | Answer | str) -> None:
        """Answer the next requests for `path` in this order: a status, an `Answer`, or another path's behaviour.

        The last one repeats. `script("/hook", "/reset", 503, "/slow?s=2", 200)`.
        """
        steps = (Answer(status=a) if isinstance(a, int) else a for a in answers)
        self._scripts[path] = deque(steps)

    async def wait_for(self, count: int, timeout: float = 5.0) -> list[Received]:
        """Wait until `count` requests have arrived and return them all."""
        async with asyncio.timeout(timeout), self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) >= count)
        return self.requests

    # --- one connection ----------------------------------------------------------------------------

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer, self.connections)
        except (asyncio.CancelledError, ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            self._tasks.discard(task)
            if not writer.is_closing():
                writer.transport.abort()
            with contextlib.suppress(Exception):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        while not writer.is_closing():
            request = await _read_request(reader, number)
            if request is None:
                return
            async with self._arrived:
                self.requests.append(request)
                self._arrived.notify_all()
            await self._answer(request, writer)
            await writer.drain()

    async def _answer(self, request: Received, writer: asyncio.StreamWriter) -> None:
        path = request.path
        if script := self._scripts.get(path):
            step = script.popleft() if len(script) > 1 else script[0]
            if isinstance(step, Answer):
                await asyncio.sleep(step.delay)
                _write(writer, step.status, step.body, step.headers)
                return
            target = urlsplit(step)
            path, request = target.path, replace(request, query=_query(target.query))
        behaviour = _BEHAVIOURS.get("/" + path.strip("/").partition("/")[0])
        if behaviour is None:
            _write(writer, 404, b"nothing here")
        else:
            await behaviour(request, writer, path)


async def _read_request(reader: asyncio.StreamReader, number: int) -> Received | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    start, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, target, _ = start.split(" ", 2)
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        key = name.lower()
        headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    body = await _read_body(reader, headers)
    parts = urlsplit(target)
    return Received(time.monotonic(), method, parts.path, _query(parts.query), headers, body, number)


def _query(text: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


def _write(
    writer: asyncio.StreamWriter, status: int, body: bytes = b"", headers: dict[str, str] | None = None
) -> None:
    fields = {"content-type": "text/plain", "content-length": str(len(body)), **(headers or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    writer.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode("latin-1") + body)


# --- behaviours ------------------------------------------------------------------------------------

_Behaviour = Callable[[Received, asyncio.StreamWriter, str], Awaitable[None]]


async def _ok(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    _write(writer, 200, b"ok")


async def _echo(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    shown = {"method": request.method, "headers": request.headers, "body": request.body.decode("latin-1")}
    _write(writer, 200, json.dumps(shown).encode(), {"content-type": "application/json"})


async def _status(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    _write(writer, int(path.rsplit("/", 1)[1]), b"as you wish")


async def _retry_after(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    status = int(request.query.get("status", "429"))
    _write(writer, status, b"later", {"retry-after": request.query.get("value", "2")})


async def _slow(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    await asyncio.sleep(float(request.query.get("s", "1")))
    _write(writer, 200, b"late")


async def _drip(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    writer.write(b"HTTP/1.1 200 X\r\ncontent-length: 1000000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(float(request.query.get("s", "0.05")))


async def _endless(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    writer.write(b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
        await writer.drain()


async def _big(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    _write(writer, 200, b"x" * int(request.query.get("bytes", "10000000")))


async def _headers_endless(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    writer.write(b"HTTP/1.1 200 X\r\n")
    while True:
        writer.write(b"x-filler: " + b"y" * 1000 + b"\r\n")
        await writer.drain()


async def _never(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    await asyncio.Event().wait()


async def _reset(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _half(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    writer.write(b"HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n" + b"h" * 50)
    await writer.drain()
    writer.close()


async def _redirect(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    status = int(request.query.get("status", "302"))
    _write(writer, status, b"moved", {"location": request.query.get("to", "http://169.254.169.254/")})


async def _refresh(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    _write(writer, 200, b"soon", {"refresh": "0; url=" + request.query.get("to", "http://169.254.169.254/")})


async def _cookie(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    _write(writer, 200, b"taste", {"set-cookie": "session=evil; path=/"})


async def _gzip_bomb(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1 << 20)
    parts = [packer.compress(zeros) for _ in range(int(request.query.get("mb", "256")))]
    _write(writer, 200, b"".join(parts) + packer.flush(), {"content-encoding": "gzip"})


async def _gzip(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    _write(writer, 200, packer.compress(b"unpacked") + packer.flush(), {"content-encoding": "gzip"})


async def _bad_gzip(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    _write(writer, 200, b"this is not gzip", {"content-encoding": "gzip"})


async def _garbage(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    writer.write(b"220 mail.evil.test ESMTP\r\n\x00\xff\r\n\r\n")
    await writer.drain()
    writer.close()


async def _interim(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    writer.write(b"HTTP/1.1 103 Early Hints\r\nlink: <http://169.254.169.254/>; rel=preload\r\n\r\n")
    _write(writer, 200, b"at last")


async def _close(request: Received, writer: asyncio.StreamWriter, path: str) -> None:
    _write(writer, 200, b"bye", {"connection": "close"})
    await writer.drain()
    writer.close()


_BEHAVIOURS: dict[str, _Behaviour] = {
    "/ok": _ok,
    "/echo": _echo,
    "/status": _status,
    "/retry-after": _retry_after,
    "/slow": _slow,
    "/drip": _drip,
    "/endless": _endless,
    "/big": _big,
    "/headers-endless": _headers_endless,
    "/never": _never,
    "/reset": _reset,
    "/half": _half,
    "/redirect": _redirect,
    "/refresh": _refresh,
    "/cookie": _cookie,
    "/gzip-bomb": _gzip_bomb,
    "/gzip": _gzip,
    "/bad-gzip": _bad_gzip,
    "/garbage": _garbage,
    "/interim": _interim,
    "/close": _close,
}
