"""Reading what commands are given: a rule file, a folder of them, or a workspace."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from rulelang.catalog.build import build_catalogue
from rulelang.catalog.model import Catalogue
from rulelang.diagnostics.model import Diagnostic
from rulelang.workspace import CheckedWorkspace, load_workspace
from runtime.files import DATA, RULES_SUFFIX, FileError, read_files, read_text
from runtime.settings import FILE_NAME
from stdlib_actions.library import declarations
from workbench.errors import CommandError


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The standard catalogue with the actions of installed packages."""
    return build_catalogue(declarations())


def require_workspace(folder: Path) -> Path:
    """The folder, if it is a workspace: it has settings, rules or data.

    Raises:
        CommandError: it is none.
    """
    if not folder.is_dir():
        raise CommandError(f"{folder} is no folder; `rulelang new {folder}` makes a workspace there")
    known = (folder / FILE_NAME, folder / DATA)
    if not any(path.exists() for path in known) and not any(folder.rglob(f"*{RULES_SUFFIX}")):
        raise CommandError(
            f"{folder.resolve()} is no workspace: it has no {FILE_NAME} and no file that ends in `{RULES_SUFFIX}`; "
            "name one with --workspace, `rulelang new DIR` makes one"
        )
    return folder


class Loaded:
    """A checked workspace (or single file) and those of its files that were asked for."""

    def __init__(self, checked: CheckedWorkspace, root: Path, asked: frozenset[str] | None) -> None:
        self.checked = checked
        self.root = root
        self._asked = asked

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """What is to be said of the files asked for."""
        if self._asked is None:
            return self.checked.diagnostics
        return [d for d in self.checked.diagnostics if d.source.path in self._asked]

    def wants(self, file: str) -> bool:
        """Whether a rule of this file was asked for."""
        return self._asked is None or file in self._asked


def load(path: Path) -> Loaded:
    """Read and check a path: a folder as a workspace, a file within its workspace, a lone file by the defaults.

    Raises:
        CommandError: it does not exist or cannot be read.
    """
    if not path.exists():
        raise CommandError(f"{path} does not exist")
    try:
        with quick_load():
            return _load_folder(path) if path.is_dir() else _load_file(path)
    except FileError as error:
        raise CommandError(str(error)) from None


def _load_folder(root: Path) -> Loaded:
    files = read_files(root)
    if not files.rules:
        raise CommandError(
            f"{root} holds no file that ends in `.rules`; `rulelang new DIR` makes a workspace"
        )
    return Loaded(load_workspace(files.rules, catalogue(), files.templates), root, None)


def _load_file(path: Path) -> Loaded:
    root = workspace_of(path)
    if root is None:
        checked = load_workspace({path.name: read_text(path)}, catalogue(), {})
        return Loaded(checked, path.parent, frozenset({path.name}))
    name = path.resolve().relative_to(root).as_posix()
    files = read_files(root)
    rules = {**files.rules, name: read_text(path)}
    return Loaded(load_workspace(rules, catalogue(), files.templates), root, frozenset({name}))


def workspace_of(path: Path) -> Path | None:
    """The workspace that a file belongs to: the nearest folder above it with a `rulelang.toml`."""
    for folder in path.resolve().parents:
        if (folder / FILE_NAME).is_file():
            return folder
    return None


@contextmanager
def quick_load() -> Iterator[None]:
    """Bulk loading without the cyclic collector, which finds nothing there and doubles the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
