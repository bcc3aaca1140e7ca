"""The guard against server-side request forgery: which URLs and which addresses behind them may be reached.

A URL is parsed once, strictly, into parts that are used as they are from then on, so that no second parser
can read it in another way. A name is resolved once for each connection, one bad answer refuses all, and the
connection goes to an address that was judged (network.py), so that a name cannot change its mind in between.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Protocol
from urllib.parse import quote

import idna

from runtime.egress.addresses import Address, forbidden
from runtime.egress.errors import NotSent, Refused

MAX_URL = 2_048
"""The longest URL, in characters."""

DEFAULT_PORTS = {"http": 80, "https": 443}

_URL = re.compile(r"(?i:(https?))://(\[[^\]/?#]*\]|[^:/?#\[\]]*)(?::([0-9]{0,6}))?([/?#].*)?", re.DOTALL)
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\<>\"^`{|}]")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_TARGET_SAFE = "".join(chr(c) for c in range(0x21, 0x7F))
_LOCAL_SUFFIXES = frozenset(
    ["localhost", "local", "localdomain", "internal", "intranet", "private", "corp", "home", "lan", "svc"]
    + ["arpa", "onion", "invalid"]
)


class Resolver(Protocol):
    """Where the addresses of a name come from; a port, so that tests can play a hostile name server."""

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The IP addresses of `host`, best first.

        Raises:
            OSError: the name does not exist, or the name server gave no answer.
        """


