"""What the editor's requests share: texts that were checked a moment ago, and a bound on heavy work."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import TypeVar

from rulelang.editor.service import EditorService
from rulelang.workspace import CheckedWorkspace
from web.problems import Problem

T = TypeVar("T")
_REMEMBERED = 8
_AT_ONCE = 2
_MOST_WAITING = 16


class Desk:
    """The desk of all authors together."""

    def __init__(self) -> None:
        self._recent: deque[tuple[CheckedWorkspace, Mapping[str, str], EditorService]] = deque(
            maxlen=_REMEMBERED
        )
        self._lock = threading.Lock()
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    def service(self, checked: CheckedWorkspace, texts: Mapping[str, str]) -> EditorService:
        """The language service for the rules in force with these texts in their files."""
        with self._lock:
            for base, known, service in self._recent:
                if base is checked and known == texts:
                    return service
        service = EditorService(checked)
        for path, text in texts.items():
            service = service.with_text(path, text)
        with self._lock:
            self._recent.appendleft((checked, dict(texts), service))
        return service

    async def heavy(self, work: Callable[[], T]) -> T:
        """Do work that takes long in a thread, a few at a time.

        Raises:
            Problem: 503 when too many wait for their turn.
        """
        if self._waiting >= _MOST_WAITING:
            raise Problem(503, "too much is being tried out at the moment", {"Retry-After": "2"})
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1
