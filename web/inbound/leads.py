"""Answers of lead forms: lists of names and values become a record."""

from __future__ import annotations

from typing import Any

from web.inbound.delivery import Raw, listed, record, text


def answers(items: Any, name: str = "name", value: str = "values") -> Raw:
    """`[{"name": "email", "values": ["a@b.test"]}]` as `{"email": "a@b.test"}`; several values are a list."""
    found: Raw = {}
    for item in map(record, listed(items)):
        given = item.get(value)
        if isinstance(given, list):
            given = given[0] if len(given) == 1 else given
        key = text(item.get(name)).lower().replace(" ", "_")
        if key and given is not None:
            found[key] = given
    return found
