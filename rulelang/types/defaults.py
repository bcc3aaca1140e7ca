"""The schema that serves a workspace that has declared none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from functools import cache

from rulelang.types.builtin import builtin_fields
from rulelang.types.calendars import BusinessCalendar, Opening
from rulelang.types.schema import Pipeline, Schema, Team

DEFAULT_CURRENCY = "USD"
DEFAULT_TIME_ZONE = "UTC"

DEFAULT_STATUSES: dict[str, tuple[str, ...]] = {
    "contact": ("trial", "customer", "inactive", "churned"),
    "account": ("trial", "customer", "inactive", "churned"),
}

_SUCCESS = ("Onboarding", "Active", "At Risk", "Churned")

DEFAULT_PIPELINES: tuple[Pipeline, ...] = (
    Pipeline("Sales", "sales", "contact", ("MQL", "SQL", "Proposal Sent", "Won", "Lost")),
    Pipeline("Customer Success", "customer_success", "contact", _SUCCESS),
    Pipeline("Customer Success", "customer_success", "account", _SUCCESS),
    Pipeline("Deals", "deals", "opportunity", ("Qualified", "Proposal", "Negotiation", "Won", "Lost")),
)

DEFAULT_CALENDARS: Mapping[str, BusinessCalendar] = {
    "Office": BusinessCalendar("Office", (Opening(frozenset(range(5)), time(9), time(17)),))
}
"""When business is open, in the zone of each subject."""

DEFAULT_TEAMS: tuple[Team, ...] = (Team("Sales", ()), Team("Customer Success", ()))


@cache
def default_schema() -> Schema:
    """The default schema: no people, any tag, UTC, US dollars."""
    return Schema(
        fields=builtin_fields(DEFAULT_PIPELINES, DEFAULT_STATUSES, DEFAULT_CURRENCY),
        pipelines={f"{p.subject}/{p.name}": p for p in DEFAULT_PIPELINES},
        teams={team.name: team for team in DEFAULT_TEAMS},
        currency=DEFAULT_CURRENCY,
        time_zone=DEFAULT_TIME_ZONE,
        calendars=DEFAULT_CALENDARS,
    )
