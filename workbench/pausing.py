"""`rulelang pause` and `rulelang resume`."""

from __future__ import annotations

import click

from rulelang.diagnostics.terminal import harmless
from workbench.client import Server, from_server, rule_path, server_options


@click.command()
@click.argument("rule")
@server_options
def pause(rule: str, url: str, key: str) -> None:
    """Hold RULE on a running server: it starts nothing, and its runs stand still until it is resumed."""
    from_server(Server(url, key), "POST", rule_path(rule, "pause"))
    click.echo(harmless(f"`{rule}` is paused; `rulelang resume` lets it go on"))


@click.command()
@click.argument("rule")
@server_options
def resume(rule: str, url: str, key: str) -> None:
    """Let RULE go on that was paused by hand; waits end later or not, as the workspace's policy says."""
    from_server(Server(url, key), "POST", rule_path(rule, "resume"))
    click.echo(harmless(f"`{rule}` goes on"))
