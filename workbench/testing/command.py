"""`rulelang test`: tests of rules on a virtual clock (docs/testing.md)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from rulelang.diagnostics.model import Diagnostic
from rulelang.diagnostics.render import render_text
from rulelang.plan.model import Plan
from rulelang.source import Source
from runtime.files import TESTS_SUFFIX, FileError, read_tests, read_text
from runtime.settings import SettingsError, load_settings
from stdlib_actions.library import offline_library
from workbench.errors import CommandError
from workbench.loading import Loaded, catalogue, load, workspace_of
from workbench.testing.coverage import Coverage
from workbench.testing.meaning import Meaning
from workbench.testing.model import Test
from workbench.testing.parser import parse_tests
from workbench.testing.report import coverage_text, percent, render
from workbench.testing.runner import Runner, tested


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("-k", "wanted", metavar="TEXT", default="", help="Only tests whose name contains TEXT.")
@click.option("--coverage", "covering", is_flag=True, help="Say which steps and outcomes no test exercises.")
@click.option(
    "--coverage-min", "bound", type=click.FloatRange(0, 100), help="Fail below this many percent of coverage."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "junit", "tap"]),
    default="text",
    help="How to print.",
)
def test(path: Path, wanted: str, covering: bool, bound: float | None, form: str) -> None:
    """Run the tests of a workspace, or of one file that ends in `.test.rules`. Nothing is sent.

    Exit code 0: all passed; 1: a test failed, the rules have errors, or too little is covered; 2: wrong usage.
    """
    root, files = _files(path)
    loaded = load(root)
    _stop(loaded.diagnostics, 1)
    meaning = Meaning(loaded.checked)
    tests = [t for t in read_all(files, meaning) if wanted in t.name]
    if not tests:
        what = f"no test has {wanted!r} in its name" if wanted else f"no tests in {path}"
        raise CommandError(f"{what}; they stand in files that end in `{TESTS_SUFFIX}`")
    coverage, plans = Coverage(), tested(loaded.checked.plans)
    results = [_runner(loaded, meaning, plans, coverage).run(t) for t in tests]
    covered = coverage.report(plans)
    click.echo(render(results, covered if covering else (), form, sys.stdout.isatty()), nl=False)
    if covering and form == "text":
        click.echo("\n" + "\n".join(coverage_text(covered, loaded.checked.sources)))
    reached = percent(covered)
    if bound is not None and reached < bound:
        click.echo(f"coverage is {reached:.1f} %, less than {bound:g} %", err=True)
    if any(r.failure for r in results) or (bound is not None and reached < bound):
        raise click.exceptions.Exit(1)


def _runner(loaded: Loaded, meaning: Meaning, plans: list[Plan], coverage: Coverage) -> Runner:
    schema = loaded.checked.schema
    try:
        settings = load_settings(loaded.root, {})
    except SettingsError as error:
        raise CommandError(str(error)) from None
    library = offline_library(lambda: schema, settings, loaded.root, catalogue())
    return Runner(library, meaning, plans, coverage.plan_set)


def _files(path: Path) -> tuple[Path, dict[str, str]]:
    """The workspace of a path, and the texts of the test files meant."""
    if not path.exists():
        raise CommandError(f"{path} does not exist")
    try:
        if path.is_dir():
            return path, read_tests(path)
        if not path.name.endswith(TESTS_SUFFIX):
            raise CommandError(f"{path} does not end in `{TESTS_SUFFIX}`")
        return workspace_of(path) or path.parent, {str(path): read_text(path)}
    except FileError as error:
        raise CommandError(str(error)) from None


def read_all(files: dict[str, str], meaning: Meaning) -> list[Test]:
    """The tests of all files; exits with 2 and says what is wrong when something is."""
    tests: list[Test] = []
    mistakes: list[Diagnostic] = []
    for name, text in files.items():
        found, wrong = parse_tests(Source.of(name, text), meaning)
        tests += found
        mistakes += wrong
    _stop(mistakes, 2)
    return tests


def check_tests(path: Path) -> list[Diagnostic]:
    """What is wrong with one test file, for `rulelang check`."""
    root, files = _files(path)
    meaning = Meaning(load(root).checked)
    return [d for name, text in files.items() for d in parse_tests(Source.of(name, text), meaning)[1]]


def _stop(diagnostics: Sequence[Diagnostic], code: int) -> None:
    errors = [d for d in diagnostics if d.is_error]
    if errors:
        click.echo(render_text(errors, sys.stderr.isatty()), err=True, nl=False)
        raise click.exceptions.Exit(code)
