"""`rulelang repl`: try out expressions, events and rules on sample records."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from rulelang.diagnostics.render import render_text
from rulelang.workspace import CheckedWorkspace, load_workspace
from runtime.events import EventError
from runtime.settings import Settings, SettingsError, load_settings
from workbench.authoring.samples import samples
from workbench.errors import CommandError
from workbench.inputs import read_records, record_of
from workbench.loading import catalogue, load
from workbench.remote import Remote
from workbench.repl.live import Live
from workbench.repl.loop import Loop
from workbench.repl.session import Session


@click.command()
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option(
    "--contacts", type=click.Path(path_type=Path, exists=True), help="Contacts: CSV, JSON or JSONL."
)
@click.option("--server", metavar="URL", help="Look at a running server, read only.")
@click.option(
    "--key",
    envvar="RULELANG_KEY",
    default="",
    help="Its API key, with the scopes records:read, rules:read and runs:read.",
)
def repl(path: Path | None, contacts: Path | None, server: str | None, key: str) -> None:
    """Try out expressions, events and rules, with those of PATH (a file or a workspace) in force.

    The clock is virtual and begins now. Nothing is sent, nothing is kept. With --server the records, and without
    PATH the rules too, are those of the server; nothing is changed there.
    """
    live = Live(Remote(server, key)) if server else None
    session = _session(path, live)
    if contacts is not None:
        for subject, fields in read_records(contacts, "contact", session.codec, session.checked.schema):
            session.add(subject, fields)
    elif live is not None:
        live.contacts(session)
    else:
        _add_samples(session)
    _loop(session, live).run()


def _add_samples(session: Session) -> None:
    """Contacts to begin with: those of the workspace's files, else made from its schema."""
    for raw in samples(session.checked, session.root)["contacts"]:
        try:
            session.add(*record_of(raw, "contact", session.codec))
        except EventError as error:
            click.echo(f"a sample contact is left out: {error}", err=True)


def _loop(session: Session, live: Live | None) -> Loop:
    if not sys.stdin.isatty():
        return Loop(session, _piped, click.echo, sys.stdout.isatty(), live)
    click.echo("`help` says what to type; `quit` leaves.")
    color = not os.environ.get("NO_COLOR")
    if os.environ.get("TERM") in (None, "", "dumb"):
        return Loop(session, _asked, click.echo, False, live)
    from workbench.repl.terminal import reader

    return Loop(session, reader(session), click.echo, color, live)


def _session(path: Path | None, live: Live | None) -> Session:
    start = int(time.time()) // 60 * 60_000
    if path is None:
        return Session(_checked(live), Settings(), Path(), start)
    loaded = load(path)
    _show_errors(loaded.checked)
    try:
        settings = load_settings(loaded.root, {})
    except SettingsError as error:
        raise CommandError(str(error)) from None
    return Session(loaded.checked, settings, loaded.root, start)


def _checked(live: Live | None) -> CheckedWorkspace:
    """The rules of the server, or none: then it is not known which templates there are, and any name may be used."""
    files = live.files() if live is not None else None
    checked = load_workspace(files.rules if files else {}, catalogue(), files.templates if files else None)
    _show_errors(checked)
    return checked


def _show_errors(checked: CheckedWorkspace) -> None:
    errors = [d for d in checked.diagnostics if d.is_error]
    if errors:
        click.echo(render_text(errors, sys.stderr.isatty()), err=True, nl=False)


def _asked(prompt: str) -> str | None:
    try:
        return input(prompt)
    except EOFError:
        click.echo()
        return None


def _piped(prompt: str) -> str | None:
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None
