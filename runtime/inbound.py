"""Settings of the addresses that other systems call: who sends, how it is verified, what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, TypeAlias

import msgspec

Way: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")]
Sender: TypeAlias = Literal[
    "generic",
    "stripe",
    "shopify",
    "twilio",
    "sendgrid",
    "calendly",
    "meta",
    "tiktok",
    "linkedin",
    "typeform",
    "docusign",
    "slack",
    "mail",
]
SUBJECTS = ("id", "email", "external_id")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")

PATH = re.compile(r"(body|query|header)((?:\.[A-Za-z0-9_-]+|\[\d{1,4}\])*)\Z")
QUOTED = re.compile(r"'([^']*)'\Z")


class Map(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"kind": "for"}):
    """How a body becomes an event: where each part is found (`body.person.email`) or what it is (`'signup'`).

    `type` may be written as it is. `subject` maps one of id, email and external_id to its place; `kind` says of what.
    `each` is the place of a list in the body: then every item of it is an event, found under `item` in the body.
    """

    type: str
    subject: dict[str, str]
    kind: Literal["contact", "account", "opportunity"] = "contact"
    data: dict[str, str] = {}
    fields: dict[str, str] = {}
    id: str = ""
    occurred_at: str = ""
    each: str = ""


class Inbound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One address, `/in/<name>`.

    `verify` and `header` say how a generic sender proves itself: by a token in a header, by the HMAC-SHA256 of the body
    in a header (hexadecimal or base64), by Standard Webhooks, or by basic authentication (`user:password`).
    `url` is the public address where a sender signs it and a proxy changes it. `token_env` holds the word that Meta
    sends back once. Without `map` a generic request is the event `webhook.received`, for the contact that
    `contact` finds. `samples` requests are kept in memory, to write the mapping by.
    """

    sender: Sender
    secret_env: Way = ""
    secret_file: str = ""
    token_env: Way = ""
    verify: Literal["", "token", "hmac-sha256", "standard-webhooks", "basic"] = ""
    header: str = ""
    url: str = ""
    contact: str = ""
    map: Map | None = None
    samples: Annotated[int, msgspec.Meta(ge=0, le=100)] = 10


def contradictions(inbound: Mapping[str, Inbound]) -> Iterator[str]:
    """A sentence for each address that cannot work as it is written."""
    for name, address in inbound.items():
        place = f"`in.{name}`"
        if not NAME.match(name):
            yield f"{place}: the name is part of an address: lower-case letters, digits, `-` and `_`"
        if not (address.secret_env or address.secret_file):
            yield f"{place} needs `secret_env` or `secret_file`: nothing is taken from a sender who proves nothing"
        yield from (f"{place}: `{key}` means nothing here: {why}" for key, why in _unused(address))
        if address.sender == "generic" and not (address.map or address.contact):
            yield f"{place} needs `map`, or `contact` (such as `body.email`) to tell whom a request is about"
        if address.map is not None:
            yield from _bad_map(f"in.{name}.map", address.map)
        if address.contact and not PATH.match(address.contact):
            yield f"`in.{name}.contact` is a place such as `body.email`, found `{address.contact}`"


def _unused(address: Inbound) -> Iterator[tuple[str, str]]:
    """Keys that are set and would be ignored, with the reason."""
    given = {key: getattr(address, key) for key in ("verify", "header", "contact", "map", "url", "token_env")}
    for key, owner in (("url", "twilio"), ("token_env", "meta")):
        if given[key] and address.sender != owner:
            yield key, f'it is for `sender = "{owner}"`'
    if address.sender != "generic":
        others = (key for key in ("verify", "header", "contact", "map") if given[key])
        yield from ((key, 'it is for `sender = "generic"`') for key in others)
    elif address.header and address.verify in ("standard-webhooks", "basic"):
        yield "header", f"`{address.verify}` has its own"
    elif address.contact and address.map is not None:
        yield "contact", "`map` names the subject"


def _bad_map(place: str, map: Map) -> Iterator[str]:
    if len(map.subject) != 1 or next(iter(map.subject)) not in SUBJECTS:
        yield f"`{place}.subject` names the {map.kind} by one of {', '.join(SUBJECTS)}"
    texts = {f"subject.{k}": v for k, v in map.subject.items()}
    texts |= {f"data.{k}": v for k, v in map.data.items()}
    texts |= {f"fields.{k}": v for k, v in map.fields.items()}
    texts |= {k: v for k, v in (("id", map.id), ("occurred_at", map.occurred_at), ("each", map.each)) if v}
    for key, text in texts.items():
        if not (PATH.match(text) or QUOTED.match(text)):
            yield f"`{place}.{key}` is a place such as `body.person.email` or a text such as `'signup'`, found `{text}`"
