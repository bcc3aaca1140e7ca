"""`rulelang new`: a workspace to start from."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from workbench.errors import CommandError

SKELETON = Path(__file__).parent / "skeleton"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def new(folder: Path) -> None:
    """Make a workspace in FOLDER: schema, a team, sample contacts and events, a template, a first rule."""
    make_workspace(folder)
    click.echo(f"made a workspace in {folder}")
    click.echo("")
    click.echo(f"  rulelang check {folder}")
    click.echo(
        f"  rulelang simulate {folder} --contacts {folder}/contacts.csv --events {folder}/events.jsonl"
    )
    click.echo(f"  rulelang serve --workspace {folder}")


def make_workspace(folder: Path) -> None:
    """Copy the skeleton into a folder that is missing or empty.

    Raises:
        CommandError: something is there already, or it cannot be written.
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CommandError(f"{folder} exists and is not empty; name a new folder")
        shutil.copytree(SKELETON, folder, dirs_exist_ok=True)
    except OSError as error:
        raise CommandError(f"{folder} cannot be written: {error.strerror}") from None
