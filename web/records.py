"""Contacts, accounts and opportunities: reading them, changing them through events, importing CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from runtime.engine.work import Arrival, Receipt, ReceiptStatus
from runtime.events import IDENTITY_FIELDS, RECORD_UPDATED, EventError, body_hash
from runtime.model import SubjectKey, SubjectState
from web.body import MAX_STREAM_BYTES, media_type, read_body, read_object
from web.context import AppContext, committed, context_of
from web.importing import Refused, Rows, read_rows, taken_text
from web.ingest import made_id
from web.problems import Problem
from web.routing import CURSOR, LIMIT, Answer, Endpoint, Parameter, json_response, page_limit

PLURALS = {"contacts": "contact", "accounts": "account", "opportunities": "opportunity"}
IMPORT_CHUNK = 2000
MAX_REPORTED = 1000
"""How many refused lines of one file are listed."""


def subject_json(state: SubjectState) -> dict[str, Any]:
    """The public form of a record."""
    fields = {k: v for k, v in state.fields.items() if k != "id"}
    return {"kind": state.key.kind, "id": state.key.id, "fields": fields}


def _detailed(state: SubjectState) -> dict[str, Any]:
    return {**subject_json(state), "live_runs": sorted(state.runs)}


def _kind(request: Request) -> str:
    return PLURALS[request.url.path.split("/")[2]]


async def list_records(request: Request) -> Response:
    """A page of records, or the one with an identifying value."""
    context, kind = context_of(request), _kind(request)
    asked = [field for field in IDENTITY_FIELDS[kind] if field in request.query_params]
    if len(asked) > 1:
        raise Problem(400, f"look for one of {', '.join(f'`{f}`' for f in asked)}, not for both")
    limit, cursor = page_limit(request), request.query_params.get("cursor", "")
    if asked:
        found = await _look_up(context, kind, asked[0], request.query_params[asked[0]])
        return json_response({"items": [subject_json(found)] if found else [], "next": ""})
    states, after = await context.reader.list_subjects(kind, limit, cursor)
    return json_response({"items": [subject_json(s) for s in states], "next": after})


async def _look_up(context: AppContext, kind: str, field: str, value: str) -> SubjectState | None:
    try:
        stored = context.workspace.codec.fields(kind, {field: value})[field]
    except EventError as error:
        raise Problem(400, str(error)) from None
    id = await context.reader.find_subject(kind, field, stored) if stored else None
    return await context.reader.subject(SubjectKey(kind, id)) if id else None


async def get_record(request: Request) -> Response:
    """One record."""
    kind, id = _kind(request), request.path_params["id"]
    state = await context_of(request).reader.subject(SubjectKey(kind, id))
    if state is None or not state.exists:
        raise Problem(404, f"there is no {kind} with the id {id[:200]!r}")
    return json_response(_detailed(state))


async def put_record(request: Request) -> Response:
    """Set fields of a record, which is made when it is new; the rules see what changed."""
    context, kind, id = context_of(request), _kind(request), request.path_params["id"]
    fields = await read_object(request)
    if fields.get("id", id) != id:
        raise _wrong_field("/id", "the id stands in the address and cannot be changed")
    raw = {
        "id": made_id(request.headers.get("idempotency-key", ""), "put"),
        "type": RECORD_UPDATED,
        "subject": {"kind": kind, "id": id},
        "data": {"fields": fields},
        "source": "api",
    }
    try:
        arrival = Arrival(context.workspace.codec.read(raw, context.clock()), body_hash(raw))
    except EventError as error:
        raise _wrong_field(error.pointer.removeprefix("/data/fields"), str(error)) from None
    receipt = (await committed(context.engine.submit([arrival])))[0]
    if receipt.status == ReceiptStatus.CONFLICT:
        raise Problem(409, "this Idempotency-Key was used with another body")
    state = await context.reader.subject(SubjectKey(kind, id))
    if state is None or receipt.status == ReceiptStatus.FAILED:
        raise Problem(500, "the change is kept, but handling it failed; the log says why")
    return json_response({**_detailed(state), "runs": receipt.runs})


def _wrong_field(pointer: str, detail: str) -> Problem:
    return Problem(422, detail, errors=[{"pointer": pointer, "detail": detail}])


async def import_records(request: Request) -> Response:
    """Take the good lines of a CSV file, and report each line that was refused."""
    context, kind = context_of(request), _kind(request)
    if media_type(request) not in ("text/csv", "application/csv"):
        raise Problem(415, "send the file with Content-Type text/csv", {"Accept": "text/csv"})
    rules = request.query_params.get("rules", "run")
    if rules not in ("run", "skip"):
        raise Problem(400, f"`rules` is `run` or `skip`, found {rules[:50]!r}")
    body = await read_body(request, request.receive, MAX_STREAM_BYTES)
    batch = made_id(request.headers.get("idempotency-key", ""), uuid4().hex[:8])
    workspace = context.workspace
    rows = await run_in_threadpool(
        read_rows,
        body,
        kind,
        workspace.checked.schema.fields[kind],
        workspace.codec,
        context.clock(),
        batch,
        rules == "run",
    )
    return json_response(_report(rows, await _submit(context, rows.arrivals)))


async def _submit(context: AppContext, arrivals: Sequence[Arrival]) -> list[Receipt]:
    receipts: list[Receipt] = []
    for start in range(0, len(arrivals), IMPORT_CHUNK):
        part = arrivals[start : start + IMPORT_CHUNK]
        receipts += await committed(context.engine.submit(part), whole=False)
    return receipts


_NOT_TAKEN = {
    str(ReceiptStatus.CONFLICT): "this Idempotency-Key was used for another line here",
    str(ReceiptStatus.FAILED): "the line is kept, but handling it failed; the log says why",
}


def _report(rows: Rows, receipts: Sequence[Receipt]) -> dict[str, Any]:
    late = [
        Refused(line, "", _NOT_TAKEN[receipt.status])
        for line, receipt in zip(rows.lines, receipts, strict=True)
        if receipt.status in _NOT_TAKEN
    ]
    refused = sorted([*rows.refused, *late])
    warnings = [
        Refused(line, conflict.field, taken_text(conflict))
        for line, receipt in zip(rows.lines, receipts, strict=True)
        for conflict in receipt.taken
    ]
    return {
        "taken": sum(r.status == ReceiptStatus.ACCEPTED for r in receipts),
        "repeated": sum(r.status == ReceiptStatus.DUPLICATE for r in receipts),
        "refused_count": len(refused),
        "refused": [line._asdict() for line in refused[:MAX_REPORTED]],
        "warnings_count": len(warnings),
        "warnings": [line._asdict() for line in warnings[:MAX_REPORTED]],
        "runs": sum(len(r.runs) for r in receipts if r.status == ReceiptStatus.ACCEPTED),
    }


_RECORD = {
    "type": "object",
    "required": ["kind", "id", "fields"],
    "properties": {
        "kind": {"type": "string", "enum": list(PLURALS.values())},
        "id": {"type": "string"},
        "fields": {"type": "object"},
        "live_runs": {"type": "array", "items": {"type": "string"}},
    },
}
_PAGE = {
    "type": "object",
    "required": ["items", "next"],
    "properties": {"items": {"type": "array", "items": _RECORD}, "next": {"type": "string"}},
}
_LINES = {"type": "array", "items": {"type": "object", "required": ["line", "column", "detail"]}}
_COUNTS = ("taken", "repeated", "refused_count", "warnings_count", "runs")
_REPORT = {
    "type": "object",
    "required": [*_COUNTS, "refused", "warnings"],
    "properties": {
        **{name: {"type": "integer"} for name in _COUNTS},
        "refused": _LINES,
        "warnings": _LINES,
    },
}
_IDEMPOTENCY = Parameter("Idempotency-Key", "makes a repeat of this request harmless", place="header")


def endpoints() -> list[Endpoint]:
    """The routes of all three kinds."""
    return [endpoint for plural, kind in PLURALS.items() for endpoint in _endpoints(plural, kind)]


def _endpoints(plural: str, kind: str) -> list[Endpoint]:
    lookups = tuple(Parameter(f, f"the one with this {f}") for f in IDENTITY_FIELDS[kind])
    base = f"/v1/{plural}"
    rules = Parameter(
        "rules",
        "`run` (default) lets rules see the changes, `skip` does not",
        {"type": "string", "enum": ["run", "skip"]},
    )
    return [
        Endpoint(
            "GET",
            base,
            "records:read",
            list_records,
            f"List {plural}",
            parameters=(LIMIT, CURSOR, *lookups),
            answers={200: Answer("a page", _PAGE), 400: Answer("a parameter is wrong")},
            tag="records",
        ),
        Endpoint(
            "POST",
            f"{base}/import",
            "records:write",
            import_records,
            f"Import {plural} from CSV",
            "The first line names the fields, one of them `id` or an identifying one. Empty cells leave a field as it "
            "is. Good lines are taken, others reported.",
            parameters=(_IDEMPOTENCY, rules),
            bodies={"text/csv": {"type": "string"}},
            answers={
                200: Answer("the report", _REPORT),
                400: Answer("no CSV file with a first line that names columns"),
                413: Answer("too large"),
                415: Answer("another media type"),
            },
            tag="records",
        ),
        Endpoint(
            "GET",
            f"{base}/{{id:path}}",
            "records:read",
            get_record,
            f"Read a {kind}",
            answers={200: Answer(f"the {kind}", _RECORD), 404: Answer("unknown")},
            tag="records",
        ),
        Endpoint(
            "PUT",
            f"{base}/{{id:path}}",
            "records:write",
            put_record,
            f"Set fields of a {kind}",
            "Fields that are not named stay; `null` clears one. A new record is made.",
            parameters=(_IDEMPOTENCY,),
            bodies={"application/json": {"type": "object"}},
            answers={
                200: Answer(f"the {kind}", _RECORD),
                400: Answer("no JSON object"),
                409: Answer("the Idempotency-Key was used before with another body"),
                415: Answer("another media type"),
                422: Answer("a field is wrong; `errors` lists pointers and sentences"),
            },
            tag="records",
        ),
    ]
