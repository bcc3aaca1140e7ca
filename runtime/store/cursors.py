"""Opaque cursors: the last key of a page, in a form that clients pass back and do not take apart."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from runtime.store.protocol import BadCursor

_LARGEST = 2**63 - 1


def after_seq(seq: int) -> str:
    """The cursor behind a row with this sequence number."""
    return _pack(f"n{seq}")


def after_text(key: str) -> str:
    """The cursor behind a row with this key."""
    return _pack(f"t{key}")


def seq_before(cursor: str) -> int:
    """The sequence number below which the next page of a newest-first listing lies.

    Raises:
        BadCursor: no listing by sequence number gave this cursor.
    """
    if not cursor:
        return _LARGEST
    digits = _unpack(cursor, "n")
    if not (digits.isascii() and digits.isdigit()) or int(digits) > _LARGEST:
        raise BadCursor("the cursor is not valid")
    return int(digits)


def text_after(cursor: str) -> str:
    """The key after which the next page of a listing by key lies.

    Raises:
        BadCursor: no listing by key gave this cursor.
    """
    return _unpack(cursor, "t") if cursor else ""


def _pack(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _unpack(cursor: str, mark: str) -> str:
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (Error, UnicodeError, ValueError):
        raise BadCursor("the cursor is not valid") from None
    if not text.startswith(mark):
        raise BadCursor("the cursor is not valid")
    return text[1:]
