"""`rulelang drafts`: messages that wait for a person, from the terminal."""

from __future__ import annotations

import click

from rulelang.diagnostics.terminal import harmless
from workbench.client import Server, from_server, server_options


@click.group()
def drafts() -> None:
    """List, send and refuse messages that wait for a person."""


@drafts.command("list")
@click.option("--person", default="", help="Only those of this person.")
@server_options
def list_drafts(person: str, url: str, key: str) -> None:
    """Show what waits."""
    from urllib.parse import quote

    path = f"/v1/drafts?person={quote(person)}" if person else "/v1/drafts"
    for item in from_server(Server(url, key), "GET", path)["items"]:
        to = ", ".join(item["to"])
        click.echo(harmless(f"{item['key']}  for {item['person']}  to {to}  {item['subject']}"))
        click.echo(harmless("\n".join(f"    {line}" for line in item["text"].splitlines())) + "\n")


@drafts.command()
@click.argument("draft")
@click.option("--subject", help="Another subject.")
@click.option("--text", help="Another text.")
@click.option("--by", default="", help="Who says so; else the person it is for.")
@server_options
def approve(draft: str, subject: str | None, text: str | None, by: str, url: str, key: str) -> None:
    """Send DRAFT, as it is or with other words."""
    said = {"subject": subject, "text": text, "by": by or None}
    body = {name: value for name, value in said.items() if value is not None}
    from_server(Server(url, key), "POST", _path(draft, "approve"), body)
    click.echo("approved: it goes out now")


@drafts.command()
@click.argument("draft")
@click.option("--note", default="", help="Why.")
@click.option("--by", default="", help="Who says so; else the person it is for.")
@server_options
def refuse(draft: str, note: str, by: str, url: str, key: str) -> None:
    """Do not send DRAFT."""
    said = {"note": note, "by": by}
    body = {name: value for name, value in said.items() if value}
    from_server(Server(url, key), "POST", _path(draft, "refuse"), body)
    click.echo("refused")


def _path(draft: str, verb: str) -> str:
    from urllib.parse import quote

    return f"/v1/drafts/{quote(draft, safe='')}/{verb}"
