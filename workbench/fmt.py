"""`rulelang fmt`: one style for all rule files."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

import click

from rulelang.format import format_text
from runtime.files import TESTS_SUFFIX, FileError, read_text
from workbench.errors import CommandError


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--check", "only_check", is_flag=True, help="Change nothing; exit code 1 when a file would change."
)
@click.option("--diff", is_flag=True, help="Change nothing; print what would change.")
def fmt(paths: tuple[Path, ...], only_check: bool, diff: bool) -> None:
    """Format rule files. A file with syntax errors is left as it is, and named."""
    changed, broken = 0, 0
    for path in _files(paths):
        before = _read(path)
        after = format_text(str(path), before)
        if after is None:
            broken += 1
            click.echo(f"{path}: left as it is, it has syntax errors; `rulelang check` shows them", err=True)
        elif after != before:
            changed += 1
            _tell(path, before, after, only_check, diff)
    if broken or (changed and (only_check or diff)):
        raise click.exceptions.Exit(1)


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(
                p
                for p in path.rglob("*.rules")
                if not p.name.endswith(TESTS_SUFFIX) and not any(part.startswith(".") for part in p.parts)
            )
        else:
            yield path


def _read(path: Path) -> str:
    try:
        return read_text(path)
    except FileError as error:
        raise CommandError(str(error)) from None


def _tell(path: Path, before: str, after: str, only_check: bool, diff: bool) -> None:
    if diff:
        lines = difflib.unified_diff(
            before.splitlines(True), after.splitlines(True), str(path), f"{path} (formatted)"
        )
        click.echo("".join(lines), nl=False)
        return
    if not only_check:
        draft = path.with_name(f".{path.name}.new")
        draft.write_text(after, "utf-8", newline="\n")
        draft.replace(path)
    click.echo(f"{path}: {'would be formatted' if only_check else 'formatted'}")
