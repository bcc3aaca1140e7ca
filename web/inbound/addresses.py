"""The addresses that other systems call: their senders, secrets and last requests."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.inbound import Inbound
from web.inbound.delivery import Sender
from web.inbound.senders.calendly import Calendly
from web.inbound.senders.docusign import DocuSign
from web.inbound.senders.generic import Generic
from web.inbound.senders.linkedin import LinkedIn
from web.inbound.senders.mail import Mail
from web.inbound.senders.meta import Meta
from web.inbound.senders.sendgrid import SendGrid
from web.inbound.senders.shopify import Shopify
from web.inbound.senders.slack import Slack
from web.inbound.senders.stripe import Stripe
from web.inbound.senders.tiktok import TikTok
from web.inbound.senders.twilio import Twilio
from web.inbound.senders.typeform import Typeform


@dataclass
class Address:
    """One address. `secret` and `token` are read at each use; `samples` holds its last requests, in memory."""

    name: str
    settings: Inbound
    secret: Callable[[], str]
    token: Callable[[], str]
    samples: deque[dict[str, Any]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.samples = deque(maxlen=self.settings.samples)

    def sender(self) -> Sender:
        """Who sends here."""
        match self.settings.sender:
            case "twilio":
                return Twilio(self.settings.url)
            case "meta":
                return Meta(self.token())
            case "linkedin":
                return LinkedIn(self.secret())
            case "generic":
                return Generic(self.name, self.settings)
        return _PLAIN[self.settings.sender]


_PLAIN: Mapping[str, Sender] = {
    "stripe": Stripe(),
    "shopify": Shopify(),
    "sendgrid": SendGrid(),
    "calendly": Calendly(),
    "tiktok": TikTok(),
    "typeform": Typeform(),
    "docusign": DocuSign(),
    "slack": Slack(),
    "mail": Mail(),
}


def addresses(inbound: Mapping[str, Inbound], read: Callable[[str, str], str]) -> dict[str, Address]:
    """The addresses of the settings; `read` gives the secret of an environment variable or a file."""

    def reading(env: str, file: str) -> Callable[[], str]:
        return lambda: read(env, file)

    return {
        name: Address(
            name,
            settings,
            reading(settings.secret_env, settings.secret_file),
            reading(settings.token_env, ""),
        )
        for name, settings in inbound.items()
    }
