"""Why a rule fired for somebody, or did not, over the API."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from rulelang.types.schema import SUBJECT_KINDS
from runtime.asking import ask, foresee, verdict_json
from runtime.coming import coming_json
from runtime.model import SubjectKey
from web.context import context_of
from web.problems import Problem
from web.routing import LIMIT, Answer, Endpoint, Parameter, json_response, page_limit
from web.runs import workspace_zone


async def get_why(request: Request) -> Response:
    """A verdict for each recent event that the rule listens to."""
    context, query = context_of(request), request.query_params
    checked = context.workspace.checked
    plan = next((p for p in checked.plans if p.key == query.get("rule", "")), None)
    if plan is None:
        raise Problem(404, f"the workspace has no rule `{query.get('rule', '')[:100]}`")
    kind, _, id = query.get("subject", "").partition(":")
    if kind not in SUBJECT_KINDS or not id:
        raise Problem(400, "`subject` is `kind:id`, such as `contact:c_1`")
    key = SubjectKey(kind, id)
    found = await ask(context.reader, plan, checked.schema, key, query.get("event", ""))
    if found is None:
        raise Problem(404, f"there is no {kind} with the id {id[:80]!r}")
    ahead = await foresee(context.reader, plan, checked.schema, key, context.clock())
    shown = workspace_zone(context)
    items = [verdict_json(verdict, shown) for verdict in found[: page_limit(request, 10)]]
    return json_response({"items": items, "coming": [coming_json(one) for one in ahead or ()]})


def endpoints() -> list[Endpoint]:
    """The route."""
    return [
        Endpoint(
            "GET",
            "/v1/why",
            "runs:read",
            get_why,
            "Why did a rule fire for somebody, or why not?",
            "Newest event first. `outcome` is started, refused, not_matched or not_listening; `reason` the first thing "
            "that stopped the rule, `conditions` its parts with the values of that time, `stops` steps of the run "
            "that were held up or left out, `version` the version of the rule that was in force. `coming` says of each "
            "trigger of the clock when it fires next for the record (`next`, and `local` in its `zone`), or in "
            "`reason` why it does not.",
            parameters=(
                Parameter("rule", "the rule's name", required=True),
                Parameter("subject", "for whom, `kind:id`", required=True),
                Parameter("event", "only the event with this id"),
                LIMIT,
            ),
            answers={
                200: Answer("the verdicts", {"type": "object", "required": ["items", "coming"]}),
                400: Answer("a parameter is wrong"),
                404: Answer("no such rule or record"),
            },
            tag="runs",
        )
    ]
