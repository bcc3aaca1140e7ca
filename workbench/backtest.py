"""`rulelang backtest`: what rules would have done with the events on record."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import msgspec

from rulelang.calendar import zone
from rulelang.diagnostics.render import render_text
from rulelang.diagnostics.terminal import harmless
from rulelang.workspace import CheckedWorkspace, load_workspace
from runtime.backtest import Backtest, as_live, backtest_lines, recording, start_of
from runtime.backtest import backtest as run_backtest
from runtime.files import FileError, read_files, read_text
from runtime.settings import Settings, SettingsError, load_settings
from runtime.simulate import SimulationError
from stdlib_actions.library import offline_library
from workbench.client import Server, from_server, server_options
from workbench.errors import CommandError
from workbench.history import from_database, print_json
from workbench.loading import catalogue, quick_load


@click.command()
@click.argument("rules", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--since", default="30d", show_default=True, metavar="DURATION", help="How far back.")
@click.option(
    "--workspace", type=click.Path(path_type=Path), help="The workspace on whose database they run."
)
@server_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def backtest(rules: Path, since: str, workspace: Path | None, url: str, key: str, form: str) -> None:
    """Run the draft rules in the file RULES over the events on record and count what they would have sent.

    Nothing is sent and nothing is written. The records are taken back to what they were; the other rules of the
    workspace run as they are in force. With --workspace its database is read (a server may run meanwhile), else a
    running server is asked. What the answer goes by, and what it does not know, is said at its end.
    """
    text = _text(rules)
    if workspace is not None:
        found = _from_workspace(workspace, rules, text, since)
    else:
        body = {"file": _name(rules), "text": text, "since": since}
        answer: dict[str, Any] = from_server(Server(url, key), "POST", "/v1/backtest", body)
        found = msgspec.convert(answer, Backtest)
    if form == "json":
        print_json(msgspec.to_builtins(found))
        return
    for line in backtest_lines(found):
        click.echo(harmless(line))


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except FileError as error:
        raise CommandError(str(error)) from None


def _name(rules: Path) -> str:
    return rules.name


def _from_workspace(root: Path, rules: Path, text: str, since: str) -> Backtest:
    """Raises CommandError: the workspace or its database cannot be read, or the rules have mistakes."""
    name = _name(rules)
    if rules.resolve().is_relative_to(root.resolve()):
        name = rules.resolve().relative_to(root.resolve()).as_posix()
    checked = _checked(root, name, text)
    now = int(time.time() * 1000)
    try:
        start = start_of(since, now, zone(checked.schema.time_zone) or ZoneInfo("UTC"))
    except ValueError as error:
        raise CommandError(f"--since: {error}") from None
    found = from_database(root, lambda reader: recording(reader, start, now))
    library = offline_library(lambda: checked.schema, _settings(root), root, catalogue())
    plans = as_live(checked.plans, name)
    own = [plan.key for plan in checked.plans if plan.file == name]
    try:
        return run_backtest(found, library, checked.schema, plans, own)
    except SimulationError as error:
        raise CommandError(str(error), 3) from None


def _checked(root: Path, name: str, text: str) -> CheckedWorkspace:
    try:
        files = read_files(root)
    except FileError as error:
        raise CommandError(str(error)) from None
    with quick_load():
        checked = load_workspace({**files.rules, name: text}, catalogue(), files.templates)
    errors = [d for d in checked.diagnostics if d.is_error and d.source.path == name]
    if errors:
        click.echo(render_text(errors, sys.stderr.isatty()), err=True, nl=False)
        raise click.exceptions.Exit(1)
    return checked


def _settings(root: Path) -> Settings:
    """The workspace's own settings, so that senders and addresses are judged as they will be; no secrets."""
    try:
        return load_settings(root, {})
    except SettingsError as error:
        raise CommandError(str(error)) from None
