"""The data that templates see: plain copies, made for one rendering, that nothing can reach out of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rulelang.template.limits import MAX_DATA_DEPTH, MAX_DATA_VALUES
from rulelang.template.model import TemplateError
from rulelang.types.schema import Schema

PEOPLE = "people"
"""The staff by e-mail address; not a name that templates can use, only what `contact.owner.name` looks up."""

_PLAIN = (str, int, float, bool, type(None))


def build_scope(
    schema: Schema,
    subject_kind: str,
    *,
    contact: Mapping[str, Any],
    account: Mapping[str, Any],
    opportunity: Mapping[str, Any],
    event: Mapping[str, Any],
    names: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The scope of a message about a subject of `subject_kind`: the fields of it and its related records.

    `event` is the data of the event that started the run, `names` what the run has named. A related record that does
    not exist is {}.
    """
    records = {"contact": contact, "account": account, "opportunity": opportunity}
    owner = records[subject_kind].get("owner")
    people = {email: {"email": email, "name": person.name} for email, person in schema.people.items()}
    address = owner.lower() if isinstance(owner, str) else ""
    return {
        **(names or {}),
        **records,
        "event": event,
        "owner": people.get(address) or ({"email": owner} if address else {}),
        "workspace": {"name": schema.name, "currency": schema.currency, "time_zone": schema.time_zone},
        PEOPLE: people,
    }


def plain_copy(scope: Mapping[str, Any]) -> dict[str, Any]:
    """A copy made of dict, list, str, int, float, bool and None only.

    Raises:
        TemplateError: something else is in it, or there is too much of it.
    """
    copier = _Copier()
    copied = copier.copy(scope, 0)
    assert isinstance(copied, dict)
    return copied


class _Copier:
    def __init__(self) -> None:
        self._left = MAX_DATA_VALUES

    def copy(self, value: object, depth: int) -> object:
        self._left -= 1
        if depth > MAX_DATA_DEPTH or self._left < 0:
            raise TemplateError("the data of the message is too large")
        if type(value) in _PLAIN:
            return value
        if isinstance(value, Mapping):
            return {self._key(key): self.copy(item, depth + 1) for key, item in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
            return [self.copy(item, depth + 1) for item in value]
        if isinstance(value, str):
            return str.__str__(value)
        raise TemplateError(f"the data of the message holds a {type(value).__name__}, which cannot be shown")

    def _key(self, key: object) -> str:
        if not isinstance(key, str):
            raise TemplateError("the data of the message holds a name that is no text")
        return str.__str__(key)
