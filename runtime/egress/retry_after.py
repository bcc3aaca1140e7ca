"""The header field `Retry-After` (RFC 9110, section 10.2.3): seconds or a date, and perhaps nonsense."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER = 86_400.0
"""The longest wait that a receiver can ask for: a day, in seconds."""

_SECONDS = re.compile(r"[0-9]{1,20}")


def retry_after_seconds(value: str, now: float) -> float | None:
    """How long to wait, between 0 and a day; None when the value is missing or means nothing.

    `now` is in seconds since the epoch.
    """
    value = value.strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return min(max(moment - now, 0.0), MAX_RETRY_AFTER)
