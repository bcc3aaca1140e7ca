"""`rulelang check`: what is wrong with rules, for people, programs and code review."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from rulelang.diagnostics.explain import PAGES, explain
from rulelang.diagnostics.model import Diagnostic
from rulelang.diagnostics.render import render_github, render_json, render_text
from rulelang.diagnostics.suggest import did_you_mean
from runtime.files import TESTS_SUFFIX
from workbench.errors import CommandError
from workbench.loading import load
from workbench.testing.command import check_tests, mistakes_beside, mistakes_inside


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github"]), default="text", help="How to print."
)
@click.option("--explain", "code", metavar="CODE", help="Print the page about a code such as E0301.")
@click.option("--color/--no-color", default=None, help="Colours; by default when the output is a terminal.")
def check(paths: tuple[Path, ...], form: str, code: str | None, color: bool | None) -> None:
    """Check rule files, folders or workspaces, with the files of tests in them.

    Exit code 0: no error; 1: errors were found; 2: wrong usage.
    """
    if code is not None:
        click.echo(_page(code))
        return
    if not paths:
        raise click.UsageError("name a file or a folder, or use --explain CODE")
    found = [d for path in paths for d in _mistakes(path)]
    show(found, form, color)
    if any(d.is_error for d in found):
        raise click.exceptions.Exit(1)


def _mistakes(path: Path) -> Sequence[Diagnostic]:
    if path.name.endswith(TESTS_SUFFIX) and path.is_file():
        return check_tests(path)
    loaded = load(path)
    found = list(loaded.diagnostics)
    if any(file.parsed.module.tests for file in loaded.checked.files.values()):
        found += mistakes_inside(loaded)
    if path.is_dir() and not any(d.is_error for d in found):
        # A rule that is not understood would make mistakes of all tests that name it.
        found += mistakes_beside(path, loaded)
    return found


def show(found: list[Diagnostic], form: str, color: bool | None) -> None:
    """Print diagnostics as `form` says; `color` None decides by the terminal."""
    colored = _use_color(color)
    click.echo(_render(found, form, colored), nl=False, color=colored)


def _page(code: str) -> str:
    try:
        return explain(code)
    except KeyError:
        near = did_you_mean(code.strip().upper(), PAGES)
        hint = f"did you mean {near}?" if near else "codes look like E0301"
        raise CommandError(f"there is no code {code!r}; {hint}") from None


def _use_color(asked: bool | None) -> bool:
    return asked if asked is not None else sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _render(found: list[Diagnostic], form: str, color: bool) -> str:
    match form:
        case "json":
            return msgspec.json.format(msgspec.json.encode(render_json(found)), indent=2).decode() + "\n"
        case "github":
            return render_github(found)
        case _:
            errors = sum(d.is_error for d in found)
            return render_text(found, color) + _summary(errors, len(found) - errors)


def _summary(errors: int, others: int) -> str:
    if not errors and not others:
        return "no mistakes found\n"
    parts = [_count(errors, "error")] if errors else []
    parts += [_count(others, "warning")] if others else []
    return ", ".join(parts) + "\n"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
