"""Contacts, accounts and opportunities: reading them, changing them through events, importing CSV."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from runtime.engine.work import Arrival, Receipt, ReceiptStatus
from runtime.events import IDENTITY_FIELDS, RECORD_UPDATED, EventError, body_hash
from runtime.model import SubjectKey, SubjectState
from web.body import MAX_STREAM_BYTES, parse_json, read_body
from web.context import committed, context_of
from web.importing import read_rows
from web.problems import Problem
from web.routing import CURSOR, LIMIT, Endpoint, Parameter, json_response, page_limit

PLURALS = {"contacts": "contact", "accounts": "account", "opportunities": "opportunity"}
IMPORT_CHUNK = 2000


def subject_json(state: SubjectState) -> dict[str, Any]:
    """The public form of a record."""
    return {
        "kind": state.key.kind,
        "id": state.key.id,
        "fields": {k: v for k, v in state.fields.items() if k != "id"},
        "live_runs": sorted(state.runs),
    }


def _kind(request: Request) -> str:
    return PLURALS[request.url.path.split("/")[2]]


async def list_records(request: Request) -> Response:
    """A page of records, or the one with an identifying value."""
    reader, kind = context_of(request).reader, _kind(request)
    for field in IDENTITY_FIELDS[kind]:
        value = request.query_params.get(field)
        if value:
            id = await reader.find_subject(kind, field, value.lower() if field == "email" else value)
            found = await reader.subject(SubjectKey(kind, id)) if id else None
            return json_response({"items": [subject_json(found)] if found else [], "next": ""})
    states, cursor = await reader.list_subjects(
        kind, page_limit(request), request.query_params.get("cursor", "")
    )
    return json_response({"items": [subject_json(s) for s in states], "next": cursor})


async def get_record(request: Request) -> Response:
    """One record."""
    kind, id = _kind(request), request.path_params["id"]
    state = await context_of(request).reader.subject(SubjectKey(kind, id))
    if state is None or not state.exists:
        raise Problem(404, f"there is no {kind} with the id {id!r}")
    return json_response(subject_json(state))


async def put_record(request: Request) -> Response:
    """Set fields of a record, which is made when it is new; the rules see what changed."""
    context, kind, id = context_of(request), _kind(request), request.path_params["id"]
    fields = parse_json(await read_body(request.receive))
    if not isinstance(fields, dict):
        raise Problem(400, "the body is an object of fields")
    raw = {
        "id": request.headers.get("idempotency-key") or f"put_{uuid4().hex}",
        "type": RECORD_UPDATED,
        "subject": {"kind": kind, "id": id},
        "data": {"fields": fields},
        "source": "api",
    }
    try:
        arrival = Arrival(context.workspace.codec.read(raw, context.clock()), body_hash(raw))
    except EventError as error:
        pointer = error.pointer.removeprefix("/data/fields")
        raise Problem(422, str(error), errors=[{"pointer": pointer, "detail": str(error)}]) from None
    receipt = (await committed(context.engine.submit([arrival])))[0]
    if receipt.status == ReceiptStatus.CONFLICT:
        raise Problem(409, "this Idempotency-Key was used with another body")
    state = await context.reader.subject(SubjectKey(kind, id))
    assert state is not None
    return json_response({**subject_json(state), "runs": receipt.runs})


async def import_records(request: Request) -> Response:
    """Take the good lines of a CSV file, and report each line that was refused."""
    context, kind = context_of(request), _kind(request)
    body = await read_body(request.receive, MAX_STREAM_BYTES)
    run_rules = request.query_params.get("rules", "run") == "run"
    if not run_rules and request.query_params["rules"] != "skip":
        raise Problem(400, "`rules` is `run` or `skip`")
    batch = request.headers.get("idempotency-key") or uuid4().hex
    arrivals, refused = read_rows(body, kind, context.workspace.codec, context.clock(), batch, run_rules)
    receipts: list[Receipt] = []
    for start in range(0, len(arrivals), IMPORT_CHUNK):
        receipts += await committed(context.engine.submit(arrivals[start : start + IMPORT_CHUNK]))
    return json_response(
        {
            "taken": sum(r.status == ReceiptStatus.ACCEPTED for r in receipts),
            "repeated": sum(r.status == ReceiptStatus.DUPLICATE for r in receipts),
            "refused": refused,
            "runs": sum(len(r.runs) for r in receipts if r.status == ReceiptStatus.ACCEPTED),
        }
    )


_RECORD = {"type": "object", "required": ["kind", "id", "fields"]}
_PAGE = {"type": "object", "required": ["items", "next"]}
_IDEMPOTENCY = Parameter("Idempotency-Key", "makes a repeat of this request harmless", place="header")


def endpoints() -> list[Endpoint]:
    """The routes of all three kinds."""
    found = []
    for plural, kind in PLURALS.items():
        lookups = tuple(Parameter(f, f"the one with this {f}") for f in IDENTITY_FIELDS[kind])
        base = f"/v1/{plural}"
        found += [
            Endpoint(
                "GET",
                base,
                "records:read",
                list_records,
                f"List {plural}",
                parameters=(LIMIT, CURSOR, *lookups),
                answers={200: ("a page", _PAGE)},
                tag="records",
            ),
            Endpoint(
                "GET",
                f"{base}/{{id}}",
                "records:read",
                get_record,
                f"Read a {kind}",
                answers={200: (f"the {kind}", _RECORD), 404: ("unknown", None)},
                tag="records",
            ),
            Endpoint(
                "PUT",
                f"{base}/{{id}}",
                "records:write",
                put_record,
                f"Set fields of a {kind}",
                "Fields that are not named stay; `null` clears one. A new record is made.",
                parameters=(_IDEMPOTENCY,),
                bodies={"application/json": {"type": "object"}},
                answers={
                    200: (f"the {kind}", _RECORD),
                    409: ("key used before", None),
                    422: ("a field is wrong", None),
                },
                tag="records",
            ),
            Endpoint(
                "POST",
                f"{base}/import",
                "records:write",
                import_records,
                f"Import {plural} from CSV",
                "The first line names the fields, one of them `id` or an identifying one. "
                "Good lines are taken, others reported.",
                parameters=(
                    _IDEMPOTENCY,
                    Parameter(
                        "rules",
                        "`run` (default) lets rules see the changes, `skip` does not",
                        {"type": "string", "enum": ["run", "skip"]},
                    ),
                ),
                bodies={"text/csv": {"type": "string"}},
                answers={200: ("the report", {"type": "object"})},
                tag="records",
            ),
        ]
    return found
