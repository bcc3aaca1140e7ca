"""Actions of installed packages: modules that entry points of the group `rulelang.actions` name.

Such a module has the shape of the modules here: `DECLARATIONS`, and `LOCAL` (functions by action name) or
`effects(services)` or both.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rulelang.catalog.build import CatalogueError
from rulelang.catalog.model import Action, Performs
from runtime.actions import EffectAction, LocalAction

if TYPE_CHECKING:
    from stdlib_actions.services import Services

GROUP = "rulelang.actions"


class Family:
    """A module with actions, checked: every declaration has what performs it."""

    def __init__(self, name: str, module: Any) -> None:
        """`name` is what messages call it.

        Raises:
            CatalogueError: the module has not the shape that it must have.
        """
        self.name = name
        self.declarations: tuple[Action, ...] = tuple(getattr(module, "DECLARATIONS", ()))
        self.local: Mapping[str, LocalAction] = dict(getattr(module, "LOCAL", {}))
        self._effects: Callable[[Services], Mapping[str, EffectAction]] | None = getattr(
            module, "effects", None
        )
        if not self.declarations or not all(isinstance(action, Action) for action in self.declarations):
            raise CatalogueError(f"{name} has no DECLARATIONS of actions")
        self._check(Performs.LOCAL, self.local)

    def effects(self, services: Services) -> Mapping[str, EffectAction]:
        """What performs the effects, by action name.

        Raises:
            CatalogueError: a declared effect has nothing that performs it.
        """
        found = dict(self._effects(services)) if self._effects else {}
        self._check(Performs.EFFECT, found)
        return found

    def _check(self, performs: Performs, found: Mapping[str, object]) -> None:
        wanted = {action.name for action in self.declarations if action.performs is performs}
        if wanted != set(found):
            odd = ", ".join(sorted(wanted ^ set(found)))
            raise CatalogueError(f"{self.name}: declarations and implementations differ in {odd}")


@lru_cache(maxsize=1)
def installed_families() -> tuple[Family, ...]:
    """The action modules of installed packages, by name. They are code of the operator's choosing.

    Raises:
        CatalogueError: one of them cannot be loaded.
    """
    if not any(_mentions_group(path) for path in _entry_point_files()):
        return ()
    from importlib.metadata import entry_points

    return tuple(_load(point) for point in sorted(entry_points(group=GROUP), key=lambda point: point.name))


def _entry_point_files() -> Iterator[str]:
    for folder in filter(os.path.isdir, sys.path):
        for name in os.listdir(folder):
            if name.endswith(".dist-info"):
                yield os.path.join(folder, name, "entry_points.txt")


def _mentions_group(path: str) -> bool:
    """A look into the file first: importing the standard library's reader costs more than all declarations."""
    try:
        with open(path, "rb") as file:
            return f"[{GROUP}]".encode() in file.read()
    except OSError:
        return False


def _load(point: Any) -> Family:
    name = f"the package {point.dist.name}" if point.dist else f"the entry point {point.name}"
    try:
        return Family(name, point.load())
    except CatalogueError:
        raise
    except Exception as problem:  # whatever a foreign module does when it is imported
        raise CatalogueError(f"{name} cannot be loaded: {type(problem).__name__}: {problem}") from problem
