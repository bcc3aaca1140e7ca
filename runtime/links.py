"""Addresses of our own in messages: unsubscribing, opens, clicks. What they are about is in them, and signed.

A link is JSON and the first 16 bytes of its HMAC-SHA256, each in base64url, joined by a dot. Nothing is stored: it
works for years, and nobody can make one that leads to another place or another contact.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from runtime.model import Millis

Kind: TypeAlias = Literal["u", "o", "c", "d", "b"]
"""Unsubscribe, open, click, document: also the first part of the address. `b` is the callback of a run."""

MAX_TOKEN = 4096
_SIGNATURE_BYTES = 16


class Link(
    msgspec.Struct, frozen=True, omit_defaults=True, rename={"contact": "i", "message": "m", "rule": "r"}
):
    """What an address in a message is about: its Message-ID without brackets, `url` where a click leads.

    `document` is the id of a document that is shown until `until`.
    """

    kind: Kind = msgspec.field(name="k")
    contact: str
    message: str
    rule: str = ""
    step: str = msgspec.field(default="", name="s")
    template: str = msgspec.field(default="", name="t")
    topic: str = msgspec.field(default="", name="p")
    url: str = msgspec.field(default="", name="u")
    document: str = msgspec.field(default="", name="d")
    until: Millis | None = msgspec.field(default=None, name="e")


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Link).decode


class Links:
    """Makes and reads links. `secret` is read at each use; `public_url` is where the server is found from outside."""

    def __init__(self, public_url: str, secret: Callable[[], str]) -> None:
        self.public_url = public_url.rstrip("/")
        self._secret = secret

    def address(self, link: Link) -> str:
        """The address of a link.

        Raises:
            runtime.settings.SettingsError: the secret cannot be read.
        """
        return f"{self.public_url}/{link.kind}/{self.token(link)}"

    def token(self, link: Link) -> str:
        """The last part of a link's address.

        Raises:
            runtime.settings.SettingsError: the secret cannot be read.
        """
        body = _encode(link)
        return f"{_text(body)}.{_text(self._signature(body))}"

    def read(self, kind: str, token: str) -> Link | None:
        """What the last part of an address is about; None when it was not made here, or for something else.

        Raises:
            runtime.settings.SettingsError: the secret cannot be read.
        """
        body_text, _, signature_text = token[:MAX_TOKEN].partition(".")
        body, signature = _bytes(body_text), _bytes(signature_text)
        if not hmac.compare_digest(self._signature(body), signature):
            return None
        link = _decode(body)
        return link if link.kind == kind else None

    def _signature(self, body: bytes) -> bytes:
        return hmac.new(self._secret().encode(), body, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    """The bytes of base64url without padding; b"" for what is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
