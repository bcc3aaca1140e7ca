"""What has come to a record from outside, and the record as it was before: enough to let it happen again elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from rulelang.types.schema import Schema
from runtime.model import ALARMS_CHANGED, JSON, Entry, EntryKind, SubjectKey
from runtime.stages import with_stage
from runtime.store.protocol import ReadStore
from runtime.why import MAX_SEGMENTS, undone


@dataclass(frozen=True, slots=True)
class History:
    """The last events from outside, oldest first, and the fields before the first of them.

    What rules have caused is left out: it happens again where the events do.
    """

    before: dict[str, JSON]
    events: tuple[Entry, ...]


async def history(reader: ReadStore, schema: Schema, key: SubjectKey, limit: int) -> History | None:
    """The history of a record up to `limit` events back; None when there is no such record."""
    state = await reader.subject(key)
    if state is None or not state.exists:
        return None
    rows = await reader.journal(subject=key, limit=MAX_SEGMENTS)
    fields, found = dict(state.fields), list[Entry]()
    for entry in reversed([entry for row in rows for entry in row.entries]):
        if len(found) == limit:
            break
        undone(fields, entry)
        if entry.kind == EntryKind.EVENT and not entry.rule and entry.action != ALARMS_CHANGED:
            found.append(entry)
    return History(with_stage(schema, key.kind, fields), tuple(reversed(found)))
