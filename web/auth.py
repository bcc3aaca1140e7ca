"""Who may do what: API keys with scopes, sessions of the pages, and nothing without either.

A key is `rl_<id>_<secret>` with 32 random bytes in the secret; the store holds the SHA-256 of the secret. A
fast hash is right here: the secret has 256 bits, so there is nothing to guess, and a slow one would let strangers
burn our processor.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterable
from typing import NamedTuple

from starlette.requests import HTTPConnection

from runtime.store.protocol import ApiKey, ReadStore
from web.problems import Problem

SCOPES: dict[str, str] = {
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

SESSION_COOKIE = "rulelang_session"
SESSION_SECONDS = 12 * 3600
_KEY = re.compile(r"rl_([a-z0-9]{12})_([A-Za-z0-9_-]{43})\Z", re.ASCII)
_NOBODY = hashlib.sha256(b"nobody").digest()


class NewKey(NamedTuple):
    """A key just made; `text` is shown once and kept nowhere."""

    id: str
    text: str
    hash: bytes


def make_key() -> NewKey:
    """A new random key."""
    id = "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(12))
    secret = secrets.token_urlsafe(32)
    return NewKey(id, f"rl_{id}_{secret}", hashlib.sha256(secret.encode()).digest())


def unknown_scopes(scopes: Iterable[str]) -> list[str]:
    """Those of the scopes that do not exist."""
    return [scope for scope in scopes if scope not in SCOPES]


class Keys:
    """Checks API keys against the store, and remembers them for a moment, so that a hot route reads nothing."""

    REMEMBER = 5.0
    """Seconds until a revoked key stops working at the latest."""

    def __init__(self, reader: ReadStore) -> None:
        self._reader = reader
        self._seen: dict[str, tuple[float, ApiKey | None]] = {}

    async def scopes(self, text: str) -> frozenset[str] | None:
        """What the holder of this key may do; None for a key that is malformed, unknown, revoked or wrong."""
        match = _KEY.match(text)
        if match is None:
            return None
        key = await self._find(match[1])
        stored = key.hash if key is not None else _NOBODY
        given = hashlib.sha256(match[2].encode()).digest()
        if not hmac.compare_digest(stored, given) or key is None:
            return None
        return frozenset(key.scopes)

    async def _find(self, id: str) -> ApiKey | None:
        now = time.monotonic()
        kept = self._seen.get(id)
        if kept is not None and kept[0] > now:
            return kept[1]
        key = await self._reader.key(id)
        if len(self._seen) > 1000:
            self._seen.clear()
        self._seen[id] = (now + self.REMEMBER, key)
        return key


class Sessions:
    """Sessions of people in a browser, kept in memory: a restart ends them.

    A sign-in link works once and for ten minutes; `make_link_token` is for whoever starts the server.
    """

    LINK_SECONDS = 600.0

    def __init__(self) -> None:
        self._links: dict[str, float] = {}
        self._sessions: dict[str, tuple[float, frozenset[str]]] = {}

    def make_link_token(self) -> str:
        """A token for a sign-in link."""
        token = secrets.token_urlsafe(24)
        self._links[token] = time.monotonic() + self.LINK_SECONDS
        return token

    def redeem(self, token: str) -> str | None:
        """A new session with all scopes for a valid token, which is spent by this; else None."""
        until = self._links.pop(token, None)
        if until is None or until < time.monotonic():
            return None
        return self.begin(frozenset(SCOPES))

    def begin(self, scopes: frozenset[str]) -> str:
        """A new session with these scopes."""
        session = secrets.token_urlsafe(32)
        self._sessions[session] = (time.monotonic() + SESSION_SECONDS, scopes)
        return session

    def end(self, session: str) -> None:
        """End a session."""
        self._sessions.pop(session, None)

    def scopes(self, session: str) -> frozenset[str] | None:
        """What the holder of a session may do; None when there is no such session."""
        found = self._sessions.get(session)
        if found is None:
            return None
        if found[0] < time.monotonic():
            self.end(session)
            return None
        return found[1]


class Guard:
    """Decides on each request. A session counts only for requests that come from our own pages."""

    def __init__(self, keys: Keys, sessions: Sessions) -> None:
        self.keys = keys
        self.sessions = sessions

    async def scopes(self, connection: HTTPConnection) -> frozenset[str] | None:
        """What the sender of a request may do; None for a stranger."""
        header = connection.headers.get("authorization", "")
        if header:
            scheme, _, text = header.partition(" ")
            return await self.keys.scopes(text.strip()) if scheme.lower() == "bearer" else None
        session = connection.cookies.get(SESSION_COOKIE, "")
        if not session or not same_origin(connection):
            return None
        return self.sessions.scopes(session)

    async def require(self, connection: HTTPConnection, scope: str) -> None:
        """Let the request pass, or refuse it.

        Raises:
            Problem: 401 for a stranger, 403 for somebody without the scope.
        """
        held = await self.scopes(connection)
        if held is None:
            raise Problem(
                401,
                "send an API key as `Authorization: Bearer rl_…`; `rulelang key create` makes one",
                {"WWW-Authenticate": 'Bearer realm="rulelang"'},
            )
        if scope not in held:
            raise Problem(403, f"this key lacks the scope `{scope}` ({SCOPES[scope]})")


def same_origin(connection: HTTPConnection) -> bool:
    """Whether a browser's request was made by our own pages, or typed by a person.

    Reads need no proof (a foreign page cannot see the answer); other methods need Sec-Fetch-Site or Origin to
    name ourselves exactly.
    """
    if connection.scope.get("method", "GET") in ("GET", "HEAD"):
        return True
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = connection.headers.get("origin", "")
    return origin == f"{connection.url.scheme}://{connection.headers.get('host', '')}"
