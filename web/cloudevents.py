"""CloudEvents 1.0 over HTTP, in structured, batched and binary mode, read into our own envelope.

The subject is `kind/id` (`contact/c_1`) or `kind/name@host` in the attribute `subject`, or the extension
attributes `contactid`, `accountid`, `opportunityid`. Uniqueness is `source` + `id` in that
specification, so both make our id.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from rulelang.types.schema import SUBJECT_KINDS
from web.body import parse_json
from web.problems import Problem

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
_REQUIRED = ("id", "source", "type", "specversion")


def from_structured(event: Any) -> dict[str, Any]:
    """Our envelope of one structured event.

    Raises:
        Problem: 400 when it is no CloudEvent of version 1.0.
    """
    if not isinstance(event, dict):
        raise Problem(400, "a CloudEvent in structured mode is a JSON object")
    attributes = {k: v for k, v in event.items() if k not in ("data", "data_base64")}
    data = event.get("data", {})
    if "data_base64" in event:
        data = parse_json(_decoded(event["data_base64"]))
    return _envelope(attributes, data)


def from_binary(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Our envelope of an event whose attributes stand in `ce-` headers.

    Raises:
        Problem: 400 when it is no CloudEvent of version 1.0.
    """
    attributes = {k[3:]: unquote(v) for k, v in headers.items() if k.startswith("ce-")}
    return _envelope(attributes, parse_json(body) if body else {})


def _envelope(attributes: Mapping[str, Any], data: Any) -> dict[str, Any]:
    missing = [
        name for name in _REQUIRED if not isinstance(attributes.get(name), str) or not attributes[name]
    ]
    if missing:
        raise Problem(400, f"a CloudEvent needs the attribute `{missing[0]}`")
    if attributes["specversion"] != "1.0":
        raise Problem(400, f"CloudEvents {attributes['specversion']} is not supported, 1.0 is")
    if not isinstance(data, dict):
        raise Problem(400, "the data of a CloudEvent for rules is a JSON object")
    envelope: dict[str, Any] = {
        "id": f"{attributes['source']}#{attributes['id']}",
        "type": attributes["type"],
        "source": attributes["source"],
        "data": data,
    }
    if attributes.get("time"):
        envelope["occurred_at"] = attributes["time"]
    return {**envelope, **_subject(attributes)}


def _subject(attributes: Mapping[str, Any]) -> dict[str, Any]:
    links = {f"{kind}_id": attributes[f"{kind}id"] for kind in SUBJECT_KINDS if attributes.get(f"{kind}id")}
    text = attributes.get("subject")
    if not text:
        return links
    kind, _, id = str(text).partition("/")
    if kind not in SUBJECT_KINDS or not id:
        raise Problem(400, f"the attribute `subject` is `kind/id`, such as `contact/c_1`, found {text!r}")
    return {**links, "subject": {"kind": kind, "email" if "@" in id else "id": id}}


def _decoded(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise Problem(400, "`data_base64` is not Base64") from None
