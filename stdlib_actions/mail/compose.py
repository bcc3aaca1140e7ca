"""A draft becomes the bytes of a message (RFC 5322, MIME), the same bytes on every try."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from email.charset import QP, Charset
from email.header import Header
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import formatdate

import msgspec

from stdlib_actions.mail.addresses import Address, one_line

MIME_HEADERS = ("MIME-Version", "Content-Type", "Content-Transfer-Encoding")
# The longest line that SMTP carries: header fields are folded here, by us, and left alone by the generator.
_POLICY = compat32.clone(linesep="\r\n", mangle_from_=False, max_line_length=998)
_OURS = re.compile(r"<?([A-Za-z0-9_]+)\.[0-9a-f]{32}@[^<>@\s]+>?")
_SHORT = 60
_PLAIN = re.compile(r"[A-Za-z0-9 !#$%&'()*+,\-./:;@^_|~]*")
_ATOMS = re.compile(r"[A-Za-z0-9 '_-]*")


class Attachment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file that goes along: its name and media type, and what its bytes are told by. `document` says where it is."""

    name: str
    media: str
    sha256: str
    document: str


class Draft(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a message is meant to be. It is kept with the effect, so that every try composes the same bytes.

    `date` is in milliseconds since the epoch; `html` is "" for a message of plain text alone; `unsubscribe`
    an address for List-Unsubscribe, "" for none. Those in `bcc` get it and are named nowhere in it.
    """

    sender: Address
    to: tuple[Address, ...]
    subject: str
    text: str
    message_id: str
    date: int
    html: str = ""
    reply_to: Address | None = None
    unsubscribe: str = ""
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody it goes to, each once."""
        return tuple(dict.fromkeys(address.email for address in (*self.to, *self.cc, *self.bcc)))


def message_id(key: str, sender: Address) -> str:
    """The Message-ID of an effect: a function of its idempotency key, so that repeats can be recognised.

    It begins with the run's id, which an answer then names (`run_of`).
    """
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    run = re.sub(r"[^A-Za-z0-9_]", "", key.partition(":")[0])[:64]
    return f"<{run}.{digest}@{sender.email.rpartition('@')[2]}>"


def run_of(message_id: str) -> str:
    """The run that a Message-ID of ours names; "" for any other."""
    found = _OURS.fullmatch(message_id.strip())
    return found[1] if found else ""


def headers_of(draft: Draft) -> list[tuple[str, str]]:
    """The header fields that are meant, in order, with their decoded values."""
    fields = [("From", _shown(draft.sender)), ("To", ", ".join(_shown(address) for address in draft.to))]
    if draft.cc:
        fields.append(("Cc", ", ".join(_shown(address) for address in draft.cc)))
    if draft.reply_to:
        fields.append(("Reply-To", _shown(draft.reply_to)))
    fields += [
        ("Subject", one_line(draft.subject)),
        ("Date", formatdate(draft.date // 1000)),
        ("Message-ID", draft.message_id),
        ("Auto-Submitted", "auto-generated"),
    ]
    if draft.unsubscribe:
        fields.append(("List-Unsubscribe", f"<{draft.unsubscribe}>"))
        if draft.unsubscribe.startswith("https://"):
            fields.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return fields


def compose(draft: Draft, files: Sequence[bytes] = ()) -> bytes:
    """The message as it goes over the wire, lines ended by CRLF. `files` are the bytes of its attachments."""
    message = _with_files(_body(draft), draft, files) if draft.attachments else _body(draft)
    mime = {name: message[name] for name in MIME_HEADERS if name in message}
    for name in mime:
        del message[name]
    for name, value in headers_of(draft):
        message[name] = _written(name, value, draft)
    for name, value in mime.items():
        message[name] = value
    return message.as_bytes(policy=_POLICY)


def _shown(address: Address) -> str:
    return f"{address.name} <{address.email}>" if address.name else address.email


def _written(name: str, value: str, draft: Draft) -> str:
    match name:
        case "From":
            return _mailbox(draft.sender)
        case "To":
            return ",\r\n ".join(_mailbox(address) for address in draft.to)
        case "Cc":
            return ",\r\n ".join(_mailbox(address) for address in draft.cc)
        case "Reply-To" if draft.reply_to:
            return _mailbox(draft.reply_to)
        case "Subject" if len(value) > _SHORT or not _PLAIN.fullmatch(value):
            return _encoded(value)
        case _:
            return value


def _mailbox(address: Address) -> str:
    """An address for a header. A name that is more than plain words is always encoded, never quoted.

    Encoding hides nothing from the reader and leaves no character that a parser could take for structure,
    also for text that looks like an encoded word already.
    """
    if not address.name:
        return address.email
    if len(address.name) <= _SHORT and _ATOMS.fullmatch(address.name):
        return f"{address.name} <{address.email}>"
    return f"{_encoded(address.name)}\r\n <{address.email}>"


def _encoded(text: str) -> str:
    """The text as encoded words (RFC 2047), folded."""
    return Header(text, "utf-8", maxlinelen=75, header_name="Reply-To").encode(linesep="\r\n")


def _body(draft: Draft) -> Message:
    text = _part(draft.text, "plain")
    if not draft.html:
        return text
    boundary = hashlib.sha256(draft.message_id.encode()).hexdigest()[:40]
    both = MIMEMultipart("alternative", boundary=f"=_{boundary}")
    both.attach(text)
    both.attach(_part(draft.html, "html"))
    return both


def _with_files(body: Message, draft: Draft, files: Sequence[bytes]) -> Message:
    boundary = hashlib.sha256(f"{draft.message_id} files".encode()).hexdigest()[:40]
    whole = MIMEMultipart("mixed", boundary=f"=_{boundary}")
    whole.attach(body)
    for attachment, content in zip(draft.attachments, files, strict=True):
        part = MIMEApplication(content, attachment.media.partition("/")[2])
        part.replace_header("Content-Type", attachment.media)
        name = attachment.name
        part.add_header(
            "Content-Disposition", "attachment", filename=name if name.isascii() else ("utf-8", "", name)
        )
        whole.attach(part)
    return whole


def _part(text: str, subtype: str) -> MIMEText:
    charset = Charset("utf-8")
    charset.body_encoding = QP
    part = MIMEText("", subtype, "utf-8")
    del part["Content-Transfer-Encoding"]
    part.set_payload(normal_text(text), charset)
    return part


def normal_text(text: str) -> str:
    """Text as it is written into a body: LF line ends, one at the end, no NUL and no lone surrogate."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return text.encode("utf-8", "replace").decode("utf-8").rstrip("\n") + "\n"
