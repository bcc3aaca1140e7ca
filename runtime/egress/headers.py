"""Header fields of outgoing requests, validated before anything is sent (RFC 9110, section 5)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runtime.egress.errors import Refused

MAX_HEADER_BYTES = 16_384
"""The most that all header fields of a request may weigh together."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BAD_VALUE = re.compile(r"[^\x20-\x7e\t]")
_OURS = frozenset(
    ["accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate"]
    + ["proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]
)


def encode_headers(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Header fields as bytes.

    Raises:
        Refused: a name or value that could change the request's shape, or a field that the client sets.
    """
    fields = [(_name(name), _value(name, value)) for name, value in headers.items()]
    if sum(len(name) + len(value) + 4 for name, value in fields) > MAX_HEADER_BYTES:
        raise Refused(f"the header fields are larger than {MAX_HEADER_BYTES} bytes together")
    if len({name.lower() for name, _ in fields}) < len(fields):
        raise Refused("a header field is given twice")
    return fields


def _name(name: str) -> bytes:
    if not _NAME.fullmatch(name):
        raise Refused(f"`{name[:40]!a}` is not a name of a header field")
    if name.lower() in _OURS:
        raise Refused(f"the header field `{name}` cannot be set")
    return name.encode("ascii")


def _value(name: str, value: str) -> bytes:
    if bad := _BAD_VALUE.search(value):
        raise Refused(
            f"the header field `{name}` holds the character U+{ord(bad[0]):04X}, which must not be in it"
        )
    return value.strip(" \t").encode("ascii")
