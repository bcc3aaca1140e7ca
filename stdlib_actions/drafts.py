"""Mail that a person looks at first: composed, kept, shown, changed, then sent in that person's name or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import DURATION, PERSON, TEXT
from rulelang.types.schema import Schema
from runtime.actions import ActionError, EffectAction, Facts, Intent
from runtime.model import JSON, Effect, Millis, Outcome, OutcomeKind
from stdlib_actions.mailing import MailEffect
from stdlib_actions.send_email import (
    FALLBACK,
    OPTIONS_OF_DRAFTS,
    PROMPT,
    TEMPLATE,
    TONE,
    SendHyper,
    SendTemplate,
)

if TYPE_CHECKING:
    from stdlib_actions.services import Services

DESTINATION = "drafts"
WAYS = ("company", "own")
LOOK_AGAIN = 86_400.0
"""Seconds after which a draft without a time limit is looked at, to no effect."""

_FOR = Param(
    "assignee",
    PERSON,
    "who looks at it and in whose name it goes out: `owner` (without it), or a person's address",
    required=False,
    role="person",
    default=None,
)
_WITHIN = Param(
    "expiry", DURATION, "how long it waits; then it is not sent and the run goes on", required=False
)
_VIA = Param(
    "via",
    TEXT,
    "`company` (without it): the server's mail account; `own`: the person's, from `[accounts]` of the settings",
    required=False,
    positional=False,
    choices=WAYS,
)
_DOC = (
    "The message is composed and kept, on the page `/drafts` and under `/v1/drafts`, until its person approves it, "
    "changed or not, or refuses it. Then it goes out, in the name of that person. The run waits; it goes on too when "
    "the message is refused or nobody has looked in time (`let answer = draft email …` tells: `answer.ok`, "
    "`answer.error`). A run that ends takes its draft back. Consent is read when it is approved."
)

DECLARATIONS = (
    Action(
        name="draft_email_template",
        phrase="draft email template() [to {to}] [for {assignee}] [within {expiry}]",
        performs=Performs.EFFECT,
        summary="prepare an e-mail from a template for a person to send",
        doc=f"{_DOC} A template of HTML makes a message of HTML.",
        example=(
            'on stage enter "SQL"\ndo\n  draft email template("confirm", via: own) for owner within 2d\nend\n'
        ),
        rows=("A21", "A22", "A23"),
        params=(TEMPLATE, _VIA, *OPTIONS_OF_DRAFTS, _FOR, _WITHIN),
        channel="email",
        uses_event=True,
    ),
    Action(
        name="draft_email_hyper",
        phrase="draft email hyper() [to {to}] [for {assignee}] [within {expiry}]",
        performs=Performs.EFFECT,
        summary="have a language model prepare an e-mail for a person to send",
        doc=_DOC,
        example=(
            'on stage enter "SQL"\n'
            "do\n"
            '  let answer = draft email hyper("confirm the meeting") for owner within 2d\n'
            '  if not answer.ok then create task "Write to {{ contact.name }}" for owner end\n'
            "end\n"
        ),
        rows=("A8", "A21", "A22"),
        params=(PROMPT, TONE, FALLBACK, _VIA, *OPTIONS_OF_DRAFTS, _FOR, _WITHIN),
        channel="email",
        uses_event=True,
    ),
)


class _Drafted(MailEffect):
    """What both kinds of drafts share."""

    def intend(self, schema: Schema, facts: Facts, args: Mapping[str, JSON]) -> Intent:
        """Choose the person besides the recipients; the message goes out in that person's name."""
        person = _person(args, facts)
        chosen = super().intend(schema, facts, {**args, "from": f"person:{person}"}).args
        return Intent(DESTINATION, {**chosen, "person": person})

    async def prepare(self, effect: Effect, facts: Facts) -> JSON:
        """The draft, with who is to look at it and until when."""
        prepared = await super().prepare(effect, facts)
        held: dict[str, JSON] = {"person": effect.args["person"], "until": self._until(effect)}
        return {**prepared, "held": held}

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """Send what was approved; hold what nobody has decided about yet."""
        if "refused" in prepared:
            note = f": {prepared['note']}" if prepared.get("note") else ""
            return Outcome(OutcomeKind.SUPPRESSED, f"refused by {prepared['refused']}{note}")
        if "approved" in prepared:
            return await self._send(effect, prepared, facts)
        return self._hold(prepared["held"])

    def _hold(self, held: Mapping[str, JSON]) -> Outcome:
        until: Millis | None = held["until"]
        left = LOOK_AGAIN if until is None else until / 1000 - self.services.clock()
        if left <= 0:
            return Outcome(OutcomeKind.SUPPRESSED, f"{held['person']} did not look at it in time")
        return Outcome(OutcomeKind.HELD, f"waits for {held['person']}", retry_after=left)

    async def _send(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        if effect.args.get("via") != "own":
            return await super().deliver(effect, prepared, facts)
        person = effect.args["person"]
        account = self.services.account(person)
        if account is None:
            reason = (
                f'there is no mail account of {person}: it is set in `[accounts."{person}"]` of rulelang.toml'
            )
            return Outcome(OutcomeKind.FAILED, reason)
        return await self.deliver_by(account, effect, prepared, facts)

    def _until(self, effect: Effect) -> Millis | None:
        from zoneinfo import ZoneInfo

        from rulelang.calendar import parse_duration, shift

        expiry = effect.args.get("expiry")
        if not expiry:
            return None
        return shift(
            effect.created_at, parse_duration(str(expiry)), ZoneInfo(self.services.schema().time_zone)
        )


class DraftTemplate(_Drafted, SendTemplate):
    """A draft from a template."""


class DraftHyper(_Drafted, SendHyper):
    """A draft that the model writes."""


def _person(args: Mapping[str, JSON], facts: Facts) -> str:
    name = str(args.get("assignee") or facts.subject.get("owner") or "").removeprefix("person:")
    if not name or "@" not in name:
        raise ActionError("there is nobody to look at the message: the subject has no owner")
    return name.lower()


def effects(services: Services) -> Mapping[str, EffectAction]:
    """What performs the actions of this file, by name."""
    return {"draft_email_template": DraftTemplate(services), "draft_email_hyper": DraftHyper(services)}
