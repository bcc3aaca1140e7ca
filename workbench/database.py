"""The workspace's database, as commands read it beside a server that may run."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from runtime.model import SubjectKey
from runtime.settings import SettingsError, load_settings
from runtime.store.reader import SqliteReader
from workbench.errors import CommandError


@asynccontextmanager
async def database_of(root: Path) -> AsyncIterator[SqliteReader]:
    """The database of a workspace, to read.

    Raises:
        CommandError: its settings are wrong, or no server has run for it yet.
    """
    try:
        path = root / load_settings(root, os.environ).database.path
    except SettingsError as error:
        raise CommandError(str(error)) from None
    if not path.exists():
        raise CommandError(f"{path} does not exist: no server has run for this workspace yet")
    reader = SqliteReader(path)
    try:
        yield reader
    finally:
        await reader.close()


def subject_key(text: str) -> SubjectKey:
    """The record that `--subject` names.

    Raises:
        CommandError: it is no kind and id.
    """
    kind, separator, id = text.partition(":")
    if not separator or not id:
        raise CommandError(f"--subject takes a kind and an id such as contact:c_1, found {text!r}")
    return SubjectKey(kind, id)


def unknown_record(key: SubjectKey) -> CommandError:
    """What to say of a record that the database does not hold."""
    return CommandError(f"the database knows no {key.kind} with the id {key.id!r}")
