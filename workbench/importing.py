"""`rulelang import`: a CSV file into a running server, with a report of the lines it refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import click

from rulelang.diagnostics.terminal import harmless
from workbench.errors import CommandError

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
    import httpx

    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise CommandError(f"--url takes an address such as http://127.0.0.1:8080, found {url!r}")
    try:
        answer = httpx.post(
            f"{url.rstrip('/')}/v1/{kind}/import",
            params={"rules": "skip" if skip_rules else "run"},
            content=content,
            headers={
                "Authorization": f"Bearer {key}",
                "Content-Type": "text/csv",
                "Idempotency-Key": uuid4().hex,
            },
            timeout=TIMEOUT,
        )
        body = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CommandError(f"{url} does not answer ({error}); is the server running?", 3) from None
    except UnicodeEncodeError:
        raise CommandError("the key is no API key: keys are plain text such as rl_…") from None
    except ValueError:
        raise CommandError(f"{url} answers with something else than rulelang does", 3) from None
    if answer.status_code != 200 or not isinstance(body, dict):
        detail = body.get("detail") if isinstance(body, dict) else None
        raise CommandError(harmless(str(detail or f"the server answered {answer.status_code}")), 3)
    return body
