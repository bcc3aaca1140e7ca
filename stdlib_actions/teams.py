"""Messages to a channel of Microsoft Teams, as an adaptive card, through the webhook of a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import TEXT
from runtime.actions import EffectAction, Facts
from runtime.model import JSON, Effect, Outcome
from stdlib_actions.channels import ChannelMessage

if TYPE_CHECKING:
    from rulelang.template.model import Sink
    from stdlib_actions.services import Services

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


class Teams(ChannelMessage):
    """Posts a rendered message as a card."""

    name = "teams"
    longest = MAX_TEXT

    def sink(self) -> Sink:
        """A card shows text as it is."""
        from rulelang.template.model import Sink

        return Sink.TEXT

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """Make one attempt."""
        from runtime.settings import Secret

        channel, settings = effect.args["channel"], self.services.settings.teams
        address = Secret(settings.channels.get(channel) or settings.default, "")
        missing = f"no workflow is set for {channel}: add it to `[teams.channels]`"
        return await self.post(channel, address, card(prepared["text"]), missing)


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
