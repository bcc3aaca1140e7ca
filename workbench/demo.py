"""`rulelang demo`: the example workspace at work, with what to try."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.errors import CommandError
from workbench.serve import host_option, port_option, run_server

if TYPE_CHECKING:
    from runtime.keys import KeyFile
    from server import Parts

_PLACES = (Path(__file__).parent / "example", Path(__file__).parent.parent / "examples" / "workspace")
"""Where the example is: in an installed package, in the repository."""
_KEY_FILE = "demo-key"


@click.command()
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path("demo"), show_default=True, help="Its folder."
)
@host_option
@port_option
def demo(folder: Path, host: str | None, port: int | None) -> None:
    """Serve the example workspace (made in FOLDER when it is not there) and say what to try."""
    if not folder.exists():
        _make(folder)
    run_server(folder, host, port, _say_what_to_try)


def _make(folder: Path) -> None:
    example = next(place for place in _PLACES if place.is_dir())
    try:
        shutil.copytree(example, folder, ignore=shutil.ignore_patterns(".*"))
    except OSError as error:
        raise CommandError(f"{folder} cannot be written: {error.strerror or error}") from None


def demo_key(keys: KeyFile) -> str:
    """The key of the demonstration: the same at each start, so that a terminal where it is set stays of use."""
    from runtime.keys import SCOPES, make_key

    place = keys.folder / _KEY_FILE
    if place.is_file() and keys.scopes(text := place.read_text("ascii").strip()) is not None:
        return text
    made = make_key("demo", SCOPES, int(time.time() * 1000))
    keys.add(made.key)
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(made.text)
    return made.text


def _say_what_to_try(parts: Parts, url: str) -> None:
    root, key = os.path.relpath(parts.workspace.root), demo_key(parts.guard.keys)
    click.echo(f"""  key    {key}

Try this in another terminal, in the same folder:

  export PATH=$PWD/.venv/bin:$PATH
  export RULELANG_URL={url} RULELANG_KEY={key}

  rulelang import contacts {root}/contacts.csv

  curl -s $RULELANG_URL/v1/events -H "Authorization: Bearer $RULELANG_KEY" -H "Content-Type: application/json" \\
    -d '{{"type": "contact.tag_added", "contact_id": "c_1", "data": {{"tag": "demo"}}}}'

The rule "Watch me" in {root}/rules/first.rules assigns the contact at once and, 20 seconds later, sends one mail:
watch the page, or kill this server in the meantime (kill -9 {os.getpid()}) and start it again.

Ctrl-C ends the server.
""")
