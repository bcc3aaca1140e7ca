"""Short verbs to read a timeline with."""

from __future__ import annotations

from typing import Any

from tests.support.twice import Timeline


def entries(timeline: Timeline, kind: str, **wanted: str) -> list[dict[str, Any]]:
    """The entries of a kind, with these values."""
    return [e for e in timeline if e["kind"] == kind and all(e.get(k) == v for k, v in wanted.items())]


def times(timeline: Timeline, kind: str, **wanted: str) -> list[str]:
    """When they happened."""
    return [e["at"] for e in entries(timeline, kind, **wanted)]


def reasons(timeline: Timeline, kind: str, **wanted: str) -> list[str]:
    """What they say."""
    return [e.get("reason", "") for e in entries(timeline, kind, **wanted)]


def done(timeline: Timeline, action: str = "add_tag", argument: str = "tag") -> list[tuple[str, Any]]:
    """When an action was carried out, and one of its arguments."""
    return [(e["at"], e["input"].get(argument)) for e in entries(timeline, "action", action=action)]
