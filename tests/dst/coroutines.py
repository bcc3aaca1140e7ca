"""Coroutines driven by hand: what they wait for is a value that the scheduler sees."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any


class Pause:
    """Waits for nothing but its turn."""

    def __await__(self) -> Generator[Pause, Any, None]:
        yield self


class Ask:
    """Waits for the answer to a request that somebody else handles."""

    def __init__(self, request: Any) -> None:
        self.request = request

    def __await__(self) -> Generator[Ask, Any, Any]:
        return (yield self)


async def pause() -> None:
    """Let others go first."""
    await Pause()


class Task:
    """A coroutine under way. `waits` is what it waits for, None when it has ended."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], name: str) -> None:
        self.name = name
        self.result: Any = None
        self.waits: Pause | Ask | None = None
        self._coroutine = coroutine
        self.resume(None)

    def resume(self, value: Any) -> None:
        """Go on until it waits again or ends."""
        try:
            self.waits = self._coroutine.send(value)
        except StopIteration as stop:
            self.waits = None
            self.result = stop.value

    def close(self) -> None:
        """End it where it stands, as a crash does."""
        self._coroutine.close()
