"""Messages to the staff by e-mail: `notify owner` and `notify team`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import TEAM, TEXT
from rulelang.types.schema import Schema
from runtime.actions import ActionError, EffectAction, Facts, Intent
from runtime.model import JSON, Effect
from stdlib_actions.mailing import MailEffect, Wording

if TYPE_CHECKING:
    from stdlib_actions.services import Services

_MESSAGE = Param("message", TEXT, "what to tell; may hold `{{ fields }}`", role="liquid")
_CONTEXT = (
    "The message goes out by e-mail, with who it is about below it: name, stage, status, score, owner and "
    "the event that started the run. A contact's opt-out does not stop messages to the staff."
)

DECLARATIONS = (
    Action(
        name="notify_owner",
        phrase="notify owner {message}",
        performs=Performs.EFFECT,
        summary="tell the owner of the subject, by e-mail",
        doc=(
            "Tells the person who owns the rule's subject. A subject without an owner fails the step. "
            f"{_CONTEXT}"
        ),
        example=(
            'on stage enter "SQL" when owner is set\n'
            'do notify owner "{{ contact.first_name }} wants to talk"\n'
        ),
        rows=("A19",),
        params=(_MESSAGE,),
        uses_event=True,
    ),
    Action(
        name="notify_team",
        phrase="notify team {team} {message}",
        performs=Performs.EFFECT,
        summary="tell all members of a team, by e-mail",
        doc=f"Tells every member of the team, in one message. {_CONTEXT}",
        example='on stage enter "Won" do notify team "Sales" "{{ contact.name }} has signed"\n',
        rows=("A19", "A26"),
        params=(Param("team", TEAM, "the team's name", role="team"), _MESSAGE),
        uses_event=True,
    ),
)


class Notify(MailEffect):
    """A message to the staff: the rendered words, and whom they are about."""

    def __init__(self, services: Services, to: str) -> None:
        """`to` is `owner`, or `team` for the one that the argument names."""
        super().__init__(services)
        self._to = to

    def intend(self, schema: Schema, facts: Facts, args: Mapping[str, JSON]) -> Intent:
        """The people are chosen now and do not change later."""
        if not args.get("message"):
            raise ActionError("there is nothing to tell: the message is missing")
        to = f"team:{args.get('team') or ''}" if self._to == "team" else self._to
        return super().intend(schema, facts, {**args, "to": to})

    async def word(self, effect: Effect, facts: Facts) -> Wording:
        """The message with its context; the rule's name and the person it is about are the subject line."""
        from rulelang.template.model import Sink
        from stdlib_actions.recipients import full_name

        message = self.renderer(facts).inline(effect.args["message"], Sink.TEXT).strip()
        name = full_name(facts.subject) or effect.subject.id
        return Wording(f"{effect.rule}: {name}", f"{message}\n\n-- \n{about(effect, facts)}")


_SHOWN = (
    "email",
    "phone",
    "company",
    "industry",
    "stage",
    "status",
    "score",
    "value",
    "plan",
    "health",
    "owner",
)


def about(effect: Effect, facts: Facts) -> str:
    """Who a message is about, one fact a line, and what began the run."""
    from stdlib_actions.recipients import full_name

    fields = facts.subject
    lines = [f"{effect.subject.kind}: {full_name(fields) or effect.subject.id}"]
    lines += [f"{name}: {fields[name]}" for name in _SHOWN if fields.get(name) not in (None, "", [])]
    if facts.key.kind != "account" and facts.account:
        lines.append(f"account: {full_name(facts.account)}")
    lines.append(f"event: {effect.event.get('type', '')}")
    lines.append(f"rule: {effect.rule}")
    lines.append(f"run: {effect.run}")
    return "\n".join(" ".join(line.split()) for line in lines) + "\n"


def effects(services: Services) -> Mapping[str, EffectAction]:
    """What performs the actions of this file, by name."""
    return {"notify_owner": Notify(services, "owner"), "notify_team": Notify(services, "team")}
