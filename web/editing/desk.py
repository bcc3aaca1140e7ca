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
LARGE_WORKSPACE = 1000
"""From how many rules on a workspace is large."""
_REMEMBERED = 8
_AT_ONCE = 2
_MOST_WAITING = 16


class Desk:
    """The desk of all authors together."""

    def __init__(self) -> None:
        self._base: CheckedWorkspace | None = None
        self._recent: deque[tuple[Mapping[str, str], EditorService]] = deque()
        self._lock = threading.Lock()
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    def service(self, checked: CheckedWorkspace, texts: Mapping[str, str]) -> EditorService:
        """The language service for the rules in force with these texts in their files."""
        with self._lock:
            if self._base is checked:
                for known, service in self._recent:
                    if known == texts:
                        return service
        service = EditorService(checked)
        for path, text in texts.items():
            service = service.with_text(path, text)
        self._remember(checked, texts, service)
        return service

    def _remember(self, checked: CheckedWorkspace, texts: Mapping[str, str], service: EditorService) -> None:
        # Another schema makes another workspace of everything: of large ones few are kept in memory.
        most = _REMEMBERED if len(checked.plans) <= LARGE_WORKSPACE else 1
        with self._lock:
            if self._base is not checked:
                self._base, self._recent = checked, deque()
            self._recent.appendleft((dict(texts), service))
            while len(self._recent) > most:
                self._recent.pop()

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
