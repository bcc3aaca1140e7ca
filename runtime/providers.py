"""Settings of the services that actions reach by name: connections with their authentication, Twilio, Teams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, TypeAlias

import msgspec

Variable: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")]
Positive: TypeAlias = Annotated[float, msgspec.Meta(gt=0)]


class Connection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named way to another system, `[connections.crm]`: where it is and how we prove who we are.

    The secret is the password (`basic`, with `username`), the token (`bearer`), the value of `header` (`header`), or
    the client's secret (`oauth2`, client credentials of RFC 6749 with `client_id`, `token_url` and `scope`). `headers`
    go along with every request. `timeout` bounds a whole request, in seconds.
    """

    url: str
    auth: Literal["none", "basic", "bearer", "header", "oauth2"] = "none"
    username: str = ""
    secret_env: Variable = ""
    secret_file: str = ""
    header: str = "X-API-Key"
    token_url: str = ""
    client_id: str = ""
    scope: str = ""
    headers: dict[str, str] = {}
    timeout: Positive = 30.0


class Twilio(msgspec.Struct, frozen=True):
    """The account for text messages and calls. `from` is a number or a messaging service (`MG…`).

    `status_url` is where Twilio reports what became of a message or call, `voice_url` the public address of our
    `/voice`, where it asks how a call goes on; `base_url` is another one for tests.
    """

    account_sid: str = ""
    token_env: Variable = ""
    token_file: str = ""
    sender: str = msgspec.field(default="", name="from")
    whatsapp_from: str = ""
    status_url: str = ""
    voice_url: str = ""
    base_url: str = "https://api.twilio.com"
    timeout: Positive = 30.0


class Teams(msgspec.Struct, frozen=True):
    """Environment variables that hold the addresses of Teams workflows: one by channel, and one for all others."""

    default: Variable = ""
    channels: dict[str, Variable] = {}


def contradictions(connections: Mapping[str, Connection], twilio: Twilio) -> Iterator[str]:
    """A sentence for each service that cannot work as it is written."""
    for name, found in connections.items():
        place = f"`connections.{name}`"
        if not found.url.startswith(("https://", "http://")):
            yield f"{place}: `url` begins with `https://`"
        if found.auth != "none" and not (found.secret_env or found.secret_file):
            yield f'{place}: `auth = "{found.auth}"` needs `secret_env` or `secret_file`'
        if found.auth == "basic" and not found.username:
            yield f'{place}: `auth = "basic"` needs `username`'
        if found.auth == "oauth2" and not (found.token_url and found.client_id):
            yield f'{place}: `auth = "oauth2"` needs `token_url` and `client_id`'
    if twilio.account_sid and not (twilio.token_env or twilio.token_file):
        yield "`twilio.account_sid` needs `twilio.token_env` or `twilio.token_file`"
