"""The tracking API of Segment (segment.com/docs/connections/sources/catalog/libraries/server/http-api).

Any analytics library is a client: its host is this server, its write key an API key with the scope `events:write`.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from rulelang.calendar import CalendarError, instant_text, parse_instant
from runtime.engine.work import Arrival
from runtime.events import IDENTIFIER, EventError, body_hash, derived_id
from runtime.model import Millis
from web.body import MAX_BYTES, parse_json, read_body
from web.context import AppContext, committed, context_of
from web.inbound.delivery import Raw, given, listed, record, text
from web.inbound.signatures import basic
from web.problems import Problem
from web.routing import Answer, Endpoint, Handler, json_response

MAX_CALLS = 5000
"""Calls in one batch."""
KINDS = ("identify", "track", "page", "screen", "group", "alias")

_TRAITS = {
    "firstName": "first_name",
    "lastName": "last_name",
    "title": "job_title",
    "birthday": "birth_date",
    "postalCode": "postal_code",
    "state": "region",
}
_SEMANTIC = {
    "order completed": "order.placed",
    "order refunded": "refund.created",
    "signed in": "user.logged_in",
    "logged in": "user.logged_in",
}
_WORDS = re.compile(r"[A-Za-z0-9]+")


class Call(NamedTuple):
    """One call of a library. `ahead` is by how much the sender's clock is ahead of ours, in milliseconds."""

    kind: str
    body: Raw
    now: Millis
    ahead: Millis


class Skip(Exception):
    """A call that says nothing about a person who is known."""


async def one(request: Request) -> Response:
    """Take a single call; its kind is the last part of the address.

    Raises:
        Problem: 400 for what cannot be read, 401 for a wrong write key.
    """
    kind, context = request.url.path.rpartition("/")[2], context_of(request)
    body = await _body(request)
    found, skipped, refused = await _events(context, [{**body, "type": kind}], body)
    if refused:
        raise Problem(400, refused[0]["detail"])
    return await _taken(context, found, skipped, [])


async def batch(request: Request) -> Response:
    """Take several calls. Those that cannot be taken are named in the answer and do not stand in the way of others.

    Raises:
        Problem: 400 for what cannot be read, 401 for a wrong write key.
    """
    context, body = context_of(request), await _body(request)
    calls = body.get("batch")
    if not isinstance(calls, list) or len(calls) > MAX_CALLS:
        raise Problem(400, f"`batch` is a list of at most {MAX_CALLS} calls")
    found, skipped, refused = await _events(context, calls, body)
    return await _taken(context, found, skipped, refused)


async def _taken(
    context: AppContext, arrivals: list[Arrival], skipped: int, refused: list[dict[str, Any]]
) -> Response:
    if arrivals:
        await committed(context.engine.submit(arrivals), len(arrivals) <= context.settings.engine.batch)
    answer: dict[str, Any] = {"success": True}
    return json_response(answer | given(skipped=skipped or None, refused=refused or None))


# --- reading ---


async def _body(request: Request) -> Raw:
    """The body of a caller with a write key, in the Authorization header or in the body."""
    known = _has_key(request)
    data = await read_body(request, request.receive, encodings=("gzip",))
    if request.headers.get("content-encoding", "").lower() == "gzip":
        data = _unzipped(data)
    try:
        body = parse_json(data)
    except Problem:
        if known:
            raise
        body = None
    if not known:
        _check_key(request, text(record(body).get("writeKey")))
    if not isinstance(body, dict):
        raise Problem(400, "the body is a JSON object")
    return body


def _has_key(request: Request) -> bool:
    """Whether the key stands in front, as a user name or as for the rest of the API; a wrong one is refused."""
    key = basic(request.headers.get("authorization", "")).partition(":")[0]
    if key:
        _check_key(request, key)
        return True
    guard = context_of(request).guard
    if "authorization" in request.headers or guard.scopes(request) is not None:
        guard.require(request, "events:write")
        return True
    return False


