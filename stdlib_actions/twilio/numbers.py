"""Telephone numbers in the one form that is dialled, E.164, and whose number a recipient argument means."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rulelang.types.schema import Schema
from runtime.actions import ActionError, Facts
from runtime.model import JSON

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_FILLING = re.compile(r"[\s().\-/\u00a0]+")


def e164(text: str) -> str | None:
    """A number as `+49301234567`; None when it is none, or lacks its country code."""
    bare = _FILLING.sub("", text)
    bare = f"+{bare[2:]}" if bare.startswith("00") else bare
    return bare if _E164.fullmatch(bare) else None


def number_of(to: JSON, schema: Schema, facts: Facts) -> str:
    """The number that a recipient argument means.

    Raises:
        ActionError: nobody is meant, or somebody without a number that can be dialled.
    """
    match str(to or "").partition(":"):
        case ("contact", "", ""):
            return _of_record(facts.contact, facts.key.kind)
        case ("owner", "", ""):
            return _of_person(facts.subject.get("owner"), facts.key.kind, schema)
        case ("account owner", "", ""):
            return _of_person(facts.account.get("owner"), "account", schema)
        case ("person", ":", email) if email:
            return _of_person(email, facts.key.kind, schema)
        case ("number", ":", text) if text:
            return _checked(text, f"the number `{text[:40]}`")
        case _:
            raise ActionError("there is nobody to reach: the recipient is missing")


def _of_record(fields: Mapping[str, JSON], kind: str) -> str:
    if not fields:
        raise ActionError(f"the {kind} has no contact to reach")
    if not fields.get("phone"):
        raise ActionError("the contact has no telephone number")
    return _checked(str(fields["phone"]), "the contact's number")


def _of_person(email: JSON, kind: str, schema: Schema) -> str:
    if not email:
        raise ActionError(f"the {kind} has no owner to reach")
    person = schema.people.get(str(email).lower())
    if person is None or not person.phone:
        raise ActionError(
            f'`{email}` has no telephone number; declare it: `person "{email}": "Name", "+49…"`'
        )
    return person.phone


def _checked(text: str, what: str) -> str:
    found = e164(text)
    if found is None:
        raise ActionError(
            f"{what} cannot be dialled: it is no number with its country code, such as +49301234567"
        )
    return found
