"""`rulelang history`, `diff` and `restore`: versions of rules, what differs between them, and getting one back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from rulelang.diagnostics.terminal import harmless
from runtime.files import is_rule_file_name
from runtime.settings import SettingsError, load_settings
from runtime.store.reader import SqliteReader
from runtime.versions import FILE, RULE, compare, difference_json, version_json
from workbench.client import Server, from_server, rule_path, server_options
from workbench.errors import CommandError

T = TypeVar("T")
_WORKSPACE = click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    default=Path(),
    show_default="this folder",
    help="The workspace.",
)
_FORMAT = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print."
)


def from_database(root: Path, ask: Callable[[SqliteReader], Awaitable[T]]) -> T:
    """What a question to the workspace's database gives; the server may run meanwhile.

    Raises:
        CommandError: there is no database.
    """
    try:
        path = root / load_settings(root, os.environ).database.path
    except SettingsError as error:
        raise CommandError(str(error)) from None
    if not path.exists():
        raise CommandError(f"{path} does not exist: no server has run for this workspace yet")

    async def work() -> T:
        reader = SqliteReader(path)
        try:
            return await ask(reader)
        finally:
            await reader.close()

    return asyncio.run(work())


def kind_of(name: str) -> str:
    """Whether a name is a rule's or a rule file's."""
    return FILE if is_rule_file_name(name) else RULE


def print_json(value: Any) -> None:
    """A value as indented JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


@click.command()
@click.argument("rule", default="")
@_WORKSPACE
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
@_FORMAT
def history(rule: str, workspace: Path, limit: int, form: str) -> None:
    """List the accepted versions of RULE (a rule's name or a rule file), or of all rules: when, by whom, how."""
    found, _ = from_database(workspace, lambda reader: reader.versions(kind_of(rule), rule, limit))
    if rule and not found:
        raise CommandError(f"there is no history of `{rule}`")
    if form == "json":
        print_json([version_json(version) for version in found])
        return
    for version in found:
        told = version_json(version)
        what = "removed" if told["removed"] else told.get("state", "")
        line = (
            f"{told['at']}  {version.number:>4}  {version.how:<8} {version.by:<16} {what:<9} {version.name}"
        )
        click.echo(harmless(line.rstrip()))


@click.command()
@click.argument("rule")
@click.argument("before", type=click.IntRange(1), required=False)
@click.argument("after", type=click.IntRange(1), required=False)
@_WORKSPACE
@_FORMAT
def diff(rule: str, before: int | None, after: int | None, workspace: Path, form: str) -> None:
    """Show what differs between two versions of RULE; without numbers between the newest and the one before.

    With one number: between that version and the newest.
    """
    found = from_database(workspace, lambda reader: compare(reader, kind_of(rule), rule, before, after))
    if found is None:
        raise CommandError(f"there are no such versions of `{rule}`; `rulelang history` lists them")
    if form == "json":
        print_json(difference_json(found))
        return
    for change in found.changes:
        click.echo(
            harmless(f"{change.part}: {change.before or '(nothing)'}  →  {change.after or '(nothing)'}")
        )
    if found.changes and found.diff:
        click.echo("")
    for line in found.diff.splitlines():
        click.echo(harmless(line))


@click.command()
@click.argument("rule")
@click.argument("version", type=click.IntRange(1))
@server_options
def restore(rule: str, version: int, url: str, key: str) -> None:
    """Put VERSION of RULE (a rule's name or a rule file) in force again on a running server, as its newest version."""
    path = rule_path(rule, "restore")
    answer = from_server(Server(url, key), "POST", path, {"version": version})
    click.echo(harmless(f"`{rule}` is as in version {version}; this is version {answer['version']}"))
