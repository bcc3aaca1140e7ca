"""Requests to other systems: through a named connection with its authentication, or to an address as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from msgspec.structs import replace

from runtime.egress.errors import EgressError
from runtime.egress.outcome import one_line, outcome_of, outcome_of_error
from runtime.model import Outcome, OutcomeKind

if TYPE_CHECKING:
    from runtime.egress.client import Reply
    from runtime.providers import Connection
    from stdlib_actions.services import Services

MAX_ANSWER = 64 * 1024
"""How much of an answer is read, in bytes."""

MAX_KEPT = 8 * 1024
"""How large an answer may be that is kept for later steps, in bytes; of a larger one nothing is."""

_EARLY = 60.0
"""Seconds before its end at which a token is no longer used."""


class NoConnection(Exception):
    """A connection is not set up, or its secret is not there; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent. `url` is absolute, or begins with `/` behind the address of a connection."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    key: str = ""


class Connections:
    """Sends requests and remembers OAuth tokens until they end or are refused. One for each process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tokens: dict[str, tuple[str, float]] = {}

    def find(self, name: str) -> Connection:
        """The connection with this name.

        Raises:
            NoConnection: there is none.
        """
        found = self._services.settings.connections.get(name)
        if found is None:
            raise NoConnection(
                f"there is no connection `{name}`; add `[connections.{name}]` to rulelang.toml"
            )
        return found

    def absolute(self, url: str, name: str) -> str:
        """An address behind that of the connection; one that is absolute stays.

        Raises:
            NoConnection: there is no such connection, or it is another host's: its secret would leave.
        """
        from urllib.parse import urlsplit

        base = self.find(name).url.rstrip("/")
        whole = base + url if url.startswith("/") else url
        if urlsplit(whole)[:2] != urlsplit(base)[:2]:
            raise NoConnection(f"the connection `{name}` is for `{base}`, not for another host")
        return whole

    async def send(self, request: Request, name: str = "", timeout: float = 30.0) -> Reply:
        """Make one attempt, with a fresh token when the one at hand is refused (401).

        Raises:
            NoConnection: the connection cannot be used.
            EgressError: no answer came.
        """
        if not name:
            return await self._request(request, request.url, {}, timeout)
        connection = self.find(name)
        url = self.absolute(request.url, name)
        reply = await self._request(
            request, url, await self._credentials(name, connection), connection.timeout
        )
        if reply.status == 401 and connection.auth == "oauth2" and name in self._tokens:
            del self._tokens[name]
            headers = await self._credentials(name, connection)
            reply = await self._request(request, url, headers, connection.timeout)
        return reply

    async def _request(self, request: Request, url: str, headers: Mapping[str, str], timeout: float) -> Reply:
        egress = self._services.egress
        assert egress is not None
        return await egress.request(
            request.method,
            url,
            {**request.headers, **headers},
            request.body,
            deadline=timeout,
            max_response_bytes=MAX_ANSWER,
            idempotency_key=request.key,
        )

    async def _credentials(self, name: str, connection: Connection) -> dict[str, str]:
        headers = dict(connection.headers)
        if connection.auth == "none":
            return headers
        secret = self._secret(name, connection)
        match connection.auth:
            case "basic":
                headers["Authorization"] = basic(connection.username, secret)
            case "bearer":
                headers["Authorization"] = f"Bearer {secret}"
            case "header":
                headers[connection.header] = secret
            case "oauth2":
                headers["Authorization"] = f"Bearer {await self._token(name, connection, secret)}"
        return headers

    def _secret(self, name: str, connection: Connection) -> str:
        from runtime.settings import Secret, SettingsError

        services = self._services
        try:
            return Secret(connection.secret_env, connection.secret_file).read(services.root, services.env)
        except SettingsError as problem:
            raise NoConnection(f"the connection `{name}` cannot be used: {problem}") from None

    async def _token(self, name: str, connection: Connection, secret: str) -> str:
        token, until = self._tokens.get(name, ("", 0.0))
        now = self._services.clock()
        if token and now < until:
            return token
        form = {"grant_type": "client_credentials"} | (
            {"scope": connection.scope} if connection.scope else {}
        )
        headers = {
            "Authorization": basic(connection.client_id, secret),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        request = Request("POST", connection.token_url, headers, urlencode(form).encode())
        try:
            reply = await self._request(request, connection.token_url, {}, connection.timeout)
        except EgressError as problem:
            raise NoConnection(f"the connection `{name}` got no token: {problem}") from None
        answer = parsed(reply)
        found = answer.get("access_token") if isinstance(answer, dict) else None
        if not reply.ok or not isinstance(found, str) or not found:
            raise NoConnection(f"the connection `{name}` got no token: the answer was {reply.status}")
        lasts = answer.get("expires_in")
        seconds = float(lasts) if isinstance(lasts, int | float) else 300.0
        self._tokens[name] = (found, now + seconds - min(_EARLY, seconds / 2))
        return found


def basic(user: str, password: str) -> str:
    """The value of `Authorization` for basic authentication (RFC 7617)."""
    from base64 import b64encode

    return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")


def parsed(reply: Reply) -> Any:
    """The JSON of an answer; None when it is none, or not whole."""
    import msgspec

    if reply.truncated:
        return None
    try:
        return msgspec.json.decode(reply.body)
    except msgspec.DecodeError:
        return None


def failure(problem: Exception) -> Outcome:
    """The outcome of an attempt that got no answer (EgressError, or NoConnection, which an operator can mend)."""
    if isinstance(problem, EgressError):
        return outcome_of_error(problem)
    return Outcome(OutcomeKind.RETRY, str(problem))


def answered(reply: Reply) -> Outcome:
    """What an answer means, with its status and, when it is small JSON or text, its body for later steps."""
    outcome = outcome_of(reply)
    if reply.truncated or not 0 < len(reply.body) <= MAX_KEPT:
        return outcome
    said = parsed(reply)
    body = said if said is not None else one_line(reply.body.decode("utf-8", "replace"))
    return replace(outcome, result={**outcome.result, "body": body})
