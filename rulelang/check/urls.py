"""The form of addresses for requests; whether one may be called is decided when the request is made."""

from __future__ import annotations

from urllib.parse import urlsplit

MAX_URL = 2000
"""The longest address, in characters."""


def url_fault(text: str) -> str:
    """What keeps a text from being an absolute web address, in a few words; "" when nothing does."""
    if len(text) > MAX_URL:
        return f"it is longer than {MAX_URL:,} characters"
    if "{{" in text or "{%" in text:
        return "it cannot be put together from fields"
    if not text.isascii() or any(c <= " " or c in '\\"<>^`' or c == "\x7f" for c in text):
        return "it holds a character that an address cannot have"
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        return "it is malformed"
    if parts.scheme.lower() not in ("http", "https"):
        return "it does not begin with `https://`"
    if not parts.hostname:
        return "it names no host"
    return "it holds a password or a user name" if "@" in parts.netloc else ""
