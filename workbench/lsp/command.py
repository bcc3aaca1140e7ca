"""`rulelang lsp`: the language server for editors."""

from __future__ import annotations

import sys

import click

from workbench.lsp.server import LanguageServer


@click.command()
def lsp() -> None:
    """Serve the Language Server Protocol over standard input and output. Editors start it themselves.

    Exit code 1: the editor went away without a word.
    """
    server = LanguageServer(sys.stdin.buffer, sys.stdout.buffer, lambda text: click.echo(text, err=True))
    code = server.run()
    if code:
        raise click.exceptions.Exit(code)
