"""The API of tasks, notes and inboxes."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from rulelang.calendar import CalendarError, parse_instant
from runtime.desk import NOTE, NOTICE, TASK
from runtime.store.protocol import ItemFilter
from web.body import read_object
from web.context import context_of
from web.desk import complete, find_item, inbox_of, item_json, submit, take_off, wrong
from web.ingest import made_id
from web.problems import Problem
from web.routing import CURSOR, LIMIT, Answer, Endpoint, Parameter, json_response, page_limit
from web.runs import read_subject

STATES = ("open", "done")


async def list_tasks(request: Request) -> Response:
    """A page of tasks."""
    state = request.query_params.get("state", "open")
    if state not in STATES:
        raise Problem(400, f"`state` is `open` or `done`, found {state[:50]!r}")
    return await _list(request, TASK, state == "open")


async def list_notes(request: Request) -> Response:
    """A page of notes."""
    return await _list(request, NOTE, True)


async def _list(request: Request, kind: str, still_open: bool) -> Response:
    asked = request.query_params
    wanted = ItemFilter(
        kind,
        still_open,
        asked.get("person", "").lower(),
        asked.get("team", ""),
        read_subject(asked["subject"]) if "subject" in asked else None,
    )
    found, after = await context_of(request).reader.list_items(
        wanted, page_limit(request), asked.get("cursor", "")
    )
    return json_response({"items": [item_json(item) for item in found], "next": after})


async def get_task(request: Request) -> Response:
    """One task."""
    return json_response(item_json(await find_item(context_of(request), TASK, request.path_params["id"])))


async def create_task(request: Request) -> Response:
    """Give somebody a task, as an event `task.created`."""
    fields = ("title", "description", "priority", "assignee", "team", "due_at", "remind_at")
    return await _create(request, TASK, "task.created", "task_id", fields, "title")


async def create_note(request: Request) -> Response:
    """Write a note, as an event `note.added`."""
    return await _create(request, NOTE, "note.added", "note_id", ("body", "author"), "body")


async def _create(
    request: Request, kind: str, type_: str, name: str, fields: tuple[str, ...], needed: str
) -> Response:
    body = await read_object(request)
    odd = next((key for key in body if key not in ("subject", *fields)), None)
    if odd is not None:
        raise wrong(f"/{odd}", f"a {kind} has no `{odd[:50]}`")
    if not isinstance(body.get(needed), str) or not body[needed].strip():
        raise wrong(f"/{needed}", f"a {kind} needs `{needed}`")
    for moment in ("due_at", "remind_at"):
        _check_instant(moment, body.get(moment))
    context = context_of(request)
    id = made_id(request.headers.get("idempotency-key", ""), kind)
    data = {key: value for key, value in body.items() if key != "subject" and value is not None}
    raw = {"id": id, "type": type_, "subject": body.get("subject"), "data": {**data, name: f"{kind[0]}_{id}"}}
    await submit(context, raw)
    return json_response(item_json(await find_item(context, kind, f"{kind[0]}_{id}")), 201)


def _check_instant(name: str, value: Any) -> None:
    try:
        if value is not None:
            parse_instant(value if isinstance(value, str) else "")
    except CalendarError as error:
        raise wrong(f"/{name}", f"`{name}` is an instant such as 2026-01-31T09:00:00Z: {error}") from None


async def complete_task(request: Request) -> Response:
    """Complete a task, as an event `task.completed`."""
    body = await read_object(request, empty=True)
    context, id = context_of(request), request.path_params["id"]
    odd = next((key for key in body if key not in ("by", "outcome")), None)
    if odd is not None:
        raise wrong(f"/{odd}", f"what completes a task has no `{odd[:50]}`")
    await complete(context, id, body)
    return json_response(item_json(await find_item(context, TASK, id)))


async def inbox(request: Request) -> Response:
    """What a person, or a team, has not read yet, and the tasks to be reminded of."""
    asked, context = request.query_params, context_of(request)
    if ("person" in asked) == ("team" in asked):
        raise Problem(400, "say whose inbox it is: `person` or `team`")
    found = await inbox_of(
        context, asked.get("person", "").lower(), asked.get("team", ""), page_limit(request)
    )
    return json_response({name: [item_json(item) for item in items] for name, items in found.items()})


async def read_notice(request: Request) -> Response:
    """Take a notice off the desk."""
    body = await read_object(request, empty=True)
    context, id = context_of(request), request.path_params["id"]
    await take_off(context, id, str(body.get("by") or ""))
    return json_response(item_json(await find_item(context, NOTICE, id)))


_ITEM = {
    "type": "object",
    "required": ["id", "kind", "subject", "state", "created_at"],
    "properties": {
        **{
            name: {"type": "string"}
            for name in ("id", "kind", "created_at", "person", "team", "due_at", "title")
        },
        "subject": {"type": "object", "required": ["kind", "id"]},
        "state": {"type": "string", "enum": list(STATES)},
    },
}
_LIST = {"type": "array", "items": _ITEM}
_PAGE = {
    "type": "object",
    "required": ["items", "next"],
    "properties": {"items": _LIST, "next": {"type": "string"}},
}
_INBOX = {
    "type": "object",
    "required": ["notices", "reminders"],
    "properties": {"notices": _LIST, "reminders": _LIST},
}
_IDEMPOTENCY = Parameter("Idempotency-Key", "makes a repeat of this request harmless", place="header")
_WHOSE = (
    Parameter("person", "only those of this person, by e-mail address"),
    Parameter("team", "only those of this team"),
    Parameter("subject", "only those about this record, `kind:id`"),
)


def _object(required: tuple[str, ...], optional: tuple[str, ...]) -> dict[str, Any]:
    texts = {name: {"type": "string"} for name in (*required, *optional) if name != "subject"}
    subject = {"subject": {"type": "object", "required": ["kind", "id"]}} if "subject" in required else {}
    return {"type": "object", "required": list(required), "properties": {**texts, **subject}}


def endpoints() -> list[Endpoint]:
    """The routes."""
    page = {200: Answer("a page", _PAGE), 400: Answer("a parameter is wrong")}
    made = {
        201: Answer("what was made", _ITEM),
        400: Answer("no JSON object"),
        409: Answer("the Idempotency-Key was used before with another body"),
        415: Answer("another media type"),
        422: Answer("something is wrong; `errors` lists pointers and sentences"),
    }
    changed = {
        200: Answer("as it is now", _ITEM),
        400: Answer("no JSON object"),
        404: Answer("unknown"),
        415: Answer("another media type"),
        422: Answer("something is wrong"),
    }
    task = _object(
        ("subject", "title"), ("assignee", "team", "due_at", "remind_at", "priority", "description")
    )
    state = Parameter("state", "`open` (default) or `done`", {"type": "string", "enum": list(STATES)})
    return [
        Endpoint(
            "GET",
            "/v1/tasks",
            "records:read",
            list_tasks,
            "List tasks",
            "Newest first.",
            parameters=(state, *_WHOSE, LIMIT, CURSOR),
            answers=page,
            tag="tasks",
        ),
        Endpoint(
            "POST",
            "/v1/tasks",
            "records:write",
            create_task,
            "Create a task",
            parameters=(_IDEMPOTENCY,),
            bodies={"application/json": task},
            answers=made,
            tag="tasks",
        ),
        Endpoint(
            "GET",
            "/v1/tasks/{id}",
            "records:read",
            get_task,
            "Read a task",
            answers={200: Answer("the task", _ITEM), 404: Answer("unknown")},
            tag="tasks",
        ),
        Endpoint(
            "POST",
            "/v1/tasks/{id}/complete",
            "records:write",
            complete_task,
            "Complete a task",
            "`by` is who did it, else it is taken to be whose task it was.",
            bodies={"application/json": _object((), ("by", "outcome"))},
            answers=changed,
            tag="tasks",
            body_required=False,
        ),
        Endpoint(
            "GET",
            "/v1/notes",
            "records:read",
            list_notes,
            "List notes",
            "Newest first; `person` is the author.",
            parameters=(*_WHOSE, LIMIT, CURSOR),
            answers=page,
            tag="tasks",
        ),
        Endpoint(
            "POST",
            "/v1/notes",
            "records:write",
            create_note,
            "Add a note",
            parameters=(_IDEMPOTENCY,),
            bodies={"application/json": _object(("subject", "body"), ("author",))},
            answers=made,
            tag="tasks",
        ),
        Endpoint(
            "GET",
            "/v1/inbox",
            "records:read",
            inbox,
            "Read the inbox of a person or a team",
            "The newest notices that nobody has read, with those of all teams of the person, and open tasks whose "
            "time to be reminded of has come.",
            parameters=(*_WHOSE[:2], LIMIT),
            answers={200: Answer("the inbox", _INBOX), 400: Answer("a parameter is wrong")},
            tag="tasks",
        ),
        Endpoint(
            "POST",
            "/v1/inbox/{id}/read",
            "records:write",
            read_notice,
            "Mark a notice as read",
            bodies={"application/json": _object((), ("by",))},
            answers=changed,
            tag="tasks",
            body_required=False,
        ),
    ]
