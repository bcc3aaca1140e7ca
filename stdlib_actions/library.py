"""All actions in one place: their declarations, light to load, and the library that performs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from rulelang.catalog.build import build_catalogue
from rulelang.catalog.model import Action, Catalogue
from rulelang.types.schema import Schema
from runtime.actions import Library
from runtime.model import JSON
from stdlib_actions import (
    assign,
    calls,
    consent_marks,
    crm_tasks,
    drafts,
    fields,
    notify,
    opportunities,
    rules,
    send_email,
    slack,
    sms,
    stages,
    subscriptions,
    tags,
    tasks,
    teams,
    webhook,
)
from stdlib_actions.documents import attach
from stdlib_actions.plugins import Family, installed_families

if TYPE_CHECKING:
    from pathlib import Path

    from runtime.egress.client import EgressClient
    from runtime.links import Links
    from runtime.settings import Settings
    from stdlib_actions.hyper.model import ChatModel
    from stdlib_actions.mail.transport import MailTransport
    from stdlib_actions.services import Services

_STANDARD = (
    assign,
    consent_marks,
    fields,
    tags,
    stages,
    rules,
    send_email,
    drafts,
    attach,
    notify,
    slack,
    webhook,
    tasks,
    opportunities,
    subscriptions,
    sms,
    calls,
    teams,
    crm_tasks,
)


@lru_cache(maxsize=1)
def families() -> tuple[Family, ...]:
    """The standard action modules in the order of the reference, then those of installed packages.

    Raises:
        CatalogueError: an installed package's module cannot be used.
    """
    return tuple(Family(module.__name__, module) for module in _STANDARD) + installed_families()


def standard_declarations() -> tuple[Action, ...]:
    """The declarations of the standard actions alone, in the order of the reference."""
    return tuple(action for module in _STANDARD for action in module.DECLARATIONS)


def declarations() -> tuple[Action, ...]:
    """The declarations of all actions. Raises as `families` does."""
    return tuple(action for family in families() for action in family.declarations)


def build_library(services: Services, catalogue: Catalogue | None = None) -> Library:
    """The library that performs all actions through `services`; `catalogue` when one was built already.

    Raises:
        CatalogueError: an installed package's module cannot be used.
    """
    found = families()
    return Library(
        catalogue=catalogue or build_catalogue(declarations()),
        local={name: action for family in found for name, action in family.local.items()},
        effects={name: action for family in found for name, action in family.effects(services).items()},
    )


def live_services(
    settings: Settings, schema: Callable[[], Schema], root: Path, env: Mapping[str, str], egress: EgressClient
) -> Services:
    """The services of a server: mail, model and requests as the settings say."""
    from stdlib_actions.hyper.offline import OfflineComposer
    from stdlib_actions.hyper.openai import OpenAiCompatible
    from stdlib_actions.mail.mailbox import MailboxTransport
    from stdlib_actions.mail.smtp import SmtpTransport
    from stdlib_actions.services import Services

    mail: MailTransport = MailboxTransport(root / settings.mail.mailbox)
    if settings.mail.transport == "smtp":
        mail = SmtpTransport(settings.smtp, root, env)
    model: ChatModel = OfflineComposer()
    if settings.hyper.base_url:
        model = OpenAiCompatible(settings.hyper, egress, root, env)
    links, callbacks = live_links(settings, root), live_callbacks(settings, root)
    return Services(settings, schema, mail, model, egress, root, env, links=links, callbacks=callbacks)


def live_links(settings: Settings, root: Path) -> Links | None:
    """What makes and reads the addresses in messages; None when the server is not known outside."""
    return live_callbacks(settings, root) if settings.mail.public_url else None


def live_callbacks(settings: Settings, root: Path) -> Links:
    """What makes and reads the addresses by which other systems answer a run: without `public_url` their path alone."""
    from runtime.links import Links
    from runtime.settings import LINKS_SECRET, Secret

    return Links(settings.mail.public_url, lambda: Secret("", LINKS_SECRET).read(root, {}))


def offline_library(
    schema: Callable[[], Schema],
    settings: Settings | None = None,
    root: Path | None = None,
    catalogue: Catalogue | None = None,
) -> Library:
    """The library for simulation and tests of rules: texts are composed offline, and nothing ever leaves."""
    from pathlib import Path

    from runtime.settings import Settings
    from stdlib_actions.hyper.offline import OfflineComposer
    from stdlib_actions.mail.transport import NoMail
    from stdlib_actions.services import Services

    here = root or Path()
    services = Services(settings or Settings(), schema, NoMail(), OfflineComposer(), root=here, env={})
    return build_library(services, catalogue)


def describe(library: Library, action: str, args: Mapping[str, JSON], prepared: JSON) -> str:
    """One line for people that says what an effect would do: what simulation shows.

    `args` are the effect's final arguments, `prepared` what `prepare` gave. Actions say it themselves when they
    have a method `describe(args, prepared)`; for others it is their name and arguments.
    """
    own = getattr(library.effects.get(action), "describe", None)
    if own is not None:
        return str(own(args, prepared))
    return f"{action.replace('_', ' ')} " + ", ".join(f"{name} {value}" for name, value in args.items())
