"""A real HTTP receiver and a real SMTP receiver in a thread of their own; they keep everything they get."""

from __future__ import annotations

import asyncio
import threading
import time
from email import message_from_bytes
from types import TracebackType
from typing import NamedTuple

from tests.support.evil_http import EvilServer
from tests.support.smtp_receiver import SmtpReceiver


class Webhook(NamedTuple):
    """A webhook as it arrived, `at` by the wall clock in milliseconds."""

    at: int
    key: str
    run: str
    step: str
    path: str
    body: bytes


class Mail(NamedTuple):
    """A message as it arrived."""

    message_id: str
    recipient: str
    content: bytes


class Receivers:
    """Both receivers, for as long as the block lasts. `smtp_seconds` is how long a message takes to be accepted."""

    def __init__(self, smtp_seconds: float = 0.0) -> None:
        self.http = EvilServer()
        self.smtp = SmtpReceiver()
        self.smtp.delay = smtp_seconds
        if smtp_seconds:
            self.smtp.script(*["slow"] * 1_000_000)
        self._offset = time.time() - time.monotonic()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="receivers", daemon=True)

    def __enter__(self) -> Receivers:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(20)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()

    async def _open(self) -> None:
        await self.http.__aenter__()
        await self.smtp.__aenter__()

    async def _close(self) -> None:
        await self.http.__aexit__(None, None, None)
        await self.smtp.__aexit__(None, None, None)

    def settings(self, extra: str = "") -> str:
        """The text of a rulelang.toml that reaches these receivers, quickly and with quick retries."""
        return f"""
[mail]
transport = "smtp"
from = "Acme <hello@acme.test>"
[smtp]
host = "127.0.0.1"
port = {self.smtp.port}
tls = "none"
timeout = 10.0
[webhook]
timeout = 10.0
[egress]
allow = ["{self.http.address}"]
[engine]
retry = ["1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s"]
rate = 1000.0
concurrency = 16
{extra}
"""

    def webhooks(self) -> list[Webhook]:
        """Every webhook so far, in order."""
        return [self._webhook(n) for n in range(len(self.http.requests))]

    def _webhook(self, number: int) -> Webhook:
        request = self.http.requests[number]
        body = request.json()
        assert isinstance(body, dict)
        key = request.headers["webhook-id"]
        assert request.headers["idempotency-key"] == key
        at = int((request.at + self._offset) * 1000)
        return Webhook(at, key, body["data"]["run"], body["data"]["step"], request.path, request.body)

    def mails(self) -> list[Mail]:
        """Every message so far, in order."""
        return [_mail(received.recipients, received.content) for received in list(self.smtp.envelopes)]


def _mail(recipients: list[str], content: bytes) -> Mail:
    (recipient,) = recipients
    return Mail(message_from_bytes(content)["Message-ID"], recipient, content)
