"""What is known about a person, handed to an address outside."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rulelang.lint.doing import all_steps
from rulelang.plan import model
from rulelang.plan.ir import Get, Ir, Lit, Op

PERSONAL = frozenset(
    [
        *("email", "first_name", "last_name", "name", "phone", "birth_date", "street", "postal_code", "city"),
        *("company", "job_title", "website"),
    ]
)
"""Fields of a contact that say who it is."""

_SHOWN = re.compile(r"\{\{-?\s*([a-z_]+(?:\.[a-z_]+)*)")


def handed_over(plan: model.Plan) -> Iterator[tuple[str, str, bool]]:
    """The steps that send a personal field: the step, the field, and whether it stands in the address."""
    for step, _ in all_steps(plan.steps):
        if isinstance(step, model.ActionStep) and step.action.startswith("webhook_"):
            for name in _in_text(step.args.get("url"), plan.subject):
                yield step.id, name, True
            asks = step.action in ("webhook_get", "webhook_delete")
            for value in step.params.values():
                yield from ((step.id, name, asks) for name in _in_value(value, plan.subject))


def _in_text(value: Ir | None, subject: str) -> Iterator[str]:
    if isinstance(value, Lit) and isinstance(value.v, str):
        for path in _SHOWN.findall(value.v):
            yield from _personal(tuple(path.split(".")), subject)


def _in_value(value: Ir, subject: str) -> Iterator[str]:
    match value:
        case Get(p):
            yield from _personal(p, subject)
        case Op(_, parts):
            for part in parts:
                yield from _in_value(part, subject)


def _personal(path: tuple[str, ...], subject: str) -> Iterator[str]:
    root, name = (path[0], path[1]) if len(path) > 1 else (subject, path[0])
    if root == "contact" and name in PERSONAL:
        yield name
