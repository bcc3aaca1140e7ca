"""`rulelang start` and `rulelang backfill`: rules started by hand, for one record or for all that match already."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click
import msgspec

from rulelang.calendar import Duration, instant_text, parse_instant
from rulelang.diagnostics.terminal import harmless
from rulelang.plan.model import Plan
from runtime.clock import SystemClock
from runtime.engine.backfill import Backfill, BackfillError, Preview, plan_backfill, preview_json, read_rate
from runtime.engine.core import EngineCore
from runtime.engine.rules import Rules
from runtime.existing import says_who
from runtime.settings import SettingsError, load_settings
from runtime.store.lock import StoreInUse
from runtime.store.migrations import WrongDatabase
from runtime.store.open import open_store
from runtime.store.protocol import StoreUnavailable
from stdlib_actions.library import offline_library
from workbench.client import Server, ask_server, from_server, refused, rule_path, server_options
from workbench.database import subject_key
from workbench.errors import CommandError
from workbench.loading import catalogue, load

CONFLICT = 409
LOOK = 500


@click.command()
@click.argument("rule")
@click.option("--subject", required=True, metavar="KIND:ID", help="For whom, such as contact:c_1.")
@click.option("--with", "given", multiple=True, metavar="NAME=VALUE", help="What the rule takes; repeatable.")
@server_options
def start(rule: str, subject: str, given: tuple[str, ...], url: str, key: str) -> None:
    """Start RULE for one record on a running server.

    Its `when`, enrolment and exits apply, its triggers do not. Exit code 1: it was refused.
    """
    record = subject_key(subject)
    body = {"subject": {"kind": record.kind, "id": record.id}, "with": dict(_pair(text) for text in given)}
    reply = ask_server(Server(url, key), "POST", rule_path(rule, "runs"), body)
    if reply.status == CONFLICT and reply.body.get("status") == "refused":
        click.echo(f"refused: {harmless(str(reply.body.get('reason')))}", err=True)
        raise click.exceptions.Exit(1)
    if reply.status >= 400:
        raise refused(reply)
    click.echo(f"started {reply.body['run']}")


def _pair(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise CommandError(f"--with takes a name and a value such as discount=10, found {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


@click.command()
@click.argument("rule")
@click.option(
    "--workspace",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A workspace on this machine whose server is not running: what is asked for begins when it runs.",
)
@server_options
@click.option("--dry-run", is_flag=True, help="Only count, and name the first ten.")
@click.option(
    "--rate", metavar="N/TIME", help="At most N runs begin in such a time, such as 50/1h; else at once."
)
@click.option("--limit", type=click.IntRange(1), help="At most so many runs.")
@click.option("--status", "ask", is_flag=True, help="Only say how far the last one is.")
@click.option(
    "--cancel", is_flag=True, help="Cancel the one that is under way, and runs that wait for their turn."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def backfill(
    rule: str,
    workspace: Path | None,
    url: str,
    key: str,
    dry_run: bool,
    rate: str | None,
    limit: int | None,
    ask: bool,
    cancel: bool,
    form: str,
) -> None:
    """Let RULE enrol the records that match already: it begins for each whose stage, tags, segments or fields are such
    as its trigger tells, and for whom its `when` holds.
    """
    if workspace is not None:
        if ask or cancel:
            raise CommandError("--status and --cancel ask a running server")
        found = _local(workspace, rule, rate, limit or 0, dry_run)
    else:
        method = "GET" if ask else "DELETE" if cancel else "POST"
        body = {"dry_run": dry_run, **({"rate": rate} if rate else {}), **({"limit": limit} if limit else {})}
        path = rule_path(rule, "backfill")
        found = from_server(Server(url, key), method, path, body if method == "POST" else None)
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    for line in _lines(found):
        click.echo(line)


def _lines(found: dict[str, Any]) -> list[str]:
    if not found.get("dry_run"):
        rate = found.get("rate")
        pace = f", at most {rate['count']} in {Duration(seconds=rate['seconds']).text}" if rate else ""
        return [
            f"{found['state']}: {found['enrolled']} runs begun or in line, {found['examined']} records looked at{pace}"
        ]
    first = [f"  {key['kind']} {harmless(key['id'])}" for key in found["first"]]
    more = found["matches"] - len(first)
    lines = [f"{found['matches']} of {found['examined']} records match", *first]
    if more > 0:
        lines.append(f"  and {more} more")
    takes = max(parse_instant(found["last_at"]) - parse_instant(found["now"]), 0) // 1000
    lines.append(
        f"the last run would begin after {Duration(seconds=takes).text}"
        if takes
        else "all would begin at once"
    )
    return lines


# --- without a server --------------------------------------------------------------------------------


def _local(root: Path, rule: str, rate: str | None, limit: int, dry_run: bool) -> dict[str, Any]:
    loaded, now = load(root), SystemClock().now()
    plans = {plan.key: plan for plan in loaded.checked.plans}
    if rule not in plans:
        raise CommandError(
            f"the workspace has no rule `{rule}`; `rulelang check` shows whether it has errors"
        )
    wanted = _wanted(plans[rule], rate, limit)
    try:
        path = root / load_settings(root, os.environ).database.path
        if not path.exists():
            raise CommandError(f"{path} does not exist: no server has run for this workspace yet")
        writer, _ = open_store(path)
    except (SettingsError, StoreInUse, StoreUnavailable, WrongDatabase) as error:
        raise CommandError(f"{error}; ask a running server with --server") from None
    try:
        schema = loaded.checked.schema
        library = offline_library(lambda: schema, catalogue=catalogue())
        core = EngineCore(writer, Rules(library, schema, loaded.checked.plans))
        if dry_run:
            return preview_json(_preview(core, wanted, now), wanted, now)
        number = core.administer(lambda tx: plan_backfill(tx, wanted, now))
    except (BackfillError, StoreUnavailable) as error:
        raise CommandError(str(error)) from None
    finally:
        writer.close()
    figures = {"number": number, "state": "running", "examined": 0, "enrolled": 0, "limit": limit or None}
    pace = {"count": wanted.count, "seconds": wanted.span // 1000} if wanted.count else None
    return {"rule": rule, **figures, "rate": pace, "began_at": instant_text(now), "ended_at": None}


def _wanted(plan: Plan, rate: str | None, limit: int) -> Backfill:
    if plan.state != "live":
        raise CommandError(f"the rule is {plan.state}, only a live rule can be started")
    if not says_who(plan, catalogue()):
        raise CommandError(
            "nothing in the records tells for whom this rule would have begun; give it a `when` first"
        )
    try:
        count, span = read_rate(rate) if rate else (0, 0)
    except BackfillError as error:
        raise CommandError(str(error)) from None
    return Backfill(plan.key, plan.subject, count, span, limit)


def _preview(core: EngineCore, wanted: Backfill, now: int) -> Preview:
    found = Preview()
    while not found.done:
        found = core.preview(wanted, now, LOOK, found)
    return found
