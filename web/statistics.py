"""What was counted of a rule, over the API."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from runtime.asking import sample
from runtime.statistics import DAY, RuleStatistics, statistics_json, statistics_of
from web.context import AppContext, committed, context_of
from web.problems import Problem
from web.routing import Answer, Endpoint, Parameter, json_response

MAX_DAYS = 36_500


async def rule_statistics(context: AppContext, rule: str, since: int = 0) -> RuleStatistics:
    """The numbers of a rule since a day, with what is still in memory."""
    await committed(context.engine.flush())
    counts = await context.reader.statistics(rule, since)
    return statistics_of(rule, counts, await context.reader.count_runs())


async def get_stats(request: Request) -> Response:
    """The numbers of one rule."""
    context, key = context_of(request), request.path_params["key"]
    since = _since(context, request.query_params.get("days"))
    found = await rule_statistics(context, key, since)
    known = any(plan.key == key for plan in context.workspace.checked.plans)
    if not known and not found.runs and not found.attempted:
        raise Problem(404, f"the workspace has no rule `{key[:100]}`")
    answer = statistics_json(found)
    plan = next((p for p in context.workspace.checked.plans if p.key == key), None)
    if _wants_sample(request.query_params.get("sample", "false")) and plan is not None:
        told = await sample(context.reader, plan, context.workspace.checked.schema)
        answer["sample"] = msgspec.to_builtins(told)
    return json_response(answer)


def _wants_sample(value: str) -> bool:
    if value not in ("true", "false"):
        raise Problem(400, f"`sample` is `true` or `false`, found {value[:50]!r}")
    return value == "true"


def _since(context: AppContext, days: str | None) -> int:
    if days is None:
        return 0
    if not (days.isascii() and days.isdigit() and 1 <= int(days[:6]) <= MAX_DAYS):
        raise Problem(400, f"`days` is a number from 1 to {MAX_DAYS}, found {days[:50]!r}")
    return context.clock() // DAY - int(days) + 1


_COUNTS = {"type": "object", "additionalProperties": {"type": "integer"}}
_STATS = {
    "type": "object",
    "required": [
        "rule",
        "attempted",
        "matched",
        "not_matched",
        "started",
        "refused",
        "runs",
        "effects",
        "suppressed",
    ],
    "properties": {
        "rule": {"type": "string"},
        "attempted": {"type": "integer", "description": "events that its triggers listen to"},
        "matched": {"type": "integer", "description": "trigger and condition held"},
        "not_matched": {"type": "integer"},
        "started": {"type": "integer"},
        "refused": {**_COUNTS, "description": "matches that started nothing, by reason"},
        "runs": {**_COUNTS, "description": "runs by status, as they are now"},
        "effects": {
            "type": "object",
            "additionalProperties": _COUNTS,
            "description": "by action, then by outcome: done, suppressed, dead, unknown",
        },
        "sample": {
            "type": "object",
            "required": ["events", "started", "stopped_by", "reasons"],
            "properties": {"stopped_by": _COUNTS, "reasons": _COUNTS},
        },
        "suppressed": {
            **_COUNTS,
            "description": "messages that the rule's step did not hand over, by action",
        },
    },
}


def endpoints() -> list[Endpoint]:
    """The route."""
    return [
        Endpoint(
            "GET",
            "/v1/rules/{key:path}/stats",
            "runs:read",
            get_stats,
            "What was counted of a rule",
            "Since the rule exists, or with `days` for so many days back, today (UTC) included.",
            parameters=(
                Parameter("days", "how many days back", {"type": "integer", "minimum": 1}),
                Parameter(
                    "sample",
                    "also say what stopped the rule at the latest events",
                    {"type": "string", "enum": ["true", "false"]},
                ),
            ),
            answers={
                200: Answer("the numbers", _STATS),
                400: Answer("no number"),
                404: Answer("no such rule"),
            },
            tag="rules",
        )
    ]
