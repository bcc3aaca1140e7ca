"""The addresses in our messages: open to everybody who has one, since what it says is signed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, quote
from uuid import uuid4

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from runtime.actions import ActionError
from runtime.engine.work import Arrival
from runtime.events import body_hash
from runtime.links import Link
from runtime.model import SubjectKey
from runtime.store.protocol import StoreUnavailable
from stdlib_actions.documents.store import Document, DocumentStore
from web.body import read_body
from web.context import AppContext, committed, context_of
from web.html import render_plain
from web.problems import Problem

_PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
_MACHINES = re.compile(r"bot\b|crawl|spider|scan|preview|proofpoint|mimecast|barracuda|safelinks", re.I)


_SIGNABLE = ("contract", "proposal", "form")


async def ask(request: Request) -> Response:
    """The page that asks whether messages shall stop. Looking at it changes nothing: scanners do."""
    link = _link(request, "u")
    return render_plain("unsubscribe.html", done=False, topic=link.topic, company=_company(request))


async def unsubscribe(request: Request) -> Response:
    """Stop the messages, by the button of the page or by one click of the mail program (RFC 8058).

    Raises:
        Problem: 503: not now.
    """
    link, context = _link(request, "u"), context_of(request)
    await request.body()
    await committed(context.engine.submit([await _left(context, link)]))
    return render_plain("unsubscribe.html", done=True, topic=link.topic, company=_company(request))


async def opened(request: Request) -> Response:
    """Note that a message was opened."""
    await _note(request, "email.opened", _link(request, "o"))
    # Mail is read on pages of other origins.
    headers = {"Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(_PIXEL, headers=headers, media_type="image/gif")


async def clicked(request: Request) -> Response:
    """Note that a link was followed, and lead there."""
    link = _link(request, "c")
    await _note(request, "email.clicked", link, url=link.url)
    return RedirectResponse(link.url, 302)


def _company(request: Request) -> str:
    return context_of(request).workspace.checked.schema.name


def _link(request: Request, kind: str) -> Link:
    links = context_of(request).links
    link = links.read(kind, request.path_params["token"]) if links is not None else None
    if link is None:
        raise Problem(404, "this address is not one of ours, or not whole")
    return link


async def _left(context: AppContext, link: Link) -> Arrival:
    """The event of somebody who unsubscribes: from the topic of the message, or from all e-mail."""
    if not link.topic:
        return _arrival(context, "email.unsubscribed", link, {})
    key = {"kind": "contact", "id": link.contact}
    found = await context.reader.subject(SubjectKey("contact", link.contact))
    known = dict((found.fields.get("subscriptions") if found else None) or {})
    known[link.topic] = {**(known.get(link.topic) or {}), "subscribed": False}
    raw = {"type": "record.updated", "subject": key, "data": {"fields": {"subscriptions": known}}}
    return _read(context, raw)


async def _note(request: Request, type_: str, link: Link, **more: Any) -> None:
    """Keep the event if that is possible now; whoever reads the message is not to notice if it is not."""
    if request.method == "HEAD":
        return
    context = context_of(request)
    data = {**more, "is_bot": bool(_MACHINES.search(request.headers.get("user-agent", "bot")))}
    try:
        await context.engine.submit([_arrival(context, type_, link, data)])
    except StoreUnavailable as error:
        structlog.get_logger("rulelang.web").warning("not noted", type=type_, error=str(error))


def _arrival(context: AppContext, type_: str, link: Link, data: dict[str, Any]) -> Arrival:
    about = {"message_id": link.message, "rule": link.rule, "step": link.step, "template": link.template}
    raw = {
        "type": type_,
        "subject": {"kind": "contact", "id": link.contact},
        "data": {**{name: value for name, value in about.items() if value}, **data},
    }
    return _read(context, raw)


def _read(context: AppContext, raw: dict[str, Any]) -> Arrival:
    raw = {**raw, "id": f"link_{uuid4().hex}", "source": "email"}
    return Arrival(context.workspace.codec.read(raw, context.clock()), body_hash(raw))


async def document_page(request: Request) -> Response:
    """The page of a document: read it, sign or decline it. That it was looked at is noted."""
    link, document = _document(request)
    await _note(request, "document.status_changed", link, **_said(document, "viewed"))
    values = {"document": document, "token": request.path_params["token"], "company": _company(request)}
    return render_plain("document.html", done="", asks=document.kind in _SIGNABLE, **values)


async def document_file(request: Request) -> Response:
    """The file itself."""
    _, document = _document(request)
    try:
        content = await run_in_threadpool(_store(request).content, document, document.sha256)
    except ActionError:
        raise Problem(404, "the document is gone") from None
    disposition = f"inline; filename*=UTF-8''{quote(document.name)}"
    # A PDF is shown by the browser's own viewer, which needs nothing of a page; anything else is downloaded.
    if document.media != "application/pdf":
        disposition = disposition.replace("inline", "attachment")
    return Response(content, headers={"Content-Disposition": disposition}, media_type=document.media)


async def answer_document(request: Request) -> Response:
    """Sign or decline a document.

    Raises:
        Problem: 422 for anything else; 503: not now.
    """
    link, document = _document(request)
    body = (await read_body(request, request.receive, 4096)).decode("utf-8", "replace")
    form = {name: values[0].strip() for name, values in parse_qs(body).items()}
    decision, name = form.get("decision", ""), form.get("name", "")[:200]
    if document.kind not in _SIGNABLE or decision not in ("signed", "declined") or not name:
        raise Problem(422, "write your name, and sign or decline")
    context = context_of(request)
    data = {**_said(document, decision), "signed_by": name}
    await committed(context.engine.submit([_arrival(context, "document.status_changed", link, data)]))
    values = {"document": document, "token": request.path_params["token"], "company": _company(request)}
    return render_plain("document.html", done=decision, asks=False, **values)


def _document(request: Request) -> tuple[Link, Document]:
    link = _link(request, "d")
    if link.until is not None and link.until < context_of(request).clock():
        raise Problem(410, "this address has worked until its time was up; ask for a new one")
    document = _store(request).find(link.document)
    if document is None:
        raise Problem(404, "the document is gone")
    return link, document


def _store(request: Request) -> DocumentStore:
    return DocumentStore(context_of(request).workspace.root, keeps=True)


def _said(document: Document, status: str) -> dict[str, Any]:
    return {
        "document_id": document.id,
        "template": document.template,
        "recipient_type": "contact",
        "status": status,
    }


def routes() -> Sequence[Route]:
    """The routes. They are no part of the API: only messages lead here."""
    return [
        Route("/u/{token}", ask, methods=["GET"]),
        Route("/u/{token}", unsubscribe, methods=["POST"]),
        Route("/o/{token}", opened, methods=["GET"]),
        Route("/c/{token}", clicked, methods=["GET"]),
        Route("/d/{token}", document_page, methods=["GET"]),
        Route("/d/{token}", answer_document, methods=["POST"]),
        Route("/d/{token}/file", document_file, methods=["GET"]),
    ]
