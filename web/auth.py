"""Who may do what: API keys with scopes, sessions of the pages, and nothing without either."""

from __future__ import annotations

import secrets
import time

from starlette.requests import HTTPConnection

from runtime.keys import SCOPES, KeyFile, KeyFileError
from web.problems import Problem

SESSION_COOKIE = "rulelang_session"
SESSION_SECONDS = 12 * 3600


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

    def __init__(self, keys: KeyFile, sessions: Sessions) -> None:
        self.keys = keys
        self.sessions = sessions

    def scopes(self, connection: HTTPConnection) -> frozenset[str] | None:
        """What the sender of a request may do; None for a stranger."""
        header = connection.headers.get("authorization", "")
        if header:
            scheme, _, text = header.partition(" ")
            return self.key_scopes(text.strip()) if scheme.lower() == "bearer" else None
        session = connection.cookies.get(SESSION_COOKIE, "")
        if not session or not same_origin(connection):
            return None
        return self.sessions.scopes(session)

    def key_scopes(self, text: str) -> frozenset[str] | None:
        """What the holder of a key may do; None for a wrong one.

        Raises:
            Problem: 503 when the keys cannot be read: nobody is let in on a guess.
        """
        try:
            return self.keys.scopes(text)
        except KeyFileError:
            raise Problem(503, "the keys cannot be read now; the log says why") from None

    def require(self, connection: HTTPConnection, scope: str) -> None:
        """Let the request pass, or refuse it.

        Raises:
            Problem: 401 for a stranger, 403 for somebody without the scope.
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
