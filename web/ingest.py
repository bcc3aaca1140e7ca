"""`POST /v1/events`: the one hot route, a plain ASGI endpoint. It answers after the commit, never before.

A body is one event, an array, or NDJSON; or CloudEvents in any mode. One malformed event refuses the whole body:
with ids in the events a repeat is harmless, so the sender mends the one that is wrong and sends all again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from runtime.engine.work import Arrival, Receipt, ReceiptStatus
from runtime.events import EventError, body_hash
from runtime.model import Event
from web import cloudevents
from web.body import LARGE, MAX_BYTES, MAX_STREAM_BYTES, media_type, parse_json, parse_lines, read_body
from web.context import AppContext, committed
from web.importing import taken_text
from web.problems import MEDIA_TYPE, Problem
from web.routing import Answer, Endpoint, Parameter

JSON = "application/json"
NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")
MAX_EVENTS = 50_000
MAX_ERRORS = 100
"""How many mistakes of one body are listed."""

_ACCEPTED = ", ".join((JSON, NDJSON[0], cloudevents.STRUCTURED, cloudevents.BATCHED))
_HEADERS = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]


class Envelopes(NamedTuple):
    """The events of a body: as they came, how each becomes our own envelope, where a pointer into that one lies."""

    items: list[Any]
    single: bool
    convert: Callable[[Any], Any] = lambda item: item
    pointer: Callable[[str], str] = lambda pointer: pointer


class EventsEndpoint:
    """The ASGI application behind the route."""

    def __init__(self, context: AppContext) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            status, body = await self._answer(scope, receive)
            headers = [(b"content-type", JSON.encode())]
        except Problem as problem:
            if problem.status >= 500:
                self._context.complaints.say(scope, problem.status, problem.reason or problem.detail)
            status, body = problem.status, problem.body()
            extra = [(k.lower().encode(), v.encode()) for k, v in problem.headers.items()]
            headers = [(b"content-type", MEDIA_TYPE.encode()), *extra]
        length = (b"content-length", str(len(body)).encode())
        await send(
            {"type": "http.response.start", "status": status, "headers": [*headers, *_HEADERS, length]}
        )
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        connection = HTTPConnection(scope)
        if scope["method"] != "POST":
            raise Problem(405, "events are sent with POST", {"Allow": "POST"})
        self._context.guard.require(connection, "events:write")
        if scope["query_string"]:
            raise Problem(400, "/v1/events takes no parameters in its address")
        media = media_type(connection)
        body = await read_body(connection, receive, MAX_STREAM_BYTES if media in NDJSON else MAX_BYTES)
        if len(body) > LARGE:
            arrivals, single = await run_in_threadpool(self._read, connection, media, body)
        else:
            arrivals, single = self._read(connection, media, body)
        whole = len(arrivals) <= self._context.settings.engine.batch
        receipts = await committed(self._context.engine.submit(arrivals), whole)
        first = [await self._first_answer(r, a) for r, a in zip(receipts, arrivals, strict=True)]
        doubt = self._context.workspace.codec.doubt
        return _report(first, [doubt(arrival.event.type) for arrival in arrivals], single)

    async def _first_answer(self, receipt: Receipt, arrival: Arrival) -> Receipt:
        """The receipt of a repeat with the subject, which the engine need not know to tell that it is one."""
        if receipt.status != ReceiptStatus.DUPLICATE or receipt.subject is not None:
            return receipt
        event: Event | None = arrival.event
        if not arrival.event.subject.id:
            event = await self._context.reader.event(arrival.event.id)
        return replace(receipt, subject=event.subject) if event is not None else receipt

    def _read(self, connection: HTTPConnection, media: str, body: bytes) -> tuple[list[Arrival], bool]:
        """The events of a body, checked.

        Raises:
            Problem: 400, 413, 415, or 422 with what is wrong with each event.
        """
        found = _envelopes(media, connection, body)
        if not found.items:
            raise Problem(400, "the body holds no event")
        if len(found.items) > MAX_EVENTS:
            raise Problem(413, f"a body holds at most {MAX_EVENTS} events")
        key, now = connection.headers.get("idempotency-key", ""), self._context.clock()
        codec = self._context.workspace.codec
        arrivals, errors = [], []
        for number, item in enumerate(found.items):
            try:
                raw = _with_id(found.convert(item), key, number, found.single)
                arrivals.append(Arrival(codec.read(raw, now), body_hash(raw)))
            except EventError as error:
                errors.append(_mistake(error, found, number))
        if errors:
            raise Problem(422, _summary(errors, len(found.items)), errors=errors[:MAX_ERRORS])
        return arrivals, found.single


def _envelopes(media: str, connection: HTTPConnection, body: bytes) -> Envelopes:
    if media in NDJSON:
        return Envelopes(list(parse_lines(body)), False)
    if media == cloudevents.BATCHED:
        events = parse_json(body)
        if not isinstance(events, list):
            raise Problem(400, "a batch of CloudEvents is a JSON array")
        return Envelopes(events, False, cloudevents.from_structured, cloudevents.pointer_of)
    if media == cloudevents.STRUCTURED:
        return Envelopes([parse_json(body)], True, cloudevents.from_structured, cloudevents.pointer_of)
    if "ce-specversion" in connection.headers and (media == JSON or media.endswith("+json") or not body):
        read = partial(cloudevents.from_binary, connection.headers)
        return Envelopes([parse_json(body) if body else None], True, read, cloudevents.pointer_of)
    if media != JSON:
        raise Problem(415, f"events are sent as {_ACCEPTED}", {"Accept": _ACCEPTED})
    value = parse_json(body)
    return Envelopes(value, False) if isinstance(value, list) else Envelopes([value], True)


def _with_id(raw: Any, key: str, number: int, single: bool) -> Any:
    """The event with an id: its own, else one made from the Idempotency-Key, else a new one."""
    if not isinstance(raw, dict) or raw.get("id") is not None:
        return raw
    return {**raw, "id": made_id(key if single or not key else f"{key}\0{number}", "evt")}


def made_id(key: str, prefix: str) -> str:
    """An event id from an Idempotency-Key, or a new one that begins with `prefix` when there is none."""
    if not key:
        return f"{prefix}_{uuid4().hex}"
    return f"key_{blake2b(key.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"


def _mistake(error: EventError, found: Envelopes, number: int) -> dict[str, str]:
    pointer = found.pointer(error.pointer)
    return {"pointer": pointer if found.single else f"/{number}{pointer}", "detail": str(error)}


def _summary(errors: Sequence[dict[str, str]], count: int) -> str:
    if count == 1:
        return errors[0]["detail"]
    first = f"the first, at {errors[0]['pointer']}: {errors[0]['detail']}"
    return f"{len(errors)} of {count} events are wrong; none was taken; {first}"


def _report(receipts: Sequence[Receipt], warnings: Sequence[str], single: bool) -> tuple[int, bytes]:
    entries = [_receipt_json(*of) for of in zip(receipts, warnings, strict=True)]
    conflicts = [r.id for r in receipts if r.status == ReceiptStatus.CONFLICT]
    if conflicts:
        detail = f"the id {conflicts[0]!r} belongs to an event with another body; a new event needs a new id"
        others = "" if single else "; `events` says what became of each"
        raise Problem(409, detail + others, events=entries)
    return 200, msgspec.json.encode(entries[0] if single else {"events": entries})


def _receipt_json(receipt: Receipt, warning: str) -> dict[str, Any]:
    result: dict[str, Any] = {"id": receipt.id, "status": str(receipt.status), "runs": receipt.runs}
    if receipt.subject is not None:
        result["subject"] = {"kind": receipt.subject.kind, "id": receipt.subject.id}
    told = [warning] if warning else []
    told += [taken_text(conflict) for conflict in receipt.taken]
    if told:
        result["warning"] = "; ".join(told)
    return result


async def _never(request: Request) -> Response:
    raise AssertionError("the events route is served by EventsEndpoint")


def endpoints() -> list[Endpoint]:
    """The description of the route, for the OpenAPI document."""
    event = {
        "type": "object",
        "required": ["type"],
        "properties": {
            "id": {"type": "string", "description": "repeats of an id have one effect"},
            "type": {"type": "string", "examples": ["stage.entered"]},
            "occurred_at": {"type": "string", "format": "date-time"},
            "subject": {
                "type": "object",
                "examples": [{"kind": "contact", "id": "c_1"}, {"kind": "contact", "email": "a@b.test"}],
            },
            "contact_id": {"type": "string"},
            "account_id": {"type": "string"},
            "opportunity_id": {"type": "string"},
            "actor": {"type": "object"},
            "source": {"type": "string"},
            "data": {"type": "object"},
            "changes": {"type": "object"},
        },
    }
    receipt = {
        "type": "object",
        "required": ["id", "status", "runs"],
        "properties": {
            "id": {"type": "string"},
            "status": {"type": "string", "enum": [str(status) for status in ReceiptStatus]},
            "runs": {"type": "array", "items": {"type": "string"}},
            "subject": {"type": "object"},
            "warning": {
                "type": "string",
                "description": "the type looks mistyped, or another record has the e-mail address or id",
            },
        },
    }
    many = {
        "type": "object",
        "required": ["events"],
        "properties": {"events": {"type": "array", "items": receipt}},
    }
    return [
        Endpoint(
            "POST",
            "/v1/events",
            "events:write",
            _never,
            "Send events",
            "One event, an array, NDJSON, or CloudEvents 1.0. The answer comes after the commit. "
            "One malformed event refuses the whole body.",
            parameters=(
                Parameter("Idempotency-Key", "makes the ids of events that have none", place="header"),
            ),
            bodies={
                JSON: {"oneOf": [event, {"type": "array", "items": event}]},
                NDJSON[0]: {"type": "string"},
                cloudevents.STRUCTURED: {"type": "object"},
                cloudevents.BATCHED: {"type": "array", "items": {"type": "object"}},
            },
            answers={
                200: Answer(
                    "taken; a single event is answered by its receipt alone", {"oneOf": [receipt, many]}
                ),
                400: Answer("no JSON, or an unknown parameter"),
                408: Answer("the body came too slowly"),
                409: Answer("an id was used before with another body; `events` says what became of each"),
                413: Answer("too large"),
                415: Answer("another media type"),
                422: Answer("an event is wrong; none was taken; `errors` lists pointers and sentences"),
                503: Answer("the store cannot take events now"),
            },
            tag="events",
        )
    ]