def _check_key(request: Request, key: str) -> None:
    scopes = context_of(request).guard.key_scopes(key) if key else None
    if scopes is None or "events:write" not in scopes:
        raise Problem(
            401,
            "the write key is an API key with the scope `events:write`",
            {"WWW-Authenticate": 'Basic realm="rulelang"'},
        )


def _unzipped(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(data, MAX_BYTES + 1)
    except zlib.error:
        raise Problem(400, "the body is not gzip, though it says so") from None
    if len(plain) > MAX_BYTES:
        raise Problem(413, f"a body is at most {MAX_BYTES} bytes here, unpacked")
    return plain


async def _events(
    context: AppContext, calls: Sequence[Any], whole: Raw
) -> tuple[list[Arrival], int, list[dict[str, Any]]]:
    now = context.clock()
    sent = _instant(whole.get("sentAt"))
    arrivals, skipped, refused = [], 0, []
    for number, body in enumerate(calls):
        call = Call(text(record(body).get("type")), record(body), now, 0 if sent is None else sent - now)
        try:
            for raw in await _meant(context, call):
                arrivals.append(Arrival(context.workspace.codec.read(raw, now), body_hash(raw)))
        except Skip:
            skipped += 1
        except EventError as error:
            refused.append({"index": number, "detail": str(error)})
    return arrivals, skipped, refused


async def _meant(context: AppContext, call: Call) -> list[Raw]:
    """The events that a call means.

    Raises:
        Skip: it is about nobody who is known.
        EventError: it cannot be read.
    """
    match call.kind:
        case "identify":
            return [_updated(context, call, _contact(call), "contact", _traits(call), "")]
        case "track":
            return [_event(call, _type(context, call), _tracked(call), _contact(call))]
        case "page" | "screen":
            return [_event(call, "page.viewed", _page(call), _contact(call))]
        case "group":
            return await _group(context, call)
        case "alias":
            return [_alias(call)]
    raise EventError("/type", f"a call is one of {', '.join(KINDS)}, found {call.kind!r}")


# --- who ---


def _contact(call: Call) -> Raw:
    """The contact of a call. What is only known by an anonymous id becomes no contact."""
    user = text(call.body.get("userId"))
    if not user:
        raise Skip
    return {"kind": "contact", "external_id": user}


def _traits(call: Call) -> Raw:
    return record(call.body.get("traits")) or record(record(call.body.get("context")).get("traits"))


# --- what ---


def _event(call: Call, type_: str, data: Raw, subject: Raw, suffix: str = "") -> Raw:
    raw: Raw = {
        "id": _id(call) + suffix,
        "type": type_,
        "subject": subject,
        "data": data,
        "source": "integration:segment",
    }
    moment = _instant(call.body.get("timestamp"))
    if moment is not None:
        raw["occurred_at"] = instant_text(min(moment - call.ahead, call.now))
    return raw


def _id(call: Call) -> str:
    given_id = text(call.body.get("messageId"))
    if given_id and IDENTIFIER.match(f"segment:{given_id}"[:190]):
        return f"segment:{given_id}"[:190]
    return f"segment:{body_hash(call.body).hex()}"


def _updated(context: AppContext, call: Call, subject: Raw, kind: str, traits: Raw, suffix: str) -> Raw:
    """Traits that the schema has as fields become fields; all of them stay with the event."""
    fields: Raw = {}
    for name, value in _flat(traits).items():
        if name in context.workspace.checked.schema.fields[kind]:
            try:
                fields |= context.workspace.codec.fields(kind, {name: value})
            except EventError:
                continue
    return _event(call, "record.updated", {"fields": fields, "traits": traits}, subject, suffix)


def _flat(traits: Raw) -> Raw:
    """Traits by the names of fields: camel case as snake case, parts of the address, the name of the company."""
    found: Raw = {}
    for name, value in {**traits, **record(traits.get("address"))}.items():
        found[_TRAITS.get(name) or re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()] = value
    company = traits.get("company")
    if isinstance(company, dict):
        found["company"] = text(company.get("name"))
    return {name: value for name, value in found.items() if value is not None and not isinstance(value, dict)}


def _type(context: AppContext, call: Call) -> str:
    """The type of a tracked event: one that the schema declares under these words, or the words themselves.

    The last word stands behind a dot, as in `trial_plan.started` for "Trial Plan Started".
    """
    words = [word.lower() for word in _WORDS.findall(text(call.body.get("event")))]
    if not words:
        raise EventError("/event", "`event` is the name of what happened")
    for name in context.workspace.checked.schema.events:
        if re.split(r"[._]", name) == words:
            return name
    known = _SEMANTIC.get(" ".join(words))
    if known:
        return known
    return ".".join(part for part in ("_".join(words[:-1]), words[-1]) if part)


def _tracked(call: Call) -> Raw:
    properties = dict(record(call.body.get("properties")))
    if "order_id" in properties or "products" in properties:
        products = [record(item) for item in listed(properties.get("products"))]
        properties["items"] = products
        properties["products"] = [text(item.get("name")) for item in products if text(item.get("name"))]
        properties.setdefault("value", properties.get("total", properties.get("revenue")))
    return given(**{str(name): value for name, value in properties.items()})


def _page(call: Call) -> Raw:
    properties, context = record(call.body.get("properties")), record(call.body.get("context"))
    place = record(context.get("page"))
    url = text(properties.get("url") or place.get("url"))
    return given(
        site=url.partition("://")[2].partition("/")[0],
        page=text(call.body.get("name") or properties.get("title") or properties.get("path")),
        path=text(properties.get("path") or place.get("path")),
        referrer=text(properties.get("referrer") or place.get("referrer")),
        utm=record(context.get("campaign")) or None,
    )


async def _group(context: AppContext, call: Call) -> list[Raw]:
    """The account under its own id elsewhere, and the contact's link to it."""
    group, contact = text(call.body.get("groupId")), _contact(call)
    if not group:
        raise EventError("/groupId", "`groupId` is missing")
    subject = {"kind": "account", "external_id": group}
    account = _updated(context, call, subject, "account", _traits(call), ":account")
    holder = await context.reader.find_subject("account", "external_id", group)
    link = {"fields": {"account_id": holder or derived_id("account", "external_id", group)}}
    return [account, _event(call, "record.updated", link, contact)]


def _alias(call: Call) -> Raw:
    previous, user = text(call.body.get("previousId")), text(call.body.get("userId"))
    if not (previous and user):
        raise EventError("/previousId", "an alias needs `previousId` and `userId`")
    data = {"fields": {"external_id": user}}
    return _event(call, "record.updated", data, {"kind": "contact", "external_id": previous})


def _instant(value: Any) -> Millis | None:
    try:
        return parse_instant(value) if isinstance(value, str) else None
    except CalendarError:
        return None


def endpoints() -> Sequence[Endpoint]:
    """The routes. The write key is checked by the handlers, since libraries send it as a user name or in the body."""
    return [_endpoint(f"/v1/{kind}", one, f"Segment: {kind}") for kind in KINDS] + [
        _endpoint("/v1/batch", batch, "Segment: several calls")
    ]


def _endpoint(path: str, handler: Handler, summary: str) -> Endpoint:
    return Endpoint(
        "POST",
        path,
        "events:write",
        handler,
        summary,
        "As Segment's HTTP tracking API; see docs/inbound.md.",
        bodies={"application/json": {"type": "object"}},
        answers={
            200: Answer("taken", {"type": "object"}),
            400: Answer("it cannot be read"),
            413: Answer("too large"),
            415: Answer("compressed otherwise than with gzip"),
        },
        tag="segment",
        own_keys=True,
    )
