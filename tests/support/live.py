"""A server in a thread of the test process: real sockets, real files, real SQLite, and its parts within reach.

    with LiveServer(root) as server:
        with server.client("events:write") as api:
            assert api.post("/v1/events", json={...}).status_code == 200

`LoopThread` runs any asynchronous helper (a receiver, say) beside tests that are not asynchronous.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import httpx
import uvicorn

import server
from runtime.keys import SCOPES, make_key
from web.protocol import BoundedProtocol
from workbench.listen import listen

T = TypeVar("T")

SCHEMA = """\
workspace
  name: "Acme"
  time_zone: "Europe/Berlin"
end

status for contact: trial, customer, inactive
pipeline "Sales" for contact: MQL, SQL, Won

fields for contact
  qualified: yes/no
  plan_name: text
end

event "shop.ordered" for contact
  total: number
end

person "ana@acme.test": "Ana Ruiz"
person "bo@acme.test": "Bo Lind"
team "Sales": "ana@acme.test", "bo@acme.test"
"""


def make_files(root: Path, files: Mapping[str, str]) -> Path:
    """Write the files of a workspace (path to text) and return its folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def wait_for(condition: Callable[[], T], seconds: float = 10.0) -> T:
    """What `condition` gives once it is true; an assertion fails after `seconds`."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return found


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem details of an answer, which must have this status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


class LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="test-loop", daemon=True)

    def __enter__(self) -> LoopThread:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run(self.loop.shutdown_default_executor())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    def run(self, work: Coroutine[Any, Any, T], timeout: float = 30.0) -> T:
        """Run a coroutine in the loop and wait for what it gives."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout)


class LiveServer:
    """The server of a workspace. `env` stands for the environment: secrets and settings.

    `change` puts other parts in the place of some, before the server starts.
    """

    def __init__(
        self,
        root: Path,
        env: Mapping[str, str] | None = None,
        change: Callable[[server.Parts], server.Parts] = lambda parts: parts,
    ) -> None:
        self.root = root
        self._change = change
        self.url = ""
        self.parts: server.Parts
        self._env = dict(env or {})
        self._port = 0
        self._loop = LoopThread()
        self._serving: uvicorn.Server
        self._task: asyncio.Future[None]

    def __enter__(self) -> LiveServer:
        self._loop.__enter__()
        try:
            self._loop.run(self._start())
        except BaseException:
            self._loop.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._serving.should_exit = True
        try:
            self._loop.run(self._ended())
        finally:
            self._loop.__exit__(None, None, None)

    async def _start(self) -> None:
        self.parts = self._change(server.assemble(self.root, self._env))
        listener = listen("127.0.0.1", self._port)
        self.url = "http://127.0.0.1:{1}".format(*listener.getsockname())
        config = uvicorn.Config(
            server.build_server(self.parts),
            http=BoundedProtocol,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._serving = uvicorn.Server(config)
        self._task = asyncio.ensure_future(self._serving.serve([listener]))
        while not self._serving.started:
            assert not self._task.done(), "the server did not start"
            await asyncio.sleep(0.01)

    async def _ended(self) -> None:
        await self._task

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The server away for a while. It comes back at the same address, and knows nothing of earlier sessions."""
        self.__exit__(None, None, None)
        yield
        self._port = int(self.url.rpartition(":")[2])
        self._loop = LoopThread()
        self.__enter__()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the server's own event loop."""
        return self._loop.run(work)

    def key(self, *scopes: str) -> str:
        """A new API key; with all scopes when none is named."""
        made = make_key("test", scopes or SCOPES, int(time.time() * 1000))
        self.parts.guard.keys.add(made.key)
        return made.text

    def client(self, *scopes: str) -> httpx.Client:
        """A client with a new API key."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.key(*scopes)}"})

    def stranger(self) -> httpx.Client:
        """A client without any credentials."""
        return httpx.Client(base_url=self.url)

    @contextmanager
    def browser(self) -> Iterator[httpx.Client]:
        """A client with the session of somebody who used a sign-in link, which sends what browsers send."""
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        with httpx.Client(base_url=self.url, headers=headers) as client:
            token = self.parts.guard.sessions.make_link_token()
            assert client.get("/sign-in", params={"token": token}).status_code == 200
            yield client
