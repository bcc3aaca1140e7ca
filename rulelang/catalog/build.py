"""Puts the catalogue together and refuses one that contradicts itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from rulelang.catalog.functions import functions
from rulelang.catalog.model import Action, Catalogue, Function, Trigger
from rulelang.catalog.phrase_syntax import slot_names
from rulelang.catalog.phrases import PhraseTable
from rulelang.catalog.triggers import builtin_triggers

T = TypeVar("T", Trigger, Action, Function)


class CatalogueError(ValueError):
    """Two declarations have one name, or a declaration refers to something that it does not have."""


def build_catalogue(actions: Iterable[Action], extra_triggers: Iterable[Trigger] = ()) -> Catalogue:
    """The built-in triggers and functions with these actions and further triggers.

    Raises CatalogueError for a name that is there twice or a filter without its slot or payload, PhraseError
    (phrase_syntax.py) for malformed phrases and for two that one text could both be.
    """
    catalogue = Catalogue(
        triggers=_by_name("trigger", (*builtin_triggers(), *extra_triggers)),
        actions=_by_name("action", actions),
        functions=_by_name("function", functions()),
    )
    for trigger in catalogue.triggers.values():
        _check_filters(trigger)
    PhraseTable(catalogue.triggers.values())
    PhraseTable(catalogue.actions.values())
    return catalogue


def _by_name(what: str, declarations: Iterable[T]) -> dict[str, T]:
    found: dict[str, T] = {}
    for declaration in declarations:
        if declaration.name in found:
            raise CatalogueError(f"there are two declarations of the {what} `{declaration.name}`")
        found[declaration.name] = declaration
    return found


def _check_filters(trigger: Trigger) -> None:
    slots = set(slot_names(trigger.phrase))
    filtered = {f.slot for f in trigger.filters} | {
        p.name for p in trigger.slots if p.role in ("event", "phrase")
    }
    clock = trigger.clock
    if clock is not None:
        filtered |= {name for name in slots if clock.takes(name)}
    if slots != filtered or slots != {p.name for p in trigger.slots}:
        raise CatalogueError(f"the slots of the trigger `{trigger.name}` and its filters differ")
    said = (
        *(f.path[0] for f in trigger.filters),
        *trigger.where,
        *trigger.unless,
        *(clock.params if clock else ()),
    )
    for path in said:
        if path not in trigger.payload:
            raise CatalogueError(f"the trigger `{trigger.name}` filters by `{path}`, which its payload lacks")
