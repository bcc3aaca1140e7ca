"""E-mail to the contact, the staff or an address: from a template, or written by a model (`hyper`)."""

from __future__ import annotations

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import BOOL, DURATION, TEXT

_TO = Param(
    "to",
    TEXT,
    "`contact` (without it), `owner`, `account owner`, a team's name, an address or a field",
    required=False,
    role="recipient",
    default="contact",
)
_DELAY = Param("delay", DURATION, "send this much later", required=False)
_TONE = Param("tone", TEXT, "how it should sound, such as `warm`", required=False, positional=False)
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
_OPTIONS = (_SUBJECT, _FROM, _REPLY_TO, _TRANSACTIONAL, _TO, _DELAY)

_CONSENT = (
    "A contact that is marked do not contact, or that has opted out of e-mail, gets nothing: consent is "
    "read at the step and again at the moment of sending. Mail to the staff is not affected. Every try "
    "carries the same Message-ID, so that a repeat is recognised."
)

DECLARATIONS = (
    Action(
        name="send_email_template",
        phrase="send email template() [to {to}] [after {delay}]",
        performs=Performs.EFFECT,
        summary="send an e-mail from a template",
        doc=(
            "Sends the template of this name from the folder `templates`. Its front matter gives the "
            "subject, its body is Liquid with the fields of the contact, the account and the event. "
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
        params=(Param("template", TEXT, "the template's name", role="template"), *_OPTIONS),
        channel="email",
        uses_event=True,
    ),
    Action(
        name="send_email_hyper",
        phrase="send email hyper() [to {to}] [after {delay}]",
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
            Param("prompt", TEXT, "what the message should say"),
            _TONE,
            Param(
                "fallback",
                TEXT,
                "the template to send when the model's text cannot be used",
                required=False,
                positional=False,
                role="template",
            ),
            *_OPTIONS,
        ),
        channel="email",
        uses_event=True,
    ),
)
