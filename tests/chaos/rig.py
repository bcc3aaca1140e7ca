"""A workspace on disk and the real server over it, as a process that can be killed, stopped and started again."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from email.message import Message
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from rulelang.catalog.build import build_catalogue
from rulelang.catalog.model import Catalogue
from runtime.files import DATA
from runtime.keys import SCOPES, KeyFile, make_key
from runtime.workspace import Workspace
from stdlib_actions.library import declarations

REPOSITORY = Path(__file__).parents[2]
START_SECONDS = 60.0
"""How long a start may take on a busy machine; traced ones are slow."""

_IDLE = 2.0
"""Seconds after which a connection is not used again: a server may close it at any moment after five."""

_READY = re.compile(rb"serves .* at http://[^:]+:(\d+)")


class Died(AssertionError):
    """The server ended before it was ready."""


class Answer:
    """An answer of the API: its status, its headers and its JSON (None when it holds none)."""

    def __init__(self, status: int, headers: Message, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        """The JSON of the body."""
        return json.loads(self.body) if self.body else None


class Api:
    """A keep-alive connection to a server that may come and go. One thread uses it."""

    def __init__(self, port: int, key: str, timeout: float = 20.0) -> None:
        self.port = port
        self._key = key
        self._timeout = timeout
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0

    def request(self, method: str, path: str, body: Any = None, media: str = "application/json") -> Answer:
        """One request, never repeated.

        Raises:
            OSError, http.client.HTTPException: there was no whole answer.
        """
        if time.monotonic() > self._used + _IDLE:
            self.close()
        self._used = time.monotonic()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self._timeout)
        headers = {"Authorization": f"Bearer {self._key}"}
        if body is not None:
            headers["Content-Type"] = media
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def insist(self, method: str, path: str, body: Any = None, media: str = "application/json") -> Answer:
        """As `request`, again and again until there is an answer other than 5xx."""
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                answer = self.request(method, path, body, media)
                if answer.status < 500:
                    return answer
            time.sleep(0.05)

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Server:
    """One process. `output` gets both of its streams."""

    def __init__(self, command: Sequence[str], output: Path, env: Mapping[str, str]) -> None:
        self._output: IO[bytes] = output.open("ab")
        self._path = output
        self._start = output.stat().st_size
        # A session of its own, so that a tracer and the server below it can be ended together.
        self.process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **env},
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The id of the process that was started."""
        return self.process.pid

    @property
    def said(self) -> bytes:
        """What the process has written so far."""
        with self._path.open("rb") as file:
            file.seek(self._start)
            return file.read()

    def ready(self, seconds: float = START_SECONDS) -> int:
        """Wait until it serves; the port.

        Raises:
            Died: it ended, or did not begin to serve in time.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = _READY.search(self.said)
            if found:
                return int(found[1])
            if self.process.poll() is not None:
                raise Died(f"exit {self.process.returncode}: {self.said.decode(errors='replace')}")
            time.sleep(0.01)
        raise Died(f"not ready in {seconds:g} seconds: {self.said.decode(errors='replace')}")

    def kill(self) -> None:
        """End it at once, with everything that was started with it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.wait(20)

    def stop(self, seconds: float = 20.0) -> int:
        """Ask it to end; its exit code.

        Raises:
            subprocess.TimeoutExpired: it did not end in time.
        """
        self.process.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds: float) -> int:
        """Wait for its end; its exit code (minus the signal that ended it).

        Raises:
            subprocess.TimeoutExpired: it did not end in time.
        """
        code = self.process.wait(seconds)
        self._output.close()
        return code


class Rig:
    """A workspace and the server processes over it, one after the other. The port stays the same.

    with Rig(folder, {"first.rules": "…"}, settings) as rig:
        rig.start()
        rig.api().insist("POST", "/v1/events", {...})
    """

    def __init__(self, root: Path, files: Mapping[str, str], env: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.database = root / DATA / "rulelang.db"
        self.log = root.with_name(f"{root.name}.log")
        self.port = free_port()
        self.server: Server | None = None
        self._apis: list[Api] = []
        self._env = dict(env or {})
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        checked = Workspace(root, _catalogue())
        assert not checked.diagnostics, checked.diagnostics[0].message
        made = make_key("chaos", SCOPES, 0)
        (root / DATA).mkdir(parents=True, exist_ok=True)
        KeyFile(root / DATA).add(made.key)
        self.key = made.text

    def __enter__(self) -> Rig:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for api in self._apis:
            api.close()
        if self.server is not None:
            self.server.kill()

    def launch(self, *wrapper: str, env: Mapping[str, str] | None = None) -> Server:
        """Start a server, under the command `wrapper` if given, and do not wait for it."""
        command = [sys.executable, "-m", "workbench.cli", "serve", "--workspace", str(self.root)]
        port = ["--port", str(self.port)]
        self.server = Server([*wrapper, *command, *port], self.log, {**self._env, **(env or {})})
        return self.server

    def start(self, *wrapper: str, env: Mapping[str, str] | None = None) -> Server:
        """Start a server and wait until it serves.

        Raises:
            Died: it does not.
        """
        server = self.launch(*wrapper, env=env)
        server.ready()
        return server

    def api(self, timeout: float = 20.0) -> Api:
        """A client of its own for one thread."""
        made = Api(self.port, self.key, timeout)
        self._apis.append(made)
        return made


@cache
def _catalogue() -> Catalogue:
    return build_catalogue(declarations())


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until the condition holds.

    Raises:
        AssertionError: it does not within `seconds`; `what` was waited for.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:g} seconds for {what}")
        time.sleep(0.05)
