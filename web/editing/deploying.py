"""What going live with a text would change, told before it is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import unified_diff
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from runtime.deploying import DeployPlan, deploy_json, deploy_token, plan_deploy
from runtime.proposal import event_readers, read_versions
from runtime.workspace import Change, new_mistakes
from web.context import AppContext, context_of
from web.editing import convert
from web.editing.bodies import Place, read_as
from web.editing.convert import Places
from web.editing.shelf import stored
from web.routing import json_response


async def get_ready(request: Request) -> Response:
    """The deploy plan for the text, with the texts that change and the mistakes that stand in the way."""
    body, context = await read_as(request, Place), context_of(request)
    texts = {**body.others, body.path: body.text}
    change = await run_in_threadpool(context.workspace.change, texts)
    plan = await _plan(context, change)
    states = {p.key: p.state for p in (*context.workspace.checked.plans, *change.checked.plans)}
    answer = deploy_json(plan)
    errors = new_mistakes(context.workspace.checked.diagnostics, change.checked.diagnostics)
    return json_response(
        {
            "token": answer["token"],
            # Rules of which only older versions have runs are no part of this change.
            "rules": [
                {"runs": 0, **rule, "state": states.get(rule["rule"], "")}
                for rule in answer["rules"]
                if rule["change"] != "unchanged"
            ],
            "files": await run_in_threadpool(lambda: list(_files(context, texts))),
            "deployable": not errors,
            "diagnostics": convert.diagnostics(errors, Places()),
        }
    )


async def _plan(context: AppContext, change: Change) -> DeployPlan:
    before = context.workspace.checked
    flights = await context.reader.flights()
    versions = await read_versions(context.reader, {flight.plan for flight in flights}, before.plans)
    token = deploy_token(context.workspace.change({}).files, change.files, flights)
    uses = event_readers(before.catalogue)
    return plan_deploy(before.plans, change.checked.plans, flights, versions, uses, token)


def _files(context: AppContext, texts: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for path, text in texts.items():
        file = stored(context.workspace, path)
        was = file.text if file is not None else ""
        if file is None or was != text:
            yield {"path": path, "new": file is None, "diff": _diff(was, text)}


def _diff(before: str, after: str) -> str:
    """The difference in the unified format, without the names of files."""
    lines = unified_diff(before.splitlines(), after.splitlines(), lineterm="")
    return "\n".join(line for line in lines if not line.startswith(("--- ", "+++ ")))
