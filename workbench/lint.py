"""`rulelang lint`: what is suspicious about correct rules, each alone and all together."""

from __future__ import annotations

from pathlib import Path

import click

from rulelang.lint.rules import lint as find
from workbench.check import show
from workbench.loading import load


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github"]), default="text", help="How to print."
)
@click.option("--color/--no-color", default=None, help="Colours; by default when the output is a terminal.")
def lint(path: Path, form: str, color: bool | None) -> None:
    """Look for trouble in the live rules of PATH (a file or a workspace): loops, conflicts, dead conditions.

    What `rulelang check` warns of is listed as well.

    Exit code 0: nothing found; 1: findings, or errors that `rulelang check` reports; 2: wrong usage.
    """
    loaded = load(path)
    errors = [d for d in loaded.diagnostics if d.is_error]
    suspicious = [d for d in find(loaded.checked) if loaded.wants(d.source.path)]
    found = errors or sorted(
        [*loaded.diagnostics, *suspicious], key=lambda d: (d.source.path, d.span, d.code)
    )
    show(found, form, color)
    if found:
        raise click.exceptions.Exit(1)
