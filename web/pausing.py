"""Pausing and resuming rules over the API."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from runtime.versions import pause_recorder
from web.context import committed, context_of
from web.problems import Problem
from web.routing import Answer, Endpoint, json_response


async def post_pause(request: Request) -> Response:
    """Hold a rule: it starts nothing, and its runs stand still."""
    return await _set(request, True)


async def post_resume(request: Request) -> Response:
    """Let a rule go on that was paused by hand."""
    return await _set(request, False)


async def _set(request: Request, paused: bool) -> Response:
    key = request.path_params["key"]
    state = await set_paused(request, key, paused)
    paused = key in context_of(request).engine.paused
    return json_response({"rule": key, "state": state, "paused": paused})


async def set_paused(request: Request, key: str, paused: bool) -> str:
    """Pause a rule by hand, or end that; the state that its header says.

    Raises:
        Problem: 404 when there is no such rule, 409 when its header says that it is paused, 503.
    """
    context = context_of(request)
    async with context.workspace.changing:
        plan = next((p for p in context.workspace.checked.plans if p.key == key), None)
        if plan is None:
            raise Problem(404, f"the workspace has no rule `{key[:100]}`")
        if plan.state == "paused":
            raise Problem(409, f"the header of `{key[:100]}` says that it is paused; change the rule instead")
        if (key in context.engine.paused) != paused:
            by = context.guard.author_name(request)
            record = pause_recorder(key, paused, by, context.clock())
            await committed(context.engine.pause(key, paused, record))
    return plan.state


_STATE = {
    "type": "object",
    "required": ["rule", "state", "paused"],
    "properties": {
        "rule": {"type": "string"},
        "state": {"type": "string", "description": "what the header says"},
        "paused": {"type": "boolean"},
    },
}
_ANSWERS = {
    200: Answer("how it is now", _STATE),
    404: Answer("no such rule"),
    409: Answer("its header says that it is paused"),
}


def endpoints() -> list[Endpoint]:
    """The routes."""
    return [
        Endpoint(
            "POST",
            "/v1/rules/{key:path}/pause",
            "rules:write",
            post_pause,
            "Pause a rule",
            "It starts nothing, and its runs stand still until it is resumed. Messages that were handed over before "
            "still go out. Pausing a paused rule changes nothing.",
            answers=_ANSWERS,
            tag="rules",
        ),
        Endpoint(
            "POST",
            "/v1/rules/{key:path}/resume",
            "rules:write",
            post_resume,
            "Resume a rule",
            "Its runs go on as the workspace's policy says: by default their waits end as much later as the pause "
            "took.",
            answers=_ANSWERS,
            tag="rules",
        ),
    ]
