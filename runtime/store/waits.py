"""When runs began to wait, read from their journals."""

from __future__ import annotations

from collections.abc import Iterable

from runtime.model import EntryKind, Millis
from runtime.store.protocol import JournalRow


def last_waits(segments: Iterable[JournalRow]) -> dict[str, Millis]:
    """The time of the last `waiting` entry of each run; segments are in the order in which they were written."""
    return {
        entry.run: entry.at for row in segments for entry in row.entries if entry.kind == EntryKind.WAITING
    }
