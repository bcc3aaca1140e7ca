"""HTTP/1.1 connections as uvicorn speaks them, with bounds on the head of a request: its size, and its time."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0
"""How long a client may take from connecting, or from the first byte of a request, to the end of its headers."""
MAX_HEAD = 64 * 1024
"""How large request line and headers may be together, in bytes."""


class BoundedProtocol(HttpToolsProtocol):
    """Closes connections whose request does not come to an end: uvicorn itself waits, and reads, for ever."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head: int | None = 0
        """Bytes of the head that is being read; None between the end of a head and the next request."""
        self._begins = False
        """Whether a head begins within the data at hand."""
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected; its request must follow soon."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; give up on a head that is too large."""
        self._begins = False
        super().data_received(data)
        if self._head is not None and not self._begins and not self.transport.is_closing():
            self._head += len(data)
            if self._head > MAX_HEAD:
                self._refuse(431, "Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        if self._head is None:
            self._begins = True
            self._await_head()

    def on_headers_complete(self) -> None:
        """The head has come to its end."""
        self._cancel()
        self._head = None
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._head = 0
        self._cancel()
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _too_slow(self) -> None:
        self._deadline = None
        if not self._head:
            self.transport.close()
        else:
            self._refuse(408, "Request Timeout")

    def _refuse(self, status: int, phrase: str) -> None:
        self._cancel()
        head = f"HTTP/1.1 {status} {phrase}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        self.transport.write(head.encode("ascii"))
        self.transport.close()

    def _cancel(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
