"""Where documents are: the library `documents/` of the workspace, and what was generated from it, under its data."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import msgspec

from runtime.actions import ActionError

LIBRARY = "documents"
KEPT = ".rulelang/documents"
MAX_BYTES = 8 << 20
"""The largest document, in bytes."""
TYPESET = ".typ"
_MEDIA = {
    ".pdf": "application/pdf",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".ics": "text/calendar",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_NAME = re.compile(r"[\w][\w .()-]{0,99}\Z")
_ID = re.compile(r"doc_[0-9a-f]{20}\Z")


class Document(msgspec.Struct, frozen=True, omit_defaults=True):
    """One document. `template` is the name that a rule gave, `name` that of the file, `sha256` of its bytes."""

    id: str
    kind: str
    template: str
    name: str
    media: str
    size: int
    sha256: str
    number: int | None = None


class DocumentStore:
    """The files of a workspace. With `keeps` False (simulation) nothing is written."""

    def __init__(self, root: Path, keeps: bool) -> None:
        self._library = root / LIBRARY
        self._kept = root / KEPT
        self._keeps = keeps

    @property
    def has_library(self) -> bool:
        """Whether there is a library to take documents from: a rule that is tried out alone has none."""
        return self._keeps or self._library.is_dir()

    def source(self, name: str) -> Path:
        """The file of the library that a name means: a template (`.typ`) or a finished document.

        Raises:
            ActionError: there is none, or the name leads elsewhere.
        """
        if not _NAME.match(name) or name.startswith("."):
            raise ActionError(f"`{name[:100]}` is no name of a document")
        wanted = [self._library / name] if Path(name).suffix in (TYPESET, *_MEDIA) else []
        wanted += [self._library / f"{name}{suffix}" for suffix in (TYPESET, *_MEDIA)]
        for path in wanted:
            if path.is_file() and path.resolve().parent == self._library.resolve():
                return path
        raise ActionError(f"there is no document `{name}` in the folder `{LIBRARY}`")

    def keep(self, document: Document, content: bytes) -> None:
        """Write a generated document and what is known of it; a repeat writes the same."""
        if not self._keeps:
            return
        self._kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(self._kept / document.id, content)
        _write(self._kept / f"{document.id}.json", msgspec.json.encode(document))

    def find(self, id: str) -> Document | None:
        """What is known of a generated document."""
        if not _ID.match(id):
            return None
        try:
            return msgspec.json.decode((self._kept / f"{id}.json").read_bytes(), type=Document)
        except (OSError, msgspec.MsgspecError):
            return None

    def content(self, document: Document, sha256: str) -> bytes:
        """The bytes of a document, if they are those that were meant.

        Raises:
            ActionError: they are gone, or have been changed.
        """
        path = self._kept / document.id if _ID.match(document.id) else self.source(document.template)
        try:
            content = path.read_bytes()
        except OSError:
            raise ActionError(f"the document `{document.name}` is gone") from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ActionError(f"the document `{document.name}` has been changed since it was attached")
        return content

    def named(self, name: str) -> Document:
        """A document by its id, or a finished one of the library.

        Raises:
            ActionError: there is none, or it is a template, or too large.
        """
        if _ID.match(name):
            found = self.find(name)
            if found is None:
                raise ActionError(f"there is no document `{name}`")
            return found
        path = self.source(name)
        if path.suffix == TYPESET:
            hint = f'generate it first, as in `let doc = attach document("{name}")`'
            raise ActionError(f"`{name}` is a template: {hint}")
        content = path.read_bytes()
        return described("", "document", name, path.name, content)


def described(
    id: str, kind: str, template: str, name: str, content: bytes, number: int | None = None
) -> Document:
    """What is known of a document from its bytes.

    Raises:
        ActionError: it is empty or too large.
    """
    if not 0 < len(content) <= MAX_BYTES:
        raise ActionError(f"the document `{name}` is empty or larger than {MAX_BYTES >> 20} MiB")
    media = _MEDIA.get(Path(name).suffix, "application/octet-stream")
    return Document(
        id, kind, template, name, media, len(content), hashlib.sha256(content).hexdigest(), number
    )


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
