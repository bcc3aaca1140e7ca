"""Text messages and WhatsApp by way of Twilio: `send sms` and `send whatsapp`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import BOOL, DURATION, TEXT
from rulelang.types.schema import Schema
from runtime.actions import ActionError, EffectAction, Facts, Intent
from runtime.consent import needs_consent, refusal
from runtime.model import JSON, Effect, Outcome, OutcomeKind

if TYPE_CHECKING:
    from stdlib_actions.services import Services

MAX_TEXT = 1600
"""The longest message that Twilio takes, in characters."""

_PARAMS = (
    Param("text", TEXT, "what to write; may hold `{{ fields }}`", role="liquid"),
    Param(
        "to",
        TEXT,
        "`contact` (without it), `owner`, `account owner`, a person's e-mail address, a number or a field",
        required=False,
        role="phone",
        default="contact",
    ),
    Param("delay", DURATION, "send this much later", required=False),
)
_NAMED = (
    Param(
        "transactional",
        BOOL,
        "whether the contact asked for it, so that an opt-out does not stop it",
    ),
    Param("media", TEXT, "the address of a picture to send along", role="url"),
)
_DOC = (
    "Goes to the contact's `phone`, or to the person of the staff whose number the schema declares. Numbers need their "
    "country code. A contact that is marked do not contact, or that has opted out of text messages, gets nothing: "
    "consent is read at the step and again at the moment of sending. Who answers STOP is opted out, START opts in "
    "again. A final refusal is heard as `sms failed` with Twilio's error code; an attempt whose outcome is unknown "
    "waits for somebody to look, since Twilio cannot tell a repeat. `[twilio]` of `rulelang.toml` has the account."
)


def _declaration(name: str, phrase: str, summary: str, example: str, rows: tuple[str, ...]) -> Action:
    return Action(
        name=name,
        phrase=phrase,
        performs=Performs.EFFECT,
        summary=summary,
        doc=_DOC,
        example=example,
        rows=rows,
        params=_PARAMS,
        channel="sms",
        named=_NAMED,
        uses_event=True,
    )


DECLARATIONS = (
    _declaration(
        "send_sms",
        "send sms {text} [to {to}] [after {delay}]",
        "send a text message",
        'on stage enter "SQL" do send sms "Hello {{ contact.first_name }}, see you soon" after 30m\n',
        ("A9", "A20"),
    ),
    _declaration(
        "send_whatsapp",
        "send whatsapp {text} [to {to}] [after {delay}]",
        "send a WhatsApp message",
        'on stage enter "SQL" do send whatsapp "Hello {{ contact.first_name }}"\n',
        ("A9",),
    ),
)


class SendText:
    """A message whose number and words stay as they were at the step."""

    def __init__(self, services: Services, whatsapp: bool) -> None:
        self._services = services
        self._whatsapp = whatsapp

    def intend(self, schema: Schema, facts: Facts, args: Mapping[str, JSON]) -> Intent:
        """Choose the number."""
        from stdlib_actions.twilio.client import DESTINATION, check_account
        from stdlib_actions.twilio.numbers import number_of

        check_account(self._services)
        return Intent(DESTINATION, {**args, "number": number_of(args.get("to", "contact"), schema, facts)})

    async def prepare(self, effect: Effect, facts: Facts) -> JSON:
        """The form as it will be posted."""
        from rulelang.template.model import Sink
        from stdlib_actions.rendering import Renderer
        from stdlib_actions.twilio.client import sender, status_url

        schema = self._services.schema()
        text = Renderer(schema, facts).inline(str(effect.args["text"]), Sink.TEXT).strip()
        if not text:
            raise ActionError("the message is empty")
        if len(text) > MAX_TEXT:
            raise ActionError(f"a text message has at most {MAX_TEXT} characters, this one has {len(text)}")
        number = effect.args["number"]
        form = {"To": f"whatsapp:{number}" if self._whatsapp else number}
        form |= sender(self._services, self._whatsapp) | {"Body": text}
        if effect.args.get("media"):
            form["MediaUrl"] = str(effect.args["media"])
        return form | status_url(self._services, facts.contact.get("id"))

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """Ask for consent once more, and make one attempt."""
        from stdlib_actions.twilio.client import post

        reason = withheld("sms", effect.args, facts)
        if reason:
            return Outcome(OutcomeKind.SUPPRESSED, reason)
        return await post(self._services, "Messages", prepared, effect.key)

    def describe(self, args: Mapping[str, JSON], prepared: JSON) -> str:
        """What simulation shows."""
        what = "WhatsApp" if self._whatsapp else "text message"
        return f"{what} to {args.get('number')}: {(prepared or {}).get('Body', '')}"


def withheld(channel: str, args: Mapping[str, JSON], facts: Facts) -> str | None:
    """Why the contact must not be reached now; None when it may, or when somebody else is meant."""
    if not needs_consent(args, facts.contact):
        return None
    if not facts.contact:
        return "the contact no longer exists"
    return refusal(channel, facts.contact, transactional=bool(args.get("transactional")))


def effects(services: Services) -> Mapping[str, EffectAction]:
    """What performs the actions of this file, by name."""
    return {"send_sms": SendText(services, False), "send_whatsapp": SendText(services, True)}
