"""The command line in processes of its own: a command that runs to its end, and a server that is stopped or killed.

with ServerProcess(workspace, "--port", "0") as server:
    httpx.get(f"{server.url}/healthz")
    assert server.terminate() == 0
"""

from __future__ import annotations

import io
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import TracebackType
from typing import IO

import httpx

ROOT = Path(__file__).parent.parent.parent
_PROGRAM = (sys.executable, "-W", "error", "-m", "workbench.cli")
_URL = re.compile(r"rulelang serves .* at (http://\S+)")
_LINK = re.compile(r"open\s+(\S+)")
_KEY = re.compile(r"^\s*key\s+(rl_\S+)")


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a command sees: nothing of the settings that whoever runs the tests may have."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RULELANG_", "PYTHON", "NO_COLOR"))}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", **(more or {})}


def rulelang(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 60,
    stdin: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*_PROGRAM, *map(str, arguments)],
        cwd=cwd,
        env=environment(env),
        capture_output=True,
        text=True,
        timeout=timeout,
        input=stdin,
        check=False,
    )


def command(
    *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """As `rulelang`, within this process and so much faster: for commands that read, print and end."""
    from workbench.cli import main

    out, err = io.StringIO(), io.StringIO()
    before = dict(os.environ), os.getcwd(), sys.argv
    code: object = 0
    try:
        for name in [name for name in os.environ if name.startswith("RULELANG_")]:
            del os.environ[name]
        os.environ.update(env or {})
        os.chdir(cwd or before[1])
        sys.argv = ["rulelang", *map(str, arguments)]
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as end:
        code = end.code
    finally:
        os.environ.clear()
        os.environ.update(before[0])
        os.chdir(before[1])
        sys.argv = before[2]
    return subprocess.CompletedProcess(
        arguments, code if isinstance(code, int) else 0, out.getvalue(), err.getvalue()
    )


class ServerProcess:
    """A running `rulelang serve` (or another command that serves). `out` and `err` are the lines it has written."""

    def __init__(
        self,
        *arguments: str | Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        patience: float = 60,
    ) -> None:
        self.out: list[str] = []
        self.err: list[str] = []
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [*_PROGRAM, *map(str, arguments)],
            env=environment(env),
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._readers = [
            threading.Thread(target=self._read, args=(self._process.stdout, self.out, True), daemon=True),
            threading.Thread(target=self._read, args=(self._process.stderr, self.err, False), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        try:
            self.url = self.find(_URL, patience)
            self.link = self.find(_LINK, patience)
        except BaseException:
            self.kill()
            raise

    def _read(self, stream: IO[str], lines: list[str], loud: bool) -> None:
        for line in stream:
            lines.append(line.rstrip("\n"))
            if loud:
                self._lines.put(line)
        if loud:
            self._lines.put(None)
        stream.close()

    def find(self, pattern: re.Pattern[str], patience: float = 60) -> str:
        """The first group of the pattern in what the process has written or will write soon."""
        end = time.monotonic() + patience
        while not (found := next((m for line in self.out if (m := pattern.search(line))), None)):
            left = end - time.monotonic()
            assert left > 0, f"the server said nothing of {pattern.pattern}: {self.out} {self.err}"
            line = self._lines.get(timeout=left)
            assert line is not None, f"the server ended: {self.out} {self.err}"
        return found[1]

    def key(self) -> str:
        """The key that the demonstration prints."""
        return self.find(_KEY)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def terminate(self, patience: float = 15) -> int:
        """Ask it to end, and give its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._wait(patience)

    def kill(self) -> None:
        """End it as a crash does."""
        self._process.kill()
        self._wait(10)

    def wait(self, patience: float = 15) -> int:
        """Its exit code, once it has ended by itself."""
        return self._wait(patience)

    def _wait(self, patience: float) -> int:
        code = self._process.wait(patience)
        for reader in self._readers:
            reader.join(5)
        return code

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self.kill()


def client(server: ServerProcess, key: str) -> httpx.Client:
    """A client of a server with a key."""
    return httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {key}"})
