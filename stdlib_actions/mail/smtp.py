"""Delivery by SMTP (RFC 5321): one connection a message, one deadline for all of it."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.model import JSON, Outcome, OutcomeKind
from runtime.settings import SettingsError, Smtp
from stdlib_actions.mail.transport import Envelope

if TYPE_CHECKING:
    from aiosmtplib import SMTP, SMTPResponse, SMTPResponseException

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


class SmtpTransport:
    """Sends through the configured server.

    A message refused with 5xx is final. One refused with 4xx, or a server that is not reached, not encrypted
    or does not accept the login, is tried again: nothing was handed over. Broken off after the message was
    offered (DATA) is unknown.
    """

    destination = "smtp"

    def __init__(self, settings: Smtp, root: Path, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._root = root
        self._env = env

    async def send(self, envelope: Envelope) -> Outcome:
        """Make one attempt at delivery."""
        attempt = _Attempt(envelope)
        try:
            client = self._client(envelope)
        except (SettingsError, OSError) as problem:
            return Outcome(OutcomeKind.RETRY, f"the mail server cannot be used: {problem}")
        try:
            async with asyncio.timeout(self._settings.timeout):
                return await attempt.make(client)
        except TimeoutError:
            return attempt.broken(f"gave no answer in {self._settings.timeout:g} seconds")
        finally:
            client.close()

    def _client(self, envelope: Envelope) -> SMTP:
        from aiosmtplib import SMTP

        settings = self._settings
        return SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username or None,
            password=settings.password.read(self._root, self._env) or None,
            # Named here, because the library would otherwise ask the resolver, and wait for it.
            local_hostname=envelope.sender.rpartition("@")[2],
            timeout=settings.timeout,
            use_tls=settings.tls == "implicit",
            start_tls=settings.tls == "starttls",
            tls_context=self._tls() if settings.tls != "none" else None,
        )

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._settings.ca_file:
            context.load_verify_locations(self._root / self._settings.ca_file)
        return context


class _Attempt:
    """One attempt and how far it came."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope
        self._offered = False
        self._refused: dict[str, SMTPResponse] = {}

    async def make(self, client: SMTP) -> Outcome:
        """Connect, name the parties, hand over; every failure becomes an outcome."""
        from aiosmtplib import SMTPException, SMTPResponseException

        try:
            await client.connect()
            await client.mail(self._envelope.sender)
            refusal = await self._name_recipients(client)
            return refusal or await self._hand_over(client)
        except SMTPResponseException as problem:
            return self._answered(problem)
        except (SMTPException, OSError) as problem:
            return self.broken(f"broke off: {_shown(str(problem))}")

    async def _name_recipients(self, client: SMTP) -> Outcome | None:
        """Offer every recipient. One that is put off puts off the message, so that nobody gets it twice."""
        from aiosmtplib import SMTPRecipientRefused, SMTPResponse

        for recipient in self._envelope.recipients:
            try:
                await client.rcpt(recipient)
            except SMTPRecipientRefused as problem:
                self._refused[recipient] = SMTPResponse(problem.code, problem.message)
        put_off = [answer for answer in self._refused.values() if answer.code < 500]
        if put_off:
            return Outcome(OutcomeKind.RETRY, f"a recipient was put off: {_answer(put_off[0])}")
        if len(self._refused) == len(self._envelope.recipients):
            first = next(iter(self._refused.values()))
            return Outcome(OutcomeKind.FAILED, f"the recipient was refused: {_answer(first)}")
        return None

    async def _hand_over(self, client: SMTP) -> Outcome:
        self._offered = True
        response = await client.data(self._envelope.content)
        result: dict[str, JSON] = {"server": _answer(response)}
        if self._refused:
            result["refused"] = {address: _answer(answer) for address, answer in self._refused.items()}
        await _say_goodbye(client)
        return Outcome(OutcomeKind.DONE, result=result)

    def _answered(self, problem: SMTPResponseException) -> Outcome:
        from aiosmtplib import SMTPDataError, SMTPSenderRefused

        said = _shown(f"{problem.code} {problem.message}")
        about_message = isinstance(problem, SMTPSenderRefused | SMTPDataError)
        final = about_message and problem.code >= 500
        # A greeting or a login that is refused says nothing about the message: the operator can mend that.
        return Outcome(OutcomeKind.FAILED if final else OutcomeKind.RETRY, f"the mail server refused: {said}")

    def broken(self, how: str) -> Outcome:
        """The outcome of an attempt that ended without an answer."""
        if self._offered:
            return Outcome(OutcomeKind.UNKNOWN, f"the mail server {how}; it may have taken the message")
        return Outcome(OutcomeKind.RETRY, f"the mail server {how}")


async def _say_goodbye(client: SMTP) -> None:
    """Close politely; what happens here changes nothing about the message, which was accepted."""
    from aiosmtplib import SMTPException

    try:
        async with asyncio.timeout(2):
            await client.quit()
    except (SMTPException, OSError, TimeoutError):
        return


def _answer(response: SMTPResponse) -> str:
    return _shown(f"{response.code} {response.message}")


def _shown(text: str) -> str:
    """A server's words for a log or page: printable ASCII, bounded."""
    return _UNPRINTABLE.sub(" ", text).strip()[:300]
