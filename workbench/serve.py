"""`rulelang serve` and `rulelang demo`: a running server."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.errors import CommandError
from workbench.new import make_workspace

if TYPE_CHECKING:
    from server import Parts

_HOST = click.option("--host", help="Where to listen; else as rulelang.toml says.")
_PORT = click.option("--port", type=click.IntRange(0, 65535), help="Which port; 0 takes a free one.")


@click.command()
@click.option(
    "--workspace", type=click.Path(path_type=Path), default=Path(), help="The workspace; else this folder."
)
@_HOST
@_PORT
def serve(workspace: Path, host: str | None, port: int | None) -> None:
    """Run a workspace: events in over HTTP, pages and API out. SIGTERM ends it in order."""
    if not workspace.is_dir():
        raise CommandError(f"{workspace} is no folder; `rulelang new {workspace}` makes a workspace there")
    _serve(workspace, host, port, None)


@click.command()
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path("demo"), show_default=True, help="Its folder."
)
@_HOST
@_PORT
def demo(folder: Path, host: str | None, port: int | None) -> None:
    """Serve the example workspace (made in FOLDER when it is not there) and say what to try."""
    if not folder.exists():
        _make_demo(folder)
    _serve(folder, host, port, "demo")


def _make_demo(folder: Path) -> None:
    import shutil

    example = Path(__file__).parent.parent / "examples" / "workspace"
    if example.is_dir():
        shutil.copytree(example, folder)
    else:
        make_workspace(folder)


def _serve(root: Path, host: str | None, port: int | None, key_name: str | None) -> None:
    import server
    from runtime.files import FileError
    from runtime.settings import SettingsError
    from runtime.store.protocol import StoreUnavailable
    from workbench.logs import configure_logs

    configure_logs()
    try:
        parts = server.assemble(root)
    except (SettingsError, FileError) as error:
        raise CommandError(str(error)) from None
    except StoreUnavailable as error:
        raise CommandError(str(error), 3) from None
    asyncio.run(_run(parts, host, port, key_name))


async def _run(parts: Parts, host: str | None, port: int | None, key_name: str | None) -> None:
    import uvicorn

    import server

    settings = parts.settings.server
    config = uvicorn.Config(
        server.build_server(parts),
        host=host or settings.host,
        port=settings.port if port is None else port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
        server_header=False,
        h11_max_incomplete_event_size=64 * 1024,
    )
    serving = uvicorn.Server(config)
    task = asyncio.create_task(serving.serve())
    while not serving.started and not task.done():
        await asyncio.sleep(0.02)
    if serving.started:
        _announce(parts, serving, key_name)
    try:
        await task
    except SystemExit:
        place = f"{config.host}:{config.port}"
        raise CommandError(f"the server cannot listen on {place}; is another one running?", 3) from None


def _announce(parts: Parts, serving: Any, key_name: str | None) -> None:
    address = serving.servers[0].sockets[0].getsockname()
    url = f"http://{_spelled(address[0])}:{address[1]}"
    token = parts.guard.sessions.make_link_token()
    problems = [d for d in parts.workspace.diagnostics if d.is_error]
    click.echo(f"rulelang serves {parts.workspace.root} at {url}")
    click.echo(f"  open   {url}/sign-in?token={token}   (works once, for ten minutes)")
    if problems:
        click.echo(
            f"  {len(problems)} mistakes in the rules: run `rulelang check {parts.workspace.root}`", err=True
        )
    if key_name is not None:
        _say_what_to_try(parts, url, _demo_key(parts, key_name))


def _spelled(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _demo_key(parts: Parts, name: str) -> str:
    from runtime.keys import SCOPES, make_key

    for old in list(parts.guard.keys.all().values()):
        if old.name == name and not old.revoked:
            parts.guard.keys.revoke(old.id)
    made = make_key(name, SCOPES, int(time.time() * 1000))
    parts.guard.keys.add(made.key)
    return made.text


def _say_what_to_try(parts: Parts, url: str, key: str) -> None:
    root = os.path.relpath(parts.workspace.root)
    click.echo(f"""  key    {key}

Try this in another terminal:

  export RULELANG_URL={url} RULELANG_KEY={key}

  rulelang import contacts {root}/contacts.csv

  curl -s $RULELANG_URL/v1/events -H "Authorization: Bearer $RULELANG_KEY" -H "Content-Type: application/json" \\
    -d '{{"type": "contact.tag_added", "contact_id": "c_1", "data": {{"tag": "demo"}}}}'

The rule "Watch me" in {root}/rules/first.rules assigns the contact at once and, 20 seconds later, sends one mail:
watch the page, or kill this server in the meantime (kill -9 {os.getpid()}) and start it again.

Ctrl-C ends the server.
""")
