"""The development mailbox over the API."""

from __future__ import annotations

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from stdlib_actions.mail.mailbox import list_messages, read_message
from web.context import context_of
from web.problems import Problem
from web.routing import LIMIT, Endpoint, json_response, page_limit


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
    return [
        Endpoint(
            "GET",
            "/v1/mailbox",
            "mailbox:read",
            list_mail,
            "List the development mailbox",
            parameters=(LIMIT,),
            answers={200: ("the latest messages", {"type": "object", "required": ["items"]})},
            tag="mailbox",
        ),
        Endpoint(
            "GET",
            "/v1/mailbox/{id}",
            "mailbox:read",
            get_mail,
            "Read a message",
            answers={200: ("the message", {"type": "object"}), 404: ("unknown", None)},
            tag="mailbox",
        ),
    ]
