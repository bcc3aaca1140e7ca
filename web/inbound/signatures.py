"""How senders sign. Every check compares in constant time, and answers False to whatever is missing or malformed."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Sequence

TOLERANCE = 300
"""How far a signed timestamp may be from our clock, in seconds."""

_SECONDS = re.compile(r"[0-9]{1,12}\Z")


def is_fresh(timestamp: str, now: float, tolerance: int = TOLERANCE) -> bool:
    """Whether a timestamp in seconds is close enough to now: an old request cannot be played back."""
    return bool(_SECONDS.match(timestamp)) and abs(now - int(timestamp)) <= tolerance


def same(expected: str | bytes, found: str | bytes) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(_bytes(expected), _bytes(found))


def hex_digest(secret: str, message: bytes, algorithm: str = "sha256") -> str:
    """The HMAC of a message in hexadecimal digits."""
    return hmac.new(secret.encode(), message, algorithm).hexdigest()


def base64_digest(secret: str, message: bytes, algorithm: str = "sha256") -> str:
    """The HMAC of a message in base64."""
    return base64.b64encode(hmac.new(secret.encode(), message, algorithm).digest()).decode("ascii")


def is_signed(secret: str, message: bytes, found: str) -> bool:
    """Whether `found` is the HMAC-SHA256 of a message, in hexadecimal digits or base64, with or without `sha256=`."""
    found = found.removeprefix("sha256=").strip()
    if not found:
        return False
    hexadecimal = same(hex_digest(secret, message), found.lower())
    return same(base64_digest(secret, message), found) or hexadecimal


def parts(header: str) -> dict[str, list[str]]:
    """The parts of a header such as `t=1,v1=ab,v1=cd` by name."""
    found: dict[str, list[str]] = {}
    for part in header.split(",")[:16]:
        name, _, value = part.strip().partition("=")
        found.setdefault(name, []).append(value)
    return found


def is_signed_at(
    secret: str, header: str, body: bytes, now: float, stamp: str = "t", signature: str = "v1"
) -> bool:
    """Whether a header `t=<seconds>,v1=<hexadecimal>` signs `<seconds>.<body>`, lately (Stripe's form)."""
    found = parts(header)
    times = found.get(stamp, [""])
    if len(times) != 1 or not is_fresh(times[0], now):
        return False
    expected = hex_digest(secret, times[0].encode() + b"." + body)
    return any_same(expected, found.get(signature, []))


def any_same(expected: str, found: Sequence[str]) -> bool:
    """Whether one of several texts is the expected one; all are looked at."""
    equal = False
    for candidate in found:
        equal |= same(expected, candidate)
    return equal


def basic(header: str) -> str:
    """`user:password` of an Authorization header; "" when it holds none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def _bytes(value: str | bytes) -> bytes:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
