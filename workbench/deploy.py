"""`rulelang deploy`: what going live would mean, and then exactly that."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import msgspec

from rulelang.diagnostics.terminal import harmless
from runtime.deploying import CHOICES, DeployPlan, deploy_lines
from runtime.files import RULES_SUFFIX, TEMPLATE_SUFFIXES, TEMPLATES, TESTS_SUFFIX, FileError, read_text
from workbench.client import Server, ask_server, from_server, refused, server_options
from workbench.errors import CommandError

CONFLICT = 409


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path())
@server_options
@click.option(
    "--plan", "only_plan", is_flag=True, help="Only show what would happen. Exit code 1: something."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--runs",
    "runs",
    multiple=True,
    metavar="RULE=CHOICE",
    help="What becomes of the rule's runs in flight: finish (as without), move or end. `*` stands for all rules.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def deploy(
    folder: Path, url: str, key: str, only_plan: bool, yes: bool, runs: tuple[str, ...], form: str
) -> None:
    """Put the rules and templates of FOLDER in force on a running server, after showing what that means.

    Shown are rules added, changed and removed, and the runs in flight on each: where they stand and whether they can
    be moved to the new version. What was shown is what is done; if something has changed meanwhile, nothing is.
    """
    server, files = Server(url, key), folder_files(folder)
    body: dict[str, Any] = {"files": files, "whole": True}
    found = from_server(server, "POST", "/v1/deploy/plan", body)
    chosen = _choices(runs, found)
    _show(found, chosen, form)
    if not found["deployable"]:
        raise CommandError(_mistakes(found), 1)
    if only_plan:
        raise click.exceptions.Exit(1 if _changes(found) else 0)
    if not _changes(found) and not chosen:
        return
    if not yes:
        click.confirm("Deploy this?", abort=True, err=True)
    reply = ask_server(server, "POST", "/v1/deploy", {**body, "token": found["token"], "runs": chosen})
    if reply.status == CONFLICT:
        raise CommandError("something has changed since the plan was made; nothing was done, look again", 1)
    if reply.status >= 400:
        raise refused(reply)
    if form == "text":
        click.echo("deployed")


def folder_files(folder: Path) -> dict[str, str]:
    """The texts of all rule files and templates below a folder, by path.

    Raises:
        CommandError: one cannot be read, or there is no rule file.
    """
    found: dict[str, str] = {}
    try:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            if any(part.startswith((".", "__")) for part in name.parts) or not path.is_file():
                continue
            template = name.parts[0] == TEMPLATES and path.suffix in TEMPLATE_SUFFIXES
            rules = path.suffix == RULES_SUFFIX and not path.name.endswith(TESTS_SUFFIX)
            if rules or template:
                found[name.as_posix()] = read_text(path)
    except FileError as error:
        raise CommandError(str(error)) from None
    if not any(name.endswith(RULES_SUFFIX) for name in found):
        raise CommandError(f"{folder} holds no file that ends in `{RULES_SUFFIX}`")
    return found


def _choices(given: Iterable[str], found: dict[str, Any]) -> dict[str, str]:
    """The choice for each rule. `*` goes to the rules where it can be chosen, and yields to a rule's own."""
    allowed = {rule["rule"]: rule.get("choices", []) for rule in found["rules"]}
    chosen: dict[str, str] = {}
    every = ""
    for text in given:
        rule, equals, choice = text.rpartition("=")
        if not equals or choice not in CHOICES:
            raise CommandError(f"--runs takes a rule and one of {', '.join(CHOICES)}, found {text!r}")
        if rule == "*":
            every = choice
            continue
        if choice not in allowed.get(rule, []):
            may = allowed.get(rule)
            hint = f"it may be {' or '.join(may)}" if may else "no runs of this rule are concerned"
            raise CommandError(f"`{choice}` cannot be chosen for `{rule}`: {hint}")
        chosen[rule] = choice
    everybody = {rule: every for rule, choices in allowed.items() if every in choices}
    return {**everybody, **chosen}


def _changes(found: dict[str, Any]) -> bool:
    return any(rule["change"] != "unchanged" for rule in found["rules"])


def _show(found: dict[str, Any], chosen: dict[str, str], form: str) -> None:
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    for rule in found["rules"]:
        # Times are for programs; the lines do without.
        for standing in rule.get("standing", ()):
            standing.pop("first_due", None)
            standing.pop("last_due", None)
    for line in deploy_lines(msgspec.convert(_own(found), DeployPlan)):
        click.echo(harmless(line))
    for rule, choice in chosen.items():
        click.echo(harmless(f"runs of `{rule}`: {choice}"))


def _own(found: dict[str, Any]) -> dict[str, Any]:
    return {"token": found["token"], "rules": found["rules"]}


def _mistakes(found: dict[str, Any]) -> str:
    errors = [d for d in found["diagnostics"] if d["severity"] == "error"]
    first = harmless(f"{errors[0]['path']}: {errors[0]['message']}") if errors else "the files have mistakes"
    return f"this cannot be deployed: {first}; `rulelang check` shows all"
