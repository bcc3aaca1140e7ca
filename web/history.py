"""What has come to a record from outside, over the API."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from rulelang.calendar import instant_text
from rulelang.types.schema import SUBJECT_KINDS
from runtime.history import history
from runtime.model import SubjectKey
from web.context import context_of
from web.problems import Problem
from web.routing import LIMIT, Answer, Endpoint, Parameter, json_response, page_limit


async def get_history(request: Request) -> Response:
    """The last events of a record, oldest first, and its fields before them."""
    context = context_of(request)
    kind, _, id = request.query_params.get("subject", "").partition(":")
    if kind not in SUBJECT_KINDS or not id:
        raise Problem(400, "`subject` is `kind:id`, such as `contact:c_1`")
    schema = context.workspace.checked.schema
    found = await history(context.reader, schema, SubjectKey(kind, id), page_limit(request, 500))
    if found is None:
        raise Problem(404, f"there is no {kind} with the id {id[:80]!r}")
    items = [
        {"id": entry.event, "type": entry.action, "at": instant_text(entry.at), "data": entry.input}
        for entry in found.events
    ]
    return json_response({"before": found.before, "items": items})


def endpoints() -> list[Endpoint]:
    """The route."""
    return [
        Endpoint(
            "GET",
            "/v1/history",
            "runs:read",
            get_history,
            "What has come to a record from outside?",
            "The last events, oldest first, without those that rules have caused; `before` are the record's fields "
            "before the first of them.",
            parameters=(Parameter("subject", "which record, `kind:id`", required=True), LIMIT),
            answers={
                200: Answer("the history", {"type": "object", "required": ["before", "items"]}),
                400: Answer("a parameter is wrong"),
                404: Answer("no such record"),
            },
            tag="runs",
        )
    ]
