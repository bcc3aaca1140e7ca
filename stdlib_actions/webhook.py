"""Webhooks: the run's facts, or what the rule says, to an address; the answer is kept for later steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rulelang.catalog.model import Action, Names, Param, Performs
from rulelang.types.model import TEXT, TEXT_LIST
from rulelang.types.schema import Schema
from runtime.actions import ActionError, EffectAction, Facts, Intent
from runtime.links import Link
from runtime.model import JSON, Effect, Outcome, OutcomeKind

if TYPE_CHECKING:
    from stdlib_actions.connections import Request
    from stdlib_actions.services import Services

MAX_BODY = 256 * 1024
"""The largest body that is sent, in bytes."""

_PARAMS = (
    Param(
        "url",
        TEXT,
        "where to; its path may hold `{{ fields }}`, and with a connection it may begin with `/`",
        role="endpoint",
    ),
    Param("connection", TEXT, "a connection of `rulelang.toml`, such as `crm`", required=False, role="word"),
    Param("headers", TEXT_LIST, 'a list such as `["X-Plan: {{ plan }}"]`', required=False, role="headers"),
)
_FORMAT = Param("format", TEXT, "`json` (without it) or `form`", required=False, choices=("json", "form"))
_COMMON = (
    "`Idempotency-Key` is equal on every try, so that the receiver can tell a repeat. Any 2xx is success; 408, 425, "
    "429 and 5xx are tried again, other answers are final. Redirects are not followed, private addresses are refused. "
    'With `let answer = …` later steps may use `answer.status` and `answer.body`. `through "crm"` sends it with the '
    "address, authentication and headers of `[connections.crm]`; secrets never stand in rules."
)


def _sending(method: str, summary: str, example: str) -> Action:
    return Action(
        name=f"webhook_{method}",
        phrase=f"webhook {method} {{url}} [through {{connection}}] [as {{format}}] [headers {{headers}}]",
        performs=Performs.EFFECT,
        summary=summary,
        doc=(
            "Without `with` it is JSON with the contact, the account, the opportunity, the event, the stage, the rule "
            "and the run. With `with` the body holds what you name and nothing else. Without a connection it is signed "
            f"as Standard Webhooks describes, and `webhook-id` is equal on every try. {_COMMON}"
        ),
        example=example,
        rows=("A12", "A18", "A27"),
        params=(*_PARAMS, _FORMAT),
        names=Names.ANYTHING,
        idempotent=True,
        uses_event=True,
    )


def _asking(method: str, summary: str, example: str) -> Action:
    return Action(
        name=f"webhook_{method}",
        phrase=f"webhook {method} {{url}} [through {{connection}}] [headers {{headers}}]",
        performs=Performs.EFFECT,
        summary=summary,
        doc=f"It has no body; what stands behind `with` becomes the query of the address. {_COMMON}",
        example=example,
        rows=("A18", "A27"),
        params=_PARAMS,
        names=Names.ANYTHING,
        idempotent=True,
        uses_event=True,
    )


DECLARATIONS = (
    _sending(
        "post",
        "post facts to a web address",
        'on stage enter "Won" do webhook post "https://hooks.example.com/won"\n',
    ),
    _sending(
        "put",
        "put facts to a web address",
        'on stage enter "Won"\ndo\n'
        '  webhook put "/customers/{{ contact.external_id }}" through "crm" with stage = stage, score = score\nend\n',
    ),
    _sending(
        "patch",
        "change something at a web address",
        'on stage enter "Won" do webhook patch "/customers/{{ contact.external_id }}" through "crm" with won = true\n',
    ),
    _asking(
        "delete",
        "delete something at a web address",
        'on stage enter "Lost" do webhook delete "/seats/{{ contact.external_id }}" through "crm"\n',
    ),
    _asking(
        "get",
        "ask a web address",
        'on stage enter "SQL"\ndo\n'
        '  let answer = webhook get "https://api.example.com/rate" with plan = "pro"\n'
        "  set score = score + 5 when answer.status = 200\nend\n",
    ),
)


class WebhookCall:
    """One request, composed once, signed or authenticated at each try."""

    def __init__(self, services: Services, method: str) -> None:
        self._services = services
        self._method = method.upper()

    def intend(self, schema: Schema, facts: Facts, args: Mapping[str, JSON]) -> Intent:
        """The queue is the receiver's origin; an address that may never be reached fails the step."""
        from rulelang.template.model import Sink
        from runtime.egress.errors import Refused
        from runtime.egress.guard import check_url
        from stdlib_actions.connections import NoConnection
        from stdlib_actions.rendering import Renderer

        url = args.get("url")
        if not url:
            raise ActionError("there is no address to send to: the value is missing")
        renderer = Renderer(schema, facts)
        name = str(args.get("connection") or "")
        try:
            whole = self._services.connections.absolute(str(url), name) if name else str(url)
            whole = renderer.inline(whole, Sink.URL) if "{{" in whole else whole
            vetted = check_url(whole, self._services.egress_policy)
        except (NoConnection, Refused) as problem:
            raise ActionError(f"the webhook cannot be sent: {problem}") from None
        return Intent(vetted.origin, {**args, "url": whole, **_headers(args, renderer)})

    async def prepare(self, effect: Effect, facts: Facts) -> JSON:
        """The body, kept as text so that every try sends the same bytes."""
        values = effect.args.get("with")
        if self._method in ("GET", "DELETE"):
            return {"body": "", "query": _form(values or {})}
        form = effect.args.get("format") == "form"
        if form:
            body = _form(_flat(webhook_body(effect, facts)) if values is None else values)
        else:
            body = _json(webhook_body(effect, facts) if values is None else values)
        if len(body.encode("utf-8", "replace")) > MAX_BODY:
            raise ActionError(f"the webhook's body is larger than {MAX_BODY // 1024} KiB")
        return {"body": body, "type": "application/x-www-form-urlencoded" if form else "application/json"}

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """Make one attempt."""
        from runtime.egress.errors import EgressError
        from runtime.settings import SettingsError
        from runtime.signing import SigningError
        from stdlib_actions.connections import NoConnection, answered, failure

        if self._services.egress is None:
            return Outcome(OutcomeKind.FAILED, "nothing is sent from a simulation")
        name = str(effect.args.get("connection") or "")
        try:
            request = self._request(effect, prepared, signed=not name)
            timeout = self._services.settings.webhook.timeout
            return answered(await self._services.connections.send(request, name, timeout))
        except (SettingsError, SigningError) as problem:
            return Outcome(OutcomeKind.RETRY, f"the webhook cannot be signed: {problem}")
        except (EgressError, NoConnection) as problem:
            return failure(problem)

    def _request(self, effect: Effect, prepared: Mapping[str, Any], signed: bool) -> Request:
        from stdlib_actions.connections import Request

        body = str(prepared["body"]).encode("utf-8", "replace")
        headers: dict[str, str] = dict(effect.args.get("sent_headers") or {})
        if "type" in prepared:
            headers = {"Content-Type": str(prepared["type"])} | headers
        if signed:
            headers |= self._signature(effect.key, body)
        headers |= self._callback(effect)
        url, query = effect.args["url"], prepared.get("query")
        url = f"{url}{'&' if '?' in url else '?'}{query}" if query else url
        return Request(self._method, url, headers, body, effect.key)

    def _callback(self, effect: Effect) -> dict[str, str]:
        """Where the receiver may answer the run."""
        links = self._services.callbacks
        if links is None:
            return {}
        token = links.token(Link("b", effect.subject.id, effect.run))
        return {"Rulelang-Callback": f"{links.public_url}/v1/callbacks/{token}"}

    def _signature(self, key: str, body: bytes) -> dict[str, str]:
        from runtime.signing import sign

        services = self._services
        secret = services.settings.webhook.secret.read(services.root, services.env)
        return sign(secret, key, int(services.clock()), body)

    def describe(self, args: Mapping[str, JSON], prepared: JSON) -> str:
        """What simulation shows."""
        made = prepared or {}
        if self._method == "POST" and "connection" not in args:
            return f"webhook to {args.get('url')}: {made.get('body', '')}"
        query = f"?{made['query']}" if made.get("query") else ""
        return f"webhook {self._method} {args.get('url')}{query}: {made.get('body', '')}".rstrip(": ")


def _headers(args: Mapping[str, JSON], renderer: Any) -> dict[str, JSON]:
    from rulelang.template.model import Sink

    found: dict[str, str] = {}
    for line in args.get("headers") or ():
        name, _, value = str(line).partition(":")
        found[name.strip()] = renderer.inline(value.strip(), Sink.HEADER)
    return {"sent_headers": found} if found else {}


def _json(value: JSON) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _form(values: Mapping[str, JSON]) -> str:
    """Values as a form: what is missing is left out, lists repeat their name."""
    from urllib.parse import urlencode

    pairs = [
        (name, item if isinstance(item, str) else _json(item))
        for name, value in values.items()
        for item in (value if isinstance(value, list) else [value])
        if item is not None
    ]
    return urlencode(pairs)


def _flat(value: Mapping[str, JSON], before: str = "") -> dict[str, JSON]:
    """An object with the paths to its values as names: `data.contact.email`."""
    found: dict[str, JSON] = {}
    for name, item in value.items():
        path = f"{before}.{name}" if before else name
        found |= _flat(item, path) if isinstance(item, dict) else {path: item}
    return found


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
    return {
        f"webhook_{method}": WebhookCall(services, method)
        for method in ("post", "put", "patch", "delete", "get")
    }
