"""The committed bundle is what the locked packages make."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.browser.frontend import ROOT, installed

VENDOR = ROOT / "web/static/vendor"


def test_the_bundle_is_current(tmp_path: Path) -> None:
    folder = installed()
    subprocess.run(["node", "build.js", str(tmp_path)], cwd=folder, check=True, timeout=60)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made.keys() == {"codemirror.js", "THIRD_PARTY.md"}
    for name, content in made.items():
        assert content == (VENDOR / name).read_bytes(), f"{name} is old: run `make vendor`"


def test_no_file_names_a_registry() -> None:
    lock = (ROOT / "frontend/package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock
    assert "://" not in lock


def test_only_exact_versions_and_no_misnamed_package() -> None:
    package = (ROOT / "frontend/package.json").read_text("utf-8")
    versions = re.findall(r'"(@?[\w/-]+)": "([^"]*\d+\.\d+\.\d+)"', package)
    assert len(versions) > 8
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for _, version in versions)
    # On the registry this name is CodeMirror 5, which bundles without an error and dies in the browser.
    assert '"codemirror":' not in package
