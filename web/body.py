"""Reading a request's body within limits of size, time and shape."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
from starlette.requests import HTTPConnection, Request
from starlette.types import Receive

from web.problems import Problem

MAX_BYTES = 1024 * 1024
MAX_STREAM_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 32
MAX_KEYS = 1000
DEADLINE = 30.0
"""Seconds a client has to send its whole body."""
LARGE = 128 * 1024
"""Bodies above this are read in a thread, so that they do not hold up others."""

_decode = msgspec.json.Decoder().decode


def media_type(connection: HTTPConnection) -> str:
    """The media type of the body, in lower case, without parameters; "" when none is named."""
    return connection.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(
    connection: HTTPConnection,
    receive: Receive,
    limit: int = MAX_BYTES,
    encodings: tuple[str, ...] = (),
) -> bytes:
    """The whole body as it came; `encodings` besides none are left to the caller to undo.

    Raises:
        Problem: 413 past `limit` bytes, 415 when it is compressed, 408 past the deadline, 400 when the client went
            away.
    """
    declared = connection.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    if connection.headers.get("content-encoding", "identity").lower() not in ("identity", *encodings):
        raise Problem(
            415, "send the body as it is, without Content-Encoding", {"Accept-Encoding": "identity"}
        )
    try:
        async with asyncio.timeout(DEADLINE):
            return await _read(receive, limit)
    except TimeoutError:
        detail = f"the body did not arrive within {DEADLINE:.0f} seconds"
        raise Problem(408, detail, {"Connection": "close"}) from None


async def _read(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Problem(400, "the client went away before its body had arrived")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _too_large(limit: int) -> Problem:
    return Problem(413, f"a body is at most {limit} bytes here", {"Connection": "close"})


async def read_object(request: Request, empty: bool = False, limit: int = MAX_BYTES) -> dict[str, Any]:
    """The JSON object of a request, of at most `limit` bytes; with `empty`, no body at all is an empty object.

    Raises:
        Problem: 400, 408, 413 or 415.
    """
    body = await read_body(request, request.receive, limit)
    if not body and empty:
        return {}
    if media_type(request) != "application/json":
        raise Problem(
            415, "send a JSON object, with Content-Type application/json", {"Accept": "application/json"}
        )
    value = parse_json(body)
    if not isinstance(value, dict):
        raise Problem(400, "the body is a JSON object")
    return value


def parse_json(body: bytes) -> Any:
    """The JSON value of a body, within bounds of depth and number of keys.

    Raises:
        Problem: 400 with what is wrong and where.
    """
    try:
        value = _decode(body)
    except msgspec.DecodeError as error:
        raise Problem(400, f"the body is not JSON: {error}") from None
    except RecursionError:
        raise _too_deep() from None
    except UnicodeDecodeError:
        raise Problem(400, "the body is not UTF-8 text") from None
    check_shape(value)
    return value


def parse_lines(body: bytes) -> Iterator[Any]:
    """The JSON values of newline-delimited JSON; empty lines are passed over.

    Raises:
        Problem: 400 naming the line.
    """
    for number, line in enumerate(body.split(b"\n"), 1):
        if line.strip():
            try:
                yield parse_json(line)
            except Problem as problem:
                raise Problem(problem.status, f"line {number}: {problem.detail}", line=number) from None


def check_shape(value: Any) -> None:
    """Refuse what is nested too deep or has too many keys in one object.

    Raises:
        Problem: 400.
    """
    level = [value]
    for _ in range(MAX_DEPTH):
        level = _children(level)
        if not level:
            return
    raise _too_deep()


def _children(level: list[Any]) -> list[Any]:
    deeper: list[Any] = []
    for item in level:
        if type(item) is dict:
            if len(item) > MAX_KEYS:
                raise Problem(400, f"an object has at most {MAX_KEYS} keys")
            deeper.extend(v for v in item.values() if type(v) in (dict, list))
        elif type(item) is list:
            deeper.extend(v for v in item if type(v) in (dict, list))
    return deeper


def _too_deep() -> Problem:
    return Problem(400, f"the JSON is nested more than {MAX_DEPTH} levels deep")
