"""Reading a request's body within limits of size, time and shape."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
from starlette.types import Receive

from web.problems import Problem

MAX_BYTES = 1024 * 1024
MAX_STREAM_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 32
MAX_KEYS = 1000
DEADLINE = 30.0
"""Seconds a client has to send its whole body."""

_decode = msgspec.json.Decoder().decode


async def read_body(receive: Receive, limit: int = MAX_BYTES) -> bytes:
    """The whole body.

    Raises:
        Problem: 413 past `limit` bytes, 408 past the deadline, 400 when the client went away.
    """
    try:
        async with asyncio.timeout(DEADLINE):
            return await _read(receive, limit)
    except TimeoutError:
        raise Problem(408, f"the body did not arrive within {DEADLINE:.0f} seconds") from None


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
            raise Problem(413, f"a body is at most {limit} bytes")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


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
        raise Problem(400, f"the JSON is nested more than {MAX_DEPTH} levels deep") from None
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
    for _ in range(MAX_DEPTH + 1):
        deeper: list[Any] = []
        for item in level:
            if type(item) is dict:
                if len(item) > MAX_KEYS:
                    raise Problem(400, f"an object has at most {MAX_KEYS} keys")
                deeper.extend(v for v in item.values() if type(v) in (dict, list))
            elif type(item) is list:
                deeper.extend(v for v in item if type(v) in (dict, list))
        if not deeper:
            return
        level = deeper
    raise Problem(400, f"the JSON is nested more than {MAX_DEPTH} levels deep")
