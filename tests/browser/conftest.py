"""A real Chromium that visits a real server. A page fails its test when it logs an error or asks another origin."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    async_playwright,
    expect,
)

from tests.support.live import LiveServer

ROOT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# What the browser logs by itself when a server is away or answers with a problem: the pages deal with both.
_EXPECTED = ("net::ERR_CONNECTION_REFUSED", "net::ERR_EMPTY_RESPONSE", "net::ERR_CONNECTION_RESET")
_STATUS = "Failed to load resource: the server responded with a status of"
_TELL = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.target?.outerHTML?.slice(0, 200)}`));
"""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests."""
    if CHROMIUM is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("REQUIRE_BROWSER=1, and there is no Chromium")
        pytest.skip("there is no Chromium; on Debian: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=list(ARGUMENTS)
        )
        yield browser
        await browser.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    """A server of a copy of the example workspace."""
    root = tmp_path / "workspace"
    shutil.copytree(ROOT / "examples/workspace", root)
    with LiveServer(root) as running:
        yield running


class Watch:
    """What a page did that no page of ours may do."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.bad: list[str] = []

    def follow(self, page: Page) -> None:
        """Listen to a page."""
        page.on("pageerror", lambda error: self.bad.append(f"exception: {error}\n{error.stack}"))
        page.on("console", self._console)
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        expected = any(text in message.text for text in _EXPECTED) or message.text.startswith(_STATUS)
        if message.type in ("error", "warning") and not expected:
            self.bad.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if (
            parts.scheme in ("http", "https", "ws", "wss")
            and f"{parts.scheme}://{parts.netloc}" != self.origin
        ):
            self.bad.append(f"another origin: {request.url}")


async def signed_in(browser: Browser, server: LiveServer, watch: Watch, **options: object) -> BrowserContext:
    """A context with the session of somebody who may do everything."""
    context = await browser.new_context(base_url=server.url, **options)  # type: ignore[arg-type]
    context.set_default_timeout(20_000)
    await context.add_init_script(_TELL)
    context.on("page", watch.follow)
    await context.add_cookies([session_cookie(server)])
    return context


def session_cookie(server: LiveServer) -> Any:
    """The cookie of a new session."""
    session = server.parts.guard.sessions.begin("")
    name = f"rulelang_{urlsplit(server.url).port}"
    return {"name": name, "value": session, "url": server.url, "sameSite": "Strict"}


# A busy machine is slow, not wrong.
expect.set_options(timeout=15_000)

Visitor = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, server: LiveServer) -> AsyncIterator[Visitor]:
    """Opens a path of the server for somebody new, with options of a browser context; checks behaviour at the end."""
    watch = Watch(server.url)
    contexts: list[BrowserContext] = []

    async def open_path(path: str, **options: object) -> Page:
        contexts.append(await signed_in(browser, server, watch, **options))
        page = await contexts[-1].new_page()
        await page.goto(path)
        return page

    yield open_path
    for context in contexts:
        await context.close()
    assert not watch.bad, "\n".join(watch.bad)


@pytest_asyncio.fixture(loop_scope="session")
async def page(visit: Visitor) -> Page:
    """The editor, opened by somebody signed in."""
    return await visit("/editor")


@pytest.fixture
def context(page: Page) -> BrowserContext:
    """The context of the page."""
    return page.context
