"""A double of Twilio's API as its documentation has it: forms in, JSON out, errors with code, message and more_info."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from tests.support.evil_http import Answer, EvilServer

SID = "AC" + "0" * 32
TOKEN = "twilio-token"


def created(sid: str, status: str = "queued") -> Answer:
    return Answer(201, json.dumps({"sid": sid, "status": status, "error_code": None}).encode())


def refused(status: int, code: int, message: str, **headers: str) -> Answer:
    more = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message, "more_info": more, "status": status}
    return Answer(status, json.dumps(body).encode(), headers)


def path(resource: str) -> str:
    return f"/2010-04-01/Accounts/{SID}/{resource}.json"


def forms(server: EvilServer, resource: str) -> list[dict[str, Any]]:
    """The forms that arrived."""
    return [dict(parse_qsl(r.body.decode())) for r in server.requests if r.path == path(resource)]
