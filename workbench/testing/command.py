"""`rulelang test`: tests of rules on a virtual clock (docs/testing.md)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import click

from rulelang.diagnostics.model import Diagnostic
from rulelang.diagnostics.render import render_text
from rulelang.source import Source
from runtime.files import RULES_SUFFIX, TESTS_SUFFIX, FileError, read_tests, read_text
from runtime.settings import SettingsError, load_settings
from stdlib_actions.library import offline_library
from workbench.errors import CommandError
from workbench.loading import Loaded, catalogue, load, workspace_of
from workbench.testing.coverage import Coverage
from workbench.testing.meaning import Meaning
from workbench.testing.model import Test
from workbench.testing.parser import parse_inside, parse_tests
from workbench.testing.proving import USUAL, Sequences
from workbench.testing.report import coverage_text, percent, render
from workbench.testing.runner import Runner, tested
from workbench.testing.watching import watch


class Options(NamedTuple):
    """What is asked for: tests whose name contains `wanted`, how to print, and what must be reached."""

    wanted: str
    covering: bool
    bound: float | None
    form: str
    sequences: Sequences


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
@click.option(
    "--property",
    "count",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    default=USUAL.count,
    show_default=True,
    help="Random sequences for each property.",
)
@click.option("--seed", type=int, default=USUAL.seed, show_default=True, help="What they are made from.")
@click.option("--watch", "watching", is_flag=True, help="Run again whenever a file changes, until Control-C.")
def test(
    path: Path,
    wanted: str,
    covering: bool,
    bound: float | None,
    form: str,
    count: int,
    seed: int,
    watching: bool,
) -> None:
    """Run the tests of a workspace, or of one file: those in files that end in `.test.rules`, and in rule files.

    Nothing is sent. Exit code 0: all passed; 1: a test failed, the rules have errors, or too little is covered;
    2: wrong usage.
    """
    options = Options(wanted, covering, bound, form, Sequences(count, seed))
    if watching:
        watch(_root(path), lambda: _run(path, options))
        return
    code = _run(path, options)
    if code:
        raise click.exceptions.Exit(code)


def _run(path: Path, options: Options) -> int:
    """Run once and print; the exit code."""
    root = _root(path)
    loaded = load(root)
    if _told(loaded.diagnostics):
        return 1
    meaning = Meaning(loaded.checked)
    found, mistakes = _read(path, root, loaded, meaning)
    if _told(mistakes):
        return 2
    tests = [t for t in found if options.wanted in t.name]
    if not tests:
        what = f"no test has {options.wanted!r} in its name" if options.wanted else f"no tests in {path}"
        raise CommandError(f"{what}; they stand in files that end in `{TESTS_SUFFIX}`, or beside rules")
    return _report(loaded, meaning, tests, options)


def _report(loaded: Loaded, meaning: Meaning, tests: Sequence[Test], options: Options) -> int:
    coverage, plans = Coverage(), tested(loaded.checked.plans)
    runner = _runner(loaded, meaning, coverage, options.sequences)
    results = [runner.run(t) for t in tests]
    covered = coverage.report(plans)
    shown = covered if options.covering else ()
    click.echo(render(results, shown, options.form, sys.stdout.isatty()), nl=False)
    if options.covering and options.form == "text":
        click.echo("\n" + "\n".join(coverage_text(covered, loaded.checked.sources)))
    reached = percent(covered)
    too_little = options.bound is not None and reached < options.bound
    if too_little:
        click.echo(f"coverage is {reached:.1f} %, less than {options.bound:g} %", err=True)
    return 1 if too_little or any(r.failure for r in results) else 0


def _runner(loaded: Loaded, meaning: Meaning, coverage: Coverage, sequences: Sequences) -> Runner:
    schema = loaded.checked.schema
    try:
        settings = load_settings(loaded.root, {})
    except SettingsError as error:
        raise CommandError(str(error)) from None
    library = offline_library(lambda: schema, settings, loaded.root, catalogue())
    return Runner(library, meaning, tested(loaded.checked.plans), coverage.plan_set, sequences)


# --- files -----------------------------------------------------------------------------------------


def _root(path: Path) -> Path:
    """The workspace of a path."""
    if not path.exists():
        raise CommandError(f"{path} does not exist")
    if path.is_dir():
        return path
    if path.suffix != RULES_SUFFIX:
        raise CommandError(f"{path} does not end in `{TESTS_SUFFIX}` or `{RULES_SUFFIX}`")
    return workspace_of(path) or path.parent


def _read(path: Path, root: Path, loaded: Loaded, meaning: Meaning) -> tuple[list[Test], list[Diagnostic]]:
    """The tests of a path, and what is wrong with them: in rule files first, then in files of tests."""
    tests: list[Test] = []
    mistakes: list[Diagnostic] = []
    try:
        found = [
            parse_inside(file, meaning)
            for file in loaded.checked.files.values()
            if _meant(path, root, file.source)
        ]
        found += [parse_tests(Source.of(name, text), meaning) for name, text in _test_files(path).items()]
    except FileError as error:
        raise CommandError(str(error)) from None
    for own, wrong in found:
        tests += own
        mistakes += wrong
    return tests, mistakes


def _meant(path: Path, root: Path, source: Source) -> bool:
    return path.is_dir() or (root / source.path).resolve() == path.resolve()


def _test_files(path: Path) -> dict[str, str]:
    if path.is_dir():
        return read_tests(path)
    return {str(path): read_text(path)} if path.name.endswith(TESTS_SUFFIX) else {}


def check_tests(path: Path) -> list[Diagnostic]:
    """What is wrong with one file of tests, for `rulelang check`."""
    root = _root(path)
    loaded = load(root)
    return _read(path, root, loaded, Meaning(loaded.checked))[1]


def mistakes_inside(loaded: Loaded) -> list[Diagnostic]:
    """What is wrong with the tests that stand in rule files."""
    meaning = Meaning(loaded.checked)
    files = [file for path, file in loaded.checked.files.items() if loaded.wants(path)]
    return [mistake for file in files for mistake in parse_inside(file, meaning)[1]]


def mistakes_beside(folder: Path, loaded: Loaded) -> list[Diagnostic]:
    """What is wrong with the files of tests in the folder of a workspace whose rules are right."""
    try:
        files = read_tests(folder)
    except FileError as error:
        raise CommandError(str(error)) from None
    meaning = Meaning(loaded.checked)
    return [m for name, text in files.items() for m in parse_tests(Source.of(name, text), meaning)[1]]


def _told(diagnostics: Sequence[Diagnostic]) -> bool:
    """Whether there are errors; they are printed."""
    errors = [d for d in diagnostics if d.is_error]
    if errors:
        click.echo(render_text(errors, sys.stderr.isatty()), err=True, nl=False)
    return bool(errors)
