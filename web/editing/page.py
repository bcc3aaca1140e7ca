"""The page of the editor, and the frame in which it shows mails: pages with a content policy of their own."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from web.body import read_body
from web.html import render
from web.problems import Problem

MAX_MAIL = 512 * 1024
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_IN_FRAME = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'none'; frame-ancestors 'self'; base-uri 'none'"
)


async def editor_page(request: Request) -> Response:
    """The page, with a fresh nonce for the styles that the editor's library makes."""
    nonce = secrets.token_urlsafe(16)
    response = render(request, "editor.html", nonce=nonce)
    response.headers["content-security-policy"] = _POLICY.format(nonce=nonce)
    return response


async def preview(request: Request) -> Response:
    """The HTML of a simulated mail, given back to a frame: it runs nothing, and loads nothing from anywhere."""
    body = await read_body(request, request.receive, MAX_MAIL)
    fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=1)
    html = fields.get("html", [""])[0]
    if not html:
        raise Problem(400, "send the form field `html`")
    return HTMLResponse(html, headers={"content-security-policy": _IN_FRAME})
