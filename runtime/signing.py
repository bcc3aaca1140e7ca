"""Webhook signatures after the Standard Webhooks specification, version 1 (HMAC-SHA256), in both directions.

What is signed is `id.timestamp.body`. A secret is 24 to 64 random bytes, written as base64 behind `whsec_`. A request
may carry several signatures, one for each secret that is in use while one replaces another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
"""The header fields."""

TOLERANCE = 300
"""How far a timestamp may be from the receiver's clock, in seconds."""

PREFIX = "whsec_"

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_MAX_SIGNATURES = 16


class SigningError(ValueError):
    """A secret or id that cannot be used; the message is a sentence for people, without the secret."""


def new_secret() -> str:
    """A fresh secret of 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def make_secret_file(path: Path) -> None:
    """Keep a fresh secret in a file that its owner alone can read; one that is there already stays as it is.

    Raises:
        OSError: the file cannot be written.
    """
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(new_secret() + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three header fields for a message. `timestamp` is in seconds since the epoch.

    `message_id` must be the same on every try of one message; it may hold letters, digits and punctuation, no space.

    Raises:
        SigningError: the secret or the id cannot be used.
    """
    if not message_id.isascii() or not message_id.isprintable() or " " in message_id or not message_id:
        raise SigningError("the id of a message must be printable ASCII without spaces")
    if timestamp < 0:
        raise SigningError("a timestamp must not be negative")
    signature = _signature(_key(secret), message_id, str(timestamp), body)
    return {ID: message_id, TIMESTAMP: str(timestamp), SIGNATURE: f"v1,{signature}"}


def verify(
    secrets_in_use: Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    now: float,
    tolerance: int = TOLERANCE,
) -> bool:
    """Whether one of the signatures was made with one of the secrets, not too long ago or ahead.

    `headers` are looked up by lower-case name; `now` is in seconds since the epoch. False for anything missing,
    malformed or wrong: what a stranger sends never raises. No secret at all verifies nothing.

    Raises:
        SigningError: a secret of ours cannot be used.
    """
    keys = [_key(secret) for secret in secrets_in_use]
    message_id, timestamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not message_id.isascii() or not _TIMESTAMP.fullmatch(timestamp):
        return False
    if not message_id or abs(now - int(timestamp)) > tolerance:
        return False
    given = [
        _decoded(part) for part in headers.get(SIGNATURE, "").split(" ", _MAX_SIGNATURES)[:_MAX_SIGNATURES]
    ]
    valid = False
    for key in keys:
        expected = _digest(key, message_id, timestamp, body)
        for signature in given:
            valid |= hmac.compare_digest(signature, expected)
    return valid


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SigningError("a signing secret must be base64, as in `whsec_…`") from error
    if not 24 <= len(key) <= 64:
        raise SigningError("a signing secret must have 24 to 64 bytes")
    return key


def _digest(key: bytes, message_id: str, timestamp: str, body: bytes) -> bytes:
    head = f"{message_id}.{timestamp}.".encode("ascii")
    return hmac.new(key, head + body, hashlib.sha256).digest()


def _signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    return base64.b64encode(_digest(key, message_id, timestamp, body)).decode("ascii")


def _decoded(part: str) -> bytes:
    """The bytes of one `v1,<base64>`; b"" for other versions and for what is malformed, which equals no digest."""
    version, _, encoded = part.partition(",")
    if version != "v1" or len(encoded) > 64:
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""
