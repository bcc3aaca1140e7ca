"""`rulelang next`: when schedules fire next, and for one record every trigger of the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import msgspec

from rulelang.calendar import CalendarError, Millis, instant_text, local, zone
from rulelang.plan.model import ClockPlan, Plan
from rulelang.plan.parts import kinds_of
from rulelang.schedule import describe, preview
from rulelang.types.schema import SUBJECT_KINDS
from runtime.asking import foresee
from runtime.clock import SystemClock
from runtime.coming import Coming, coming_json, coming_lines, started_by, trigger_words
from runtime.model import SubjectKey
from workbench.database import database_of, subject_key, unknown_record
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
@click.option(
    "--subject", metavar="KIND:ID", help="For this record of the workspace's database, such as contact:c_1."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def upcoming(
    path: Path,
    rule: str | None,
    start: str | None,
    count: int,
    zone_name: str | None,
    subject: str | None,
    form: str,
) -> None:
    """Say when the schedules of PATH (a file or a workspace), or of one RULE, fire next.

    With --subject also birthdays, reminders and other moments that lie in the record; PATH is the workspace then.
    """
    if subject and zone_name:
        raise CommandError("--zone and --subject exclude each other: a record has a time zone of its own")
    loaded = load(path)
    tz = _zone(loaded, zone_name)
    since = moment(start, tz) if start else SystemClock().now()
    plans = _plans(loaded, rule)
    if subject:
        _foretell(loaded, plans, subject_key(subject), since, count, form)
        return
    found = [_times(plan, clock, tz, since, count) for plan, clock in _clocks(plans) if _recurs(clock)]
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    for line in (*_text(found, tz), *_of_records(plans, bool(found))):
        click.echo(line)


def _zone(loaded: Loaded, name: str | None) -> ZoneInfo:
    found = zone(name or loaded.checked.schema.time_zone)
    if found is None and name:
        raise CommandError(f"--zone takes a time zone such as Europe/Berlin, found {name!r}")
    return found or ZoneInfo("UTC")


def _plans(loaded: Loaded, rule: str | None) -> list[Plan]:
    plans = [p for p in loaded.checked.plans if loaded.wants(p.file) and rule in (None, p.key)]
    if rule is not None and not plans:
        raise CommandError(f"there is no rule `{rule}` here; `rulelang check` shows whether it has errors")
    return plans


def _clocks(plans: Sequence[Plan]) -> Iterator[tuple[Plan, ClockPlan]]:
    for plan in plans:
        yield from ((plan, clock) for clock in started_by(plan))


def _recurs(clock: ClockPlan) -> bool:
    return clock.source == "schedule"


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
    for entry in found:
        yield f"`{entry['rule']}`{_state(entry['state'])}  {entry['schedule']}, in {tz.key}"
        yield from (f"  {wall.replace('T', '  ')}" for wall in entry["local"])
        if not entry["local"]:
            yield "  never again"


def _state(state: str) -> str:
    return "" if state == "live" else f" ({state})"


def _of_records(plans: Sequence[Plan], schedules: bool) -> Iterator[str]:
    """What is to be said of moments that each record has for itself."""
    others = [(plan, clock) for plan, clock in _clocks(plans) if not _recurs(clock)]
    if not schedules and not others:
        yield "no rule has a schedule or another trigger of the clock"
    for plan, clock in others:
        yield (
            f"`{plan.key}`{_state(plan.state)}  {trigger_words(clock)}: "
            f"depends on each record, name one with --subject {plan.subject}:ID"
        )


# --- for one record ----------------------------------------------------------------------------------


def _foretell(
    loaded: Loaded, plans: Sequence[Plan], key: SubjectKey, since: Millis, count: int, form: str
) -> None:
    if key.kind not in SUBJECT_KINDS:
        raise CommandError(f"--subject is one of {', '.join(SUBJECT_KINDS)}, found {key.kind!r}")
    mine = [plan for plan in plans if key.kind in kinds_of(plan) and started_by(plan)]
    found = asyncio.run(_foreseen(loaded, mine, key, since, count))
    if form == "json":
        entries = [
            {"rule": plan.key, "state": plan.state, **coming_json(one)} for plan, of in found for one in of
        ]
        click.echo(msgspec.json.format(msgspec.json.encode(entries), indent=2).decode())
        return
    for plan, of in found:
        click.echo(f"`{plan.key}`{_state(plan.state)}")
        for line in coming_lines(of):
            click.echo(f"  {line}")
    if not found:
        click.echo(f"no trigger of the clock is for {key.kind} records")


async def _foreseen(
    loaded: Loaded, plans: Sequence[Plan], key: SubjectKey, since: Millis, count: int
) -> list[tuple[Plan, list[Coming]]]:
    found = []
    async with database_of(loaded.root) as reader:
        state = await reader.subject(key)
        if state is None or not state.exists:
            raise unknown_record(key)
        for plan in plans:
            ahead = await foresee(reader, plan, loaded.checked.schema, key, since, count)
            found.append((plan, ahead or []))
    return found
