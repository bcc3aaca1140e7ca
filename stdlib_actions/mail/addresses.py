"""E-mail addresses as this product accepts them: one strict form, judged before anything is composed."""

from __future__ import annotations

import re
from typing import NamedTuple

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<email>[^<>]*)>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
MAX_NAME = 120
"""The longest display name that is written, in characters."""


class Address(NamedTuple):
    """An address to write to: an ASCII e-mail address and a display name, one line, perhaps empty."""

    email: str
    name: str = ""


class AddressError(ValueError):
    """A text is no e-mail address that mail can be sent to; the message is a sentence."""


def parse_address(text: str, name: str = "") -> Address:
    """The address in `a@b.test` or `Name <a@b.test>`; international domains become their ASCII form.

    The grammar is the dot-atom form of RFC 5321, without quoted local parts, comments and address literals,
    which people do not have and attackers use.

    Raises:
        AddressError: it is anything else.
    """
    named = _NAMED.fullmatch(text.strip())
    if named:
        name, text = named["name"].strip().strip('"') or name, named["email"]
    local, at, domain = text.strip().rpartition("@")
    if not at or len(local) > 64 or not _LOCAL.fullmatch(local):
        raise AddressError(f"`{one_line(text)[:80]}` is no e-mail address")
    return Address(f"{local}@{_domain(domain, text)}", one_line(name)[:MAX_NAME])


def _domain(domain: str, text: str) -> str:
    if not domain.isascii():
        domain = _to_ascii(domain, text)
    labels = domain.split(".")
    if len(domain) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise AddressError(f"`{one_line(text)[:80]}` is no e-mail address")
    return domain.lower()


def _to_ascii(domain: str, text: str) -> str:
    import idna

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise AddressError(f"`{one_line(text)[:80]}` is no e-mail address") from None


def one_line(text: str) -> str:
    """The text on one line, without control characters and lone surrogates."""
    return _CONTROL.sub(" ", text).strip()
