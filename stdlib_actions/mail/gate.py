"""The re-parse gate: finished bytes are read again, and must say exactly what was meant, or nothing is sent.

Header injection is a disagreement between who writes a message and who reads it. So the bytes are read with
both parsers of the standard library: the strict modern one, and the lenient one that older programs resemble.
"""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import compat32, default
from hashlib import sha256
from typing import Any

from stdlib_actions.mail.addresses import Address
from stdlib_actions.mail.compose import MIME_HEADERS, Draft, headers_of, normal_text


def mismatch(draft: Draft, content: bytes) -> str | None:
    """What the finished bytes say that was not meant, as a sentence; None when they say what was meant."""
    message = message_from_bytes(content, policy=default)
    older = message_from_bytes(content, policy=compat32)
    return _header_names(draft, message, older) or _header_values(draft, message) or _bodies(draft, message)


def _header_names(draft: Draft, message: Message, older: Message) -> str | None:
    meant = [name for name, _ in headers_of(draft)]
    for found in (list(message.keys()), list(older.keys())):
        ours = [name for name in found if name not in MIME_HEADERS]
        if ours != meant or len(set(found)) != len(found):
            return "the finished message has other header fields than were meant"
    return None


def _header_values(draft: Draft, message: EmailMessage) -> str | None:
    addresses = {"From": (draft.sender,), "To": draft.to, "Cc": draft.cc}
    if draft.reply_to:
        addresses["Reply-To"] = (draft.reply_to,)
    for name, value in headers_of(draft):
        if name in addresses:
            if not _same_addresses(message[name], addresses[name]):
                return f"the finished message has other addresses in `{name}` than were meant"
        elif str(message[name]) != value:
            return f"the finished message has another `{name}` than was meant"
    return None


def _same_addresses(header: Any, meant: tuple[Address, ...]) -> bool:
    found = [(address.addr_spec, _squeezed(address.display_name)) for address in header.addresses]
    return not header.defects and found == [(address.email, _squeezed(address.name)) for address in meant]


def _squeezed(name: str) -> str:
    """A name without spaces: Python 3.11 keeps the one between two encoded words, which RFC 2047 drops."""
    return "".join(name.split())


def _same_files(draft: Draft, parts: list[EmailMessage]) -> bool:
    found = []
    for part in parts:
        content = part.get_payload(decode=True)
        digest = sha256(content).hexdigest() if isinstance(content, bytes) else ""
        found.append((part.get_filename(), part.get_content_type(), digest))
    return found == [(file.name, file.media, file.sha256) for file in draft.attachments]


def _bodies(draft: Draft, message: EmailMessage) -> str | None:
    meant = {"text/plain": draft.text} | ({"text/html": draft.html} if draft.html else {})
    whole = [part for part in message.walk() if not part.is_multipart()]
    parts, files = whole[: len(meant)], whole[len(meant) :]
    if not _same_files(draft, files):
        return "the finished message has other attachments than were meant"
    if [part.get_content_type() for part in parts] != list(meant) or any(part.defects for part in parts):
        return "the finished message has other parts than were meant"
    for part, text in zip(parts, meant.values(), strict=True):
        if normal_text(part.get_content()) != normal_text(text):
            return "the finished message has another text than was meant"
    return None
