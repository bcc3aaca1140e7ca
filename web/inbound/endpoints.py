"""`/in/<name>`: requests of other systems, verified before anything of them is read, answered after the commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from runtime.engine.work import Arrival, Receipt
from runtime.events import EventError, body_hash
from runtime.settings import SettingsError
from web.body import media_type, read_body
from web.context import AppContext, committed, context_of
from web.inbound.addresses import Address
from web.inbound.delivery import Delivery, Raw, Read
from web.problems import Problem
from web.routing import Answer, Endpoint, json_response

_KEPT_BYTES = 64 * 1024
"""Bodies above this are not kept as samples."""


async def receive(request: Request) -> Response:
    """Take a request of another system.

    Raises:
        Problem: 404 for an unknown address, 401 for a wrong signature, 503 without a secret, 400 and 422 as for events.
    """
    address = _address(request)
    delivery = await _delivery(request)
    if not _is_genuine(address, delivery):
        raise Problem(
            401, f"the signature of this request is missing, wrong or too old for /in/{address.name}"
        )
    return await _take(context_of(request), address, delivery)


async def _take(context: AppContext, address: Address, delivery: Delivery) -> Response:
    sample = _kept(address, delivery)
    try:
        found = await _told_apart(context, address.sender().read(delivery))
        arrivals = _arrivals(context, address, found)
    except Problem as problem:
        sample["error"] = problem.detail
        raise
    sample |= {"events": found.events, "ignored": found.ignored}
    if found.answer is not None:
        return _spoken(found.answer)
    receipts = await committed(context.engine.submit(arrivals)) if arrivals else []
    return json_response({"events": [_receipt(r) for r in receipts], "ignored": found.ignored})


async def _told_apart(context: AppContext, found: Read) -> Read:
    """Answers to messages of ours with the rule and the contact of the run that they answer."""
    events = []
    for raw in found.events:
        run = await context.reader.run(raw["data"]["run"]) if raw["data"].get("run") else None
        if run is not None:
            raw = {**raw, "data": {**raw["data"], "rule": run.rule}}
            if run.subject.kind == "contact":
                raw["subject"] = {"kind": "contact", "id": run.subject.id}
        events.append(raw)
    return Read(events, found.ignored, found.answer)


def _spoken(answer: str) -> Response:
    if answer.startswith("{"):
        return Response(answer, media_type="application/json")
    return PlainTextResponse(answer)


async def show(request: Request) -> Response:
    """One address: how it is set up and its last requests with what became of them.

    Raises:
        Problem: 404 for an unknown address.
    """
    address = _address(request)
    settings = msgspec.to_builtins(address.settings)
    return json_response({"name": address.name, "settings": settings, "samples": list(address.samples)})


async def list_addresses(request: Request) -> Response:
    """All addresses."""
    items = [{"name": a.name, "sender": a.settings.sender} for a in context_of(request).inbound.values()]
    return json_response({"items": items})


async def attempt(request: Request) -> Response:
    """What a body would become, without taking it.

    Raises:
        Problem: 400 and 422 as when it is taken.
    """
    address = _address(request)
    found = await _told_apart(context_of(request), address.sender().read(await _delivery(request)))
    _arrivals(context_of(request), address, found)
    return json_response({"events": found.events, "ignored": found.ignored})


def _address(request: Request) -> Address:
    name = request.path_params["name"]
    address = context_of(request).inbound.get(name)
    if address is None:
        raise Problem(
            404, f"nothing is set up to be called at /in/{name[:64]}; see `[in.…]` in rulelang.toml"
        )
    return address


async def _delivery(request: Request) -> Delivery:
    return Delivery(
        method=request.method,
        url=str(request.url),
        headers={name.lower(): value for name, value in request.headers.items()},
        query=dict(request.query_params),
        body=await read_body(request, request.receive),
        now=context_of(request).clock() / 1000,
        media=media_type(request),
    )


def _is_genuine(address: Address, delivery: Delivery) -> bool:
    try:
        secret = address.secret()
        return bool(secret) and address.sender().verify(delivery, secret)
    except SettingsError as error:
        detail = f"/in/{address.name} has no secret to verify with"
        raise Problem(503, detail, {"Retry-After": "60"}, reason=str(error)) from None


def _kept(address: Address, delivery: Delivery) -> dict[str, Any]:
    """The sample of a verified request: its body alone, since headers hold what proves who sent it."""
    body = delivery.body if len(delivery.body) <= _KEPT_BYTES else b""
    sample: dict[str, Any] = {"at": int(delivery.now * 1000), "body": body.decode("utf-8", "replace")}
    address.samples.append(sample)
    return sample


def _arrivals(context: AppContext, address: Address, found: Read) -> list[Arrival]:
    codec, now = context.workspace.codec, context.clock()
    arrivals = []
    for raw in found.events:
        event = _signed(raw, address)
        try:
            arrivals.append(Arrival(codec.read(event, now), body_hash(event)))
        except EventError as error:
            raise Problem(
                422, str(error), errors=[{"pointer": error.pointer, "detail": str(error)}]
            ) from None
    return arrivals


def _signed(raw: Raw, address: Address) -> Raw:
    """The event under an id of this address, so that no other sender can take it."""
    source = address.settings.sender if address.settings.sender != "generic" else address.name
    return {**raw, "id": f"{address.name}:{raw['id']}"[:200], "source": f"integration:{source}"}


def _receipt(receipt: Receipt) -> dict[str, Any]:
    subject = receipt.subject
    return {
        "id": receipt.id,
        "status": str(receipt.status),
        "runs": receipt.runs,
        "subject": {"kind": subject.kind, "id": subject.id} if subject is not None else None,
    }


def endpoints() -> Sequence[Endpoint]:
    """The routes. `/in/…` is open to strangers: the signature is what lets a request in."""
    taken = {
        200: Answer("taken", {"type": "object"}),
        401: Answer("not signed, wrongly signed, or too long ago"),
        404: Answer("nothing is set up here"),
        422: Answer("the request cannot be mapped to an event"),
        503: Answer("not now, or the secret is not there"),
    }
    body = {"application/json": {}, "application/x-www-form-urlencoded": {"type": "object"}}
    doc = "The senders and mappings are set in `[in.<name>]` of rulelang.toml; see docs/inbound.md."
    return [
        Endpoint(
            "POST",
            "/in/{name}",
            "",
            receive,
            "Requests of another system",
            doc,
            bodies=body,
            answers=taken,
            tag="inbound",
            free_query=True,
        ),
        Endpoint(
            "GET",
            "/in/{name}",
            "",
            receive,
            "The handshake of another system",
            doc,
            answers=taken,
            tag="inbound",
            free_query=True,
        ),
        Endpoint(
            "GET",
            "/v1/in",
            "rules:read",
            list_addresses,
            "Addresses of other systems",
            answers={200: Answer("the addresses", {"type": "object"})},
            tag="inbound",
        ),
        Endpoint(
            "GET",
            "/v1/in/{name}",
            "records:read",
            show,
            "An address with its last requests",
            answers={200: Answer("the address", {"type": "object"}), 404: taken[404]},
            tag="inbound",
        ),
        Endpoint(
            "POST",
            "/v1/in/{name}/try",
            "events:write",
            attempt,
            "What a body would become",
            bodies=body,
            answers={200: Answer("the events", {"type": "object"}), 404: taken[404], 422: taken[422]},
            tag="inbound",
            free_query=True,
        ),
    ]
