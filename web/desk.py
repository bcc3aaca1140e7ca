"""What lies on the desks of the staff, for the API and the pages: read from the store, changed through events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rulelang.calendar import instant_text, parse_instant
from runtime.desk import NOTICE, TASK
from runtime.engine.work import Arrival, ReceiptStatus
from runtime.events import EventError, body_hash
from runtime.model import Item
from runtime.store.protocol import ItemFilter
from web.context import AppContext, committed
from web.problems import Problem


def item_json(item: Item) -> dict[str, Any]:
    """The public form of a task, note or notice."""
    found: dict[str, Any] = {
        "id": item.id,
        "kind": item.kind,
        "subject": {"kind": item.subject.kind, "id": item.subject.id},
        "state": "open" if item.closed_at is None else "done",
        "created_at": instant_text(item.at),
        "person": item.person,
        "team": item.team,
        "due_at": instant_text(item.due) if item.due is not None else "",
        "closed_at": instant_text(item.closed_at) if item.closed_at is not None else "",
        **item.data,
    }
    return {name: value for name, value in found.items() if value != ""}


async def find_item(context: AppContext, kind: str, id: str) -> Item:
    """An item of a kind.

    Raises:
        Problem: 404 when there is none.
    """
    found = await context.reader.item(id)
    if found is None or found.kind != kind:
        raise Problem(404, f"there is no {kind} with the id {id[:200]!r}")
    return found


async def complete(context: AppContext, id: str, said: Mapping[str, Any]) -> None:
    """Complete a task; `said` may hold `by` and `outcome`. Doing it again changes nothing.

    Raises:
        Problem: there is no such task, or what is said is wrong.
    """
    task = await find_item(context, TASK, id)
    if task.closed_at is not None:
        return
    data = {"task_id": id, "title": task.data.get("title"), "type": task.data.get("type")}
    data |= {"completed_by": said.get("by") or task.person or None, "outcome": said.get("outcome")}
    subject = {"kind": task.subject.kind, "id": task.subject.id}
    data = {key: value for key, value in data.items() if value is not None}
    raw = {"id": f"{id}:completed", "type": "task.completed", "subject": subject, "data": data}
    await submit(context, raw, repeated=True)


async def inbox_of(context: AppContext, person: str, team: str, limit: int) -> dict[str, list[Item]]:
    """The newest unread `notices` of a person (with those of all their teams) or a team, and `reminders`."""
    teams = [team] if team else [t.name for t in context.workspace.checked.schema.teams.values()]
    known = context.workspace.checked.schema.teams
    mine = [name for name in teams if team or person in known[name].members]
    return {
        "notices": (await _gathered(context, NOTICE, person, mine, limit))[:limit],
        "reminders": _due(context, await _gathered(context, TASK, person, mine, limit)),
    }


async def _gathered(context: AppContext, kind: str, person: str, teams: list[str], limit: int) -> list[Item]:
    wanted = [ItemFilter(kind, person=person)] if person else []
    wanted += [ItemFilter(kind, team=team) for team in teams]
    found: dict[str, Item] = {}
    for each in wanted:
        items, _ = await context.reader.list_items(each, limit)
        found |= {item.id: item for item in items}
    return sorted(found.values(), key=lambda item: -item.at)


def _due(context: AppContext, tasks: list[Item]) -> list[Item]:
    now = context.clock()
    return [
        task for task in tasks if task.data.get("remind_at") and parse_instant(task.data["remind_at"]) <= now
    ]


async def take_off(context: AppContext, id: str, by: str) -> None:
    """Mark a notice as read. Raises Problem when there is none."""
    notice = await find_item(context, NOTICE, id)
    if notice.closed_at is None:
        subject = {"kind": notice.subject.kind, "id": notice.subject.id}
        data = {"notice_id": id} | ({"read_by": by} if by else {})
        raw = {"id": f"{id}:read", "type": "notice.read", "subject": subject, "data": data}
        await submit(context, raw, repeated=True)


async def submit(context: AppContext, raw: dict[str, Any], repeated: bool = False) -> None:
    """Let an event happen. With `repeated` another one of its id has done the same already.

    Raises:
        Problem: the event is wrong, was sent before with another body, or could not be handled.
    """
    raw["source"] = "api"
    try:
        arrival = Arrival(context.workspace.codec.read(raw, context.clock()), body_hash(raw))
    except EventError as error:
        raise wrong(error.pointer.removeprefix("/data"), str(error)) from None
    receipt = (await committed(context.engine.submit([arrival])))[0]
    if receipt.status == ReceiptStatus.CONFLICT and not repeated:
        raise Problem(409, "this Idempotency-Key was used with another body")
    if receipt.status == ReceiptStatus.FAILED:
        raise Problem(500, "the change is kept, but handling it failed; the log says why")


def wrong(pointer: str, detail: str) -> Problem:
    """What is said of a field that is wrong."""
    return Problem(422, detail, errors=[{"pointer": pointer, "detail": detail}])
