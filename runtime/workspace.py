"""A workspace at work: its files, what they mean, and the event codec for its schema."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import structlog

from rulelang.catalog.model import Catalogue
from rulelang.diagnostics.model import Diagnostic
from rulelang.workspace import CheckedWorkspace, load_workspace
from runtime.events import EventCodec
from runtime.files import (
    FileError,
    FileKind,
    Files,
    kind_of,
    read_files,
    read_text,
    template_name,
)
from runtime.fileset import Staged
from runtime.program import PlanError
from runtime.store.protocol import StoreUnavailable

Deploy = Callable[[Files, CheckedWorkspace], Awaitable[None]]
LOOK_EVERY = 1.0
"""Seconds between looks for changed files."""


def new_mistakes(before: Iterable[Diagnostic], after: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The errors in `after` that were not there before, wherever in their file they stood."""
    old = Counter(_identity(d) for d in before if d.is_error)
    found = []
    for diagnostic in (d for d in after if d.is_error):
        if old[_identity(diagnostic)] > 0:
            old[_identity(diagnostic)] -= 1
        else:
            found.append(diagnostic)
    return found


def _identity(diagnostic: Diagnostic) -> tuple[str, str, str]:
    return diagnostic.source.path, diagnostic.code, diagnostic.message


def _put(texts: dict[str, str], name: str, text: str | None) -> None:
    if text is None:
        texts.pop(name, None)
    else:
        texts[name] = text


class Change(NamedTuple):
    """What the workspace would be with other texts in some files; None for a file that is gone."""

    texts: Mapping[str, str | None]
    files: Files
    checked: CheckedWorkspace


class Workspace:
    """The rule files of a folder, checked, and in force.

    A change with a new error stays on disk and out of force: `checked` is what runs, `diagnostics` what is to be
    said of the files as they are. At the start there is nothing older to keep, so the good rules run and the
    broken ones do not; their mistakes do not hold up later changes elsewhere.
    """

    def __init__(self, root: Path, catalogue: Catalogue) -> None:
        """Read and check everything below `root`.

        Raises:
            FileError: a file cannot be read.
        """
        self.root = root
        self._catalogue = catalogue
        self._files = read_files(root)
        self._rejected: Files | None = None
        self.checked = load_workspace(self._files.rules, catalogue, self._files.templates)
        self.codec = EventCodec(catalogue, self.checked.schema)
        self.diagnostics: Sequence[Diagnostic] = self.checked.diagnostics
        self.changing = asyncio.Lock()
        """Held while rules change, from looking at what is in force to putting something else there."""

    @property
    def texts(self) -> dict[str, str]:
        """The rule files in force, by name."""
        return self._files.rules

    @property
    def templates(self) -> dict[str, str]:
        """The message templates in force, by name."""
        return self._files.templates

    def on_disk(self, name: str) -> str | None:
        """The text of a rule file as it stands on disk, also when it is not in force; None when there is none."""
        try:
            return read_text(self.root / name)
        except FileError:
            return None

    @property
    def files(self) -> Files:
        """All files in force."""
        return self._files

    def change(self, texts: Mapping[str, str | None]) -> Change:
        """What the workspace would be with these texts in its files, None for a file that is gone; nothing is written.

        Files that the language does not read, such as tests, change nothing.
        """
        rules, templates = dict(self._files.rules), dict(self._files.templates)
        checked = self.checked
        for name, text in texts.items():
            match kind_of(name):
                case FileKind.RULES:
                    _put(rules, name, text)
                    checked = checked.without_file(name) if text is None else checked.with_file(name, text)
                case FileKind.TEMPLATE:
                    _put(templates, template_name(name), text)
        if templates != self._files.templates:
            checked = load_workspace(rules, self._catalogue, templates)
        return Change(texts, Files(rules, templates), checked)

    def keep(self, change: Change) -> None:
        """Write the files of a change that concerns no rule. Others go live (runtime/going_live.py).

        Raises:
            FileError: a name is none for such a file, or a file cannot be written.
        """
        Staged(self.root, change.texts).commit()
        if change.files != self._files:
            self.accept(change.files, change.checked)

    async def follow(self, deploy: Deploy) -> None:
        """Watch the folder for ever and put changes that have no error into force through `deploy`.

        What keeps a change from its place is logged once, and tried again at each look.
        """
        said = ""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                async with self.changing:
                    await self._look(deploy)
                said = ""
            except Exception as error:
                if str(error) != said:
                    said = str(error)
                    unforeseen = (
                        None if isinstance(error, FileError | StoreUnavailable | PlanError) else error
                    )
                    log = structlog.get_logger("rulelang.workspace")
                    log.error("changed files cannot be put in force", detail=said, exc_info=unforeseen)

    async def _look(self, deploy: Deploy) -> None:
        files = await asyncio.to_thread(read_files, self.root)
        if files == self._rejected:
            return
        if files == self._files:
            self._rejected, self.diagnostics = None, self.checked.diagnostics
            return
        log = structlog.get_logger("rulelang.workspace")
        checked = await asyncio.to_thread(load_workspace, files.rules, self._catalogue, files.templates)
        errors = new_mistakes(self.checked.diagnostics, checked.diagnostics)
        if errors:
            self._rejected, self.diagnostics = files, checked.diagnostics
            at = errors[0].source.position(errors[0].span.start)
            first = f"{errors[0].source.path}:{at.line}: {errors[0].code} {errors[0].message}"
            log.warning(
                "changed files have mistakes; the rules are as before", mistakes=len(errors), first=first
            )
            return
        await deploy(files, checked)
        self.accept(files, checked)
        log.info("changed files are in force", rules=len(checked.plans))

    def accept(self, files: Files, checked: CheckedWorkspace) -> None:
        """Note that these files, checked, are in force and on disk."""
        self._files, self._rejected = files, None
        self.checked = checked
        self.diagnostics = checked.diagnostics
        self.codec = EventCodec(self._catalogue, checked.schema)
