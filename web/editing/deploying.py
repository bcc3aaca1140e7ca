"""What going live with a text would change, told before it is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import unified_diff
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from rulelang.plan.model import Plan
from rulelang.workspace import CheckedWorkspace
from web.context import AppContext, context_of
from web.editing import convert
from web.editing.bodies import Place, read_as
from web.editing.convert import Places
from web.editing.language import asked
from web.editing.picture import OVER
from web.editing.shelf import stored
from web.routing import json_response


async def plan_deploy(request: Request) -> Response:
    """The rules that would be added, changed and removed, with their runs under way, and the texts that change."""
    body, context = await read_as(request, Place), context_of(request)
    counts: dict[str, int] = {}
    for (rule, status), number in (await context.reader.count_runs()).items():
        if status not in OVER:
            counts[rule] = counts.get(rule, 0) + number

    def answer(context: AppContext, service: Any) -> dict[str, Any]:
        after: CheckedWorkspace = service.workspace
        errors = [d for d in after.diagnostics if d.is_error]
        return {
            "rules": list(_changes(context.workspace.checked, after, counts)),
            "files": list(_files(context, {**body.others, body.path: body.text})),
            "diagnostics": convert.diagnostics(errors, Places()),
        }

    return json_response(await asked(request, body, answer))


def _changes(
    before: CheckedWorkspace, after: CheckedWorkspace, counts: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    old = {plan.key: plan for plan in before.plans}
    new = {plan.key: plan for plan in after.plans}
    for key in dict.fromkeys((*old, *new)):
        change = _change(old.get(key), new.get(key))
        if change:
            plan = new.get(key) or old[key]
            was = old[key].text if key in old else ""
            text = new[key].text if key in new else ""
            yield {
                "rule": key,
                "change": change,
                "file": plan.file,
                "state": plan.state,
                "runs": counts.get(key, 0),
                "diff": _diff(was, text, key),
            }


def _change(old: Plan | None, new: Plan | None) -> str:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    return "changed" if (old.hash, old.state) != (new.hash, new.state) else ""


def _files(context: AppContext, texts: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for path, text in texts.items():
        file = stored(context.workspace, path)
        was = file.text if file is not None else ""
        if was != text:
            yield {"path": path, "new": file is None, "diff": _diff(was, text, path)}


def _diff(before: str, after: str, name: str) -> str:
    """The difference in the unified format, without the names of files."""
    lines = unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="")
    return "\n".join(line for line in lines if not line.startswith(("--- ", "+++ ")))
