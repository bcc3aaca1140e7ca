"""`rulelang import`: a CSV file into a running server, with a report of the lines it refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from rulelang.diagnostics.terminal import harmless
from workbench.errors import CommandError
from workbench.remote import Remote

TIMEOUT = 120.0
"""Seconds for the whole import."""
KINDS = ("contacts", "accounts", "opportunities")


@click.command(name="import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--url", envvar="RULELANG_URL", default="http://127.0.0.1:8080", show_default=True, help="The server."
)
@click.option("--key", envvar="RULELANG_KEY", required=True, help="An API key with the scope records:write.")
@click.option("--skip-rules", is_flag=True, help="Set the fields without letting rules see it.")
def import_records(kind: str, file: Path, url: str, key: str, skip_rules: bool) -> None:
    """Import KIND from the CSV FILE. Its first line names the fields; good lines are taken, others reported.

    RULELANG_URL and RULELANG_KEY in the environment stand for --url and --key. Exit code 1: lines were refused.
    """
    report = _send(kind, _content(file), url, key, skip_rules)
    again = f", {report['repeated']} taken before" if report["repeated"] else ""
    click.echo(
        f"{report['taken']} taken{again}, {report['refused_count']} refused, {report['runs']} runs started"
    )
    for line in report["refused"]:
        place = f"{file}:{line['line']}" + (f" `{line['column']}`" if line["column"] else "")
        click.echo(f"  {place}: {harmless(line['detail'])}", err=True)
    left = report["refused_count"] - len(report["refused"])
    if left:
        click.echo(f"  and {left} more", err=True)
    if report["refused_count"]:
        raise click.exceptions.Exit(1)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from None


def _send(kind: str, content: bytes, url: str, key: str, skip_rules: bool) -> dict[str, Any]:
    return Remote(url, key, TIMEOUT).post(
        f"/v1/{kind}/import",
        content,
        {"Content-Type": "text/csv", "Idempotency-Key": uuid4().hex},
        {"rules": "skip" if skip_rules else "run"},
    )
