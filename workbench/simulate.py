"""`rulelang simulate`: what rules would do, on a virtual clock. The output is a public format, docs/timeline.md."""

from __future__ import annotations

import sys
import time
from functools import partial
from operator import attrgetter
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import msgspec

from rulelang.calendar import CalendarError, parse_duration, shift, zone
from rulelang.diagnostics.render import render_text
from rulelang.plan.model import Plan
from runtime.events import EventCodec
from runtime.model import Event, Millis
from runtime.settings import Settings, SettingsError, load_settings
from runtime.simulate import Simulation, SimulationError
from runtime.timeline import timeline_text
from stdlib_actions.library import offline_library
from workbench.authoring.moments import DEFAULT_SPAN
from workbench.errors import CommandError
from workbench.happenings import Happening, parse_deploys, parse_downs
from workbench.inputs import moment, read_events, read_records
from workbench.loading import Loaded, catalogue, load
from workbench.messages import messages_text, with_messages


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--contacts", type=click.Path(path_type=Path, exists=True), help="Contacts: CSV, JSON or JSONL."
)
@click.option(
    "--accounts", type=click.Path(path_type=Path, exists=True), help="Accounts: CSV, JSON or JSONL."
)
@click.option(
    "--opportunities", type=click.Path(path_type=Path, exists=True), help="Opportunities, likewise."
)
@click.option(
    "--events",
    type=click.Path(path_type=Path, exists=True),
    help="Events: JSON or JSONL; may be left out with --from, for rules of the clock.",
)
@click.option(
    "--for", "span", metavar="DURATION", help="How long to go on, such as `30d`; else until nothing is left."
)
@click.option("--from", "start", metavar="TIME", help="When to begin; else at the first event.")
@click.option(
    "--deploy",
    "deploys",
    metavar="TIME=PATH",
    multiple=True,
    help="At TIME, put the rules of PATH in the place of those before; may be repeated.",
)
@click.option(
    "--down",
    "downs",
    metavar="TIME..TIME",
    multiple=True,
    help="A time with nobody at work; may be repeated.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "jsonl"]), default="text", help="How to print."
)
def simulate(
    path: Path,
    contacts: Path | None,
    accounts: Path | None,
    opportunities: Path | None,
    events: Path | None,
    span: str | None,
    start: str | None,
    deploys: tuple[str, ...],
    downs: tuple[str, ...],
    form: str,
) -> None:
    """Run the rules of PATH (a file or a workspace) and print what happens, when and why. Nothing is sent.

    Rules in state `draft` run too. Exit code 1: the rules have errors.
    """
    if events is None and start is None:
        raise click.UsageError("say what happens with --events, or when to begin with --from")
    loaded = rules_in_force = load(path)
    _stop_on_errors(loaded)
    schema = loaded.checked.schema
    codec = EventCodec(catalogue(), schema)
    shown = zone(schema.time_zone) or ZoneInfo("UTC")
    begin = moment(start, shown) if start else None
    now = int(time.time() * 1000)
    found = read_events(events, codec, begin if begin is not None else now) if events else []
    begin = begin if begin is not None else (found[0].received_at if found else now)
    for doubt in dict.fromkeys(filter(None, (codec.doubt(event.type) for event in found))):
        click.echo(f"warning: {doubt}", err=True)
    library = offline_library(
        lambda: rules_in_force.checked.schema, _settings(loaded), loaded.root, catalogue()
    )
    simulation = Simulation(library, schema, _plans(loaded), begin)

    def deploy(other: Loaded) -> None:
        nonlocal rules_in_force
        rules_in_force = other
        simulation.deploy(other.checked.schema, _plans(other))

    for kind, file in (("contact", contacts), ("account", accounts), ("opportunity", opportunities)):
        for key, fields in read_records(file, kind, codec, schema) if file else ():
            simulation.add_subject(key, fields)
    happenings = [
        *(Happening(event.received_at, partial(_fire, simulation, event)) for event in found),
        *(Happening(at, partial(deploy, _checked(other))) for at, other in parse_deploys(deploys, shown)),
        *(Happening(at, partial(simulation.sleep, end)) for at, end in parse_downs(downs, shown)),
    ]
    _run(simulation, sorted(happenings, key=attrgetter("at")), _end(begin, span, shown), span is not None)
    _print(simulation, shown, form)


def _plans(loaded: Loaded) -> list[Plan]:
    return [as_live(p) for p in loaded.checked.plans if loaded.wants(p.file) and p.state != "disabled"]


def _checked(path: Path) -> Loaded:
    loaded = load(path)
    _stop_on_errors(loaded)
    return loaded


def _fire(simulation: Simulation, event: Event) -> None:
    """An event arrives; one that was sent in a downtime arrives after it."""
    simulation.fire(msgspec.structs.replace(event, received_at=simulation.now))


def _settings(loaded: Loaded) -> Settings:
    """The workspace's own settings, so that senders and addresses are judged as they will be; no secrets."""
    try:
        return load_settings(loaded.root, {})
    except SettingsError as error:
        raise CommandError(str(error)) from None


def as_live(plan: Plan) -> Plan:
    """A rule as if it were live."""
    return plan if plan.state == "live" else msgspec.structs.replace(plan, state="live")


def _stop_on_errors(loaded: Loaded) -> None:
    errors = [d for d in loaded.checked.diagnostics if d.is_error and loaded.wants(d.source.path)]
    if errors:
        click.echo(render_text(errors, sys.stderr.isatty()), err=True, nl=False)
        raise click.exceptions.Exit(1)


def _end(begin: Millis, span: str | None, tz: ZoneInfo) -> Millis:
    try:
        return shift(begin, parse_duration(span or DEFAULT_SPAN), tz)
    except CalendarError as error:
        raise CommandError(f"--for takes a duration such as 30d or 2h30m: {error}") from None


def _run(simulation: Simulation, happenings: list[Happening], end: Millis, to_the_end: bool) -> None:
    try:
        for happening in happenings:
            if to_the_end and happening.at > end:
                break
            simulation.advance_to(happening.at)
            happening.act()
        while (due := simulation.next_due()) is not None and due <= end:
            simulation.advance_to(due)
        if to_the_end:
            simulation.advance_to(end)
    except SimulationError as error:
        raise CommandError(str(error), 3) from None


def _print(simulation: Simulation, shown: ZoneInfo, form: str) -> None:
    timeline = simulation.timeline()
    if form == "text":
        for line in (*timeline_text(timeline, shown), *messages_text(simulation.outbox())):
            click.echo(line)
        return
    entries = list(with_messages(timeline, simulation.outbox(), shown))
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(entries), indent=2).decode())
    else:
        for entry in entries:
            click.echo(msgspec.json.encode(entry).decode())
