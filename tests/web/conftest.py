"""One server for the tests of a file; each test uses records of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import httpx
import pytest

from tests.support.evil_http import EvilServer
from tests.support.live import SCHEMA, LiveServer, LoopThread, make_files

RULES = """\
rule "Book"
  on stage enter "SQL"
  when status = trial
do
  assign("ana@acme.test")
  wait 30m
  send email template("confirm")
end

rule "Write"
  on tag added "write"
do
  send email template("confirm")
end

rule "Listen" for contact
  on event "shop.ordered"
do
  set plan_name = "gold"
end

rule "Hook"
  on tag added "hook"
do
  webhook post "http://{hooks}/hook"
  add tag "hooked"
end
"""
CONFIRM = """\
---
subject: Hello {{ contact.first_name | default: "there" }}
---
Hello {{ contact.first_name | default: "there" }}, this is {{ workspace.name }}.
"""
SETTINGS = """\
[mail]
from = "Acme <hello@acme.test>"

[egress]
allow = ["{hooks}"]

[engine]
retry = []
"""

_numbers = count(1)


@pytest.fixture(scope="module")
def hooks() -> Iterator[EvilServer]:
    """A receiver of webhooks that does as it is told."""
    with LoopThread() as loop:
        receiver = EvilServer()
        loop.run(receiver.start())
        yield receiver
        loop.run(receiver.stop())


@pytest.fixture(scope="module")
def files(hooks: EvilServer) -> dict[str, str]:
    """The files of the workspace."""
    return {
        "schema.rules": SCHEMA,
        "rules/main.rules": RULES.replace("{hooks}", hooks.address),
        "templates/confirm.liquid": CONFIRM,
        "rulelang.toml": SETTINGS.replace("{hooks}", hooks.address),
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, files: dict[str, str]) -> Iterator[LiveServer]:
    """The server."""
    with LiveServer(make_files(tmp_path_factory.mktemp("workspace"), files)) as running:
        yield running


@pytest.fixture
def own_server(tmp_path: Path, files: dict[str, str]) -> Iterator[LiveServer]:
    """A server for one test alone, which may spoil it."""
    with LiveServer(make_files(tmp_path, files)) as running:
        yield running


@pytest.fixture
def api(server: LiveServer) -> Iterator[httpx.Client]:
    """A client that may do everything."""
    with server.client() as client:
        yield client


@pytest.fixture
def stranger(server: LiveServer) -> Iterator[httpx.Client]:
    """A client without credentials."""
    with server.stranger() as client:
        yield client


@pytest.fixture
def browser(server: LiveServer) -> Iterator[httpx.Client]:
    """Somebody signed in, in front of a browser."""
    with server.browser() as client:
        yield client


@pytest.fixture
def new_id() -> Callable[[], str]:
    """Ids that no other test uses."""
    return lambda: f"c_{next(_numbers)}"
