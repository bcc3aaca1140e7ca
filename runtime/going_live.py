"""Going live with other rules: files, plans, history and runs in flight change together, or not at all.

The transaction decides: files are written beside their places before it and renamed after it. What a crash in between
keeps from the disk is put there at the next start (`finish_files`), from the history.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from runtime.engine.engine import Engine
from runtime.engine.settling import Settling, void_settling
from runtime.files import FileError
from runtime.fileset import Staged, paths_of
from runtime.store.protocol import StoreUnavailable, Transaction, WriteStore
from runtime.versions import Author, recorder, unwritten, written
from runtime.workspace import Change, Workspace


async def go_live(
    engine: Engine,
    workspace: Workspace,
    change: Change,
    author: Author,
    settlings: Sequence[Settling] = (),
) -> None:
    """Put a change that was found good in force; the caller holds `workspace.changing`.

    Raises:
        FileError: the files cannot be written; the rules are as before.
        PlanError: a plan uses an action that is not installed; nothing has changed.
        StoreUnavailable: nothing has changed.
    """
    staged = await asyncio.to_thread(Staged, workspace.root, change.texts)
    now = engine.clock.now()
    checked = change.checked
    record = recorder(change.files, checked.plans, author, now, mark=True)
    try:
        await engine.deploy(checked.schema, checked.plans, settlings, record)
    except BaseException:
        staged.drop()
        raise
    try:
        await asyncio.to_thread(staged.commit)
    except FileError:
        await _take_back(engine, workspace, author, settlings)
        raise
    workspace.accept(change.files, checked)
    # If this fails the files are written once more at the next start, with what they hold.
    with suppress(StoreUnavailable):
        await engine.write(written)


async def _take_back(
    engine: Engine, workspace: Workspace, author: Author, settlings: Sequence[Settling]
) -> None:
    before = workspace.checked
    back = recorder(workspace.files, before.plans, author, engine.clock.now())

    def record(tx: Transaction) -> None:
        back(tx)
        void_settling(tx, [settling.rule for settling in settlings])
        written(tx)

    await engine.deploy(before.schema, before.plans, record=record)


def finish_files(store: WriteStore, root: Path) -> None:
    """Put on disk what was accepted when the last process ended in the middle of it.

    Raises:
        FileError: a file cannot be written.
        StoreUnavailable: the store cannot be written now.
    """
    with store.transaction() as tx:
        texts = unwritten(tx)
        if texts:
            Staged(root, paths_of(root, texts)).commit()
            written(tx)
