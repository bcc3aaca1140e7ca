"""The packages of `frontend/`, installed once outside the working tree's own folders."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("package.json", "package-lock.json", ".npmrc", "build.js", "vendor/codemirror.js")


def installed() -> Path:
    """A copy of `frontend/` with its packages, for tests; skips the test where npm or its registry is not there."""
    if shutil.which("npm") is None:
        missing("there is no npm")
    folder = ROOT / ".cache/frontend"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in SOURCES:
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(ROOT / "frontend" / name, folder / name)
        _install(folder)
    return folder


def _install(folder: Path) -> None:
    wanted = (folder / "package-lock.json").read_bytes()
    stamp = folder / "node_modules/.installed"
    if stamp.is_file() and stamp.read_bytes() == wanted:
        return
    done = subprocess.run(["npm", "ci"], cwd=folder, capture_output=True, text=True, timeout=100, check=False)
    if done.returncode:
        missing(f"npm could not install: {done.stderr[-500:]}")
    stamp.write_bytes(wanted)


def missing(reason: str) -> None:
    """Skip, or fail where everything has to be there."""
    if os.environ.get("REQUIRE_NPM") == "1":
        pytest.fail(f"REQUIRE_NPM=1, and {reason}")
    pytest.skip(reason)
