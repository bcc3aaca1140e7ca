"""What has come from the editor: read by a thread, so that the loop sees what waits behind the message at hand."""

from __future__ import annotations

import queue
import threading
from collections import deque
from typing import Any, BinaryIO

from workbench.lsp.frames import FrameError, read_frame

END = None
"""What stands for the end of the stream."""


class Inbox:
    """The messages in the order in which they came. An entry is a message, a FrameError, or END."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._waiting: deque[Any] = deque()
        threading.Thread(target=self._read, name="lsp-reader", daemon=True).start()

    def _read(self) -> None:
        while True:
            try:
                message = read_frame(self._stream)
            except FrameError as error:
                self._queue.put(error)
                continue
            except (OSError, ValueError):
                message = END
            self._queue.put(message)
            # A thread that still reads when the program ends would hold the stream that it must close.
            if message is END or (isinstance(message, dict) and message.get("method") == "exit"):
                return

    def next(self, timeout: float | None) -> Any:
        """The next entry, waiting `timeout` seconds for one (None: for ever).

        Raises:
            queue.Empty: nothing has come.
        """
        self._take_all()
        if self._waiting:
            return self._waiting.popleft()
        return (
            self._queue.get(timeout=timeout) if timeout is None or timeout > 0 else self._queue.get_nowait()
        )

    def empty(self) -> bool:
        """Whether nothing waits."""
        self._take_all()
        return not self._waiting

    def changes_next(self) -> bool:
        """Whether the next message changes a document too."""
        self._take_all()
        first = self._waiting[0] if self._waiting else None
        return isinstance(first, dict) and first.get("method") == "textDocument/didChange"

    def cancelled(self, id: Any) -> bool:
        """Whether the editor has since taken a request back."""
        self._take_all()
        return any(_taken_back(message) == (id,) for message in self._waiting)

    def _take_all(self) -> None:
        while True:
            try:
                self._waiting.append(self._queue.get_nowait())
            except queue.Empty:
                return


def _taken_back(message: Any) -> tuple[Any, ...]:
    """The id of the request that a message takes back, alone in a tuple."""
    if not isinstance(message, dict) or message.get("method") != "$/cancelRequest":
        return ()
    params = message.get("params")
    return (params.get("id"),) if isinstance(params, dict) else ()
