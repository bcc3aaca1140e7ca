"""All actions in one place: their declarations, light to load, and the library that performs them."""

from __future__ import annotations

from rulelang.catalog.model import Action
from stdlib_actions import (
    assign,
    consent_marks,
    fields,
    notify,
    rules,
    send_email,
    slack,
    stages,
    tags,
    webhook,
)

_FAMILIES = (assign, consent_marks, fields, tags, stages, rules, send_email, notify, slack, webhook)


def declarations() -> tuple[Action, ...]:
    """The declarations of all standard actions, in the order of the reference."""
    return tuple(action for family in _FAMILIES for action in family.DECLARATIONS)
