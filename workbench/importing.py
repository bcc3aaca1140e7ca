"""`rulelang import`: a CSV file into a running server, with a report of the lines it refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from workbench.errors import CommandError

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
    report = _send(kind, file, url, key, skip_rules)
    click.echo(f"{report['taken']} taken, {len(report['refused'])} refused, {report['runs']} runs started")
    for line in report["refused"]:
        place = f"{file}:{line['line']}" + (f" `{line['column']}`" if line["column"] else "")
        click.echo(f"  {place}: {line['detail']}", err=True)
    if report["refused"]:
        raise click.exceptions.Exit(1)


def _send(kind: str, file: Path, url: str, key: str, skip_rules: bool) -> dict[str, Any]:
    import httpx

    if urlsplit(url).scheme not in ("http", "https"):
        raise CommandError(f"--url takes an address such as http://127.0.0.1:8080, found {url!r}")
    try:
        answer = httpx.post(
            f"{url.rstrip('/')}/v1/{kind}/import",
            params={"rules": "skip" if skip_rules else "run"},
            content=file.read_bytes(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "text/csv"},
            timeout=120,
        )
        body: dict[str, Any] = answer.json()
    except httpx.HTTPError as error:
        raise CommandError(f"{url} does not answer ({error}); is the server running?", 3) from None
    except ValueError:
        raise CommandError(f"{url} answers with something else than rulelang does", 3) from None
    if answer.status_code != 200:
        raise CommandError(str(body.get("detail", f"the server answered {answer.status_code}")), 3)
    return body
