"""Who looks after a subject: `assign`, to a person or in turn to the members of a team, and `unassign`."""

from __future__ import annotations

from collections.abc import Mapping

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import PERSON
from runtime.actions import ActionError, LocalAction, LocalContext
from runtime.model import JSON

DECLARATIONS = (
    Action(
        name="assign",
        phrase="assign()",
        performs=Performs.LOCAL,
        summary="make a person the owner, or the next member of a team",
        doc=(
            "Sets the owner of the rule's subject. With a person, that person becomes the owner. With a "
            "team, the members take turns in the order in which the team names them; the turn is kept, is "
            "shared by all rules and survives a restart. Add `when owner is not set` to leave owned "
            "subjects alone."
        ),
        example=(
            'on stage enter "SQL"\n'
            "do\n"
            '  assign("Sales") when owner is not set\n'
            '  notify owner "{{ contact.first_name }} is yours"\n'
            "end\n"
        ),
        rows=("A1", "A25"),
        params=(
            Param(
                "who", PERSON, "a person's e-mail address, a team's name or a field", role="person_or_team"
            ),
        ),
        idempotent=True,
    ),
    Action(
        name="unassign",
        phrase="unassign",
        performs=Performs.LOCAL,
        summary="leave the subject without an owner",
        doc="Clears the owner of the rule's subject. A subject without an owner stays as it is.",
        example='on stage enter "Churned"\ndo\n  unassign\nend\n',
        rows=("A1", "A25"),
        idempotent=True,
    ),
)


def assign(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Set the owner to the person, or to the member of the team whose turn it is."""
    kind, _, name = str(args.get("who") or "").partition(":")
    if not name:
        raise ActionError("there is nobody to assign to: the value is missing")
    context.set("owner", context.next_turn(name) if kind == "team" else name.lower())


def unassign(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Clear the owner."""
    context.set("owner", None)


LOCAL: Mapping[str, LocalAction] = {"assign": assign, "unassign": unassign}
