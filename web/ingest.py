"""`POST /v1/events`: the one hot route, a plain ASGI endpoint. It answers after the commit, never before.

A body is one event, an array, or NDJSON; or CloudEvents in any mode. It is taken as a whole or refused as a whole:
with ids in the events a repeat is harmless, so the sender mends the one that is wrong and sends all again.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any
from uuid import uuid4

import msgspec
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from runtime.engine.work import Arrival, Receipt, ReceiptStatus
from runtime.events import EventError, body_hash
from web import cloudevents
from web.body import MAX_BYTES, MAX_STREAM_BYTES, parse_json, parse_lines, read_body
from web.context import AppContext, committed
from web.problems import Problem
from web.routing import Endpoint, Parameter

NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")
MAX_EVENTS = 50_000

_JSON_HEADERS = [(b"content-type", b"application/json")]


class EventsEndpoint:
    """The ASGI application behind the route."""

    def __init__(self, context: AppContext) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            status, body = await self._answer(scope, receive)
            headers = _JSON_HEADERS
        except Problem as problem:
            status, body = problem.status, problem.body()
            extra = [(k.lower().encode(), v.encode()) for k, v in problem.headers.items()]
            headers = [(b"content-type", b"application/problem+json"), *extra]
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        connection = HTTPConnection(scope)
        if scope["method"] != "POST":
            raise Problem(405, "events are sent with POST", {"Allow": "POST"})
        self._context.guard.require(connection, "events:write")
        media = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await read_body(receive, MAX_STREAM_BYTES if media in NDJSON else MAX_BYTES)
        raws, single = _envelopes(media, connection, body)
        arrivals = self._arrivals(raws, connection.headers.get("idempotency-key", ""), single)
        receipts = await committed(self._context.engine.submit(arrivals))
        return _report(receipts, single)

    def _arrivals(self, raws: Sequence[Any], key: str, single: bool) -> list[Arrival]:
        if not raws:
            raise Problem(400, "the body holds no event")
        if len(raws) > MAX_EVENTS:
            raise Problem(413, f"a body holds at most {MAX_EVENTS} events")
        now = self._context.clock()
        codec = self._context.workspace.codec
        arrivals, errors = [], []
        for number, raw in enumerate(raws):
            try:
                raw = _with_id(raw, key, number, single)
                arrivals.append(Arrival(codec.read(raw, now), body_hash(raw)))
            except EventError as error:
                errors.append(
                    {
                        "pointer": error.pointer if single else f"/{number}{error.pointer}",
                        "detail": str(error),
                    }
                )
        if errors:
            raise Problem(422, _summary(errors, len(raws)), errors=errors[:100])
        return arrivals


def _envelopes(media: str, connection: HTTPConnection, body: bytes) -> tuple[list[Any], bool]:
    """The events of a body in our own envelope, and whether it was a single one."""
    if media in NDJSON:
        return list(parse_lines(body)), False
    if media == cloudevents.BATCHED:
        events = parse_json(body)
        if not isinstance(events, list):
            raise Problem(400, "a batch of CloudEvents is a JSON array")
        return [cloudevents.from_structured(e) for e in events], False
    if media == cloudevents.STRUCTURED:
        return [cloudevents.from_structured(parse_json(body))], True
    if media != "application/json":
        accepted = ", ".join(("application/json", NDJSON[0], cloudevents.STRUCTURED, cloudevents.BATCHED))
        raise Problem(415, f"events are sent as {accepted}", {"Accept": accepted})
    if "ce-specversion" in connection.headers:
        return [cloudevents.from_binary(connection.headers, body)], True
    value = parse_json(body)
    return (value, False) if isinstance(value, list) else ([value], True)


def _with_id(raw: Any, key: str, number: int, single: bool) -> Any:
    """The event with an id: its own, else one made from the Idempotency-Key, else a new one."""
    if not isinstance(raw, dict) or raw.get("id"):
        return raw
    if not key:
        return {**raw, "id": f"evt_{uuid4().hex}"}
    text = key if single else f"{key}\0{number}"
    return {**raw, "id": f"key_{blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"}


def _summary(errors: Sequence[dict[str, str]], count: int) -> str:
    if count == 1:
        return errors[0]["detail"]
    first = f"the first, at {errors[0]['pointer']}: {errors[0]['detail']}"
    return f"{len(errors)} of {count} events are wrong; none was taken; {first}"


def _report(receipts: Sequence[Receipt], single: bool) -> tuple[int, bytes]:
    entries = [_receipt_json(receipt) for receipt in receipts]
    conflicts = [r.id for r in receipts if r.status == ReceiptStatus.CONFLICT]
    if conflicts:
        detail = f"the id {conflicts[0]!r} belongs to an event with another body; a new event needs a new id"
        raise Problem(409, detail, events=entries)
    return 200, msgspec.json.encode(entries[0] if single else {"events": entries})


def _receipt_json(receipt: Receipt) -> dict[str, Any]:
    result: dict[str, Any] = {"id": receipt.id, "status": str(receipt.status), "runs": receipt.runs}
    if receipt.subject is not None:
        result["subject"] = {"kind": receipt.subject.kind, "id": receipt.subject.id}
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
    receipt = {"type": "object", "required": ["id", "status", "runs"]}
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
            "All events of a body are taken, or none.",
            parameters=(
                Parameter("Idempotency-Key", "makes the ids of events that have none", place="header"),
            ),
            bodies={
                "application/json": {"oneOf": [event, {"type": "array", "items": event}]},
                NDJSON[0]: {"type": "string"},
                cloudevents.STRUCTURED: {"type": "object"},
                cloudevents.BATCHED: {"type": "array", "items": {"type": "object"}},
            },
            answers={
                200: ("taken; a single event is answered by its receipt alone", {"oneOf": [receipt, many]}),
                409: ("an id was used before with another body", None),
                413: ("too large", None),
                415: ("another media type", None),
                422: ("an event is wrong; none was taken", None),
                503: ("the store cannot take events now", None),
            },
            tag="events",
        )
    ]
