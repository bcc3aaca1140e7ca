"""When a simulation begins and how long it goes on, as people write it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rulelang.calendar import CalendarError, midnight, parse_date, parse_instant
from runtime.model import Millis

DEFAULT_SPAN = "400d"
"""How long a simulation goes on at most that is not told; it ends earlier when nothing is left to happen."""


def instant_of(text: str, tz: ZoneInfo) -> Millis:
    """The instant of a date or time as people write it; without a zone it is in `tz`.

    Raises:
        CalendarError: it is none.
    """
    try:
        if "T" not in text:
            return midnight(parse_date(text), tz)
        if text.endswith("Z") or "+" in text or text.count("-") > 2:
            return parse_instant(text)
        return int(datetime.fromisoformat(text).replace(tzinfo=tz).astimezone(UTC).timestamp() * 1000)
    except (CalendarError, ValueError, OverflowError):
        raise CalendarError(
            f"a date or time such as 2026-01-31 or 2026-01-31T09:00Z, found {text[:50]!r}"
        ) from None
