"""Running again whenever a file of the workspace changes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from runtime.files import DATA
from workbench.errors import CommandError

LOOK_EVERY = 0.3
"""Seconds between two looks for changed files."""


def watch(root: Path, run: Callable[[], int]) -> None:
    """Run now, and again after each change below `root` (but for its data), until Control-C."""
    seen: Mapping[str, tuple[int, int]] = {}
    while True:
        now = _files(root)
        if now != seen:
            seen = now
            _once(run)
        time.sleep(LOOK_EVERY)


def _once(run: Callable[[], int]) -> None:
    if sys.stdout.isatty():
        click.clear()
    try:
        run()
    except CommandError as error:
        click.echo(f"rulelang: {error}", err=True)
    click.echo("waiting for a change; Control-C ends")


def _files(root: Path) -> dict[str, tuple[int, int]]:
    """When each file was changed last, and how long it is."""
    found = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f != DATA and not f.startswith((".", "__"))]
        for name in names:
            path = os.path.join(folder, name)
            try:
                state = os.stat(path)
            except OSError:
                continue  # gone meanwhile
            found[path] = (state.st_mtime_ns, state.st_size)
    return found
