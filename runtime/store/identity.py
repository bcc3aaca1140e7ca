"""Who holds which e-mail address or external id: the first subject that had it, until it gives it up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from runtime.model import SubjectKey, SubjectState
from runtime.store.protocol import IdentityConflict

IDENTIFYING = ("email", "external_id")
"""The fields by which a subject can be found."""

LINKS = {"account": "account_id", "contact": "contact_id"}
"""The fields by which a subject links to another one, by the kind of that other one."""


class Identity(NamedTuple):
    """A value in an identifying field of one kind of subject."""

    kind: str
    field: str
    value: str


class Claims(NamedTuple):
    """The outcome: who holds each identity that was asked for, and who came too late."""

    holders: dict[Identity, str]
    conflicts: list[IdentityConflict]


def text_of(state: SubjectState, field: str) -> str | None:
    """The text in a field; None when it is empty or no text."""
    value = state.fields.get(field)
    return value if value and isinstance(value, str) else None


def wanted(state: SubjectState) -> list[Identity]:
    """The identities that a subject's fields ask for."""
    values = ((field, text_of(state, field)) for field in IDENTIFYING)
    return [Identity(state.key.kind, field, value) for field, value in values if value is not None]


def settle(states: Iterable[SubjectState], holders: Mapping[Identity, str]) -> Claims:
    """Decide who holds the identities that `states` ask for, given today's `holders`.

    A holder that is among the states and no longer asks gives it up; what is free is given in order.
    """
    asked = {state.key: wanted(state) for state in states}
    held: dict[Identity, str] = {}
    for identity, holder in holders.items():
        key = SubjectKey(identity.kind, holder)
        if key not in asked or identity in asked[key]:
            held[identity] = holder
    conflicts = []
    for key, identities in asked.items():
        for identity in identities:
            holder = held.setdefault(identity, key.id)
            if holder != key.id:
                conflicts.append(IdentityConflict(*identity, holder=holder, claimant=key.id))
    return Claims(held, conflicts)
