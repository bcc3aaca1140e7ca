"""All built-in triggers, one module for each family."""

from __future__ import annotations

from rulelang.catalog.model import Trigger
from rulelang.catalog.triggers import (
    affiliates,
    appointments,
    changes,
    clock,
    consent,
    courses,
    custom,
    lives,
    messages,
    opportunities,
    orders,
    payments,
    runs,
    schedules,
    social,
    stages,
    tags,
    web,
    work,
)

_FAMILIES = (
    stages,
    changes,
    consent,
    tags,
    opportunities,
    work,
    clock,
    schedules,
    messages,
    web,
    appointments,
    affiliates,
    courses,
    payments,
    orders,
    social,
    custom,
    runs,
    lives,
)


def builtin_triggers() -> tuple[Trigger, ...]:
    """The declarations of all families, in the order of the reference."""
    return tuple(trigger for family in _FAMILIES for trigger in family.TRIGGERS)
