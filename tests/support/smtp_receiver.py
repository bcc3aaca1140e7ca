"""A real SMTP server on loopback that records what it is given and fails as it is told.

    async with SmtpReceiver() as server:
        server.script("4xx", "drop after data")
        ... deliver to server.host, server.port ...
        assert server.envelopes[0].recipients == ["ana@acme.test"]

Behaviours, one for each transaction, then back to normal: `4xx` `5xx` (after DATA), `4xx rcpt` `5xx rcpt` `4xx mail` `5xx mail`,
`drop after data` (keeps the message, closes without an answer), `drop before data` (closes at RCPT),
`slow` (answers DATA after `server.delay` seconds), `refuse second` (550 for every recipient but the first), `defer second` (450).
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.live import LoopThread, wait_for


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it arrived. `connection` counts connections from 1."""

    sender: str
    recipients: list[str]
    content: bytes
    tls: bool
    login: str


class SmtpReceiver:
    """The server. `tls` demands STARTTLS, or implicit TLS with `implicit`; `login` demands that name and password."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.host = "127.0.0.1"
        self.port = 0
        self.delay = 1.0
        self.envelopes: list[Received] = []
        self.connections = 0
        self._tls = tls
        self._implicit = implicit
        self._login = login
        self._script: deque[str] = deque()
        self._now = ""
        self._server: asyncio.Server | None = None
        self._protocols: list[SMTP] = []

    def script(self, *behaviours: str) -> None:
        """Behave so in the transactions to come, one each."""
        self._script.extend(behaviours)

    async def __aenter__(self) -> SmtpReceiver:
        context = self._tls if self._implicit else None
        self._server = await asyncio.get_running_loop().create_server(
            self._protocol, self.host, 0, ssl=context
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for protocol in self._protocols:
            # A TLS transport whose connection was lost has forgotten its protocol, and cannot be aborted.
            with suppress(AttributeError):
                if protocol.transport is not None:
                    protocol.transport.abort()
        await self._server.wait_closed()
        await asyncio.sleep(0.01)  # lets the loop close the sockets of aborted connections

    def _protocol(self) -> SMTP:
        self.connections += 1
        starttls = self._tls if not self._implicit else None
        protocol = SMTP(
            self,
            hostname="receiver.test",
            loop=asyncio.get_running_loop(),
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=self._login is not None,
            authenticator=self._authenticate,
        )
        self._protocols.append(protocol)
        return protocol

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        if given == self._login:
            session.login_name = given[0]
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False)

    # --- hooks that aiosmtpd calls -----------------------------------------------------------------

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self._now = self._script.popleft() if self._script else ""
        if self._now.endswith("mail"):
            return _answer(self._now)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._now == "drop before data":
            assert server.transport is not None
            server.transport.abort()
        if self._now.endswith("rcpt"):
            return _answer(self._now)
        if self._now.endswith("second") and envelope.rcpt_tos:
            return "450 4.2.0 later" if self._now.startswith("defer") else "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self._now in ("4xx", "5xx"):
            return _answer(self._now)
        content = envelope.original_content or b""
        login = str(getattr(session, "login_name", "") or "")
        tls = session.ssl is not None or self._implicit
        self.envelopes.append(Received(str(envelope.mail_from), list(envelope.rcpt_tos), content, tls, login))
        if self._now == "drop after data":
            assert server.transport is not None
            server.transport.abort()
        if self._now == "slow":
            await asyncio.sleep(self.delay)
        return "250 2.0.0 OK queued as 4711"


def _answer(behaviour: str) -> str:
    return "451 4.3.0 try again later" if behaviour.startswith("4xx") else "554 5.7.1 not wanted here"


@contextmanager
def receiving() -> Iterator[SmtpReceiver]:
    """A receiver for tests that are not asynchronous."""
    with LoopThread() as loop:
        made = SmtpReceiver()
        loop.run(made.__aenter__())
        yield made
        loop.run(made.__aexit__(None, None, None))


def message_to(receiver: SmtpReceiver, address: str) -> tuple[EmailMessage, list[str]]:
    """The first message that arrives for an address, and everybody it went to."""

    def found() -> tuple[EmailMessage, list[str]] | None:
        for received in receiver.envelopes:
            if address in received.recipients:
                return message_from_bytes(received.content, policy=default), list(received.recipients)
        return None

    message = wait_for(found, 20)
    assert message is not None
    return message
