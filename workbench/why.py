"""`rulelang why`: why a rule fired for somebody, or why it did not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import msgspec

from rulelang.calendar import zone
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.plan.model import Plan
from runtime.asking import ask, foresee, verdict_json, verdict_lines
from runtime.clock import SystemClock
from runtime.coming import Coming, coming_lines
from runtime.model import SubjectKey
from runtime.why import Verdict
from workbench.database import database_of, subject_key, unknown_record
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
    """Say for each recent event why RULE started for a subject, or what stood in its way; of a reminder or another
    trigger of the clock, when it fires next, or why it does not.

    Reads the workspace's database; the server may run meanwhile.
    """
    loaded = load(workspace)
    plan = _plan(loaded, rule)
    found, ahead = asyncio.run(_ask(workspace, loaded, plan, subject_key(subject), event))
    shown = zone(loaded.checked.schema.time_zone) or ZoneInfo("UTC")
    if form == "json":
        verdicts = [verdict_json(verdict, shown) for verdict in found[:limit]]
        click.echo(msgspec.json.format(msgspec.json.encode(verdicts), indent=2).decode())
        return
    for line in _lines(found[:limit], [] if event else ahead, plan, subject, shown):
        click.echo(line)


def _plan(loaded: Loaded, rule: str) -> Plan:
    plans = {plan.key: plan for plan in loaded.checked.plans}
    if rule in plans:
        return plans[rule]
    near = did_you_mean(rule, plans)
    hint = f"; did you mean `{near}`?" if near else "; `rulelang check` shows whether it has errors"
    raise CommandError(f"the workspace has no rule `{rule}`{hint}")


async def _ask(
    root: Path, loaded: Loaded, plan: Plan, key: SubjectKey, event: str
) -> tuple[list[Verdict], list[Coming]]:
    schema = loaded.checked.schema
    async with database_of(root) as reader:
        found = await ask(reader, plan, schema, key, event)
        ahead = await foresee(reader, plan, schema, key, SystemClock().now(), count=1)
    if found is None or ahead is None:
        raise unknown_record(key)
    return found, ahead


def _lines(
    found: list[Verdict], ahead: list[Coming], plan: Plan, subject: str, shown: ZoneInfo
) -> Iterator[str]:
    listens = ", ".join(dict.fromkeys(trigger.event for trigger in plan.triggers))
    if not found and plan.begins is not None:
        yield f"`{plan.key}` begins when its condition becomes true, which has not been seen for {subject}"
    elif not found and len(ahead) < len(plan.triggers):
        yield f"`{plan.key}` listens to {listens}; no such event has come for {subject}"
    if ahead and plan.state != "live":
        yield f"`{plan.key}` is {plan.state}: it fires once it is live"
    yield from coming_lines(ahead)
    for verdict in found:
        yield from verdict_lines(verdict, shown)
