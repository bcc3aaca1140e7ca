"""Samples to begin with: those of the workspace's files, else made from its schema and what its rules listen to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from rulelang.plan.model import Plan, TriggerPlan
from rulelang.types.model import Kind, Type
from rulelang.types.schema import SUBJECT_KINDS, FieldDef
from rulelang.workspace import CheckedWorkspace
from runtime.csvfile import Table, TableError
from runtime.events import EventCodec, EventError
from runtime.files import FileError, read_text
from workbench.testing.meaning import filled

RECORDS = 50
EVENTS = 200
_SUFFIXES = (".csv", ".json", ".jsonl")
_PEOPLE = (("lea@example.test", "Léa", "Martin"), ("tom@example.test", "Tom", "Okafor"))


def samples(checked: CheckedWorkspace, root: Path) -> dict[str, Any]:
    """`contacts`, `accounts`, `opportunities` and `events` in their public form; `files` are those they come from."""
    files: list[str] = []
    found: dict[str, Any] = {}
    for kind in SUBJECT_KINDS:
        name = "opportunities" if kind == "opportunity" else f"{kind}s"
        found[name] = _from_file(root, name, RECORDS, files, checked.schema.fields[kind])
    found["events"] = _from_file(root, "events", EVENTS, files, {})
    if not any(found[name] for name in found if name != "events"):
        found["contacts"] = list(_made_contacts(checked))
    if not found["events"]:
        subject = str(next((c["id"] for c in found["contacts"] if c.get("id")), "c_1"))
        found["events"] = list(_made_events(checked, subject))
    return {**found, "files": files}


# --- from files ------------------------------------------------------------------------------------


def _from_file(
    root: Path, name: str, most: int, files: list[str], fields: Mapping[str, FieldDef]
) -> list[Mapping[str, Any]]:
    """The first entries of the file of this name; none when there is no such file, or it cannot be read."""
    for suffix in _SUFFIXES:
        path = root / f"{name}{suffix}"
        if path.is_file() and not path.is_symlink():
            try:
                found = list(_objects(read_text(path), suffix, fields))[:most]
            except (FileError, TableError, msgspec.DecodeError):
                continue
            files.append(path.name)
            return found
    return []


def _objects(text: str, suffix: str, fields: Mapping[str, FieldDef]) -> Iterator[Mapping[str, Any]]:
    if suffix == ".csv":
        for line in Table(text, fields).lines():
            if not line.problem:
                yield {name: value for name, value in line.cells.items() if value != ""}
        return
    whole = suffix == ".json" or text.lstrip().startswith("[")
    values = (
        msgspec.json.decode(text) if whole else map(msgspec.json.decode, filter(str.strip, text.split("\n")))
    )
    yield from (value for value in values if isinstance(value, dict))


# --- made ------------------------------------------------------------------------------------------


def _made_contacts(checked: CheckedWorkspace) -> Iterator[dict[str, Any]]:
    """Two people; where a field has a few values, each has another."""
    schema = checked.schema
    for number, (email, first, last) in enumerate(_PEOPLE):
        contact: dict[str, Any] = {
            "id": f"c_{number + 1}",
            "email": email,
            "first_name": first,
            "last_name": last,
        }
        for field in schema.fields["contact"].values():
            value = _value(field.type, number)
            told = field.declared is not None or field.name == "score"
            if value is not None and told and not field.read_only:
                contact[field.name] = value
        status = schema.fields["contact"].get("status")
        if status is not None and status.type.values:
            contact["status"] = _one_of(status.type.values, number)
        if schema.people:
            contact["owner"] = _one_of(tuple(schema.people), number)
        yield contact


def _one_of(values: Sequence[str], number: int) -> str:
    return values[number % len(values)]


def _value(type_: Type, number: int) -> Any:
    match type_.kind:
        case Kind.ENUM if type_.values:
            return _one_of(type_.values, number)
        case Kind.BOOL:
            return number == 0
        case Kind.NUMBER | Kind.PERCENT:
            return 80 - 50 * number
        case _:
            return None


def _made_events(checked: CheckedWorkspace, contact: str) -> Iterator[dict[str, Any]]:
    """One event for each that the rules listen to and that somebody sends."""
    codec = EventCodec(checked.catalogue, checked.schema)
    told: set[str] = set()
    for plan in checked.plans:
        for trigger in plan.triggers:
            declared = checked.catalogue.triggers.get(trigger.trigger)
            if len(told) >= EVENTS or (declared is not None and declared.clock is not None):
                continue
            event = made_event(checked, codec, plan, trigger, contact)
            key = msgspec.json.encode(event).decode()
            if event is not None and key not in told:
                told.add(key)
                yield event


def made_event(
    checked: CheckedWorkspace, codec: EventCodec, plan: Plan, trigger: TriggerPlan, contact: str
) -> dict[str, Any] | None:
    """The event with the data that the rule asks for and, if the workspace takes it, that of the declaration."""
    declared = checked.catalogue.triggers.get(trigger.trigger)
    asked = filled(trigger.when)
    if trigger.event == "rule.start":
        asked["rule"] = plan.key
    subject = {"kind": plan.subject, "id": contact if plan.subject == "contact" else f"{plan.subject[0]}_1"}
    for data in ({**(declared.sample if declared else {}), **asked}, asked):
        event = {"type": trigger.event, "subject": subject, "data": data}
        try:
            codec.read({"id": "event-1", **event}, 0, ahead=None)
        except EventError:
            continue
        return event
    return None
