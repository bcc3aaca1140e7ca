"""`rulelang flow`: pictures of rules as SVG or Mermaid."""

from __future__ import annotations

from pathlib import Path

import click

from rulelang.diagnostics.suggest import did_you_mean
from rulelang.picture.build import picture
from rulelang.picture.mermaid import mermaid
from rulelang.picture.svg import svg
from rulelang.plan.model import Plan
from workbench.errors import CommandError
from workbench.loading import load


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.argument("rule", required=False)
@click.option(
    "--format", "form", type=click.Choice(["svg", "mermaid"]), default="mermaid", help="How to draw."
)
def flow(path: Path, rule: str | None, form: str) -> None:
    """Draw a RULE of PATH (a file or a workspace): its steps in order, its branches side by side.

    SVG is one picture, and so of one rule; as Mermaid all rules are drawn when none is named.
    """
    loaded = load(path)
    plans = [plan for plan in loaded.checked.plans if loaded.wants(plan.file)]
    if rule is not None:
        plans = [_named(plans, rule)]
    if not plans:
        raise CommandError(f"{path} has no rule without mistakes; `rulelang check` says what is wrong")
    if form == "svg":
        if len(plans) > 1:
            raise CommandError(f"{path} has {len(plans)} rules; name one of them for a picture")
        click.echo(svg(picture(plans[0]), style=True))
        return
    for number, plan in enumerate(plans):
        click.echo(
            ("\n" if number else "") + f"%% {' '.join(plan.key.split())}\n{mermaid(picture(plan))}", nl=False
        )


def _named(plans: list[Plan], rule: str) -> Plan:
    found = next((plan for plan in plans if plan.key == rule), None)
    if found is None:
        near = did_you_mean(rule, [plan.key for plan in plans])
        hint = f"; did you mean {near}?" if near else ""
        raise CommandError(f"there is no rule `{rule}` without mistakes{hint}")
    return found
