"""A pseudo-terminal with a program in it, and somebody who types and reads."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from tests.support.process import ROOT, environment

_CONTROL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][A-Z0-9]|[=>78M])")


class Terminal:
    """`rulelang` at a terminal of 30 lines and 100 columns. `record` is all that it has shown."""

    def __init__(self, *arguments: str | Path, env: Mapping[str, str], cwd: Path = ROOT) -> None:
        self._outside, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workbench.cli", *map(str, arguments)],
            cwd=cwd,
            env=environment(env),
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)
        self.record = ""
        self._read = 0

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._outside)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._outside, keys.encode())

    def until(self, words: str, seconds: float = 30) -> str:
        """What is shown, without colours, from where was read last up to some words."""
        end = time.monotonic() + seconds
        while words not in (new := plain(self.record)[self._read :]):
            left = end - time.monotonic()
            assert left > 0, f"{words!r} did not come; there is {new!r}"
            if select.select([self._outside], [], [], left)[0]:
                self.record += os.read(self._outside, 65536).decode("utf-8", "replace")
        found = new[: new.index(words) + len(words)]
        self._read += len(found)
        return found

    def coloured(self, word: str) -> bool:
        """Whether a word was shown in a colour of its own."""
        return re.search(rf"\x1b\[[0-9;]*m{re.escape(word)}\x1b\[0", self.record) is not None


def plain(text: str) -> str:
    """What is shown without colours and movements of the cursor."""
    return _CONTROL.sub("", text)
