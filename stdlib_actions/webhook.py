"""Webhooks: the run's facts as signed JSON to an address of your choice."""

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

MAX_BODY = 256 * 1024
"""The largest body that is posted, in bytes."""

DECLARATIONS = (
    Action(
        name="webhook_post",
        phrase="webhook post {url}",
        performs=Performs.EFFECT,
        summary="post the subject's facts to a web address",
        doc=(
            "Posts JSON with the contact, the account, the opportunity, the event, the stage, the rule "
            "and the run, signed as Standard Webhooks describes. `webhook-id` and `Idempotency-Key` are "
            "equal on every try, so that the receiver can tell a repeat. Any 2xx is success; 408, 425, 429 "
            "and 5xx are tried again, other answers are final. Redirects are not followed, private "
            "addresses are refused."
        ),
        example='on stage enter "Won" do webhook post "https://hooks.example.com/won"\n',
        rows=("A18", "A27"),
        params=(Param("url", TEXT, "where to post", role="url"),),
        idempotent=True,
        uses_event=True,
    ),
)


class WebhookPost:
    """Posts the facts, composed once, signed at each try."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def intend(self, schema: Schema, facts: Facts, args: Mapping[str, JSON]) -> Intent:
        """The queue is the receiver's origin; an address that may never be reached fails the step."""
        from runtime.egress.errors import Refused
        from runtime.egress.guard import check_url

        url = args.get("url")
        if not url:
            raise ActionError("there is no address to post to: the value is missing")
        try:
            vetted = check_url(str(url), self._services.egress_policy)
        except Refused as problem:
            raise ActionError(f"the webhook cannot be posted: {problem}") from None
        return Intent(vetted.origin, {"url": str(url)})

    async def prepare(self, effect: Effect, facts: Facts) -> JSON:
        """The body, kept as text so that every try sends the same bytes."""
        import json

        body = json.dumps(webhook_body(effect, facts), ensure_ascii=False, separators=(",", ":"))
        if len(body.encode("utf-8", "replace")) > MAX_BODY:
            raise ActionError(f"the webhook's body is larger than {MAX_BODY // 1024} KiB")
        return {"body": body}

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """Make one attempt."""
        from runtime.settings import SettingsError
        from runtime.signing import SigningError
        from stdlib_actions.posting import post

        body = str(prepared["body"]).encode("utf-8", "replace")
        try:
            headers = self._headers(effect.key, body)
        except (SettingsError, SigningError) as problem:
            return Outcome(OutcomeKind.RETRY, f"the webhook cannot be signed: {problem}")
        timeout = self._services.settings.webhook.timeout
        return await post(
            self._services.egress, effect.args["url"], headers, body, key=effect.key, timeout=timeout
        )

    def describe(self, args: Mapping[str, JSON], prepared: JSON) -> str:
        """What simulation shows."""
        return f"webhook to {args.get('url')}: {(prepared or {}).get('body', '')}"

    def _headers(self, key: str, body: bytes) -> dict[str, str]:
        from runtime.signing import sign

        headers = {"Content-Type": "application/json"}
        services = self._services
        secret = services.settings.webhook.secret.read(services.root, services.env)
        return headers | sign(secret, key, int(services.clock()), body)


def webhook_body(effect: Effect, facts: Facts) -> dict[str, JSON]:
    """The documented body (docs/actions.md): what happened, to whom, and which rule says so."""
    from rulelang.calendar import instant_text

    event = effect.event or dict(facts.event)
    return {
        "type": event.get("type", ""),
        "timestamp": instant_text(effect.created_at),
        "data": {
            "subject": {"kind": effect.subject.kind, "id": effect.subject.id},
            "contact": dict(facts.contact) or None,
            "account": dict(facts.account) or None,
            "opportunity": dict(facts.opportunity) or None,
            "event": event,
            "stage": facts.subject.get("stage"),
            "rule": effect.rule,
            "run": effect.run,
            "step": effect.step,
        },
    }


def effects(services: Services) -> Mapping[str, EffectAction]:
    """What performs the actions of this file, by name."""
    return {"webhook_post": WebhookPost(services)}
