"""`rulelang repl`: try out expressions, events and rules on sample records."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path

import click

from rulelang.diagnostics.render import render_text
from rulelang.workspace import load_workspace
from runtime.model import SubjectKey
from runtime.settings import Settings, SettingsError, load_settings
from workbench.errors import CommandError
from workbench.inputs import read_records
from workbench.loading import catalogue, load
from workbench.repl.loop import Loop
from workbench.repl.session import Session

_SAMPLES = {
    "c_1": {"email": "ada@example.test", "first_name": "Ada", "last_name": "Lovelace", "score": 85},
    "c_2": {"email": "max@example.test", "first_name": "Max", "last_name": "Born", "score": 20},
}
"""The contacts of a session without --contacts."""


@click.command()
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option(
    "--contacts", type=click.Path(path_type=Path, exists=True), help="Contacts: CSV, JSON or JSONL."
)
def repl(path: Path | None, contacts: Path | None) -> None:
    """Try out expressions, events and rules, with those of PATH (a file or a workspace) in force.

    The clock is virtual and begins now. Nothing is sent, nothing is kept.
    """
    session = _session(path)
    if contacts is not None:
        for key, fields in read_records(contacts, "contact", session.codec, session.checked.schema):
            session.add(key, fields)
    else:
        for id, values in _SAMPLES.items():
            session.add(SubjectKey("contact", id), session.codec.fields("contact", values))
    terminal = sys.stdin.isatty()
    if terminal:
        with suppress(ImportError):
            import readline  # noqa: F401 - importing it gives `input` a history and editing
        click.echo("`help` says what to type; `quit` leaves.")
    Loop(session, _asked if terminal else _piped, click.echo, sys.stdout.isatty()).run()


def _session(path: Path | None) -> Session:
    start = int(time.time()) // 60 * 60_000
    if path is None:
        return Session(load_workspace({}, catalogue(), None), Settings(), Path(), start)
    loaded = load(path)
    errors = [d for d in loaded.checked.diagnostics if d.is_error]
    if errors:
        click.echo(render_text(errors, sys.stderr.isatty()), err=True, nl=False)
    try:
        settings = load_settings(loaded.root, {})
    except SettingsError as error:
        raise CommandError(str(error)) from None
    return Session(loaded.checked, settings, loaded.root, start)


def _asked(prompt: str) -> str | None:
    try:
        return input(prompt)
    except EOFError:
        click.echo()
        return None


def _piped(prompt: str) -> str | None:
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None
