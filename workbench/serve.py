"""`rulelang serve`: a running server."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.errors import CommandError
from workbench.listen import allow_many_files, listen, spelled
from workbench.loading import require_workspace

if TYPE_CHECKING:
    from server import Parts

GRACE = 4
"""Seconds that requests under way have to end when the server stops; attempts at effects have theirs after that."""
MAX_CONNECTIONS = 1000

host_option = click.option("--host", help="Where to listen; else as rulelang.toml says.")
port_option = click.option("--port", type=click.IntRange(0, 65535), help="Which port; 0 takes a free one.")


@click.command()
@click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    default=Path(),
    show_default="this folder",
    help="The workspace.",
)
@host_option
@port_option
def serve(workspace: Path, host: str | None, port: int | None) -> None:
    """Run a workspace: events in over HTTP, pages and API out. SIGTERM or Ctrl-C ends it in order."""
    run_server(require_workspace(workspace), host, port)


def run_server(
    root: Path, host: str | None, port: int | None, announce: Callable[[Parts, str], None] | None = None
) -> None:
    """Serve a workspace until a signal ends it. `announce` is called with the address once requests are answered.

    Raises:
        CommandError: it cannot be served; the message says why.
    """
    import server
    from rulelang.catalog.build import CatalogueError
    from runtime.files import FileError
    from runtime.settings import SettingsError, load_settings
    from runtime.store.lock import StoreInUse
    from runtime.store.migrations import WrongDatabase
    from runtime.store.protocol import StoreUnavailable
    from workbench.logs import configure_logs

    configure_logs()
    allow_many_files()
    try:
        settings = load_settings(root, os.environ)
        listener = listen(host or settings.server.host, settings.server.port if port is None else port)
        with listener:
            parts = server.assemble(root, os.environ)
            _run(parts, listener, announce)
    except (SettingsError, FileError, CatalogueError, WrongDatabase, StoreInUse) as error:
        raise CommandError(str(error)) from None
    except StoreUnavailable as error:
        raise CommandError(str(error), 3) from None


def _run(parts: Parts, listener: socket.socket, announce: Callable[[Parts, str], None] | None) -> None:
    import uvicorn

    import server

    class Serving(uvicorn.Server):
        """Ends with code 0 when a signal ends it, and says when it has begun."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, self.handle_exit, number, None)
            yield

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            _announce(parts, listener, announce)

    config = uvicorn.Config(
        server.build_server(parts),
        http=server.BoundedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE,
        limit_concurrency=MAX_CONNECTIONS,
        server_header=False,
    )

    async def work() -> None:
        async with server.running(parts):
            await Serving(config).serve([listener])

    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(work())


def _announce(parts: Parts, listener: socket.socket, announce: Callable[[Parts, str], None] | None) -> None:
    address: tuple[Any, ...] = listener.getsockname()
    url = f"http://{spelled(address[0])}:{address[1]}"
    root = parts.workspace.root
    token = parts.guard.sessions.make_link_token()
    click.echo(f"rulelang serves {root} at {url}")
    click.echo(f"  open   {url}/sign-in?token={token}   (works once, for ten minutes)")
    mistakes = sum(d.is_error for d in parts.workspace.diagnostics)
    if mistakes:
        noun = "mistake" if mistakes == 1 else "mistakes"
        click.echo(f"  {mistakes} {noun} in the rules: run `rulelang check {root}`", err=True)
    if announce is not None:
        announce(parts, url)
