"""One fault at one system call: the kernel's answer to it is replaced, or the process is killed as it begins."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.rig import Server

CALLS = (
    "pwrite64",
    "write",
    "writev",
    "fdatasync",
    "fsync",
    "ftruncate",
    "unlink",
    "rename",
    "mkdir",
    "sendto",
    "sendmsg",
)
"""Every call of the server that changes something outside the process. Which of them it makes a dry run shows."""

ON_FILES = ("pwrite64", "fdatasync", "ftruncate", "unlink", "rename")
"""Those of them that are made on files alone, so that a disk may refuse them."""

_NEVER = 65_535


@dataclass(frozen=True)
class Fault:
    """What happens at call number `number` (from 1, in whichever thread comes to it first).

    `phase` is "start" (counted from the first instruction), "work" (from when the server is ready) or "careful" (as
    "work", after two ends that were no good). Without an `error` the process is killed; a `lasting` error stays.
    """

    phase: str
    call: str
    number: int
    error: str = ""
    lasting: bool = False

    def __str__(self) -> str:
        what = self.error + ("+" if self.lasting else "") if self.error else "SIGKILL"
        return f"{what} at {self.call} {self.number} ({self.phase})"

    @property
    def options(self) -> list[str]:
        """The options of strace that bring it about."""
        what = f"error={self.error}" if self.error else "signal=SIGKILL"
        when = f"{self.number}{'+' if self.lasting else ''}"
        return ["-e", f"trace={','.join(CALLS)}", "-e", f"inject={self.call}:{what}:when={when}"]


def nothing(phase: str) -> Fault:
    """No fault: the calls are only counted."""
    return Fault(phase, CALLS[0], _NEVER)


class Tracer:
    """An strace that works on a server and writes down its calls."""

    def __init__(self, fault: Fault, log: Path) -> None:
        self._fault = fault
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    @property
    def wrapper(self) -> list[str]:
        """The command that starts a server under the tracer, as a child of the one who calls it."""
        return ["strace", "-D", "-f", "-o", str(self._log), *self._fault.options]

    def attach(self, server: Server) -> None:
        """Work on a server that runs; returns when every call of it is seen."""
        command = ["strace", "-f", "-o", str(self._log), *self._fault.options, "-p", str(server.pid)]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        line = self._process.stderr.readline()
        assert "attached" in line, line

    def end(self) -> None:
        """Wait for the tracer; its server has ended."""
        if self._process is not None:
            self._process.communicate(timeout=20)

    @property
    def hit(self) -> bool:
        """Whether the fault has come about."""
        mark = "(INJECTED)" if self._fault.error else "killed by SIGKILL"
        return mark in self._log.read_text("utf-8", "replace")

    def counts(self) -> Counter[str]:
        """How many of each call the thread has made that made the most."""
        by_thread: dict[str, Counter[str]] = defaultdict(Counter)
        for thread, call in re.findall(
            r"^(\d+) +(\w+)\(", self._log.read_text("utf-8", "replace"), re.MULTILINE
        ):
            by_thread[call][thread] += 1
        return Counter({call: max(threads.values()) for call, threads in by_thread.items()})


def missing() -> str:
    """Why faults cannot be injected here; "" when they can."""
    if shutil.which("strace") is None:
        return "strace is not installed (on Debian: apt-get install strace)"
    probe = [
        "strace",
        "-f",
        "-o",
        "/dev/null",
        "-e",
        "inject=write:signal=SIGKILL:when=1",
        "sh",
        "-c",
        "echo",
    ]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    return "" if done.returncode == -9 else f"strace may not trace here: {done.stderr.strip()[:200]}"
