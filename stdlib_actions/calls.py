"""Calls by way of Twilio: words that are spoken, perhaps a person connected, or a call flow written as TwiML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import BOOL, DURATION, TEXT
from rulelang.types.schema import Schema
from runtime.actions import ActionError, EffectAction, Facts, Intent
from runtime.model import JSON, Effect, Outcome, OutcomeKind

if TYPE_CHECKING:
    from stdlib_actions.rendering import Renderer
    from stdlib_actions.services import Services

MAX_TWIML = 4000
"""The longest call flow that Twilio takes with the request, in characters."""

_TO = Param(
    "to",
    TEXT,
    "`contact` (without it), `owner`, `account owner`, a person's e-mail address, a number or a field",
    required=False,
    role="phone",
    default="contact",
)
_DELAY = Param("delay", DURATION, "call this much later", required=False)
_NAMED = (
    Param("connect", TEXT, "whom to connect after the words, as with `to`", role="phone"),
    Param("whisper", TEXT, "what that person hears first; may hold `{{ fields }}`", role="liquid"),
    Param("keypress", TEXT, 'the key, such as `"1"`, that has to be pressed to be connected'),
    Param(
        "voicemail",
        TEXT,
        "what to say to an answering machine instead; may hold `{{ fields }}`",
        role="liquid",
    ),
    Param("ring", DURATION, "how long it rings"),
    Param("record", BOOL, "whether the call is recorded"),
    Param("transactional", BOOL, "whether the contact asked for it, so that an opt-out does not stop it"),
)
_DOC = (
    "Numbers need their country code; those of the staff are declared in the schema. What becomes of the call is heard "
    "as `call status …`, `voicemail` for an answering machine, when `twilio.status_url` points to an inbound address. "
    "Consent for calls is read at the step and again when the call is made. An attempt whose outcome is unknown waits "
    "for somebody to look."
)

DECLARATIONS = (
    Action(
        name="call_say",
        phrase="call say {text} [to {to}] [after {delay}]",
        performs=Performs.EFFECT,
        summary="call somebody and say something",
        doc=(
            "Speaks the text, and connects the person behind `connect` when there is one. `whisper`, `keypress` and "
            "`voicemail` need `twilio.voice_url`, where Twilio asks how the call goes on. A key that is pressed is the "
            f"event `call.key_pressed`. {_DOC}"
        ),
        example=(
            'on stage enter "SQL"\n'
            'do call say "Hello {{ contact.first_name }}" with connect = "+15005550002", ring = 30s\n'
        ),
        rows=("A10",),
        params=(Param("text", TEXT, "what to say; may hold `{{ fields }}`", role="liquid"), _TO, _DELAY),
        channel="call",
        named=_NAMED,
        uses_event=True,
    ),
    Action(
        name="call_flow",
        phrase="call flow() [to {to}] [after {delay}]",
        performs=Performs.EFFECT,
        summary="call somebody with a call flow",
        doc=(
            "The flow is a template of the folder `templates` that holds TwiML (`<Response>…`), where fields are "
            f"escaped. Its `<Gather>` and `<Number>` may name addresses of yours. {_DOC}"
        ),
        example='on stage enter "SQL" do call flow("welcome") with record = true\n',
        rows=("A10",),
        params=(Param("flow", TEXT, "the template's name", role="template"), _TO, _DELAY),
        channel="call",
        named=_NAMED[4:],
        uses_event=True,
    ),
)


class Call:
    """A call whose numbers and words stay as they were at the step."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def intend(self, schema: Schema, facts: Facts, args: Mapping[str, JSON]) -> Intent:
        """Choose the numbers."""
        from stdlib_actions.twilio.client import DESTINATION, check_account
        from stdlib_actions.twilio.numbers import number_of

        check_account(self._services)
        found = {**args, "number": number_of(args.get("to", "contact"), schema, facts)}
        if args.get("connect") is not None:
            found["connected"] = number_of(args["connect"], schema, facts)
        return Intent(DESTINATION, found)

    async def prepare(self, effect: Effect, facts: Facts) -> JSON:
        """The form as it will be posted, and the flow for the turns at which Twilio asks."""
        from stdlib_actions.twilio.client import sender, status_url
        from stdlib_actions.twilio.voice import answer

        origin = sender(self._services)
        if "MessagingServiceSid" in origin:
            raise ActionError("calls come from a number: `twilio.from` is a messaging service")
        form = {"To": effect.args["number"], **origin, **_options(effect.args)}
        form |= status_url(self._services, facts.contact.get("id"))
        renderer = self._renderer(facts)
        if "flow" in effect.args:
            return {"form": form | {"Twiml": _bounded(_sound(renderer.flow(str(effect.args["flow"]))))}}
        flow = _turns(effect.args, renderer)
        if not _ASKED & flow.keys():
            return {"form": form | {"Twiml": _bounded(answer(flow, "", {}, {}))}}
        if not self._services.settings.twilio.voice_url and self._services.egress is not None:
            raise ActionError(
                "`whisper`, `keypress` and `voicemail` need `twilio.voice_url` in rulelang.toml"
            )
        return {"form": form, "flow": flow}

    def _renderer(self, facts: Facts) -> Renderer:
        from stdlib_actions.rendering import Renderer

        return Renderer(self._services.schema(), facts)

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """Ask for consent once more, and make one attempt."""
        from runtime.settings import SettingsError
        from stdlib_actions.sms import withheld
        from stdlib_actions.twilio.client import link, post

        reason = withheld("call", effect.args, facts)
        if reason:
            return Outcome(OutcomeKind.SUPPRESSED, reason)
        form = dict(prepared["form"])
        if "flow" in prepared:
            try:
                form["Url"] = link(self._services, effect.key)
            except SettingsError as problem:
                return Outcome(OutcomeKind.RETRY, f"Twilio cannot be reached: {problem}")
        return await post(self._services, "Calls", form, effect.key)

    def describe(self, args: Mapping[str, JSON], prepared: JSON) -> str:
        """What simulation shows."""
        made = prepared or {}
        said = made.get("form", {}).get("Twiml") or made.get("flow", {}).get("say", "")
        return f"call to {args.get('number')}: {said}"


