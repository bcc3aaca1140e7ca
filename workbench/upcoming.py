"""`rulelang next`: when the schedules of rules fire next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import msgspec

from rulelang.calendar import CalendarError, Millis, instant_text, local, zone
from rulelang.plan.model import ClockPlan, Plan
from rulelang.schedule import describe, preview
from runtime.clock import SystemClock
from workbench.errors import CommandError
from workbench.inputs import moment
from workbench.loading import Loaded, load


@click.command(name="next")
@click.argument("path", type=click.Path(path_type=Path))
@click.argument("rule", required=False)
@click.option("--from", "start", metavar="TIME", help="From when on; else from now.")
@click.option(
    "--count", type=click.IntRange(1, 1000), default=5, show_default=True, help="How many times of each."
)
@click.option(
    "--zone", "zone_name", metavar="ZONE", help="For records in this time zone; else the workspace's."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def upcoming(
    path: Path, rule: str | None, start: str | None, count: int, zone_name: str | None, form: str
) -> None:
    """Say when the schedules of PATH (a file or a workspace), or of one RULE, fire next.

    Birthdays, dates and other moments that lie in the records are not among them.
    """
    loaded = load(path)
    tz = _zone(loaded, zone_name)
    since = moment(start, tz) if start else SystemClock().now()
    found = [_times(plan, clock, tz, since, count) for plan, clock in _schedules(loaded, rule)]
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    for line in _text(found, tz):
        click.echo(line)


def _zone(loaded: Loaded, name: str | None) -> ZoneInfo:
    found = zone(name or loaded.checked.schema.time_zone)
    if found is None and name:
        raise CommandError(f"--zone takes a time zone such as Europe/Berlin, found {name!r}")
    return found or ZoneInfo("UTC")


def _schedules(loaded: Loaded, rule: str | None) -> Iterator[tuple[Plan, ClockPlan]]:
    plans = [p for p in loaded.checked.plans if loaded.wants(p.file) and rule in (None, p.key)]
    if rule is not None and not plans:
        raise CommandError(f"there is no rule `{rule}` here; `rulelang check` shows whether it has errors")
    for plan in plans:
        yield from ((plan, clock) for clock in plan.clocks if clock.source == "schedule")


def _times(plan: Plan, clock: ClockPlan, tz: ZoneInfo, since: Millis, count: int) -> dict[str, Any]:
    try:
        dues = preview(clock.params, tz, since, count)
    except CalendarError:
        dues = []
    return {
        "rule": plan.key,
        "state": plan.state,
        "schedule": describe(clock.params),
        "zone": tz.key,
        "next": [instant_text(due) for due in dues],
        "local": [local(due, tz).isoformat(timespec="minutes") for due in dues],
    }


def _text(found: list[dict[str, Any]], tz: ZoneInfo) -> Iterator[str]:
    if not found:
        yield "no rule has a schedule"
    for entry in found:
        state = "" if entry["state"] == "live" else f" ({entry['state']})"
        yield f"`{entry['rule']}`{state}  {entry['schedule']}, in {tz.key}"
        yield from (f"  {wall.replace('T', '  ')}" for wall in entry["local"])
        if not entry["local"]:
            yield "  never again"
