"""A schema with people and templates, and facts about one contact, for the tests of effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rulelang.types.defaults import default_schema
from rulelang.types.schema import Person, Schema, Team, TemplateDef
from runtime.actions import EffectAction, Facts
from runtime.model import JSON, Effect, Outcome, SubjectKey
from runtime.settings import Settings
from stdlib_actions.library import build_library
from stdlib_actions.services import Services

AT = 1_764_000_000_000

TEMPLATES = {
    "confirm": "---\nsubject: Your meeting, {{ contact.first_name }}\n---\nHello {{ contact.first_name }}!\n",
    "pretty": "---\nsubject: News\nfrom: News <news@acme.test>\nformat: html\n---\n<p>Hello <b>{{ contact.first_name }}</b></p>\n",
    "bare": "Hello {{ contact.first_name }}\n",
    "empty": "{{ contact.city }}\n",
    "broken": "---\nsubject: x\n---\n{% if %}",
}


@pytest.fixture
def schema() -> Schema:
    people = {"bo@acme.test": Person("bo@acme.test", "Bo Chen"), "cy@acme.test": Person("cy@acme.test")}
    teams = {"Sales": Team("Sales", ("bo@acme.test", "cy@acme.test")), "Empty": Team("Empty", ())}
    templates = {
        name: TemplateDef(name, text, f"templates/{name}.liquid") for name, text in TEMPLATES.items()
    }
    return replace(default_schema(), people=people, teams=teams, templates=templates, name="Acme")


def facts(contact: Mapping[str, Any] | None = None, **records: Any) -> Facts:
    """Facts about the contact Ana, changed by `contact`."""
    ana = {
        "id": "c_1",
        "email": "ana@example.com",
        "first_name": "Ana",
        "last_name": "Ruiz",
        "owner": "bo@acme.test",
        "stage": "SQL",
        "score": 80,
    }
    event = {"type": "stage.entered", "data": {"stage": "SQL", "pipeline": "Sales"}, "changes": {}}
    return Facts(
        key=records.get("key", SubjectKey("contact", "c_1")),
        contact=ana | dict(contact or {}),
        account=records.get("account", {}),
        opportunity=records.get("opportunity", {}),
        event=event,
    )


class Bench:
    """One action with real services: intends, prepares and delivers as the engine does."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.library = build_library(services)

    def action(self, name: str) -> EffectAction:
        return self.library.effects[name]

    def effect(self, name: str, args: dict[str, JSON], about: Facts) -> Effect:
        defaults = {
            p.name: p.default for p in self.library.catalogue.actions[name].params if p.default is not None
        }
        intent = self.action(name).intend(self.services.schema(), about, defaults | args)
        return Effect(
            key=f"run_1:{name}:0",
            run="run_1",
            rule="Confirm the meeting",
            step="do.0",
            action=name,
            subject=about.key,
            destination=intent.destination,
            args=intent.args,
            created_at=AT,
            event=dict(about.event),
        )

    async def prepared(
        self, name: str, args: dict[str, JSON], about: Facts | None = None
    ) -> tuple[Effect, JSON]:
        effect = self.effect(name, args, about or facts())
        return effect, await self.action(name).prepare(effect, about or facts())

    async def perform(self, name: str, args: dict[str, JSON], about: Facts | None = None) -> Outcome:
        effect, prepared = await self.prepared(name, args, about)
        return await self.action(name).deliver(effect, prepared, about or facts())


def services(schema: Schema, root: Path, settings: Settings | None = None, **parts: Any) -> Services:
    """Services with the development mailbox and the offline composer."""
    from stdlib_actions.hyper.offline import OfflineComposer
    from stdlib_actions.mail.mailbox import MailboxTransport

    usual = {"mail": MailboxTransport(root / "mailbox"), "model": OfflineComposer(), "root": root, "env": {}}
    return Services(settings=settings or Settings(), schema=lambda: schema, **(usual | parts))
