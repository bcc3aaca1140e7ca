"""Logs of a server: one line an event, JSON when nobody watches; secrets are taken out first."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_KEYS = re.compile(r"(?i)(password|secret|token|authorization|api_?key|cookie)")
_SECRET_TEXT = re.compile(
    r"(rl_[a-z0-9]{12}_)[A-Za-z0-9_-]{43}|(?i:(bearer )\S+)|(whsec_)\S+|(sk-)[A-Za-z0-9_-]{8,}"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def configure_logs(stream: Any = None) -> None:
    """Send structlog and the standard library's logs to `stream` (standard error), redacted."""
    out = stream or sys.stderr
    watched = hasattr(out, "isatty") and out.isatty()
    last: Any = (
        structlog.dev.ConsoleRenderer(colors=watched) if watched else structlog.processors.JSONRenderer()
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, last],
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[_drop_record, last], foreign_pre_chain=shared)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


def _drop_record(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.pop("_record", None)
    event.pop("_from_structlog", None)
    return event


def redact(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank the values of keys that sound secret, and what looks like a secret in any text."""
    for key, value in event.items():
        event[key] = "[redacted]" if _SECRET_KEYS.search(key) else _clean(value)
    return event


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _CONTROL.sub("\ufffd", _SECRET_TEXT.sub(_keep_prefix, value))
    if isinstance(value, dict):
        return {k: "[redacted]" if _SECRET_KEYS.search(str(k)) else _clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(v) for v in value]
    return value


def _keep_prefix(match: re.Match[str]) -> str:
    return next((group for group in match.groups() if group), "") + "[redacted]"
