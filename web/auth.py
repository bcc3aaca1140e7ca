"""Who may do what: API keys with scopes, sessions of the pages, and nothing without either."""

from __future__ import annotations

import secrets
import time
from typing import NamedTuple

from starlette.requests import HTTPConnection

from runtime.keys import SCOPES, KeyFile, KeyFileError
from web.problems import Problem

SESSION_SECONDS = 12 * 3600
MAX_SESSIONS = 1000


class Session(NamedTuple):
    """A session of somebody in a browser. `key` is the id of the API key it began with, "" for a sign-in link."""

    until: float
    key: str


class Sessions:
    """Sessions of people in a browser, kept in memory: a restart ends them.

    A sign-in link works once and for ten minutes; `make_link_token` is for whoever starts the server.
    """

    LINK_SECONDS = 600.0

    def __init__(self) -> None:
        self._links: dict[str, float] = {}
        self._sessions: dict[str, Session] = {}

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
        return self.begin("")

    def begin(self, key: str) -> str:
        """A new session for the holder of the key with this id. The oldest ends when there are too many."""
        now = time.monotonic()
        for old in [name for name, session in self._sessions.items() if session.until < now]:
            del self._sessions[old]
        if len(self._sessions) >= MAX_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        name = secrets.token_urlsafe(32)
        self._sessions[name] = Session(now + SESSION_SECONDS, key)
        return name

    def end(self, name: str) -> None:
        """End a session."""
        self._sessions.pop(name, None)

    def find(self, name: str) -> Session | None:
        """The session with this name, unless it is over."""
        found = self._sessions.get(name)
        if found is not None and found.until < time.monotonic():
            self.end(name)
            return None
        return found


class Guard:
    """Decides on each request. A session counts only for requests that come from our own pages."""

    def __init__(self, keys: KeyFile, sessions: Sessions) -> None:
        self.keys = keys
        self.sessions = sessions

    def scopes(self, connection: HTTPConnection) -> frozenset[str] | None:
        """What the sender of a request may do; None for a stranger.

        Raises:
            Problem: 503 when the keys cannot be read: nobody is let in on a guess.
        """
        header = connection.headers.get("authorization")
        if header is not None:
            scheme, _, text = header.partition(" ")
            return self.key_scopes(text.strip()) if scheme.lower() == "bearer" else None
        name = connection.cookies.get(cookie_name(connection), "")
        if not name or not same_origin(connection):
            return None
        return self._session_scopes(name)

    def author(self, connection: HTTPConnection) -> str:
        """Who sends a request that was let in: the id of the key, "" for a session that began with a sign-in link."""
        header = connection.headers.get("authorization")
        if header is not None:
            return header.partition("_")[2].partition("_")[0]
        session = self.sessions.find(connection.cookies.get(cookie_name(connection), ""))
        return session.key if session is not None else ""

    def _session_scopes(self, name: str) -> frozenset[str] | None:
        session = self.sessions.find(name)
        if session is None:
            return None
        if not session.key:
            return frozenset(SCOPES)
        try:
            key = self.keys.all().get(session.key)
        except KeyFileError as error:
            raise _unreadable(error) from None
        if key is None or key.revoked:
            self.sessions.end(name)
            return None
        return frozenset(key.scopes)

    def key_scopes(self, text: str) -> frozenset[str] | None:
        """What the holder of a key may do; None for a wrong one.

        Raises:
            Problem: 503 when the keys cannot be read.
        """
        try:
            return self.keys.scopes(text)
        except KeyFileError as error:
            raise _unreadable(error) from None

    def begin_session(self, key: str) -> str | None:
        """A session for the holder of a key, which ends when the key is revoked; None for a wrong key.

        Raises:
            Problem: 503 when the keys cannot be read.
        """
        if self.key_scopes(key) is None:
            return None
        return self.sessions.begin(key.split("_")[1])

    def author_name(self, connection: HTTPConnection) -> str:
        """Who sends a request, for people: the key's name or else its id, or `a page` after a sign-in link."""
        id = self.author(connection)
        key = self.keys.all().get(id)
        return (key.name or key.id) if key is not None else "a page"

    def require(self, connection: HTTPConnection, scope: str) -> None:
        """Let the request pass, or refuse it.

        Raises:
            Problem: 401 for a stranger, 403 for somebody without the scope, 503 when the keys cannot be read.
        """
        held = self.scopes(connection)
        if held is None:
            raise Problem(
                401,
                "send an API key as `Authorization: Bearer rl_…`; `rulelang key create` makes one",
                {"WWW-Authenticate": 'Bearer realm="rulelang"'},
            )
        if scope not in held:
            raise Problem(403, f"this key lacks the scope `{scope}` ({SCOPES[scope]})")


def _unreadable(error: KeyFileError) -> Problem:
    return Problem(
        503, "the keys cannot be read now; the log says why", {"Retry-After": "5"}, reason=str(error)
    )


def cookie_name(connection: HTTPConnection) -> str:
    """The name of our session cookie.

    Over https it is bound to this host (`__Host-`). Over http, where cookies are shared between ports, it holds the
    port, so that two servers on one machine do not end each other's sessions.
    """
    if connection.scope["scheme"] == "https":
        return "__Host-rulelang"
    _, port = connection.scope.get("server") or ("", None)
    return f"rulelang_{port or 0}"


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
    return origin == f"{connection.scope['scheme']}://{connection.headers.get('host', '')}"