_ASKED = frozenset({"whisper", "keypress", "voicemail"})
"""What is decided only while the call goes on."""


def _turns(args: Mapping[str, JSON], renderer: Renderer) -> dict[str, str]:
    from rulelang.template.model import Sink

    found = {"say": renderer.inline(str(args["text"]), Sink.TEXT).strip()}
    if not found["say"]:
        raise ActionError("there is nothing to say: the text is empty")
    for name in ("whisper", "voicemail"):
        if args.get(name):
            found[name] = renderer.inline(str(args[name]), Sink.TEXT).strip()
    if args.get("keypress") is not None:
        found["keypress"] = str(args["keypress"])
    if "connected" in args:
        found["connect"] = str(args["connected"])
    return {name: text for name, text in found.items() if text}


def _options(args: Mapping[str, JSON]) -> dict[str, str]:
    from rulelang.calendar import parse_duration

    found: dict[str, str] = {}
    if args.get("voicemail"):
        found["MachineDetection"] = "DetectMessageEnd"
    if args.get("ring"):
        length = parse_duration(str(args["ring"]))
        found["Timeout"] = str(max(5, min(600, int(length.nominal))))
    if args.get("record"):
        found["Record"] = "true"
    return found


def _bounded(twiml: str) -> str:
    if len(twiml) > MAX_TWIML:
        raise ActionError(f"a call flow has at most {MAX_TWIML:,} characters, this one has {len(twiml):,}")
    return twiml


def _sound(twiml: str) -> str:
    from xml.etree import ElementTree

    try:
        root: Any = ElementTree.fromstring(twiml.strip())
    except ElementTree.ParseError as problem:
        raise ActionError(f"the call flow is no XML: {problem}") from None
    if root.tag != "Response":
        raise ActionError(f"a call flow begins with `<Response>`, not with `<{root.tag}>`")
    return twiml.strip()


def effects(services: Services) -> Mapping[str, EffectAction]:
    """What performs the actions of this file, by name."""
    return {"call_say": Call(services), "call_flow": Call(services)}
