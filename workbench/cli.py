"""The command line. Commands are imported when they are called, so that `rulelang --version` costs next to nothing."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.metadata import version as package_version

import click

COMMANDS: dict[str, tuple[str, str]] = {
    "check": ("workbench.check:check", "check rules and say what is wrong with them"),
    "simulate": ("workbench.simulate:simulate", "run rules on sample records and events, on a virtual clock"),
    "backtest": ("workbench.backtest:backtest", "run draft rules over the events on record"),
    "test": ("workbench.testing.command:test", "run the tests of a workspace, on a virtual clock"),
    "fmt": ("workbench.fmt:fmt", "format rule files in the one style"),
    "lint": ("workbench.lint:lint", "look for loops, conflicts and dead conditions in correct rules"),
    "why": ("workbench.why:why", "say why a rule fired for somebody, or why not"),
    "next": ("workbench.upcoming:upcoming", "say when schedules fire next"),
    "flow": ("workbench.flow:flow", "draw rules as pictures"),
    "stats": ("workbench.stats:stats", "say how often rules were attempted, started and refused"),
    "deploy": (
        "workbench.deploy:deploy",
        "show what other rules would mean for a running server, then go live",
    ),
    "history": ("workbench.history:history", "list the versions of a rule: when, by whom"),
    "diff": ("workbench.history:diff", "show what differs between two versions of a rule"),
    "restore": ("workbench.history:restore", "put an old version of a rule in force again"),
    "docs": ("workbench.manual.command:docs", "show the documentation"),
    "drafts": ("workbench.drafts:drafts", "list, send and refuse messages that wait for a person"),
    "pause": ("workbench.pausing:pause", "hold a rule and its runs until it is resumed"),
    "resume": ("workbench.pausing:resume", "let a paused rule and its runs go on"),
    "catalog": ("workbench.catalog:catalog", "list triggers, actions and functions"),
    "repl": ("workbench.repl.command:repl", "try out expressions, events and rules at a prompt"),
    "lsp": ("workbench.lsp.command:lsp", "serve editors over the Language Server Protocol"),
    "start": ("workbench.starting:start", "start a rule for one record on a running server"),
    "backfill": ("workbench.starting:backfill", "let a rule enrol the records that match already"),
    "serve": ("workbench.serve:serve", "run a workspace: events in, pages and API out"),
    "demo": ("workbench.demo:demo", "serve the example workspace and say what to try"),
    "new": ("workbench.new:new", "make a workspace to start from"),
    "import": ("workbench.importing:import_records", "import records from CSV into a running server"),
    "key": ("workbench.keys:key", "make, list and revoke API keys"),
}


class LazyGroup(click.Group):
    """A group whose commands are imported on demand (click's documentation, "Lazily Loading Subcommands")."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in the order people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command with this name."""
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands for `--help`, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _print_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"rulelang {package_version('rulelang')}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    callback=_print_version,
    expose_value=False,
    is_eager=True,
    help="Show the version.",
)
def root() -> None:
    """Automation for customer data, written as text.

    Start with `rulelang new DIR`, then `rulelang check DIR` and `rulelang serve --workspace DIR`.
    """


def main() -> None:
    """The entry point `rulelang`. Exit codes: 0 fine, 1 findings, 2 wrong usage, 3 a failure while running."""
    from workbench.errors import CommandError

    try:
        # Outside of standalone mode click returns the code of an Exit instead of raising it.
        code = root(prog_name="rulelang", standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except CommandError as error:
        click.echo(f"rulelang: {error}", err=True)
        sys.exit(error.code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("rulelang: stopped", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read the output has seen enough; what is left in the buffer must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("RULELANG_DEBUG"):
            raise
        hint = "this is a mistake of ours; RULELANG_DEBUG=1 shows where"
        click.echo(f"rulelang: {type(error).__name__}: {error} ({hint})", err=True)
        sys.exit(3)


if __name__ == "__main__":
    main()
