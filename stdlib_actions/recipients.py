"""Who a message goes to, and who it comes from: names in arguments become addresses."""

from __future__ import annotations

from collections.abc import Mapping

from rulelang.types.schema import Schema
from runtime.actions import ActionError, Facts
from runtime.model import JSON
from stdlib_actions.mail.addresses import Address, AddressError, parse_address


def resolve(to: JSON, schema: Schema, facts: Facts) -> tuple[Address, ...]:
    """The addresses that a recipient argument means (docs/plan-format.md, "Names in arguments").

    Raises:
        ActionError: nobody is meant, or somebody without a usable address.
    """
    match str(to or "").partition(":"):
        case ("contact", "", ""):
            return (_contact(facts),)
        case ("owner", "", ""):
            return (_owner(facts.subject, facts.key.kind, schema),)
        case ("account owner", "", ""):
            return (_owner(facts.account, "account", schema),)
        case ("team", ":", name):
            return _team(name, schema)
        case ("person", ":", email) if email:
            return (_person(email, schema),)
        case ("address", ":", text) if text:
            return (_address(text),)
        case _:
            raise ActionError("there is nobody to write to: the recipient is missing")


def sender(chosen: JSON, default: str, schema: Schema, facts: Facts) -> Address:
    """The one address that `from` or `reply_to` means; `default` (text) without it.

    Raises:
        ActionError: it is a contact, several people, or no usable address.
    """
    if chosen is None:
        return _address(default)
    found = resolve(chosen, schema, facts)
    if chosen == "contact" or len(found) != 1:
        raise ActionError("a message comes from one person or address of your own")
    return found[0]


def full_name(fields: Mapping[str, JSON]) -> str:
    """What a record is called, from the fields that it has; "" when it has none of them."""
    if fields.get("name"):
        return str(fields["name"])
    parts = (fields.get("first_name"), fields.get("last_name"))
    return " ".join(str(part) for part in parts if part)


def _contact(facts: Facts) -> Address:
    if not facts.contact:
        raise ActionError(f"the {facts.key.kind} has no contact to write to")
    email = facts.contact.get("email")
    if not email:
        raise ActionError("the contact has no e-mail address")
    return _address(str(email), full_name(facts.contact))


def _owner(fields: Mapping[str, JSON], kind: str, schema: Schema) -> Address:
    owner = fields.get("owner")
    if not owner:
        raise ActionError(f"the {kind} has no owner to write to")
    return _person(str(owner), schema)


def _team(name: str, schema: Schema) -> tuple[Address, ...]:
    team = schema.teams.get(name)
    if team is None or not team.members:
        raise ActionError(f"the team `{name}` has no members to write to")
    return tuple(_person(member, schema) for member in team.members)


def _person(email: str, schema: Schema) -> Address:
    person = schema.people.get(email.lower())
    return _address(email, person.name if person else "")


def _address(text: str, name: str = "") -> Address:
    try:
        return parse_address(text, name)
    except AddressError as problem:
        raise ActionError(str(problem)) from None
