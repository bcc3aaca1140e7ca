"""The log of requests that failed for a reason of ours: a line with the reason, no secret, and not too many."""

from __future__ import annotations

import time

import structlog
from starlette.types import Scope

EVERY = 1.0
"""Seconds in which one reason is logged once."""
_REASONS = 100


class Complaints:
    """Writes the log lines. Of many requests that fail for one reason in a second, one is logged with the count."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[float, int]] = {}

    def say(self, scope: Scope, status: int, reason: str, error: BaseException | None = None) -> None:
        """A request was answered with a status of 500 or more; `error` adds its traceback."""
        now = time.monotonic()
        at, more = self._said.get(reason, (-EVERY, 0))
        if now - at < EVERY:
            self._said[reason] = (at, more + 1)
            return
        if len(self._said) >= _REASONS:
            self._said.clear()
        self._said[reason] = (now, 0)
        structlog.get_logger("rulelang.web").error(
            "request failed",
            method=scope.get("method", ""),
            path=str(scope.get("path", ""))[:200],
            status=status,
            reason=reason,
            **({"others": more} if more else {}),
            **({"exc_info": error} if error is not None else {}),
        )