@dataclass(frozen=True)
class EgressPolicy:
    """What is allowed besides public addresses on the usual ports.

    `allow` are destinations `host:port` that the operator vouches for, such as `127.0.0.1:9099`, `[::1]:9099`
    or `hooks.internal:8025`: there plain http, any port and private addresses are fine. A URL must name the
    host as the entry does: an entry with an address does not cover names that lead to it. `allow_http` admits
    plain http everywhere.

    Raises:
        ValueError: an entry of `allow` is not `host:port`.
    """

    allow: Sequence[str] = ()
    allow_http: bool = False
    ports: frozenset[int] = frozenset({80, 443, 8080, 8443})
    _allowed: frozenset[tuple[Address | str, int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_allowed", frozenset(_destination(entry) for entry in self.allow))

    def vouches_for(self, host: Address | str, port: int) -> bool:
        """Whether the operator's list holds this address or name with this port."""
        return (host, port) in self._allowed


def _destination(entry: str) -> tuple[Address | str, int]:
    match = _URL.fullmatch(f"http://{entry}")
    if match is None or not match[3] or match[4] or not 0 < int(match[3]) < 65_536:
        raise ValueError(f"`{entry}` is not a destination like `127.0.0.1:9099`")
    try:
        return _host(match[2]), int(match[3])
    except Refused as error:
        raise ValueError(f"`{entry}` is not a destination like `127.0.0.1:9099`: {error}") from error


@dataclass(frozen=True, slots=True)
class Vetted:
    """A URL in parts that passed the static checks.

    `host` is an address object or an ASCII name in lower case. `target` is what stands in the request line:
    path and query, percent-encoded.
    """

    scheme: str
    host: Address | str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Host and port as the Host header carries them; the scheme's own port is left out."""
        host = f"[{self.host}]" if isinstance(self.host, IPv6Address) else str(self.host)
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """`https://hooks.example.com`: names the receiver without the secrets a path may hold."""
        return f"{self.scheme}://{self.authority}"


def check_url(url: str, policy: EgressPolicy) -> Vetted:
    """Parse a URL and judge all that can be judged without asking a name server. Pure.

    Raises:
        Refused: with a sentence that says what is wrong with it.
    """
    vetted = _parse(url)
    if policy.vouches_for(vetted.host, vetted.port):
        return vetted
    _check_host(vetted.host)
    if vetted.scheme == "http" and not policy.allow_http:
        raise Refused("the address must begin with `https://`")
    if vetted.port not in policy.ports:
        raise Refused(f"port {vetted.port} is not one that rules may connect to")
    return vetted


def _parse(url: str) -> Vetted:
    if len(url) > MAX_URL:
        raise Refused(f"the address is longer than {MAX_URL} characters")
    if unsafe := _UNSAFE.search(url):
        raise Refused(f"the address contains {_shown(unsafe[0])}, which must be percent-encoded")
    match = _URL.fullmatch(url)
    if match is None:
        raise Refused(_why_no_url(url))
    scheme = match[1].lower()
    port = int(match[3]) if match[3] else DEFAULT_PORTS[scheme]
    if not 0 < port < 65_536:
        raise Refused(f"{port} is not a port")
    return Vetted(scheme, _host(match[2]), port, _target(match[4] or "/"))


def _why_no_url(url: str) -> str:
    scheme, colon, _ = url.partition("://")
    if not url:
        return "the address is empty"
    if not colon or not scheme.isalnum():
        return "the address must begin with `https://`"
    if scheme.lower() not in DEFAULT_PORTS:
        return f"`{scheme[:20]}` addresses are not allowed, only `https`"
    return "the address has no valid host name and port"


def _shown(char: str) -> str:
    return (
        "a space"
        if char == " "
        else f"`{char}`"
        if char.isprintable()
        else f"the character U+{ord(char):04X}"
    )


def _target(text: str) -> str:
    text = text.partition("#")[0]
    if not text.startswith("/"):
        text = "/" + text
    try:
        return quote(text, safe=_TARGET_SAFE)
    except UnicodeEncodeError as error:
        raise Refused("the address contains a lone surrogate") from error


# --- hosts -----------------------------------------------------------------------------------------


def _host(text: str) -> Address | str:
    """The host as an address object, or as a name in its ASCII form."""
    if text.startswith("["):
        return _ipv6(text[1:-1])
    if "@" in text:
        raise Refused("the address must not hold a user name or password")
    name = _ascii(text).lower()
    labels = name.split(".")
    if _NUMERIC.fullmatch(labels[-1]):
        return _ipv4(name)
    if not name:
        raise Refused("the address has no host name")
    if len(name) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise Refused(f"`{text[:80]}` is not a host name")
    return name


def _ascii(text: str) -> str:
    if text.isascii():
        return text
    try:
        return idna.encode(text.lower(), strict=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise Refused("the host name has characters that no host name may have") from error


def _ipv4(text: str) -> IPv4Address:
    """Only the canonical dotted form: programs disagree about what `127.1` and `0177.0.0.1` mean."""
    try:
        return IPv4Address(text)
    except ValueError as error:
        raise Refused(f"`{text[:80]}` is not an IPv4 address in its usual form") from error


def _ipv6(text: str) -> IPv6Address:
    try:
        address = IPv6Address(text)
    except ValueError as error:
        raise Refused(f"`{text[:80]}` is not an IPv6 address") from error
    if address.scope_id is not None:
        raise Refused("the address names a network interface")
    return address


def _check_host(host: Address | str) -> None:
    if not isinstance(host, str):
        _check_address(host, f"`{host}` is")
        return
    labels = host.split(".")
    if len(labels) == 1 or labels[-1] in _LOCAL_SUFFIXES:
        raise Refused(f"`{host}` is a name inside the network, which rules must not reach")


def _check_address(address: Address, subject: str) -> None:
    if what := forbidden(address):
        raise Refused(f"{subject} {what}, which rules must not reach")


# --- names -----------------------------------------------------------------------------------------


async def addresses_of(
    host: Address | str, port: int, policy: EgressPolicy, resolver: Resolver
) -> tuple[Address, ...]:
    """All addresses to try for a vetted host, best first. Asks the resolver once.

    Raises:
        Refused: one of them is an address that rules must not reach.
        NotSent: the name could not be resolved.
    """
    vouched = policy.vouches_for(host, port)
    addresses = (host,) if not isinstance(host, str) else await _resolve(host, port, resolver)
    if not vouched:
        for address in addresses:
            _check_address(address, f"`{host}` leads to")
    return addresses


async def _resolve(host: str, port: int, resolver: Resolver) -> tuple[Address, ...]:
    try:
        answers = await resolver(host, port)
    except OSError as error:
        raise NotSent(f"the name `{host}` could not be resolved") from error
    if not answers:
        raise NotSent(f"the name `{host}` has no address")
    return tuple(_answer(host, answer) for answer in answers)


def _answer(host: str, answer: str) -> Address:
    try:
        return ip_address(answer)
    except ValueError as error:
        raise Refused(f"the name `{host}` has an answer that is no address") from error
