"""The composition root: settings, store, catalogue, engine and pages become one running server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import structlog
from starlette.applications import Starlette

from rulelang.catalog.build import build_catalogue
from rulelang.workspace import CheckedWorkspace
from runtime.clock import SystemClock
from runtime.collector import calm_collector
from runtime.egress.client import EgressClient
from runtime.engine.cycle import CycleLimits
from runtime.engine.engine import Engine, EngineLimits
from runtime.engine.rules import Rules
from runtime.files import DATA, FileError, Files
from runtime.going_live import finish_files
from runtime.keys import KeyFile
from runtime.outbox import OutboxLimits, Pace
from runtime.retry import RetryPolicy
from runtime.settings import LINKS_SECRET, OWN_SECRET, Secret, Settings, load_settings, missing_secrets
from runtime.signing import make_secret_file
from runtime.store.open import open_store
from runtime.store.reader import SqliteReader
from runtime.store.sqlite import SqliteWriter
from runtime.trying import AuthorTools
from runtime.versions import BY_FILES, Author, recorder
from runtime.workspace import Workspace
from stdlib_actions.library import build_library, declarations, live_callbacks, live_links, live_services
from stdlib_actions.services import policy_of
from web.app import build_app
from web.auth import Guard, Sessions
from web.context import AppContext
from web.inbound.addresses import Address, addresses
from web.metrics import PrometheusMetrics
from web.protocol import BoundedProtocol
from workbench.authoring.tools import Tools

__all__ = ["BoundedProtocol", "Parts", "assemble", "build_server", "running"]

SHUTDOWN_SECONDS = 8.0
"""How long attempts at effects may still take when the server stops; with what requests may take, under 15 s."""


class Parts(NamedTuple):
    """What a server is made of, before it starts."""

    settings: Settings
    workspace: Workspace
    engine: Engine
    writer: SqliteWriter
    reader: SqliteReader
    egress: EgressClient
    metrics: PrometheusMetrics
    guard: Guard
    tools: AuthorTools
    inbound: Mapping[str, Address]
    env: Mapping[str, str]


def assemble(root: Path, env: Mapping[str, str] = os.environ) -> Parts:
    """Read a workspace and put its parts together; nothing runs yet.

    Raises:
        SettingsError, FileError: a file of the workspace cannot be used.
        StoreInUse, WrongDatabase, StoreUnavailable: the database cannot be opened.
    """
    settings = load_settings(root, env)
    catalogue = build_catalogue(declarations())
    database = root / settings.database.path
    _make_folder(database.parent)
    writer, readers = open_store(database)
    try:
        finish_files(writer, root)
        workspace = Workspace(root, catalogue)
    except BaseException:
        writer.close()
        raise
    if settings.webhook.makes_its_own:
        _make_secret(root / OWN_SECRET)
    _make_secret(root / LINKS_SECRET)
    for sentence in missing_secrets(settings, root, env):
        structlog.get_logger("rulelang.server").warning("secret missing", detail=sentence)
    egress = EgressClient(policy_of(settings.egress))
    services = live_services(settings, lambda: workspace.checked.schema, root, env, egress)
    library = build_library(services, catalogue)
    rules = Rules(library, workspace.checked.schema, workspace.checked.plans)
    metrics = PrometheusMetrics()
    engine = Engine(writer, rules, SystemClock(), _limits(settings), _policy(settings), metrics)
    guard = Guard(KeyFile(root / DATA), Sessions())
    inbound = addresses(settings.inbound, lambda name, file: Secret(name, file).read(root, env))
    return Parts(
        settings, workspace, engine, writer, readers(), egress, metrics, guard, Tools(root), inbound, env
    )


def _make_folder(folder: Path) -> None:
    """The folder of the data, for this user alone: it holds people's data."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"the folder {folder} cannot be made: {error.strerror}") from None


def _make_secret(path: Path) -> None:
    """What signs webhooks where nothing is named, or links. Only one server gets here: the store has a lock."""
    _make_folder(path.parent)
    try:
        make_secret_file(path)
    except OSError as error:
        raise FileError(f"the signing secret {path} cannot be written: {error.strerror}") from None


def _limits(settings: Settings) -> EngineLimits:
    knobs = settings.engine
    pace = Pace(rate=knobs.rate, concurrency=knobs.concurrency)
    paces = {name: Pace(rate=rate, concurrency=knobs.concurrency) for name, rate in knobs.rates.items()}
    outbox = OutboxLimits(pace=pace, paces=paces)
    return EngineLimits(batch=knobs.batch, outbox=outbox, cycle=CycleLimits())


def _policy(settings: Settings) -> RetryPolicy:
    return RetryPolicy(delays=tuple(int(seconds * 1000) for seconds in settings.engine.retry_seconds))


@asynccontextmanager
async def running(parts: Parts) -> AsyncIterator[None]:
    """The engine at work and the files watched, as long as this is entered; then everything is closed in order.

    Raises:
        StoreUnavailable: the store cannot be written now.
    """
    log = structlog.get_logger("rulelang.server")
    try:
        await asyncio.to_thread(_record_start, parts)
        await parts.engine.start()
        calm_collector()
        following = asyncio.create_task(_follow(parts), name="rulelang-files")
        log.info("started", rules=len(parts.workspace.checked.plans))
        try:
            yield
        finally:
            following.cancel()
            await asyncio.wait([following])
            whole = await parts.engine.close(SHUTDOWN_SECONDS)
            log.info("stopped", attempts_cut_off=not whole)
    finally:
        await parts.egress.aclose()
        await parts.reader.close()
        parts.writer.close()


_FILES = Author(BY_FILES, "files")


def _record_start(parts: Parts) -> None:
    """Note in the history what was changed while no server ran."""
    workspace = parts.workspace
    record = recorder(workspace.files, workspace.checked.plans, _FILES, parts.engine.clock.now())
    with parts.writer.transaction() as tx:
        record(tx)


async def _follow(parts: Parts) -> None:
    if parts.settings.server.watch:
        await parts.workspace.follow(_deployer(parts))


def _deployer(parts: Parts) -> Callable[[Files, CheckedWorkspace], Awaitable[None]]:
    async def deploy(files: Files, checked: CheckedWorkspace) -> None:
        record = recorder(files, checked.plans, _FILES, parts.engine.clock.now())
        await parts.engine.deploy(checked.schema, checked.plans, record=record)

    return deploy


def build_server(parts: Parts) -> Starlette:
    """The application over assembled parts. Its lifespan is that of `running`, for servers that know lifespans."""

    context = AppContext(
        engine=parts.engine,
        reader=parts.reader,
        workspace=parts.workspace,
        settings=parts.settings,
        guard=parts.guard,
        metrics=parts.metrics,
        clock=parts.engine.clock.now,
        mailbox=parts.workspace.root / parts.settings.mail.mailbox,
        version=version("rulelang"),
        tools=parts.tools,
        inbound=parts.inbound,
        links=live_links(parts.settings, parts.workspace.root),
        callbacks=live_callbacks(parts.settings, parts.workspace.root),
        env=parts.env,
    )
    return build_app(context, lambda app: running(parts))
