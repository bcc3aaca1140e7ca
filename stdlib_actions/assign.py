"""Who looks after a record: `assign`, to a person, a member of a team or by territory, and `unassign`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import BOOL, PERSON, TEXT
from runtime.actions import ActionError, LocalAction, LocalContext
from runtime.model import JSON, SubjectKey

BY = ("turn", "load", "sticky")

_WHO = Param("who", PERSON, "a person's e-mail address, a team's name or a field", role="person_or_team")
_BY = Param(
    "by",
    TEXT,
    "which member of a team: whose `turn` it is (without it), with the least `load`, or as before (`sticky`)",
    required=False,
    positional=False,
    choices=BY,
)
_ONLY = Param(
    "only_unassigned", BOOL, "leave a record alone that has an owner", required=False, positional=False
)
_OTHERS: Mapping[str, tuple[str, ...]] = {
    "account": ("contact", "opportunity"),
    "contact": ("opportunity",),
    "opportunity": ("contact", "account"),
}
"""The records that can be given to somebody from a rule on another one, and the subjects of such rules."""


def _assign_other(kind: str, subjects: tuple[str, ...]) -> Action:
    sample = {
        "account": 'on stage enter "Won" do assign account to "Customer Success"\n',
        "contact": "on opportunity won do assign contact to owner\n",
        "opportunity": 'on stage enter "Won" do assign opportunity to "Sales"\n',
    }
    return Action(
        name=f"assign_{kind}",
        phrase=f"assign {kind} to {{who}}",
        performs=Performs.LOCAL,
        summary=f"make a person the owner of the subject's {kind}",
        doc=f"Sets the owner of the {kind} that the subject is linked to. With a team, its members take turns.",
        example=sample[kind],
        rows=("A1", "A25"),
        params=(_WHO,),
        subjects=subjects,
        idempotent=True,
    )


DECLARATIONS = (
    Action(
        name="assign",
        phrase="assign()",
        performs=Performs.LOCAL,
        summary="make a person the owner, or a member of a team",
        doc=(
            "Sets the owner of the rule's subject. With a person, that person becomes the owner. With a "
            "team, the members take turns in the order in which the team names them, each as often as its "
            "weight says (`weights` in the schema, 1 without); the turn is kept, is shared by all rules and "
            "survives a restart. `by: load` takes the member who owns the fewest records of this kind, measured "
            "by weight; `by: sticky` the one whom the team gave this record before. Add `only_unassigned: true` "
            "to leave owned subjects alone: then no turn is used up."
        ),
        example=(
            'on stage enter "SQL"\n'
            "do\n"
            '  assign("Sales", by: load, only_unassigned: true)\n'
            '  notify owner "{{ contact.first_name }} is yours" when owner is set\n'
            "end\n"
        ),
        rows=("A1", "A25"),
        params=(_WHO, _BY, _ONLY),
        idempotent=True,
    ),
    Action(
        name="assign_by_territory",
        phrase="assign by territory [fallback {who}]",
        performs=Performs.LOCAL,
        summary="make the owner of the territory the owner",
        doc=(
            "Territories are declared in the schema and tried in order; the first whose lines all fit the record, "
            "or its account where the record says nothing, decides. A territory of a team gives its members turns. "
            "Where none fits, the fallback is taken; without one the step fails."
        ),
        example=(
            'territory "EMEA"\n  country: DE, FR\n  owner: "Sales"\nend\n\n'
            'on contact created when country is set do assign by territory fallback "Sales"\n'
        ),
        rows=("A1", "A25"),
        params=(
            Param("who", PERSON, "who gets what is in no territory", required=False, role="person_or_team"),
        ),
        idempotent=True,
    ),
    *(_assign_other(kind, subjects) for kind, subjects in _OTHERS.items()),
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
    """Set the owner to the person, or to a member of the team."""
    if not (args.get("only_unassigned") and context.get("owner")):
        context.set("owner", chosen(context, args.get("who"), args.get("by") or "turn"))


def chosen(context: LocalContext, who: JSON, by: str = "turn") -> str:
    """The person meant: `who` is `person:…` or `team:…`.

    Raises:
        ActionError: nobody is meant, or the team has nobody to give.
    """
    kind, _, name = str(who or "").partition(":")
    if not name:
        raise ActionError("there is nobody to assign to: the value is missing")
    if kind != "team":
        return name.lower()
    person = _as_before(context, name) if by == "sticky" else None
    if person is None:
        person = _least_loaded(context, name) if by == "load" else context.next_turn(name)
    context.remember(f"team:{name}", person)
    return person


def _as_before(context: LocalContext, team: str) -> str | None:
    before, found = context.recall(f"team:{team}"), context.schema.teams.get(team)
    return str(before) if found is not None and before in found.members else None


def _least_loaded(context: LocalContext, team: str) -> str:
    found, weights = context.schema.teams.get(team), context.schema.weights.get(team, {})
    members = [m for m in (found.members if found else ()) if weights.get(m, 1)]
    if not members:
        raise ActionError(f"the team `{team}` has no members to assign to")
    # Who owns it now is not given it for owning one more; of equals the first named.
    own = context.get("owner")
    return min(members, key=lambda m: (context.load(m) - (m == own) + 1) / weights.get(m, 1))


def assign_by_territory(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Set the owner as the first territory that fits says."""
    record, account = context.facts.subject, context.facts.account
    found = next((t.owner for t in context.schema.territories if t.holds(record, account)), None)
    if found is None and "who" not in args:
        raise ActionError(f"the {context.subject.kind} is in no territory")
    context.set("owner", chosen(context, found or args["who"]))


def assign_other(kind: str, context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Let the record that the subject is linked to get another owner."""
    id = context.get(f"{kind}_id")
    if not id:
        raise ActionError(f"the {context.subject.kind} has no {kind}")
    owner = chosen(context, args.get("who"))
    context.tell(SubjectKey(kind, str(id)), "record.updated", {"fields": {"owner": owner}})


def unassign(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Clear the owner."""
    context.set("owner", None)


LOCAL: Mapping[str, LocalAction] = {
    "assign": assign,
    "assign_by_territory": assign_by_territory,
    **{f"assign_{kind}": partial(assign_other, kind) for kind in _OTHERS},
    "unassign": unassign,
}
