"""Which fields of records the rules of a file look at, so that samples can have them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from rulelang.plan.model import Plan
from rulelang.types.schema import SUBJECT_KINDS
from rulelang.workspace import CheckedWorkspace
from runtime.moments import SOURCES


def fields_looked_at(checked: CheckedWorkspace, path: str) -> dict[str, list[str]]:
    """Names of fields that can be set, by kind of record: those that the rules of a file read or wait for.

    Those that only texts of messages show are left out: a message can do without.
    """
    file = checked.files.get(path)
    plans = [rule.plan for rule in file.rules if rule.plan is not None] if file is not None else []
    found = {place for plan in plans for place in _read(plan)}
    known = checked.schema.fields
    return {
        kind: [name for name, field in known[kind].items() if (kind, name) in found and not field.read_only]
        for kind in SUBJECT_KINDS
    }


def _read(plan: Plan) -> Iterator[tuple[str, str]]:
    for clock in plan.clocks:
        for name in SOURCES[clock.source].reads(clock.params):
            yield plan.subject, name
    yield from _paths(msgspec.to_builtins(plan))


def _paths(value: Any) -> Iterator[tuple[str, str]]:
    """The record and the field of each `Get` in a part of a plan."""
    if isinstance(value, dict):
        if value.get("k") == "get" and len(value["p"]) > 1:
            yield value["p"][0], value["p"][1]
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _paths(part)
