"""`rulelang why`: why a rule fired for somebody, or why it did not."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import msgspec

from rulelang.calendar import zone
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.plan.model import Plan
from runtime.asking import ask, verdict_json, verdict_lines
from runtime.model import SubjectKey
from runtime.settings import SettingsError, load_settings
from runtime.store.reader import SqliteReader
from runtime.why import Verdict
from workbench.errors import CommandError
from workbench.loading import Loaded, load


@click.command()
@click.argument("rule")
@click.option("--subject", required=True, metavar="KIND:ID", help="For whom, such as contact:c_1.")
@click.option(
    "--event", default="", metavar="ID", help="Only this event; else every event that the rule listens to."
)
@click.option(
    "--workspace", type=click.Path(path_type=Path), default=Path(), help="The workspace; else this folder."
)
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many events.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def why(rule: str, subject: str, event: str, workspace: Path, limit: int, form: str) -> None:
    """Say for each recent event why RULE started for a subject, or what stood in its way.

    Reads the workspace's database; the server may run meanwhile.
    """
    loaded = load(workspace)
    plan = _plan(loaded, rule)
    kind, separator, id = subject.partition(":")
    if not separator or not id:
        raise CommandError(f"--subject takes a kind and an id such as contact:c_1, found {subject!r}")
    found = asyncio.run(_ask(workspace, loaded, plan, SubjectKey(kind, id), event))
    if found is None:
        raise CommandError(f"the database knows no {kind} with the id {id!r}")
    _print(found[:limit], plan, subject, zone(loaded.checked.schema.time_zone) or ZoneInfo("UTC"), form)


def _plan(loaded: Loaded, rule: str) -> Plan:
    plans = {plan.key: plan for plan in loaded.checked.plans}
    if rule in plans:
        return plans[rule]
    near = did_you_mean(rule, plans)
    hint = f"; did you mean `{near}`?" if near else "; `rulelang check` shows whether it has errors"
    raise CommandError(f"the workspace has no rule `{rule}`{hint}")


async def _ask(root: Path, loaded: Loaded, plan: Plan, key: SubjectKey, event: str) -> list[Verdict] | None:
    try:
        path = root / load_settings(root, os.environ).database.path
    except SettingsError as error:
        raise CommandError(str(error)) from None
    if not path.exists():
        raise CommandError(f"{path} does not exist: no server has run for this workspace yet")
    reader = SqliteReader(path)
    try:
        return await ask(reader, plan, loaded.checked.schema, key, event)
    finally:
        await reader.close()


def _print(found: list[Verdict], plan: Plan, subject: str, shown: ZoneInfo, form: str) -> None:
    if form == "json":
        verdicts = [verdict_json(verdict, shown) for verdict in found]
        click.echo(msgspec.json.format(msgspec.json.encode(verdicts), indent=2).decode())
        return
    if not found:
        listens = ", ".join(dict.fromkeys(trigger.event for trigger in plan.triggers))
        missing = f"listens to {listens}; no such event has come"
        if plan.begins is not None:
            missing = "begins when its condition becomes true, which has not been seen"
        click.echo(f"`{plan.key}` {missing} for {subject}")
    for verdict in found:
        for line in verdict_lines(verdict, shown):
            click.echo(line)
