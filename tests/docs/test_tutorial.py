"""The tutorial, walked as it is written: files are saved, commands run in order, and what it shows is what they say."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
_BLOCK = re.compile(r"^```([a-z-]*)(?: (\S+))?\n(.*?)^```$", re.M | re.S)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


class Terminal:
    """The folder and the shell in which the tutorial is followed; variables last from one block to the next."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.said = ""
        self._servers: list[subprocess.Popen[bytes]] = []
        self._environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "RULELANG_URL": f"http://127.0.0.1:{self.port}",
        }

    def save(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, "utf-8")

    def run(self, commands: str) -> None:
        script = f"set -eu\n{commands}\nprintf '\\0%s' \"${{RULELANG_KEY-}}\"\n".replace(
            "8080", str(self.port)
        )
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=self._environment, capture_output=True, text=True
        )
        self.said, _, key = done.stdout.partition("\0")
        if key:
            self._environment["RULELANG_KEY"] = key.strip()
        assert done.returncode in (0, 1), f"{commands}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr

    def serve(self, command: str) -> None:
        command = f"exec {command.strip()} --port {self.port}"
        self._servers.append(
            subprocess.Popen(["bash", "-c", command], cwd=self.folder, env=self._environment)
        )
        end = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/readyz")
                return
            except httpx.HTTPError:
                assert time.monotonic() < end, "the server does not answer"
                time.sleep(0.1)

    def close(self) -> None:
        for server in self._servers:
            server.terminate()
            server.wait(20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path)
    yield made
    made.close()


def shows(said: str, expected: str) -> bool:
    """Whether the parts between the ellipses of what is shown are in what was said, in this order."""
    at = 0
    for part in filter(None, (part.strip() for part in expected.split("…"))):
        at = said.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def test_it_can_be_followed(terminal: Terminal) -> None:
    for language, name, text in _BLOCK.findall(PAGE):
        match (language, name):
            case ("sh", "server"):
                terminal.serve(text)
            case ("sh", ""):
                terminal.run(text)
                print(text, terminal.said)
            case ("", ""):
                assert shows(terminal.said, text), f"shown:\n{text}\nsaid:\n{terminal.said}"
            case _:
                assert name, f"a block of {language} names no file"
                terminal.save(name, text)
