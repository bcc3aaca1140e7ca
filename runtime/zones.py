"""Whose time of day it is: the subject's zone, else its account's, else the workspace's."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from rulelang.calendar import zone
from runtime.model import JSON

_UTC = ZoneInfo("UTC")


def no_zone(records: Mapping[str, Mapping[str, JSON]]) -> str:
    """The name that `zone_of` passes over because it is no zone; "" when there is none."""
    for kind in ("contact", "account", "opportunity"):
        name = records[kind].get("time_zone")
        if name:
            return "" if zone(str(name)) is not None else str(name)
    return ""


def zone_of(records: Mapping[str, Mapping[str, JSON]], fallback: str) -> ZoneInfo:
    """The zone of a subject with its related records; names that are no zone are passed over."""
    for kind in ("contact", "account", "opportunity"):
        name = records[kind].get("time_zone")
        if name:
            found = zone(str(name))
            if found is not None:
                return found
    return zone(fallback) or _UTC
