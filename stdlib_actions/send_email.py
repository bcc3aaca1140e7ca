"""E-mail to the contact, the staff or an address: from a template, or written by a model (`hyper`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import ANY, BOOL, DURATION, TEXT, Kind
from rulelang.types.schema import Schema
from runtime.actions import ActionError, EffectAction, Facts, Intent
from runtime.model import JSON, Effect
from stdlib_actions.mailing import MailEffect, Wording, reaches_contact

if TYPE_CHECKING:
    from pathlib import Path

    from stdlib_actions.hyper.model import Request
    from stdlib_actions.rendering import Renderer
    from stdlib_actions.services import Services

MAX_VOICE = 8000
"""How much of the brand voice a model is told, in characters."""

MAX_DERIVED_SUBJECT = 60
"""The longest subject line that is made from the text, in characters."""

_TO = Param(
    "to",
    TEXT,
    "`contact` (without it), `owner`, `account owner`, a team's name, an address or a field",
    required=False,
    role="recipient",
    default="contact",
)
_DELAY = Param("delay", DURATION, "send this much later", required=False)
TONE = Param("tone", TEXT, "how it should sound, such as `warm`", required=False, positional=False)
_SUBJECT = Param(
    "subject",
    TEXT,
    "the subject line; may hold `{{ fields }}`",
    required=False,
    positional=False,
    role="liquid",
)
_FROM = Param(
    "from", TEXT, "the sender: `owner` or an address", required=False, positional=False, role="recipient"
)
_REPLY_TO = Param(
    "reply_to",
    TEXT,
    "where answers go: `owner` or an address",
    required=False,
    positional=False,
    role="recipient",
)
_TRANSACTIONAL = Param(
    "transactional",
    BOOL,
    "whether it carries out what the contact asked for, so that an opt-out does not stop it",
    required=False,
    positional=False,
    default=False,
)
_TOPIC = Param(
    "topic",
    TEXT,
    "the topic it belongs to: only those who may get it do (`subscribe to`)",
    required=False,
    positional=False,
    role="topic",
)
_CC = Param("cc", TEXT, "who gets a copy", required=False, positional=False, role="recipient")
_BCC = Param(
    "bcc",
    TEXT,
    "who gets a copy that others do not see",
    required=False,
    positional=False,
    role="recipient",
)
_TRACK = Param(
    "track",
    BOOL,
    "whether opens and clicks are noted, where the server does that",
    required=False,
    positional=False,
)
TEMPLATE = Param("template", TEXT, "the template's name", role="template")
PROMPT = Param("prompt", TEXT, "what the message should say")
FALLBACK = Param(
    "fallback",
    TEXT,
    "the template to send when the model's text cannot be used",
    required=False,
    positional=False,
    role="template",
)
_ATTACH = Param(
    "attach",
    ANY,
    "what goes along: a document (`doc.id`), a file of the folder `documents`, or a list of them",
    required=False,
    positional=False,
    kinds=(Kind.TEXT, Kind.LIST),
)
OPTIONS_OF_DRAFTS = (_SUBJECT, _REPLY_TO, _CC, _BCC, _TRANSACTIONAL, _TOPIC, _TRACK, _ATTACH, _TO)
_OPTIONS = (_SUBJECT, _FROM, _REPLY_TO, _CC, _BCC, _TRANSACTIONAL, _TOPIC, _TRACK, _ATTACH, _TO, _DELAY)

_CONSENT = (
    "A contact that is marked do not contact, or that has opted out of e-mail, gets nothing: consent is "
    "read at the step and again at the moment of sending. Mail to the staff is not affected. Every try "
    "carries the same Message-ID, so that a repeat is recognised."
)

DECLARATIONS = (
    Action(
        name="send_email_template",
        phrase="send email template() [to {to}] [to team {to}] [after {delay}]",
        performs=Performs.EFFECT,
        summary="send an e-mail from a template",
        doc=(
            "Sends the template of this name from the folder `templates`. Its front matter gives the "
            "subject (without one the first words of the text do), its body is Liquid with the fields of "
            "the contact, the account and the event. "
            f"{_CONSENT}"
        ),
        example=(
            'on stage enter "SQL"\n'
            "do\n"
            '  send email template("confirm", reply_to: owner) after 30m\n'
            '  send email template("handover") to owner\n'
            "end\n"
        ),
        rows=("A8", "A20"),
        params=(TEMPLATE, *_OPTIONS),
        channel="email",
        uses_event=True,
    ),
    Action(
        name="send_email_hyper",
        phrase="send email hyper() [to {to}] [to team {to}] [after {delay}]",
        performs=Performs.EFFECT,
        summary="send an e-mail that a language model writes",
        doc=(
            "A model writes the message from your instruction, the brand voice and a few facts about the "
            "contact. What it writes passes a gate: bounded length, links to allowed hosts only, no "
            "images or markup, no numbers that are not among the facts. When it does not pass, or the "
            "model is slow or refuses, the fallback template is sent, or else a plain message of ours. "
            "The text is kept before the first try, so that every try sends the same. Without a "
            f"configured model the text is composed offline. {_CONSENT}"
        ),
        example=(
            'on stage enter "SQL"\n'
            "do\n"
            '  send email hyper("confirm the meeting", tone: "warm", fallback: "confirm") after 30m\n'
            "end\n"
        ),
        rows=("A8", "A20"),
        params=(
            PROMPT,
            TONE,
            FALLBACK,
            *_OPTIONS,
        ),
        channel="email",
        uses_event=True,
    ),
)


class SendTemplate(MailEffect):
    """An e-mail from a template of the workspace."""

    async def word(self, effect: Effect, facts: Facts) -> Wording:
        """Render the template with the facts of this moment."""
        renderer = self.renderer(facts)
        done = renderer.template(effect.args["template"])
        subject = _subject(effect.args, done.subject, done.text, renderer)
        return Wording(subject, done.text, done.html, done.sender, {"template": effect.args["template"]})


class SendHyper(MailEffect):
    """An e-mail that the model writes, or what stands in for it."""

    def intend(self, schema: Schema, facts: Facts, args: Mapping[str, JSON]) -> Intent:
        """As for all mail; an instruction is needed."""
        if not args.get("prompt"):
            raise ActionError("there is nothing to write: the instruction is missing")
        return super().intend(schema, facts, args)

    async def word(self, effect: Effect, facts: Facts) -> Wording:
        """Let the model write, once; what it wrote and how that came about is kept."""
        from stdlib_actions.hyper.composer import Composer

        renderer, args = self.renderer(facts), effect.args
        fallback = str(args.get("fallback") or "")
        render = partial(renderer.template, fallback) if fallback else None
        composer = Composer(self.services.model, self.services.settings.hyper)
        done = await composer.compose(self._request(args, facts), fallback, render)
        subject = _subject(args, done.subject, done.text, renderer)
        notes: dict[str, JSON] = {"composer": done.composer, "reason": done.reason, "prompt": done.prompt}
        return Wording(subject, done.text, done.html, done.sender, notes)

    def _request(self, args: Mapping[str, JSON], facts: Facts) -> Request:
        from stdlib_actions.hyper.facts import allowed_facts
        from stdlib_actions.hyper.model import Request

        hyper = self.services.settings.hyper
        return Request(
            instruction=str(args["prompt"]),
            tone=str(args.get("tone") or ""),
            voice=read_voice(self.services.root / hyper.brand_voice),
            sender=self.services.schema().name,
            facts=allowed_facts(facts.contact, hyper.facts),
            about=not reaches_contact(args, facts),
        )


def read_voice(path: Path) -> str:
    """The brand voice, bounded; "" when the workspace has none."""
    try:
        return path.read_text("utf-8", "replace")[:MAX_VOICE]
    except OSError:
        return ""


def _subject(args: Mapping[str, JSON], found: str, text: str, renderer: Renderer) -> str:
    """The subject line: the step's own, or the one that was found, or the first words of the text.

    Raises:
        ActionError: there is not a word in the whole message.
    """
    from textwrap import shorten

    from rulelang.template.model import Sink

    own = renderer.inline(str(args["subject"]), Sink.HEADER).strip() if args.get("subject") else ""
    subject = own or found or shorten(text, MAX_DERIVED_SUBJECT, placeholder=" …")
    if not subject:
        raise ActionError("the message is empty")
    return subject


def effects(services: Services) -> Mapping[str, EffectAction]:
    """What performs the actions of this file, by name."""
    return {"send_email_template": SendTemplate(services), "send_email_hyper": SendHyper(services)}
