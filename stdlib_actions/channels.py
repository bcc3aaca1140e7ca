"""What all actions that post into a chat channel share: one queue for each channel, words found once, one POST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from rulelang.types.schema import Schema
from runtime.actions import ActionError, Facts, Intent
from runtime.model import JSON, Effect, Outcome, OutcomeKind

if TYPE_CHECKING:
    from rulelang.template.model import Sink
    from runtime.settings import Secret
    from stdlib_actions.services import Services

TIMEOUT = 15.0
"""Seconds for one attempt."""


class ChannelMessage:
    """Posts a rendered message. Subclasses say into what, and deliver it; `sink` decides what is escaped."""

    name: ClassVar[str]
    longest: ClassVar[int]

    def __init__(self, services: Services) -> None:
        self.services = services

    def sink(self) -> Sink:
        """Where values of fields are written into."""
        raise NotImplementedError

    def intend(self, schema: Schema, facts: Facts, args: Mapping[str, JSON]) -> Intent:
        """One queue for each channel: that is how these services limit rates."""
        if not args.get("channel") or not args.get("message"):
            raise ActionError("the channel or the message is missing")
        channel = str(args["channel"])
        return Intent(f"{self.name}:{channel}", {"channel": channel, "message": str(args["message"])})

    async def prepare(self, effect: Effect, facts: Facts) -> JSON:
        """Render the message."""
        from stdlib_actions.rendering import Renderer

        text = Renderer(self.services.schema(), facts).inline(effect.args["message"], self.sink()).strip()
        if not text:
            raise ActionError("the message is empty")
        return {"text": text[: self.longest]}

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """Make one attempt."""
        raise NotImplementedError

    def describe(self, args: Mapping[str, JSON], prepared: JSON) -> str:
        """What simulation shows."""
        return f"{self.name} {args.get('channel')}: {(prepared or {}).get('text', '')}"

    async def post(self, channel: str, address: Secret, body: JSON, missing: str) -> Outcome:
        """Post JSON to an address that is a secret; `missing` is said when there is none."""
        import msgspec

        from runtime.egress.errors import EgressError
        from runtime.egress.outcome import outcome_of, outcome_of_error
        from runtime.settings import SettingsError
        from stdlib_actions.connections import Request

        services = self.services
        if services.egress is None:
            return Outcome(OutcomeKind.FAILED, "nothing is sent from a simulation")
        try:
            url = address.read(services.root, services.env)
        except SettingsError as problem:
            return Outcome(OutcomeKind.RETRY, f"the message for {channel} cannot be posted: {problem}")
        if not url:
            return Outcome(OutcomeKind.RETRY, missing)
        headers = {"Content-Type": "application/json; charset=utf-8"}
        request = Request("POST", url, headers, msgspec.json.encode(body))
        try:
            return outcome_of(await services.connections.send(request, timeout=TIMEOUT))
        except EgressError as problem:
            return outcome_of_error(problem)
