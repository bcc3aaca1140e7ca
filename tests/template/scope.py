"""A scope for rendering in tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rulelang.template.scope import build_scope
from rulelang.types.defaults import default_schema
from rulelang.types.schema import Person, Schema

CONTACT = {
    "first_name": "Ana",
    "last_name": "Ruiz",
    "email": "ana@acme.test",
    "owner": "bo@acme.test",
    "score": 12,
    "tags": ["vip", "newsletter"],
    "stages": {"sales": "SQL"},
    "time_zone": "Europe/Berlin",
    "birth_date": "1990-02-01",
    "created_at": "2026-01-31T23:30:00.000Z",
}
ACCOUNT = {"name": "Acme", "revenue": 1_234_567.5, "owner": "eve@other.test"}
EVENT = {"product": "Basic", "seats": 3}


def schema() -> Schema:
    """The default schema with one person and a name."""
    return replace(default_schema(), name="Acme", people={"bo@acme.test": Person("bo@acme.test", "Bo Lund")})


def scope(
    contact: dict[str, Any] | None = None,
    account: dict[str, Any] | None = None,
    opportunity: dict[str, Any] | None = None,
    event: dict[str, Any] | None = None,
    kind: str = "contact",
) -> dict[str, Any]:
    """The scope of a message to Ana, with fields replaced."""
    return build_scope(
        schema(),
        kind,
        contact=CONTACT | (contact or {}),
        account=ACCOUNT | (account or {}),
        opportunity=opportunity or {},
        event=EVENT if event is None else event,
    )
