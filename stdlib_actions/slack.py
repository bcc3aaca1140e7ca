"""Messages to a Slack channel: through an incoming webhook, or by a bot that the workspace has installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import TEXT
from runtime.actions import EffectAction, Facts
from runtime.model import JSON, Effect, Outcome, OutcomeKind
from stdlib_actions.channels import TIMEOUT, ChannelMessage

if TYPE_CHECKING:
    from rulelang.template.model import Sink
    from runtime.egress.client import Reply
    from runtime.settings import Secret
    from runtime.settings import Slack as SlackSettings
    from stdlib_actions.services import Services

MAX_TEXT = 4000
"""The longest message that Slack takes, in characters."""

DECLARATIONS = (
    Action(
        name="slack",
        phrase="slack {channel} {message}",
        performs=Performs.EFFECT,
        summary="post a message to a Slack channel",
        doc=(
            "Posts through the incoming webhook that `rulelang.toml` names for the channel "
            "(`[slack.channels]`), or else by the bot whose token it names, or else through the default webhook. The "
            "bot may also be given the id of a channel or of a person. Values of fields are escaped, so that "
            "no name can mention a whole channel or hide a link. Slack takes no idempotency key: an "
            "attempt whose outcome is unknown waits for somebody to look."
        ),
        example='on stage enter "At Risk" do slack "#cs" "{{ contact.name }} is at risk"\n',
        rows=("A24",),
        params=(
            Param("channel", TEXT, 'the channel, such as `"#cs"`'),
            Param("message", TEXT, "what to post; may hold `{{ fields }}`", role="liquid"),
        ),
        uses_event=True,
    ),
)


class Slack(ChannelMessage):
    """Posts a rendered message through the channel's incoming webhook, or by the bot."""

    name = "slack"
    longest = MAX_TEXT

    def sink(self) -> Sink:
        """Values of fields come out escaped, so that they cannot mention or link."""
        from rulelang.template.model import Sink

        return Sink.SLACK

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """Make one attempt."""
        channel = effect.args["channel"]
        if self._by_bot(channel):
            return await self._post_message(effect, prepared)
        secret, own = webhook_of(self.services.settings.slack, channel)
        text = prepared["text"] if own else f"{_escaped(channel)}: {prepared['text']}"
        body: JSON = {"text": text, "unfurl_links": False, "unfurl_media": False}
        missing = f"no webhook is set for {channel}: add it to `[slack.channels]`"
        return await self.post(channel, secret, body, missing)

    def _by_bot(self, channel: str) -> bool:
        settings = self.services.settings.slack
        return bool(any(settings.token) and not webhook_of(settings, channel)[1])

    async def _post_message(self, effect: Effect, prepared: JSON) -> Outcome:
        """One call of chat.postMessage (api.slack.com/methods/chat.postMessage)."""
        import json

        from runtime.egress.errors import EgressError
        from runtime.settings import SettingsError
        from stdlib_actions.connections import Request, failure

        services, channel = self.services, effect.args["channel"]
        if services.egress is None:
            return Outcome(OutcomeKind.FAILED, "nothing is sent from a simulation")
        settings = services.settings.slack
        try:
            token = settings.token.read(services.root, services.env)
        except SettingsError as problem:
            return Outcome(OutcomeKind.RETRY, f"the message for {channel} cannot be posted: {problem}")
        body = {"channel": channel, "text": prepared["text"], "unfurl_links": False, "unfurl_media": False}
        headers = {"Content-Type": "application/json; charset=utf-8", "Authorization": f"Bearer {token}"}
        url = f"{settings.base_url.rstrip('/')}/api/chat.postMessage"
        request = Request("POST", url, headers, json.dumps(body).encode())
        try:
            return _posted(await services.connections.send(request, timeout=TIMEOUT))
        except EgressError as problem:
            return failure(problem)


_AGAIN = frozenset({"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable"})
"""Errors of Slack's API after which the same message may be posted later: nothing was posted."""

_MENDABLE = frozenset({"invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_authed"})
"""Errors of the token, which the operator can mend."""


def _posted(reply: Reply) -> Outcome:
    """What an answer means: Slack says `ok: false` with status 200 when it refuses."""
    from runtime.egress.outcome import kind_of, refusal
    from stdlib_actions.connections import parsed

    said = parsed(reply)
    answer: dict[str, JSON] = said if isinstance(said, dict) else {}
    result: dict[str, JSON] = {"status": reply.status}
    if reply.ok and answer.get("ok") is True:
        found = {"id": answer.get("ts"), "channel": answer.get("channel")}
        return Outcome(OutcomeKind.DONE, result=result | {k: v for k, v in found.items() if v})
    if reply.ok and "ok" not in answer:
        return Outcome(
            OutcomeKind.UNKNOWN, "Slack's answer broke off; the message may have been posted", result
        )
    if not reply.ok:
        return Outcome(kind_of(reply.status), refusal(reply), result, reply.retry_after)
    error = str(answer.get("error") or "unknown")[:100]
    kind = OutcomeKind.RETRY if error in _AGAIN | _MENDABLE else OutcomeKind.FAILED
    return Outcome(kind, f"Slack refused the message: {error}", result | {"code": error}, reply.retry_after)


def webhook_of(settings: SlackSettings, channel: str) -> tuple[Secret, bool]:
    """Where the webhook address for a channel is found (`#` may be left out), and whether it is the channel's own."""
    from runtime.settings import Secret

    bare = channel.lstrip("#")
    for name in (channel, f"#{bare}", bare):
        if name in settings.channels:
            return Secret(settings.channels[name], ""), True
    return Secret(settings.default, ""), False


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def effects(services: Services) -> Mapping[str, EffectAction]:
    """What performs the actions of this file, by name."""
    return {"slack": Slack(services)}
