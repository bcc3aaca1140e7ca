"""CloudEvents 1.0 over HTTP, in structured, batched and binary mode, read into our own envelope.

The subject is `kind/id` (`contact/c_1`) or `kind/name@host` in the attribute `subject`, or the extension
attributes `contactid`, `accountid`, `opportunityid`. Uniqueness is `source` + `id` in that
specification, so both make our id.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote

from rulelang.types.schema import SUBJECT_KINDS
from runtime.events import IDENTIFIER, EventError
from web.body import parse_json

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
_REQUIRED = ("specversion", "id", "source", "type")
_POINTERS = {"/occurred_at": "/time", **{f"/{kind}_id": f"/{kind}id" for kind in SUBJECT_KINDS}}


def from_structured(event: Any) -> dict[str, Any]:
    """Our envelope of one structured event.

    Raises:
        EventError: it is no CloudEvent of version 1.0, or says nothing that rules can read.
        Problem: 400, `data_base64` holds no JSON.
    """
    if not isinstance(event, dict):
        raise EventError("", "a CloudEvent in structured mode is a JSON object")
    attributes = {k: v for k, v in event.items() if k not in ("data", "data_base64")}
    data = event.get("data")
    if event.get("data_base64") is not None:
        if data is not None:
            raise EventError("/data_base64", "a CloudEvent has `data` or `data_base64`, not both")
        data = parse_json(_decoded(event["data_base64"]))
    return _envelope(attributes, data)


def from_binary(headers: Mapping[str, str], data: Any) -> dict[str, Any]:
    """Our envelope of an event whose attributes stand in `ce-` headers.

    Raises:
        EventError: it is no CloudEvent of version 1.0, or says nothing that rules can read.
    """
    return _envelope({k[3:]: unquote(v) for k, v in headers.items() if k.startswith("ce-")}, data)


def pointer_of(pointer: str) -> str:
    """Where in a CloudEvent stands what a pointer into our envelope speaks of."""
    return "/subject" if pointer.startswith("/subject/") else _POINTERS.get(pointer, pointer)


def _envelope(attributes: Mapping[str, Any], data: Any) -> dict[str, Any]:
    for name in _REQUIRED:
        if not isinstance(attributes.get(name), str) or not attributes[name]:
            raise EventError(f"/{name}", f"a CloudEvent needs the attribute `{name}`")
    if attributes["specversion"] != "1.0":
        raise EventError("/specversion", f"CloudEvents {attributes['specversion']} is not supported, 1.0 is")
    if data is not None and not isinstance(data, dict):
        raise EventError("/data", "the data of a CloudEvent for rules is a JSON object")
    envelope: dict[str, Any] = {
        "id": _id(attributes["source"], attributes["id"]),
        "type": attributes["type"],
        "source": attributes["source"],
        "data": data or {},
    }
    if attributes.get("time"):
        envelope["occurred_at"] = attributes["time"]
    return {**envelope, **_subject(attributes)}


def _id(source: str, id: str) -> str:
    """`source#id` where that is a good id of ours and can come from no other pair; else a hash of the two."""
    readable = f"{source}#{id}"
    if "#" not in id and IDENTIFIER.match(readable):
        return readable
    pair = f"{source}\0{id}".encode("utf-8", "surrogatepass")
    return f"ce_{blake2b(pair, digest_size=16).hexdigest()}"


def _subject(attributes: Mapping[str, Any]) -> dict[str, Any]:
    links = {f"{kind}_id": attributes[f"{kind}id"] for kind in SUBJECT_KINDS if attributes.get(f"{kind}id")}
    text = attributes.get("subject")
    kind, _, id = str(text or "").partition("/")
    if kind in SUBJECT_KINDS and id:
        return {**links, "subject": {"kind": kind, "email" if "@" in id else "id": id}}
    if text and not links:
        raise EventError(
            "/subject", f"`subject` is `kind/id`, such as `contact/c_1`, found {str(text)[:100]!r}"
        )
    return links


def _decoded(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise EventError("/data_base64", "`data_base64` is not Base64") from None
