"""What a way out for e-mail is: an envelope goes in, an outcome comes back, nothing is raised."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from runtime.model import Millis, Outcome, OutcomeKind


class Envelope(NamedTuple):
    """A finished message: bare addresses, the bytes, and what names it.

    `key` is the idempotency key of the effect and `at` the time when it was written, in milliseconds.
    """

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    key: str
    at: Millis


class MailTransport(Protocol):
    """A way out."""

    @property
    def destination(self) -> str:
        """The outbox queue that its messages belong to."""

    async def send(self, envelope: Envelope) -> Outcome:
        """Make one attempt. Never raises for what the other side does."""


class NoMail:
    """No way out at all: for simulation, which composes messages and delivers none."""

    destination = "mailbox"

    async def send(self, envelope: Envelope) -> Outcome:
        """Refuse."""
        return Outcome(OutcomeKind.FAILED, "nothing is sent from a simulation")
