"""The frames of the Language Server Protocol: a header with a length, then JSON (specification 3.17, base protocol)."""

from __future__ import annotations

from typing import Any, BinaryIO

import msgspec

MAX_BYTES = 64 * 1024 * 1024


class FrameError(Exception):
    """A frame that cannot be read; the next one may be. The message is a sentence for the client's log."""


def read_frame(stream: BinaryIO) -> Any:
    """The next message; None when the stream has ended.

    Raises:
        FrameError: the header has no length, or the content is not JSON.
    """
    length = _length(stream)
    if length is None:
        return None
    if length < 0:
        raise FrameError("a frame needs a `Content-Length` of at most 64 MiB")
    content = stream.read(length)
    if len(content) < length:
        return None
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise FrameError(f"not JSON: {error}") from None


def _length(stream: BinaryIO) -> int | None:
    """The length that a header gives; -1 when it gives none that will do, None at the end of the stream."""
    length = -1
    while line := stream.readline(8192):
        if line in (b"\r\n", b"\n"):
            return length
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            length = int(value) if int(value) <= MAX_BYTES else -1
    return None


def write_frame(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Send one message."""
    content = msgspec.json.encode({"jsonrpc": "2.0", **message})
    stream.write(b"Content-Length: %d\r\n\r\n" % len(content))
    stream.write(content)
    stream.flush()
