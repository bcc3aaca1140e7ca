"""API keys with scopes, in a file of the workspace that commands and a running server share.

A key is `rl_<id>_<secret>` with 32 random bytes in the secret; the file holds the SHA-256 of the secret. A fast
hash is right here: the secret has 256 bits, so there is nothing to guess, and a slow one would let strangers
burn our processor. A file and not the database, because the database has one writer, the server.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from runtime.model import Millis

FILE = "keys.json"
SCOPES: Mapping[str, str] = {
    "events:write": "send events",
    "records:read": "read contacts, accounts and opportunities",
    "records:write": "change contacts, accounts and opportunities, import files",
    "rules:read": "read rules",
    "rules:write": "change rules",
    "runs:read": "read runs, their journal and their effects",
    "runs:write": "cancel runs, replay and skip dead letters",
    "mailbox:read": "read the development mailbox",
    "metrics:read": "read metrics",
}
"""Every scope with what it lets its holder do."""

LOOK_EVERY = 1.0
"""Seconds until a change of the file is noticed at the latest."""

_KEY = re.compile(r"rl_([a-z0-9]{12})_([A-Za-z0-9_-]{43})\Z", re.ASCII)
_NOBODY = hashlib.sha256(b"nobody").hexdigest()


class KeyFileError(Exception):
    """The key file cannot be read or written; the message is a sentence for people."""


class ApiKey(msgspec.Struct, frozen=True):
    """A key as it is kept. `hash` is the SHA-256 of its secret part, in hex."""

    id: str
    hash: str
    name: str
    scopes: tuple[str, ...]
    created_at: Millis
    revoked: bool = False


class NewKey(NamedTuple):
    """A key just made; `text` is shown once and kept nowhere."""

    key: ApiKey
    text: str


def make_key(name: str, scopes: Iterable[str], now: Millis) -> NewKey:
    """A new random key."""
    id = "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(12))
    secret = secrets.token_urlsafe(32)
    key = ApiKey(id, hashlib.sha256(secret.encode()).hexdigest(), name, tuple(scopes), now)
    return NewKey(key, f"rl_{id}_{secret}")


def unknown_scopes(scopes: Iterable[str]) -> list[str]:
    """Those of the scopes that do not exist."""
    return [scope for scope in scopes if scope not in SCOPES]


class KeyFile:
    """The keys of a workspace. Changes are atomic; a new key works at once, a revoked one for a second at most."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / FILE
        self._seen: tuple[int, int] | None = None
        self._keys: dict[str, ApiKey] = {}
        self._look_again = 0.0

    def scopes(self, text: str) -> frozenset[str] | None:
        """What the holder of this key may do; None for one that is malformed, unknown, revoked or wrong.

        Raises:
            KeyFileError: the file is there but cannot be read.
        """
        match = _KEY.match(text)
        if match is None:
            return None
        key = self._recent().get(match[1]) or self.all().get(match[1])
        given = hashlib.sha256(match[2].encode()).hexdigest()
        expected = key.hash if key is not None else _NOBODY
        if not hmac.compare_digest(given, expected) or key is None or key.revoked:
            return None
        return frozenset(key.scopes)

    def _recent(self) -> Mapping[str, ApiKey]:
        """The keys as of a moment ago: one look at the file serves all requests of a second."""
        now = time.monotonic()
        if now >= self._look_again:
            self.all()
            self._look_again = now + LOOK_EVERY
        return self._keys

    def all(self) -> Mapping[str, ApiKey]:
        """All keys by id; read again only when the file has changed.

        Raises:
            KeyFileError: the file is there but cannot be read.
        """
        try:
            status = self._path.stat()
            mark = (status.st_mtime_ns, status.st_ino)
            if mark != self._seen:
                keys = msgspec.json.decode(self._path.read_bytes(), type=list[ApiKey])
                self._keys = {key.id: key for key in keys}
                self._seen = mark
        except FileNotFoundError:
            self._keys, self._seen = {}, None
        except (OSError, msgspec.MsgspecError) as error:
            raise KeyFileError(f"the key file {self._path} cannot be read: {error}") from None
        return self._keys

    def add(self, key: ApiKey) -> None:
        """Keep a key.

        Raises:
            KeyFileError: the file cannot be read or written.
        """
        with self._changing() as keys:
            keys[key.id] = key

    def revoke(self, id: str) -> bool:
        """End a key; False when there is none with this id.

        Raises:
            KeyFileError: the file cannot be read or written.
        """
        with self._changing() as keys:
            if id not in keys:
                return False
            keys[id] = msgspec.structs.replace(keys[id], revoked=True)
            return True

    @contextmanager
    def _changing(self) -> Iterator[dict[str, ApiKey]]:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self._path.parent / f"{FILE}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                keys = dict(self.all())
                yield keys
                self._write(list(keys.values()))
        except OSError as error:
            raise KeyFileError(f"the key file {self._path} cannot be written: {error.strerror}") from None

    def _write(self, keys: list[ApiKey]) -> None:
        draft = self._path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(keys), indent=1))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
