"""What the trigger declarations are made of: slots with their filters, and types that several payloads share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rulelang.catalog.model import JSON, Clock, Derivation, Effect, Filter, Param, Trigger
from rulelang.types.builtin import CURRENCY
from rulelang.types.model import MONEY, TEXT, Kind, Type

CONTACT = ("contact",)
ACCOUNT = ("account",)
OPPORTUNITY = ("opportunity",)
CUSTOMERS = ("contact", "account")
EVERYONE = ("contact", "account", "opportunity")

RECORDS = Type(Kind.LIST, item=Type(Kind.RECORD))
AMOUNT: Mapping[str, Type] = {"amount": MONEY, "currency": CURRENCY}
"""An amount of money in an event, as it was sent, and the currency that it is in."""


def enum(name: str, *values: str) -> Type:
    """An enumeration of an event's payload."""
    return Type(Kind.ENUM, name=name, values=values)


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot of a trigger's phrase together with what it demands of the payload."""

    param: Param
    filters: tuple[Filter, ...]


def slot(
    name: str,
    doc: str,
    type_: Type = TEXT,
    *,
    path: str = "",
    op: str = "eq",
    choices: tuple[str, ...] = (),
    role: str = "",
) -> Slot:
    """A slot that compares the payload's `path` (else its own name) with its value by `op`."""
    filters = () if role == "event" else (Filter(name, (path or name,), op),)
    return Slot(Param(name, type_, doc, choices=choices, role=role), filters)


def moment(name: str, doc: str, type_: Type = TEXT, *, choices: tuple[str, ...] = (), role: str = "") -> Slot:
    """A slot that says when a trigger of the clock fires."""
    return Slot(Param(name, type_, doc, choices=choices, role=role), ())


def choice(name: str, doc: str, type_: Type, *, path: str = "", op: str = "eq") -> Slot:
    """A slot that takes the values of an enumeration only."""
    return slot(name, doc, type_, path=path, op=op, choices=type_.values)


def trigger(
    name: str,
    phrase: str,
    summary: str,
    *,
    doc: str,
    example: str,
    payload: Mapping[str, Type],
    sample: Mapping[str, JSON],
    event: str = "",
    subjects: tuple[str, ...] = CONTACT,
    slots: Iterable[Slot] = (),
    rows: tuple[int, ...] = (),
    where: Mapping[str, JSON] | None = None,
    unless: Mapping[str, JSON] | None = None,
    derivation: Derivation = Derivation.NONE,
    effect: Effect = Effect.NONE,
    field: str = "",
    value_key: str = "",
    clock: Clock | None = None,
) -> Trigger:
    """A trigger whose event is called like itself unless `event` says otherwise; slots in `[ ]` are optional."""
    optional = set(re.findall(r"\{(\w+)\}", " ".join(re.findall(r"\[[^\]]*\]", phrase))))
    all_slots = tuple(slots)
    return Trigger(
        name=name,
        phrase=phrase,
        event=name if not event and "." in name else event,
        subjects=subjects,
        payload=payload,
        summary=summary,
        doc=doc,
        example=example,
        sample=sample,
        rows=rows,
        slots=tuple(replace(s.param, required=s.param.name not in optional) for s in all_slots),
        filters=tuple(f for s in all_slots for f in s.filters),
        where=where or {},
        unless=unless or {},
        derivation=derivation,
        effect=effect,
        field=field,
        value_key=value_key,
        clock=clock,
    )
