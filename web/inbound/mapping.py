"""Mappings in text: places in a request, and the events made from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from runtime.inbound import PATH, QUOTED, Map
from web.inbound.delivery import Delivery, Raw, listed, text
from web.problems import Problem

_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]")


def source_of(delivery: Delivery) -> dict[str, Any]:
    """What places lead into: the body, the query and the headers. A form is a body too."""
    return {"body": body_of(delivery), "query": dict(delivery.query), "header": dict(delivery.headers)}


def body_of(delivery: Delivery) -> Any:
    """The body as JSON or as a form.

    Raises:
        Problem: 400 when it is neither.
    """
    if delivery.media == "application/x-www-form-urlencoded":
        pairs = parse_qsl(
            delivery.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=1000
        )
        return dict(pairs)
    return delivery.json() if delivery.body else None


def at(place: str, source: Mapping[str, Any]) -> Any:
    """What is found at a place, or the quoted text; None where there is nothing."""
    quoted = QUOTED.match(place)
    if quoted:
        return quoted[1]
    match = PATH.match(place)
    assert match is not None, "places are checked with the settings"
    value: Any = source.get(match[1])
    for name, number in _STEP.findall(match[2]):
        if name:
            key = name.lower() if match[1] == "header" else name
            value = value.get(key) if isinstance(value, dict) else None
        else:
            items = listed(value)
            value = items[int(number)] if int(number) < len(items) else None
    return value


def mapped(map: Map, delivery: Delivery) -> list[Raw]:
    """The events that a request means.

    Raises:
        Problem: 400 when the body cannot be read, 422 when something that an event needs is not there.
    """
    source = source_of(delivery)
    if not map.each:
        return [_event(map, source, delivery, 0)]
    items = listed(at(map.each, source))
    return [
        _event(map, {**source, "body": {"item": item, "all": source["body"]}}, delivery, n)
        for n, item in enumerate(items)
    ]


def _event(map: Map, source: Mapping[str, Any], delivery: Delivery, number: int) -> Raw:
    (name, place), *_ = map.subject.items()
    subject = text(at(place, source))
    if not subject:
        raise Problem(422, f"there is nothing at `{place}`, by which the mapping finds the {map.kind}")
    event: Raw = {
        "id": text(at(map.id, source)) if map.id else "",
        "type": text(at(map.type, source)) if PATH.match(map.type) or QUOTED.match(map.type) else map.type,
        "subject": {"kind": map.kind, name: subject},
        "data": {key: at(place, source) for key, place in map.data.items()},
    }
    event["id"] = event["id"] or delivery.digest(str(number))
    if map.fields:
        event["changes"] = {key: {"after": at(place, source)} for key, place in map.fields.items()}
    if map.occurred_at:
        event["occurred_at"] = at(map.occurred_at, source)
    return event
