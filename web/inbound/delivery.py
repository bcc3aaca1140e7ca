"""One request of another system, and what its sender makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Protocol, TypeAlias

from web.body import parse_json

Raw: TypeAlias = dict[str, Any]
"""An event in the public form of docs/events.md."""


@dataclass(frozen=True)
class Delivery:
    """A request: header names in lower case, the body as it came, `now` in seconds since the epoch."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    now: float
    media: str = ""

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            Problem: 400 when it is none.
        """
        return parse_json(self.body)

    def digest(self, *more: str) -> str:
        """An id for what this body says: a repeat of it is the same, whatever its headers say."""
        text = "\0".join(more).encode()
        return blake2b(self.body + b"\0" + text, digest_size=16).hexdigest()


@dataclass(frozen=True)
class Read:
    """What a request means. `answer` is given back as it is, for a sender that asks whether we are there."""

    events: list[Raw] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    answer: str | None = None


class Sender(Protocol):
    """A system that sends us something."""

    def verify(self, delivery: Delivery, secret: str) -> bool:
        """Whether the request was made by who knows the secret, and lately where the sender says when. Never raises."""

    def read(self, delivery: Delivery) -> Read:
        """The events that a verified request means.

        Raises:
            Problem: 400 or 422: it cannot be read.
        """


def given(**values: Any) -> Raw:
    """A record of those values that are there."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


def record(value: Any) -> Raw:
    """A value as a record; what is none is an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """A value as a list; what is none is an empty one."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """A text or number as text; anything else is ""."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def contact_by(email: Any = None, external_id: Any = None) -> Raw | None:
    """A contact as the subject of an event, by the better of two names; None when there is neither."""
    if text(email):
        return {"kind": "contact", "email": text(email)}
    if text(external_id):
        return {"kind": "contact", "external_id": text(external_id)}
    return None
