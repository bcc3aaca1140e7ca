"""The development mailbox over the API."""

from __future__ import annotations

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from stdlib_actions.mail.mailbox import list_messages, read_message
from web.context import context_of
from web.problems import Problem
from web.routing import LIMIT, Answer, Endpoint, json_response, page_limit


async def list_mail(request: Request) -> Response:
    """The latest messages, newest first."""
    found = await run_in_threadpool(list_messages, context_of(request).mailbox, page_limit(request))
    return json_response({"items": [msgspec.to_builtins(m) for m in found]})


async def get_mail(request: Request) -> Response:
    """One message, decoded."""
    message = await run_in_threadpool(read_message, context_of(request).mailbox, request.path_params["id"])
    if message is None:
        raise Problem(404, "the mailbox has no such message")
    return json_response(msgspec.to_builtins(message))


def endpoints() -> list[Endpoint]:
    """The routes."""
    names = ("id", "subject", "sender", "to", "date")
    summary = {
        "type": "object",
        "required": list(names),
        "properties": {n: {"type": "string"} for n in names},
    }
    items = {"items": {"type": "array", "items": summary}}
    return [
        Endpoint(
            "GET",
            "/v1/mailbox",
            "mailbox:read",
            list_mail,
            "List the development mailbox",
            "The latest messages, newest first.",
            parameters=(LIMIT,),
            answers={
                200: Answer("the messages", {"type": "object", "required": ["items"], "properties": items}),
                400: Answer("a parameter is wrong"),
            },
            tag="mailbox",
        ),
        Endpoint(
            "GET",
            "/v1/mailbox/{id}",
            "mailbox:read",
            get_mail,
            "Read a message",
            answers={200: Answer("the message", summary), 404: Answer("unknown")},
            tag="mailbox",
        ),
    ]
