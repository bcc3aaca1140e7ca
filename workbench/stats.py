"""`rulelang stats`: what was counted of each rule."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from rulelang.diagnostics.terminal import harmless
from runtime.asking import Sample, sample
from runtime.statistics import DAY, RuleStatistics, statistics_json, statistics_lines, statistics_of
from runtime.store.reader import SqliteReader
from workbench.errors import CommandError
from workbench.history import from_database, print_json
from workbench.loading import load


@click.command()
@click.argument("rule", default="")
@click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    default=Path(),
    show_default="this folder",
    help="The workspace.",
)
@click.option("--days", type=click.IntRange(1, 36_500), help="Only so many days back, today (UTC) included.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def stats(rule: str, workspace: Path, days: int | None, form: str) -> None:
    """Say for RULE, or for each rule, how often it was attempted, matched, refused and started, and what it sent.

    Reads the workspace's database; what a running server has counted in the last seconds is not there yet.
    """
    since = int(time.time() * 1000) // DAY - days + 1 if days else 0
    found = from_database(workspace, lambda reader: read_statistics(reader, rule, since))
    if rule and not (found[0].attempted or found[0].runs):
        raise CommandError(f"nothing has been counted of `{rule}`; `rulelang stats` shows all rules")
    told = _sample(workspace, rule) if rule else None
    if form == "json":
        more = {"sample": msgspec.to_builtins(told)} if told is not None else {}
        print_json([statistics_json(each) | more for each in found])
        return
    for each in found:
        for line in statistics_lines(each):
            click.echo(harmless(line))
    for line in _sample_lines(told) if told is not None else ():
        click.echo(harmless(line))


def _sample(workspace: Path, rule: str) -> Sample | None:
    """What stopped a rule at the latest events; None for one that is not in the files."""
    loaded = load(workspace)
    plan = next((plan for plan in loaded.checked.plans if plan.key == rule), None)
    if plan is None:
        return None
    return from_database(workspace, lambda reader: sample(reader, plan, loaded.checked.schema))


def _sample_lines(told: Sample) -> Iterator[str]:
    yield f"  of the latest {told.events} events {told.started} started a run"
    for by, times in told.stopped_by.items():
        yield f"    {times}  stopped by: {by}"
    for reason, times in told.reasons.items():
        yield f"    {times}  {reason}"


async def read_statistics(reader: SqliteReader, rule: str, since: int) -> list[RuleStatistics]:
    """The numbers of a rule, or of all that have any."""
    counts, runs = await reader.statistics(rule, since), await reader.count_runs()
    rules = [rule] if rule else sorted({name for name, _ in (*counts, *runs)})
    return [statistics_of(name, counts, runs) for name in rules]
