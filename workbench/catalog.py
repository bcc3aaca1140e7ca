"""`rulelang catalog`: every trigger, action and function with its phrase, parameters and an example."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
import msgspec

from rulelang.catalog.listing import catalogue_json
from workbench.loading import catalogue


@click.command()
@click.argument("what", type=click.Choice(["triggers", "actions", "functions"]), required=False)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def catalog(what: str | None, form: str) -> None:
    """List what rules can speak of: triggers, actions, functions; all three without WHAT."""
    found = {name: entries for name, entries in catalogue_json(catalogue()).items() if what in (None, name)}
    if form == "json":
        shown: Any = found if what is None else found[what]
        click.echo(msgspec.json.format(msgspec.json.encode(shown), indent=2).decode())
        return
    for name, entries in found.items():
        click.echo(f"{name.capitalize()}\n")
        for line in _text(entries):
            click.echo(line)
        click.echo()


def _text(entries: list[dict[str, Any]]) -> Iterator[str]:
    width = max(len(entry["phrase"]) for entry in entries)
    for entry in entries:
        yield f"  {entry['phrase']:<{min(width, 60)}}  {entry['summary']}"
