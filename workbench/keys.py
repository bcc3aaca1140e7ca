"""`rulelang key`: API keys. They are kept in a file of the workspace; the secret is shown once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from rulelang.calendar import instant_text
from rulelang.diagnostics.terminal import harmless
from runtime.files import DATA
from runtime.keys import SCOPES, KeyFile, KeyFileError, make_key, unknown_scopes
from workbench.errors import CommandError
from workbench.loading import require_workspace

_WORKSPACE = click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    default=Path(),
    show_default="this folder",
    help="The workspace.",
)


@click.group()
def key() -> None:
    """Make, list and revoke API keys. Works while the server runs."""


@key.command()
@click.option("--name", default="", help="What it is for, such as `website`.")
@click.option(
    "--scope", "scopes", multiple=True, metavar="SCOPE", help="What it may do; several times; all without."
)
@_WORKSPACE
def create(name: str, scopes: tuple[str, ...], workspace: Path) -> None:
    """Make a key and print it; it cannot be shown again."""
    unknown = unknown_scopes(scopes)
    if unknown:
        raise CommandError(f"there is no scope `{unknown[0]}`; scopes are {', '.join(SCOPES)}")
    made = make_key(name, scopes or SCOPES, int(time.time() * 1000))
    with _keys(workspace) as keys:
        keys.add(made.key)
    click.echo(made.text)


@key.command(name="list")
@_WORKSPACE
def list_keys(workspace: Path) -> None:
    """List keys, without their secrets."""
    with _keys(workspace) as keys:
        for found in keys.all().values():
            state = "revoked" if found.revoked else "valid"
            made = instant_text(found.created_at)
            click.echo(
                f"{found.id}  {state:<7}  {made}  {harmless(found.name) or '-'}  {' '.join(found.scopes)}"
            )


@key.command()
@click.argument("id")
@_WORKSPACE
def revoke(id: str, workspace: Path) -> None:
    """Revoke the key with this ID (the part after `rl_`)."""
    with _keys(workspace) as keys:
        if not keys.revoke(id.removeprefix("rl_").partition("_")[0]):
            raise CommandError(f"there is no key {id}; `rulelang key list` shows them")
    click.echo("revoked; a running server refuses it within seconds")


@contextmanager
def _keys(workspace: Path) -> Iterator[KeyFile]:
    folder = require_workspace(workspace) / DATA
    try:
        yield KeyFile(folder)
    except KeyFileError as error:
        raise CommandError(str(error), 3) from None
