"""`rulelang import`: a CSV file into a running server, with a report of the lines it refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from rulelang.diagnostics.terminal import harmless
from workbench.client import require_key, server_options
from workbench.errors import CommandError
from workbench.remote import Remote

TIMEOUT = 120.0
"""Seconds for the whole import."""
KINDS = ("contacts", "accounts", "opportunities")


@click.command(name="import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@server_options
@click.option("--skip-rules", is_flag=True, help="Set the fields without letting rules see it.")
def import_records(kind: str, file: Path, url: str, key: str, skip_rules: bool) -> None:
    """Import KIND from the CSV FILE. Its first line names the fields; good lines are taken, others reported.

    The key has the scope records:write. Exit code 1: lines were refused.
    """
    require_key(key)
    report = _send(kind, _content(file), url, key, skip_rules)
    again = f", {report['repeated']} taken before" if report["repeated"] else ""
    click.echo(
        f"{report['taken']} taken{again}, {report['refused_count']} refused, {report['runs']} runs started"
    )
    _tell(file, report, "refused")
    if report["warnings_count"]:
        click.echo(f"{report['warnings_count']} taken, and not found by what another record has:", err=True)
    _tell(file, report, "warnings")
    if report["refused_count"]:
        raise click.exceptions.Exit(1)


def _tell(file: Path, report: dict[str, Any], what: str) -> None:
    for line in report[what]:
        place = f"{file}:{line['line']}" + (f" `{line['column']}`" if line["column"] else "")
        click.echo(f"  {place}: {harmless(line['detail'])}", err=True)
    left = report[f"{what}_count"] - len(report[what])
    if left:
        click.echo(f"  and {left} more", err=True)


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
