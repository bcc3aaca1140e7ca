"""Backtests over the API: draft rules over the events on record."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from rulelang.calendar import zone
from rulelang.diagnostics.render import render_json
from runtime.backtest import Backtest, as_live, backtest, recording, start_of
from runtime.files import is_rule_file_name
from runtime.simulate import SimulationError
from stdlib_actions.library import offline_library
from web.body import read_object
from web.context import AppContext, context_of
from web.problems import Problem
from web.routing import Answer, Endpoint, json_response
from web.rules import refuse_errors


async def post_backtest(request: Request) -> Response:
    """What the rules of one file would have done."""
    context = context_of(request)
    body = await read_object(request)
    file, text, since = body.get("file"), body.get("text"), body.get("since", "30d")
    if not isinstance(file, str) or not is_rule_file_name(file) or not isinstance(text, str):
        raise Problem(400, '`{"file": "draft.rules", "text": "…", "since": "30d"}` says what to test')
    if not isinstance(since, str) or set(body) - {"file", "text", "since"}:
        raise Problem(400, "`since` is a duration such as `30d`; nothing else is known here")
    return json_response(msgspec.to_builtins(await _backtest(context, file, text, since)))


async def _backtest(context: AppContext, file: str, text: str, since: str) -> Backtest:
    before, now = context.workspace.checked, context.clock()
    checked = (await run_in_threadpool(context.workspace.change, {file: text})).checked
    refuse_errors(before.diagnostics, checked.diagnostics, {file})
    try:
        start = start_of(since, now, zone(checked.schema.time_zone) or ZoneInfo("UTC"))
    except ValueError as error:
        raise Problem(400, f"`since`: {error}") from None
    found = await recording(context.reader, start, now)
    library = offline_library(
        lambda: checked.schema, context.settings, context.workspace.root, checked.catalogue
    )
    own = [plan.key for plan in checked.plans if plan.file == file]
    plans = as_live(checked.plans, file)
    try:
        return await run_in_threadpool(backtest, found, library, checked.schema, plans, own)
    except SimulationError as error:
        raise Problem(422, str(error), diagnostics=render_json(checked.diagnostics)) from None


_BODY = {
    "type": "object",
    "required": ["file", "text"],
    "properties": {
        "file": {"type": "string", "description": "where the rules would stand, such as `draft.rules`"},
        "text": {"type": "string"},
        "since": {"type": "string", "description": "how far back, a duration; `30d` without"},
    },
}
_BACKTEST = {
    "type": "object",
    "required": ["start", "end", "events", "records", "rules", "notes"],
    "properties": {
        "start": {"type": "integer", "description": "milliseconds since the epoch"},
        "end": {"type": "integer"},
        "events": {"type": "integer"},
        "records": {"type": "integer"},
        "rules": {
            "type": "array",
            "items": {"type": "object", "required": ["rule", "started", "then", "sends"]},
        },
        "notes": {"type": "array", "items": {"type": "string"}, "description": "what is not as it was"},
    },
}


def endpoints() -> list[Endpoint]:
    """The route."""
    return [
        Endpoint(
            "POST",
            "/v1/backtest",
            "runs:read",
            post_backtest,
            "What would rules have done?",
            "Runs the rules of a file over the events on record, with effects only counted, and compares that with "
            "what happened. Nothing is written and nothing is sent.",
            bodies={"application/json": _BODY},
            answers={
                200: Answer("what they would have done", _BACKTEST),
                400: Answer("no such body"),
                422: Answer("the rules have mistakes, or do not come to rest"),
            },
            tag="rules",
        )
    ]
