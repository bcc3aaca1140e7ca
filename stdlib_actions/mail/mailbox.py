"""The development mailbox: messages become `.eml` files instead of leaving, and are read for the pages."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from datetime import UTC
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path

import msgspec

from runtime.model import Outcome, OutcomeKind
from stdlib_actions.mail.transport import Envelope

_ID = re.compile(r"[0-9]{15}-[0-9a-f]{32}")
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
MAX_FILE = 4 << 20
"""The largest file that is read back, in bytes."""

MAX_HEADER = 10_000
"""How much of a header field is shown, in characters as written."""


class MailSummary(msgspec.Struct, frozen=True):
    """One line of the mailbox. `id` names the message; `date` is ISO 8601 in UTC, "" when unreadable."""

    id: str
    subject: str
    sender: str
    to: str
    date: str


class MailMessage(msgspec.Struct, frozen=True):
    """A message read back: decoded, without control characters. `html` is as sent: show it only sandboxed."""

    id: str
    subject: str
    sender: str
    to: str
    reply_to: str
    date: str
    message_id: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]


class MailboxTransport:
    """Writes each message to a file named after its effect, so that a repeat overwrites itself."""

    destination = "mailbox"

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def send(self, envelope: Envelope) -> Outcome:
        """Write the message and make it durable."""
        name = f"{envelope.at:015d}-{hashlib.sha256(envelope.key.encode()).hexdigest()[:32]}"
        try:
            await asyncio.to_thread(_write, self._directory, name, envelope.content)
        except OSError as problem:
            return Outcome(OutcomeKind.RETRY, f"the mailbox cannot be written: {problem.strerror}")
        return Outcome(OutcomeKind.DONE, result={"mailbox": name})


def _write(directory: Path, name: str, content: bytes) -> None:
    """Write, fsync, rename, fsync: after a crash the file is there whole or not at all."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = directory / f"{name}.partial"
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(directory / f"{name}.eml")
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def list_messages(directory: Path, limit: int = 100) -> list[MailSummary]:
    """The newest messages first. Blocking; a directory that does not exist is an empty mailbox."""
    names = sorted((path.stem for path in directory.glob("*.eml") if _ID.fullmatch(path.stem)), reverse=True)
    found = (read_message(directory, name) for name in names[:limit])
    return [MailSummary(m.id, m.subject, m.sender, m.to, m.date) for m in found if m]


def read_message(directory: Path, id: str) -> MailMessage | None:
    """The message with this id; None when there is none (or `id` is no id of ours). Blocking."""
    content = read_source(directory, id)
    if content is None:
        return None
    message = message_from_bytes(content)
    return MailMessage(
        id=id,
        subject=_header(message, "Subject"),
        sender=_header(message, "From"),
        to=_header(message, "To"),
        reply_to=_header(message, "Reply-To"),
        date=_date(message),
        message_id=_header(message, "Message-ID"),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        headers=tuple((name, _header(message, name)) for name in dict.fromkeys(message.keys())),
    )


def read_source(directory: Path, id: str) -> bytes | None:
    """The bytes of a message as they stand on disk; None when there is none. Blocking."""
    if not _ID.fullmatch(id):
        return None
    try:
        with (directory / f"{id}.eml").open("rb") as file:
            return file.read(MAX_FILE)
    except OSError:
        return None


def _header(message: Message, name: str) -> str:
    """A decoded header field on one line. The lenient decoder is used, which takes linear time on any input."""
    raw = str(message.get(name, ""))[:MAX_HEADER]
    try:
        return _clean(" ".join(str(make_header(decode_header(raw))).split()))
    except (ValueError, LookupError, HeaderParseError):
        return _clean(" ".join(raw.split()))


def _date(message: Message) -> str:
    try:
        at = parsedate_to_datetime(_header(message, "Date"))
        return (at.astimezone(UTC) if at.tzinfo else at).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return ""


def _body(message: Message, subtype: str) -> str:
    for part in message.walk():
        if part.get_content_type() == f"text/{subtype}" and part.get_content_disposition() != "attachment":
            content = part.get_payload(decode=True)
            return _clean(content.decode("utf-8", "replace")) if isinstance(content, bytes) else ""
    return ""


def _clean(text: str) -> str:
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))
