"""Messages to a channel of Microsoft Teams, as an adaptive card, through the webhook of a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import TEXT
from rulelang.types.schema import Schema
from runtime.actions import ActionError, EffectAction, Facts, Intent
from runtime.model import JSON, Effect, Outcome, OutcomeKind

if TYPE_CHECKING:
    from stdlib_actions.services import Services

_TIMEOUT = 15.0
MAX_TEXT = 12_000
"""The longest message, in characters: a card has at most 28 KB."""

DECLARATIONS = (
    Action(
        name="teams",
        phrase="teams {channel} {message}",
        performs=Performs.EFFECT,
        summary="post a message to a channel of Microsoft Teams",
        doc=(
            "Posts an adaptive card through the workflow that `rulelang.toml` names for the channel "
            "(`[teams.channels]`), or else through the default one. The text is shown as it is, so that no value of a "
            "field can format or link. Teams takes no idempotency key: an attempt whose outcome is unknown waits for "
            "somebody to look."
        ),
        example='on stage enter "Won" do teams "Deals" "{{ contact.name }} has signed"\n',
        rows=("A19", "A26"),
        params=(
            Param("channel", TEXT, 'what `rulelang.toml` calls the channel, such as `"Deals"`'),
            Param("message", TEXT, "what to post; may hold `{{ fields }}`", role="liquid"),
        ),
        uses_event=True,
    ),
)


class Teams:
    """Posts a rendered message as a card."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def intend(self, schema: Schema, facts: Facts, args: Mapping[str, JSON]) -> Intent:
        """One queue for each channel: that is how Teams limits rates."""
        if not args.get("channel") or not args.get("message"):
            raise ActionError("the channel or the message is missing")
        channel = str(args["channel"])
        return Intent(f"teams:{channel}", {"channel": channel, "message": str(args["message"])})

    async def prepare(self, effect: Effect, facts: Facts) -> JSON:
        """Render the message."""
        from rulelang.template.model import Sink
        from stdlib_actions.rendering import Renderer

        text = Renderer(self._services.schema(), facts).inline(effect.args["message"], Sink.TEXT).strip()
        if not text:
            raise ActionError("the message is empty")
        return {"text": text[:MAX_TEXT]}

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """Make one attempt."""
        import json

        from runtime.settings import Secret, SettingsError
        from stdlib_actions.posting import post

        services, channel = self._services, effect.args["channel"]
        settings = services.settings.teams
        name = settings.channels.get(channel) or settings.default
        try:
            url = Secret(name, "").read(services.root, services.env)
        except SettingsError as problem:
            return Outcome(OutcomeKind.RETRY, f"the message for {channel} cannot be posted: {problem}")
        if not url and services.egress:
            return Outcome(
                OutcomeKind.RETRY, f"no workflow is set for {channel}: add it to `[teams.channels]`"
            )
        body = json.dumps(card(prepared["text"])).encode()
        return await post(services.egress, url, {"Content-Type": "application/json"}, body, timeout=_TIMEOUT)

    def describe(self, args: Mapping[str, JSON], prepared: JSON) -> str:
        """What simulation shows."""
        return f"teams {args.get('channel')}: {(prepared or {}).get('text', '')}"


def card(text: str) -> dict[str, JSON]:
    """The message with an adaptive card (adaptivecards.io, version 1.4); runs of text know no Markdown."""
    lines: list[JSON] = [
        {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": line or " "}]}
        for line in text.split("\n")
    ]
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": lines,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": content}
    return {"type": "message", "attachments": [attachment]}


def effects(services: Services) -> Mapping[str, EffectAction]:
    """What performs the actions of this file, by name."""
    return {"teams": Teams(services)}
