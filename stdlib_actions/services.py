"""What effects need from outside: settings, the schema, the ways out and the clock."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rulelang.types.schema import Schema

if TYPE_CHECKING:
    from runtime.egress.client import EgressClient
    from runtime.egress.guard import EgressPolicy
    from runtime.links import Links
    from runtime.settings import Egress, Settings
    from stdlib_actions.connections import Connections
    from stdlib_actions.documents.store import DocumentStore
    from stdlib_actions.hyper.model import ChatModel
    from stdlib_actions.mail.transport import MailTransport


@dataclass(frozen=True)
class Services:
    """The outside world of the actions.

    `schema` gives the workspace's schema, with its templates, at the moment of use. `mail`, `model` and `egress`
    are the ways out; without `egress` nothing leaves over HTTP (simulation). `links` makes our own addresses in
    messages, None where the server has no address that is known outside;
    `callbacks` those by which other systems answer a run. `root` is the workspace's directory,
    `env` where secrets are looked up, `clock` the time in seconds since the epoch.
    """

    settings: Settings
    schema: Callable[[], Schema]
    mail: MailTransport
    model: ChatModel
    egress: EgressClient | None = None
    root: Path = Path()
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    clock: Callable[[], float] = time.time
    links: Links | None = None
    callbacks: Links | None = None

    @cached_property
    def connections(self) -> Connections:
        """Requests through named connections; it remembers their tokens."""
        from stdlib_actions.connections import Connections

        return Connections(self)

    def account(self, person: str) -> MailTransport | None:
        """The mail account of a person, None when none is set."""
        from stdlib_actions.mail.smtp import SmtpTransport

        settings = self.settings.accounts.get(person)
        return None if settings is None else SmtpTransport(settings, self.root, self.env)

    @property
    def documents(self) -> DocumentStore:
        """Where generated documents are kept; in a simulation, nowhere."""
        from stdlib_actions.documents.store import DocumentStore

        return DocumentStore(self.root, keeps=self.egress is not None)

    @property
    def egress_policy(self) -> EgressPolicy:
        """What the guard lets through: that of the client, or what a client with these settings would have."""
        return self.egress.policy if self.egress else policy_of(self.settings.egress)


def policy_of(egress: Egress) -> EgressPolicy:
    """The guard's policy from settings.

    Raises:
        ValueError: an entry of `egress.allow` is no destination.
    """
    from runtime.egress.guard import EgressPolicy

    return EgressPolicy(egress.allow, egress.allow_http)
