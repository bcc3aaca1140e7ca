"""Messages to the staff by e-mail: `notify owner` and `notify team`."""

from __future__ import annotations

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import TEAM, TEXT

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
