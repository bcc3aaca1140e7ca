"""What lies on the desks of the staff: tasks, notes and notices, kept as the events about them say.

Pure. A rule, a sender or a page raises `task.created`, `task.completed`, `note.added`, `note.updated`,
`notice.added` or `notice.read`; what it changes on a desk is written in the same transaction as the event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from rulelang.calendar import CalendarError, parse_instant
from runtime.model import JSON, Event, Item, Millis

TASK, NOTE, NOTICE = "task", "note", "notice"

KINDS = (TASK, NOTE, NOTICE)
"""The kinds of items. Stored by their place: never reorder, only append."""


def merged(before: Item | None, change: Item) -> Item | None:
    """An item after a change; None when the id belongs to an item of another subject or kind, which keeps it."""
    if before is None:
        return change
    if (before.subject, before.kind) != (change.subject, change.kind):
        return None
    return msgspec.structs.replace(
        before,
        person=change.person or before.person,
        team=change.team or before.team,
        due=before.due if change.due is None else change.due,
        closed_at=before.closed_at if before.closed_at is not None else change.closed_at,
        data={**before.data, **change.data},
    )


def items_of(event: Event, data: Mapping[str, Any]) -> list[Item]:
    """The changes that an event makes to what lies on desks. `data` is the event's, completed."""
    read = _READERS.get(event.type)
    return [] if read is None else read(event, data)


def _task_created(event: Event, data: Mapping[str, Any]) -> list[Item]:
    kept = ("title", "description", "priority", "remind_at", "type")
    return _item(
        event,
        TASK,
        data.get("task_id"),
        data,
        kept,
        person=_text(data.get("assignee")),
        team=_text(data.get("team")),
        due=_instant(data.get("due_at")),
    )


def _task_completed(event: Event, data: Mapping[str, Any]) -> list[Item]:
    kept = ("title", "type", "outcome", "completed_by")
    return _item(event, TASK, data.get("task_id"), data, kept, closed_at=event.received_at)


def _note_added(event: Event, data: Mapping[str, Any]) -> list[Item]:
    text = {"text": data.get("body")}
    return _item(event, NOTE, data.get("note_id"), text, ("text",), person=_text(data.get("author")))


def _note_updated(event: Event, data: Mapping[str, Any]) -> list[Item]:
    body = (data.get("changes") or {}).get("body")
    text = {"text": body.get("after")} if isinstance(body, dict) else {}
    return _item(event, NOTE, data.get("note_id"), text, ("text",), person=_text(data.get("author")))


def _notice_added(event: Event, data: Mapping[str, Any]) -> list[Item]:
    return _item(
        event,
        NOTICE,
        data.get("notice_id"),
        data,
        ("text",),
        person=_text(data.get("person")),
        team=_text(data.get("team")),
    )


def _notice_read(event: Event, data: Mapping[str, Any]) -> list[Item]:
    return _item(event, NOTICE, data.get("notice_id"), data, ("read_by",), closed_at=event.received_at)


_Reader: TypeAlias = Callable[[Event, Mapping[str, Any]], list[Item]]
_READERS: Mapping[str, _Reader] = {
    "task.created": _task_created,
    "task.completed": _task_completed,
    "note.added": _note_added,
    "note.updated": _note_updated,
    "notice.added": _notice_added,
    "notice.read": _notice_read,
}


def _item(
    event: Event, kind: str, id: JSON, data: Mapping[str, Any], kept: tuple[str, ...], **more: Any
) -> list[Item]:
    if not isinstance(id, str) or not id:
        return []
    found = {name: data[name] for name in kept if data.get(name) is not None}
    if event.cause is not None:
        found |= {"rule": event.cause.rule, "run": event.cause.run}
    return [Item(id, kind, event.subject, event.received_at, data=found, **more)]


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def _instant(value: JSON) -> Millis | None:
    try:
        return parse_instant(value) if isinstance(value, str) else None
    except CalendarError:
        return None
